//! `azure-blob-eventsource`: parses the command line and hands it to the library.

use std::process::ExitCode;

use azure_blob_eventsource::{app, args::Args};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    app::run(Args::parse()).await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
