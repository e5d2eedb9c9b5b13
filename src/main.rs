//! `azure-blob-eventsource`: parses the command line and hands it to the library.

use std::process::ExitCode;

use azure_blob_eventsource::{app, args::Args};
use clap::Parser;
use tikv_jemallocator::Jemalloc;

/// Gives memory back to the system some seconds after it was freed. glibc's keeps it: after an attack,
/// or a page of storage that was too large, the process would stay as large as it ever was.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    app::run(Args::parse()).await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
