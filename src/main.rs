//! `azure-blob-eventsource`: parses the command line and hands it to the library.

use std::{env, process::ExitCode};

use azure_blob_eventsource::{
    app,
    cli::{
        args::Args,
        say::{say, say_error},
        tip::tip,
    },
    text::plain::Lines,
};
use clap::{
    Parser,
    error::{ContextKind, ErrorKind},
};
#[cfg(feature = "jemalloc")]
use tikv_jemallocator::Jemalloc;

/// Gives memory back to the system some seconds after it was freed. glibc's keeps it: after an attack,
/// or a page of storage that was too large, the process would stay as large as it ever was.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[tokio::main]
async fn main() -> ExitCode {
    app::run(args()).await.unwrap_or_else(|error| {
        say_error(format_args!("{error:#}"));
        ExitCode::FAILURE
    })
}

// What clap says of a mistake repeats what was typed, which may have come from anywhere.
fn args() -> Args {
    Args::try_parse().unwrap_or_else(|mut error| {
        if !error.use_stderr() {
            error.exit()
        }
        let typed: Vec<_> = env::args_os()
            .skip(1)
            .map(|word| word.to_string_lossy().into_owned())
            .collect();
        let tip = tip(&error, &typed);
        // What only looks alike, such as `--tls-cert` for `--metrics-port`, is no second tip.
        if tip.is_some() && error.remove(ContextKind::SuggestedArg).is_some() {
            error.remove(ContextKind::Usage);
        }
        let told = error.render().to_string();
        let told = told.strip_prefix("error: ").unwrap_or(&told).trim_end();
        match error.kind() {
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                say_error("a command is missing");
                say(format_args!("{told}"));
            }
            _ => say_error(told),
        }
        if let Some(tip) = tip {
            say(format_args!("\n  tip: {}", Lines(&tip)));
        }
        std::process::exit(error.exit_code())
    })
}
