//! Azurite as a process of its own, for demos and for trying things out. It prints its connection
//! string and serves until its input ends.

use std::io::{Read, stdin};

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
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
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
    // Where a client that knows the blob service's port looks for queues.
    let port = match blob_port {
        0 => 0,
        port => port.saturating_add(1),
    };
    let queues = Azurite::start_queues_at(port).await;
    let client = BlobClient::new(&queues.endpoint());
    for name in [queue, &format!("{queue}-poison")] {
        let made = client.send(Method::PUT, name, &[], &[], Bytes::new()).await;
        if made.status() != StatusCode::CREATED {
            let refusal = format!("the queue {name} cannot be made: {}", made.status());
            return Err(std::io::Error::other(refusal));
        }
    }
    Ok(queues)
}
