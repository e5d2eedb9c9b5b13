//! `azure-blob-eventsource`: parses the command line and hands it to the library.

use std::process::ExitCode;

use azure_blob_eventsource::{
    app,
    cli::{address::tip, args::Args},
    text::plain::Lines,
};
use clap::Parser;
use tikv_jemallocator::Jemalloc;

/// Gives memory back to the system some seconds after it was freed. glibc's keeps it: after an attack,
/// or a page of storage that was too large, the process would stay as large as it ever was.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

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
        if let Some(tip) = tip(&error) {
            eprintln!("\n  tip: {tip}");
        }
        std::process::exit(error.exit_code())
    })
}
