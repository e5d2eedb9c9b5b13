//! `azure-blob-eventsource`: parses the command line and hands it to the library.

use std::process::ExitCode;

use azure_blob_eventsource::{app, args::Args, plain::Lines};
use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    app::run(args()).await.unwrap_or_else(|error| {
        eprintln!("error: {}", Lines(&format!("{error:#}")));
        ExitCode::FAILURE
    })
}

// What clap says of a mistake repeats what was typed, which may have come from anywhere.
fn args() -> Args {
    Args::try_parse().unwrap_or_else(|error| {
        if !error.use_stderr() {
            error.exit()
        }
        eprint!("{}", Lines(&error.render().to_string()));
        std::process::exit(error.exit_code())
    })
}
