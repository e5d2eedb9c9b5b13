//! Azurite's blob service as a process of its own, for demos and for trying things out. It prints
//! its connection string and serves until its input ends.

use std::io::{Read, stdin};

use clap::Parser;
use testkit::{azurite::Azurite, client::BlobClient};

/// A real Azurite that keeps nothing, installed from the committed lock file where that is needed.
#[derive(Parser)]
struct Args {
    /// The port on loopback; 0 for a free one
    #[arg(long, default_value_t = 10000)]
    port: u16,
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
    println!("{}", azurite.connection_string());
    eprintln!(
        "listening on {}; Ctrl-C, or the end of the input, ends it",
        azurite.endpoint()
    );
    // The parent's end of the pipe closes when the parent ends, however it ends.
    tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
