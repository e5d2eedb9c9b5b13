//! From the command line to what runs: constructs the adapters, hands them down, and says how it ended.

use std::{env, process::ExitCode};

use crate::{
    admin::about::About,
    azure::Connector,
    cli::{
        self,
        args::{Args, Command, ServeArgs, StorageArgs},
        signals::Signals,
    },
    grpc::TlsFiles,
};

mod server;
pub mod telemetry;

use telemetry::TelemetryError;

pub use server::{ServeError, ServeOptions, Server};

/// Does what the command line says. The exit status is 0 when all went well, 1 when it did not, and
/// 2 for a mistake in a configuration or on the command line.
pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let quiet = !matches!(args.command, Command::Serve(_));
    match telemetry::start(&args.log, quiet) {
        Err(error @ TelemetryError::Levels { .. }) => return Ok(cli::mistake(&error.into())),
        started => started?,
    }
    match args.command {
        Command::Serve(args) => {
            let signals = Signals::listen()?;
            let server = Server::bind(args.into()).await?;
            server.run(signals.token()).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Watch(args) => cli::watch::run(args).await,
        Command::Check(args) => cli::check::run(args).await,
        Command::Explain(args) => cli::explain::run(args).await,
        Command::Replay(args) => cli::replay::run(args).await,
        Command::DeadLetters(args) => cli::dead_letters::run(args.command).await,
        Command::Fetch(args) => cli::fetch::run(args).await,
        Command::Migrate(args) => cli::migrate::run(&args),
        Command::Completions { shell } => cli::completions::run(shell),
        Command::Man { directory } => cli::man::run(&directory),
    }
}

impl From<ServeArgs> for ServeOptions {
    fn from(args: ServeArgs) -> Self {
        Self {
            kubernetes_events: args.kubernetes_events,
            collector: args.traces.collector(),
            listen: args.listen,
            admin_listen: args.admin_listen,
            connector: args.storage.into(),
            token_file: args.token_file,
            tls: args
                .tls_cert
                .zip(args.tls_key)
                .map(|(cert, key)| TlsFiles { cert, key }),
            max_streams: args.max_streams as usize,
            about: About {
                // A pod's name; outside of a cluster the machine's, if the shell says so.
                pod: env::var("HOSTNAME").ok().filter(|name| !name.is_empty()),
                argo_url: args.argo_url,
                peers: args.peers,
            },
        }
    }
}

impl From<StorageArgs> for Connector {
    fn from(args: StorageArgs) -> Self {
        Self {
            credentials_dir: args.credentials_dir,
            allowed_endpoints: args.endpoints.allowed,
            ..Self::default()
        }
    }
}
