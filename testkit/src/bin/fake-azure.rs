//! The fake Blob service as a process of its own, so that a bench can measure its client's CPU
//! apart from the server's. It prints its blob endpoint and serves until its input ends.

use std::io::{Read, stdin};

use azure_blob_eventsource::blob::ListPage;
use clap::Parser;
use testkit::{
    account::FakeAccount,
    http::{HttpFace, HttpOp},
};

/// A fake Azure Blob Storage with a container of made-up blobs.
#[derive(Parser)]
struct Args {
    /// How many blobs the container holds
    #[arg(long, default_value_t = 1_000_000)]
    blobs: u64,
    /// How many blobs a page holds
    #[arg(long, default_value_t = ListPage::MOST)]
    page_size: usize,
    /// The container's name
    #[arg(long, default_value = "datasets")]
    container: String,
    /// An empty, writable container beside it
    #[arg(long, default_value = "eventsource-state")]
    state: String,
    /// The port on loopback; 0 for a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The most megabytes of rendered pages to keep
    #[arg(long, default_value_t = 1024)]
    cache: usize,
    /// Milliseconds that every list takes
    #[arg(long, default_value_t = 0)]
    latency: u64,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let args = Args::parse();
    let account = FakeAccount::new();
    account.set_page_size(args.page_size);
    let made = account.create_synthetic_container(&args.container, args.blobs);
    made.map_err(|refusal| std::io::Error::other(format!("{refusal:?}")))?;
    let made = account.create_container(&args.state);
    made.map_err(|refusal| std::io::Error::other(format!("{refusal:?}")))?;
    let face = HttpFace::start_with(account, args.port, args.cache << 20).await?;
    let latency = std::time::Duration::from_millis(args.latency);
    face.set_latency(HttpOp::ListBlobs, latency);
    println!("{}", face.endpoint());
    // The parent's end of the pipe closes when the parent ends, however it ends.
    tokio::task::spawn_blocking(|| stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}
