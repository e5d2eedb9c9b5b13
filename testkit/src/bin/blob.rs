//! Makes containers and puts, gets and lists blobs in Azurite: what a demo needs of a storage client.

use std::{error::Error, fs, path::PathBuf, process::ExitCode};

use azure_blob_eventsource::{
    azure::list_page,
    blob::{Continuation, ListPage},
    text::plain::{Lines, Plain},
};
use bytes::Bytes;
use clap::{Parser, Subcommand};
use http::{Method, StatusCode};
use testkit::client::{BlobClient, Reply, blob_path};
use time::OffsetDateTime;

/// Makes containers, and puts, gets and lists blobs, in Azurite.
#[derive(Parser)]
struct Args {
    /// Where Azurite is; its development account is the only one this client knows
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "UseDevelopmentStorage=true"
    )]
    connection_string: String,
    /// What to do
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make a container, unless there is one of that name
    Create {
        /// Its name
        container: String,
    },
    /// Write a file's content as a blob, in place of what is there
    Put {
        /// The container
        container: String,
        /// The blob's name
        name: String,
        /// The file
        file: PathBuf,
    },
    /// Write a blob's content to a file, in place of what is there
    Get {
        /// The container
        container: String,
        /// The blob's name
        name: String,
        /// The file
        file: PathBuf,
    },
    /// Print the names of all blobs
    List {
        /// The container
        container: String,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {}", Lines(&problem));
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), String> {
    let client = BlobClient::from_connection_string(&args.connection_string)?;
    match args.command {
        Command::Create { container } => create(&client, &container).await,
        Command::Put {
            container,
            name,
            file,
        } => {
            let content = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
            put(&client, &container, &name, content.into()).await
        }
        Command::Get {
            container,
            name,
            file,
        } => {
            let content = get(&client, &container, &name).await?;
            fs::write(&file, content).map_err(|e| format!("{}: {e}", file.display()))
        }
        Command::List { container } => list(&client, &container).await,
    }
}

async fn create(client: &BlobClient, container: &str) -> Result<(), String> {
    let query = [("restype", "container")];
    let reply = client.try_send(Method::PUT, container, &query, &[], Bytes::new());
    let reply = reply.await.map_err(nobody)?;
    match reply.status() {
        StatusCode::CREATED | StatusCode::CONFLICT => Ok(()),
        _ => Err(refusal(&reply)),
    }
}

async fn put(
    client: &BlobClient,
    container: &str,
    name: &str,
    content: Bytes,
) -> Result<(), String> {
    let path = blob_path(container, name);
    let headers = [
        ("x-ms-blob-type", "BlockBlob"),
        ("x-ms-blob-content-type", content_type(name)),
    ];
    let reply = client.try_send(Method::PUT, &path, &[], &headers, content);
    let reply = reply.await.map_err(nobody)?;
    match reply.status() {
        StatusCode::CREATED => Ok(()),
        _ => Err(refusal(&reply)),
    }
}

async fn get(client: &BlobClient, container: &str, name: &str) -> Result<Bytes, String> {
    let path = blob_path(container, name);
    let reply = client.try_send(Method::GET, &path, &[], &[], Bytes::new());
    let reply = reply.await.map_err(nobody)?;
    match reply.status() {
        StatusCode::OK => Ok(reply.into_body()),
        _ => Err(refusal(&reply)),
    }
}

async fn list(client: &BlobClient, container: &str) -> Result<(), String> {
    let mut after = None;
    loop {
        let page = page(client, container, after).await?;
        for blob in page.blobs() {
            println!("{}", Plain(blob.name));
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

async fn page(
    client: &BlobClient,
    container: &str,
    after: Option<Continuation>,
) -> Result<ListPage, String> {
    let mut query = vec![("restype", "container"), ("comp", "list")];
    if let Some(Continuation(marker)) = &after {
        query.push(("marker", marker));
    }
    let reply = client.try_send(Method::GET, container, &query, &[], Bytes::new());
    let reply = reply.await.map_err(nobody)?;
    if reply.status() != StatusCode::OK {
        return Err(refusal(&reply));
    }
    list_page::parse(reply.body(), OffsetDateTime::now_utc()).map_err(|error| error.to_string())
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "csv")) => "text/csv",
        Some((_, "html")) => "text/html",
        Some((_, "json")) => "application/json",
        _ => "application/octet-stream",
    }
}

fn nobody(error: Box<dyn Error + Send + Sync>) -> String {
    format!("no answer; does Azurite run? ({error})")
}

fn refusal(reply: &Reply) -> String {
    let code = reply.headers().get("x-ms-error-code");
    let code = code.and_then(|it| it.to_str().ok()).unwrap_or_default();
    format!("{} {code}", reply.status()).trim_end().to_owned()
}
