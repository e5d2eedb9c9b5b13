//! Azurite as a process of its own, for demos and for trying things out. It prints its connection
//! string and serves until its input ends.

use std::{
    io::{Error, ErrorKind, Read, stdin},
    net::{Ipv4Addr, TcpListener},
    process::ExitCode,
};

use bytes::Bytes;
use clap::Parser;
use http::{Method, StatusCode};
use testkit::{azurite::Azurite, client::BlobClient};

/// A real Azurite that keeps nothing, installed from the committed lock file where that is needed.
#[derive(Parser)]
struct Args {
    /// The port on loopback; 0 for a free one
    #[arg(long, default_value_t = 10000)]
    port: u16,
    /// Make this queue as well, and one for messages that cannot be used; the port is the next one
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Containers to make
    containers: Vec<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match serve(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(args: Args) -> std::io::Result<()> {
    is_free(args.port)?;
    if args.queue.is_some() {
        is_free(queue_port(args.port))?;
    }
    let azurite = Azurite::start_at(args.port).await;
    let client = BlobClient::new(&azurite.endpoint());
    for container in &args.containers {
        client.create_container(container).await;
    }
    let queues = match &args.queue {
        Some(queue) => Some(start_queues(args.port, queue).await?),
        None => None,
    };
    let named = queues
        .as_ref()
        .map(|it| format!("QueueEndpoint={};", it.endpoint()));
    println!(
        "{}{}",
        azurite.connection_string(),
        named.unwrap_or_default()
    );
    eprintln!(
        "listening on {}; Ctrl-C, or the end of the input, ends it",
        azurite.endpoint()
    );
    // The parent's end of the pipe closes when the parent ends, however it ends.
    tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

async fn start_queues(blob_port: u16, queue: &str) -> std::io::Result<Azurite> {
    let queues = Azurite::start_queues_at(queue_port(blob_port)).await;
    let client = BlobClient::new(&queues.endpoint());
    for name in [queue, &format!("{queue}-poison")] {
        let made = client.send(Method::PUT, name, &[], &[], Bytes::new()).await;
        if made.status() != StatusCode::CREATED {
            let refusal = format!("the queue {name} cannot be made: {}", made.status());
            return Err(Error::other(refusal));
        }
    }
    Ok(queues)
}

// Where a client that knows the blob service's port looks for queues.
fn queue_port(blob_port: u16) -> u16 {
    match blob_port {
        0 => 0,
        port => port.saturating_add(1),
    }
}

// Node would say it as well, in a way that nobody reads.
fn is_free(port: u16) -> std::io::Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => Err(Error::other(format!(
            "another process has the port 127.0.0.1:{port} already, perhaps another `make azurite`: end it and try again; \
             `ss -ltnp 'sport = :{port}'` shows which it is"
        ))),
        bound => bound.map(drop),
    }
}
