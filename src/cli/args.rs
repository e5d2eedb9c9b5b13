//! The command line. Together with `app` the only place that reads the environment, but for the variables that
//! all programs share: those of proxies (`proxy`), certificates, cloud identities and OpenTelemetry.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use clap_complete::Shell;
use http::Uri;

use super::{
    address,
    fetch::manifest::{Part, Place},
};

mod traces;

use traces::TraceArgs;

/// An event source for Argo Events: one event for each new blob in Azure Blob Storage.
#[derive(Debug, Parser)]
#[command(name = "azure-blob-eventsource", version = VERSION, about, after_help = EXAMPLES)]
pub struct Args {
    /// How to log.
    #[command(flatten)]
    pub log: LogArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The version, and the commit that was built.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("BUILD"), ")");

// A line of an example has at most 76 characters: wrapped by a narrow terminal, it could not be pasted.
const EXAMPLES: &str = "\
Examples:
  Serve, as in the cluster:
      azure-blob-eventsource serve --credentials-dir /etc/credentials \\
          --token-file /etc/token/token
  Check whether a configuration works before it is applied:
      azure-blob-eventsource check --config source.yaml
  See what would be announced, in a read-only view:
      azure-blob-eventsource watch --config source.yaml";

const SERVE_EXAMPLES: &str = "\
Examples:
  On this machine, for `watch --connect` and grpcurl:
      azure-blob-eventsource serve --listen 127.0.0.1:50051 \\
          --admin-listen 127.0.0.1:9090 --credentials-dir ./credentials
  In the cluster, with tokens of clients and TLS:
      azure-blob-eventsource serve --token-file /etc/token/token \\
          --tls-cert /etc/tls/tls.crt --tls-key /etc/tls/tls.key

Exit status: 0 when a signal ended it, 1 when it could not start or a second signal ended it, 2 for wrong input.";

const WATCH_EXAMPLES: &str = "\
Examples:
  A read-only view; the stream of a running server is not disturbed:
      azure-blob-eventsource watch --config source.yaml
  Print the names of the blobs that are there now, then end:
      azure-blob-eventsource watch --config source.yaml --once -o json \\
          | jq -r .blobname
  Be a client of a server, like Argo Events, with a source of its own.
  Other streams are not disturbed:
      azure-blob-eventsource watch --config source.yaml \\
          --connect http://localhost:50051
  Take over a source: its present client is disconnected, and the events
  that come here are recorded as done:
      azure-blob-eventsource watch --config source.yaml \\
          --connect http://localhost:50051 --name datasets --take-over

Ctrl-C or a closed pipe ends it with exit status 0.";

const CHECK_EXAMPLES: &str = "\
Examples:
  azure-blob-eventsource check --config source.yaml \\
      --credentials-dir ./credentials
  azure-blob-eventsource check --config - < source.yaml

Exit status: 0 when no step failed (there may be warnings), 1 when a step failed, 2 for wrong input.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  azure-blob-eventsource explain --config source.yaml --name datasets \\
      raw/mydata.csv
  azure-blob-eventsource explain --config source.yaml \\
      https://account.blob.core.windows.net/datasets/raw/mydata.csv

Exit status: 0 when the blob was or will be announced, 1 when not, 2 for wrong input.";

const REPLAY_EXAMPLES: &str = "\
Examples:
  How many would be announced again:
      azure-blob-eventsource replay --dry-run --config source.yaml \\
          --name datasets --prefix raw/2026/
  Announce them again:
      azure-blob-eventsource replay --config source.yaml \\
          --name datasets --prefix raw/2026/
  One blob, or what came in the last two hours:
      azure-blob-eventsource replay --config source.yaml \\
          --name datasets --blob raw/mydata.csv
      azure-blob-eventsource replay --config source.yaml \\
          --name datasets --since 2h

A blob that was not announced yet is not replayed: a sweep finds it. Without sweeps (a queue without \
`source.listing`), the command writes a notification of it into the queue, unless other blobs of the same request \
were announced before.

Exit status: 0 when there is something to announce, 1 when not, 2 for wrong input.";

const DEAD_LETTERS_EXAMPLES: &str = "\
Examples:
  azure-blob-eventsource dead-letters list --config source.yaml
  azure-blob-eventsource dead-letters retry --config source.yaml \\
      --name datasets 9262042a
  azure-blob-eventsource dead-letters retry --config source.yaml --all
  azure-blob-eventsource dead-letters drop --config source.yaml \\
      --name datasets raw/mydata.csv

Dead letters are events that were sent and never confirmed: they are in the state container. Poison messages are \
notifications that cannot be used: they are in the queue NAME-poison of a source with a queue.

Exit status: 0 when all was done, 1 when a part was not done, 2 for wrong input.";

const FETCH_EXAMPLES: &str = "\
Examples:
  As the first container of a Workflow, with values from the event
  (body.blobname, body.data.eTag):
      azure-blob-eventsource fetch --container datasets \\
          --endpoint https://account.blob.core.windows.net \\
          --etag 0x8DCAFE0123456789 --key-file /etc/storage/account-key \\
          --out /data/input.csv raw/mydata.csv
  The blobs of a batch (body.data.manifest.container and .name), each as
  a file of one directory:
      azure-blob-eventsource fetch --container datasets \\
          --endpoint https://account.blob.core.windows.net \\
          --manifest eventsource-state/datasets/batches/ID.ndjson \\
          --key-file /etc/storage/account-key --out /data/files

Exit status: 0 when the file is there, 1 when not (for example because the blob was deleted or \
overwritten after its event), 2 for wrong input.";

const MIGRATE_EXAMPLES: &str = "\
Examples:
  azure-blob-eventsource migrate examples/azureblobwatcher.yaml \\
      > migrated.yaml
  All watchers of the cluster, with their status:
      kubectl get azureblobwatchers --all-namespaces -o yaml \\
          | azure-blob-eventsource migrate -

Exit status: 0 when all of it can be applied, 1 when something has to be written by hand first, 2 for a file that \
cannot be used.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve event sources to Argo Events over gRPC
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArgs),
    /// Print events as they come
    #[command(after_help = WATCH_EXAMPLES)]
    Watch(WatchArgs),
    /// Try a configuration against the storage account, step by step
    #[command(after_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// Say why a blob was announced, or was not
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Ask the live stream to announce blobs again, each with a new Workflow
    #[command(after_help = REPLAY_EXAMPLES)]
    Replay(ReplayArgs),
    /// List, retry or drop dead letters, and poison messages of the queue
    #[command(after_help = DEAD_LETTERS_EXAMPLES)]
    DeadLetters(DeadLettersArgs),
    /// Download the blob of an event, or those of a batch, for the steps of a Workflow
    #[command(after_help = FETCH_EXAMPLES)]
    Fetch(FetchArgs),
    /// Make an EventSource and a Sensor from an AzureBlobWatcher of the old operator
    #[command(after_help = MIGRATE_EXAMPLES)]
    Migrate(MigrateArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write manual pages into a directory
    #[command(hide = true)]
    Man {
        /// The directory
        directory: PathBuf,
    },
}

/// How to log. Logs go to stderr.
#[derive(Debug, Clone, ClapArgs)]
pub struct LogArgs {
    /// What to log: a level, or levels by module (`info,h2=warn`) [default: info for serve, else warn]
    #[arg(
        long = "log",
        global = true,
        help_heading = "Logging",
        value_name = "LEVELS",
        env = "AZURE_BLOB_EVENTSOURCE_LOG"
    )]
    pub levels: Option<String>,
    /// The format of a log line [default: text on a terminal, else json]
    #[arg(
        long = "log-format",
        global = true,
        help_heading = "Logging",
        value_name = "FORMAT",
        env = "AZURE_BLOB_EVENTSOURCE_LOG_FORMAT"
    )]
    pub format: Option<LogFormat>,
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One JSON object in each line.
    Json,
    /// Plain text, for people.
    Text,
}

/// Arguments of `serve`.
#[derive(Debug, Clone, ClapArgs)]
pub struct ServeArgs {
    /// Where gRPC is served (port 0: any free port, which the log names)
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0.0.0.0:50051",
        value_parser = address::grpc,
        env = "AZURE_BLOB_EVENTSOURCE_LISTEN"
    )]
    pub listen: SocketAddr,
    /// Where the status page, metrics and probes are served
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "0.0.0.0:9090",
        value_parser = address::admin,
        env = "AZURE_BLOB_EVENTSOURCE_ADMIN_LISTEN"
    )]
    pub admin_listen: SocketAddr,
    /// Where people reach the pages of Argo Workflows: the status page then links each Workflow
    #[arg(
        long,
        value_name = "URL",
        value_parser = argo_url,
        env = "AZURE_BLOB_EVENTSOURCE_ARGO_URL"
    )]
    pub argo_url: Option<String>,
    /// Host and admin port of all pods of this server: the status page then says which of them has a stream
    #[arg(
        long,
        value_name = "HOST:PORT",
        value_parser = address::peers,
        env = "AZURE_BLOB_EVENTSOURCE_PEERS"
    )]
    pub peers: Option<String>,
    /// Write a Kubernetes Event for each refused stream, stalled source and dead letter, so that `kubectl describe`
    /// shows it; needs the Role of manifests/components/kubernetes-events
    #[arg(long, env = "AZURE_BLOB_EVENTSOURCE_KUBERNETES_EVENTS")]
    pub kubernetes_events: bool,
    /// Where traces go.
    #[command(flatten)]
    pub traces: TraceArgs,
    /// How to sign in to storage accounts.
    #[command(flatten)]
    pub storage: StorageArgs,
    /// A file with the bearer tokens of the clients, one token in each line. The sources that the token
    /// may stream can follow it (`TOKEN datasets,images-*`). The file may change while the server runs
    #[arg(long, value_name = "FILE", env = "AZURE_BLOB_EVENTSOURCE_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// A PEM file with the server's certificate chain, to serve TLS
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_key",
        env = "AZURE_BLOB_EVENTSOURCE_TLS_CERT"
    )]
    pub tls_cert: Option<PathBuf>,
    /// A PEM file with the certificate's private key
    #[arg(
        long,
        value_name = "FILE",
        requires = "tls_cert",
        env = "AZURE_BLOB_EVENTSOURCE_TLS_KEY"
    )]
    pub tls_key: Option<PathBuf>,
    /// The largest number of streams at once
    #[arg(
        long,
        value_name = "N",
        default_value_t = 64,
        value_parser = streams,
        env = "AZURE_BLOB_EVENTSOURCE_MAX_STREAMS"
    )]
    pub max_streams: u32,
}

fn streams(given: &str) -> Result<u32, String> {
    let number = given.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "write a whole number from 1 on, such as 64".to_owned())
}

// The address up to what the page adds to it.
fn argo_url(given: &str) -> Result<String, String> {
    let uri = given.parse::<Uri>().ok();
    let fits = |uri: &Uri| {
        let is_web = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().map_or("@", |it| it.as_str());
        is_web && !authority.contains('@') && uri.query().is_none()
    };
    match uri.filter(fits) {
        Some(_) => Ok(given.trim_end_matches('/').to_owned()),
        None => Err(
            "this is not the URL of a page: write `https://` or `http://`, a host and perhaps a path, such as \
             https://argo.example.com, without a user and a query"
                .to_owned(),
        ),
    }
}

/// How to sign in to storage accounts.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct StorageArgs {
    /// A directory of credentials: each file a connection string, named in `credential:`
    #[arg(
        long,
        value_name = "DIR",
        env = "AZURE_BLOB_EVENTSOURCE_CREDENTIALS_DIR"
    )]
    pub credentials_dir: Option<PathBuf>,
    /// Where else it may sign in.
    #[command(flatten)]
    pub endpoints: EndpointArgs,
}

/// Which endpoints are trusted with a token.
#[derive(Debug, Clone, Default, ClapArgs)]
pub struct EndpointArgs {
    /// Another host, besides Azure's own, to which this process may send its token (repeatable, or
    /// a list with commas)
    #[arg(
        long = "allow-endpoint",
        value_name = "HOST",
        value_delimiter = ',',
        env = "AZURE_BLOB_EVENTSOURCE_ALLOW_ENDPOINT"
    )]
    pub allowed: Vec<String>,
}

/// Arguments of `watch`.
#[derive(Debug, Clone, ClapArgs)]
pub struct WatchArgs {
    /// The source's configuration; `-` for stdin
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// Be a client of the server at this URL, with a source of its own. Without it, `watch` is a read-only view
    #[arg(long, value_name = "URL")]
    pub connect: Option<String>,
    /// With --connect, take over the source that --name or `id` names, and that has run: its present client is disconnected, and
    /// the events that come here are recorded as done. With `confirm`, they wait for a Workflow, and are sent again
    #[arg(long, requires = "connect")]
    pub take_over: bool,
    /// End after the first complete sweep, when all its events are delivered
    #[arg(long)]
    pub once: bool,
    /// What is printed [default: table on a terminal, else json]
    #[arg(short, long, value_name = "FORMAT")]
    pub output: Option<Output>,
    /// The event's name, the key under `spec.generic` [default: the only source of this configuration that
    /// has run]
    #[arg(short, long, value_name = "EVENT", value_parser = NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// A file with the server's bearer token, for --connect
    #[arg(long, value_name = "FILE", env = "AZURE_BLOB_EVENTSOURCE_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// A PEM file with the certificate authority that signed the server's certificate [default: the system's]
    #[arg(long, value_name = "FILE", requires = "connect")]
    pub ca_file: Option<PathBuf>,
    /// How to sign in to storage accounts.
    #[command(flatten)]
    pub storage: StorageArgs,
}

/// How data is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// A table or a text for people.
    Table,
    /// JSON; of events one object in each line.
    Json,
    /// YAML; of events one document each.
    Yaml,
}

/// How data is printed, as a table if nothing else is asked for.
#[derive(Debug, Clone, ClapArgs)]
pub struct OutputArgs {
    /// What to print
    #[arg(
        short,
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub output: Output,
}

/// Arguments of `check`.
#[derive(Debug, Clone, ClapArgs)]
pub struct CheckArgs {
    /// How to print it.
    #[command(flatten)]
    pub print: OutputArgs,
    /// The source's configuration; `-` for stdin
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// The event's name, the key under `spec.generic` [default: the only source of this configuration that
    /// has run]
    #[arg(short, long, value_name = "EVENT", value_parser = NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// How to sign in to storage accounts.
    #[command(flatten)]
    pub storage: StorageArgs,
}

/// Which source.
#[derive(Debug, Clone, ClapArgs)]
pub struct SourceArgs {
    /// The source's configuration; `-` for stdin
    #[arg(short, long, value_name = "FILE")]
    pub config: PathBuf,
    /// The event's name, the key under `spec.generic`; not needed when the configuration has an `id`
    /// [default: the only source of this configuration that has run]
    #[arg(short, long, value_name = "EVENT", value_parser = NonEmptyStringValueParser::new())]
    pub name: Option<String>,
    /// How to sign in to storage accounts.
    #[command(flatten)]
    pub storage: StorageArgs,
}

/// Arguments of `explain`.
#[derive(Debug, Clone, ClapArgs)]
pub struct ExplainArgs {
    /// Which source.
    #[command(flatten)]
    pub source: SourceArgs,
    /// The blob's name or its URL
    pub blob: String,
    /// How to print it.
    #[command(flatten)]
    pub print: OutputArgs,
}

/// Arguments of `replay`.
#[derive(Debug, Clone, ClapArgs)]
pub struct ReplayArgs {
    /// Which source.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Blobs whose names start with this text
    #[arg(long, conflicts_with = "blob")]
    pub prefix: Option<String>,
    /// Only this blob: its name or its URL
    #[arg(long, value_name = "NAME")]
    pub blob: Option<String>,
    /// Last modified at or after this moment: 2026-01-31T12:00:00Z, 2026-01-31, or 2h or 7d ago
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    pub since: Option<String>,
    /// Last modified before this moment [default: now]
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    pub until: Option<String>,
    /// The blobs of this batch, as one batch again: its event's id, or its first digits
    #[arg(long, value_name = "ID", conflicts_with_all = ["prefix", "blob", "since", "until", "all"])]
    pub batch: Option<String>,
    /// All blobs that still exist and are done, also those that are done without an
    /// event
    #[arg(long, conflicts_with_all = ["prefix", "blob", "since", "until"])]
    pub all: bool,
    /// Only count the blobs
    #[arg(long)]
    pub dry_run: bool,
    /// How to print it.
    #[command(flatten)]
    pub print: OutputArgs,
}

/// Arguments of `dead-letters`.
#[derive(Debug, Clone, ClapArgs)]
pub struct DeadLettersArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: DeadLettersCommand,
}

/// What to do with dead letters.
#[derive(Debug, Clone, Subcommand)]
pub enum DeadLettersCommand {
    /// Show dead letters and poison messages, with the reason of each
    #[command(after_help = DEAD_LETTERS_EXAMPLES)]
    List {
        /// Which source.
        #[command(flatten)]
        source: SourceArgs,
        /// How to print it.
        #[command(flatten)]
        print: OutputArgs,
    },
    /// Ask the live stream to send dead letters again, and put poison messages back into their queue
    #[command(after_help = DEAD_LETTERS_EXAMPLES)]
    Retry(LettersArgs),
    /// Remove them for good
    #[command(after_help = DEAD_LETTERS_EXAMPLES)]
    Drop(LettersArgs),
}

/// Arguments of `fetch`.
#[derive(Debug, Clone, ClapArgs)]
pub struct FetchArgs {
    /// The URL of the account's blob service
    #[arg(long, value_name = "URL")]
    pub endpoint: String,
    /// The container of the blob, or of the batch's blobs
    #[arg(long, value_name = "NAME")]
    pub container: String,
    /// The ETag of the wanted version. The command fails if the blob was overwritten later
    /// [default: the present version]
    #[arg(long, value_name = "ETAG", conflicts_with_all = ["manifest", "folder"])]
    pub etag: Option<String>,
    /// Download a batch: all blobs of its manifest, each in the version that the manifest names. A blob that was overwritten
    /// or deleted later is skipped, and a line says so. The manifest is kept beside the directory, as OUT.ndjson
    #[arg(long, value_name = "CONTAINER/NAME", conflicts_with_all = ["blob", "folder"])]
    pub manifest: Option<Place>,
    /// Download only part K of N of the manifest's blobs, so that N pods share a batch
    #[arg(long, value_name = "K/N", requires = "manifest", conflicts_with_all = ["blob", "folder"])]
    pub part: Option<Part>,
    /// Download all blobs below a folder (`dirname` of the event), except names that begin
    /// with `_` or `.`
    #[arg(long, value_name = "NAME", conflicts_with = "blob")]
    pub folder: Option<String>,
    /// The file to write; it appears when it is complete. For a batch or a folder, the directory for its files, which
    /// must be empty or not exist
    #[arg(long, value_name = "OUT")]
    pub out: PathBuf,
    /// Write the blob's metadata to this file too, as a JSON object
    #[arg(long, value_name = "FILE", conflicts_with_all = ["manifest", "folder"])]
    pub metadata: Option<PathBuf>,
    /// Download the blob that has the same name with SUFFIX at its end too, if there is one, to OUT with SUFFIX. For a
    /// batch, its name begins with that of the folder of all its blobs
    #[arg(long, value_name = "SUFFIX", value_parser = NonEmptyStringValueParser::new())]
    pub beside: Option<String>,
    /// A file with the account's key or a connection string [default: sign in with the identity of this process]
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// Where else it may sign in.
    #[command(flatten)]
    pub endpoints: EndpointArgs,
    /// The blob's name as the event has it in `blobname`, where `%7B` stands for `{` and `%25` for `%`
    #[arg(required_unless_present_any = ["manifest", "folder"])]
    pub blob: Option<String>,
}

/// Arguments of `migrate`.
#[derive(Debug, Clone, ClapArgs)]
pub struct MigrateArgs {
    /// A file with AzureBlobWatchers; `-` for stdin
    pub file: PathBuf,
    /// Blobs that were last modified before this moment count as done: 2026-01-31T12:00:00Z, 2026-01-31, or 2h or 7d ago
    /// [default: status.lastChecked of the watcher, else now]
    #[arg(long, value_name = "MOMENT", allow_hyphen_values = true)]
    pub since: Option<String>,
}

/// Some dead letters and poison messages.
#[derive(Debug, Clone, ClapArgs)]
pub struct LettersArgs {
    /// Which source.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Ids as `list` shows them (the first 6 digits or more), or names of blobs
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub ids: Vec<String>,
    /// All of them
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
    /// How to print what was done.
    #[command(flatten)]
    pub print: OutputArgs,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use clap::CommandFactory;

    use crate::cli::args::*;

    fn parse(line: &str) -> Result<Args, clap::Error> {
        Args::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn the_files_of_examples_are_there() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for command in Args::command().get_subcommands() {
            let examples = command.get_after_help().map(ToString::to_string);
            let examples = examples.unwrap_or_default();
            let files = examples
                .split_whitespace()
                .filter(|it| it.starts_with("examples/"));
            for file in files {
                assert!(root.join(file).is_file(), "{file}");
            }
        }
    }

    #[test]
    fn examples_can_be_pasted_from_a_narrow_terminal() {
        for command in Args::command().get_subcommands() {
            let examples = command.get_after_help().map(ToString::to_string);
            let examples = examples.unwrap_or_default();
            let lines = examples.lines().filter(|it| it.starts_with("  "));
            for line in lines {
                assert!(line.chars().count() <= 76, "{line}");
            }
            let is_hidden = command.is_hide_set() || command.get_name() == "completions";
            assert!(
                is_hidden || examples.contains("xit status"),
                "{}",
                command.get_name()
            );
        }
    }

    #[test]
    fn serve_has_the_documented_defaults() {
        let Command::Serve(serve) = parse("x serve").unwrap().command else {
            panic!("not serve")
        };
        assert_eq!(serve.listen.to_string(), "0.0.0.0:50051");
        assert_eq!(serve.admin_listen.to_string(), "0.0.0.0:9090");
        assert_eq!(serve.max_streams, 64);
        assert!(serve.storage.endpoints.allowed.is_empty());
    }

    #[test]
    fn a_certificate_needs_its_key() {
        assert!(parse("x serve --tls-cert a").is_err());
        assert!(parse("x serve --tls-key a").is_err());
        assert!(parse("x serve --tls-cert a --tls-key b").is_ok());
    }

    #[test]
    fn endpoints_repeat() {
        let line = "x serve --allow-endpoint a.example --allow-endpoint b.example";
        let Command::Serve(serve) = parse(line).unwrap().command else {
            panic!("not serve")
        };
        assert_eq!(serve.storage.endpoints.allowed, ["a.example", "b.example"]);
    }

    #[test]
    fn client_options_need_a_server() {
        assert!(parse("x watch --config - --ca-file t").is_err());
        assert!(parse("x watch --config - --take-over").is_err());
        assert!(parse("x watch --config - --connect https://h:1 --ca-file t").is_ok());
        assert!(parse("x watch").is_err());
    }

    #[test]
    fn log_options_stand_before_and_after_the_command() {
        let args = parse("x --log debug serve --log-format text").unwrap();
        assert_eq!(args.log.levels.as_deref(), Some("debug"));
        assert_eq!(args.log.format, Some(LogFormat::Text));
    }

    #[test]
    fn fetch_takes_a_blob_a_batch_or_a_folder() {
        let fetch = |rest: &str| {
            parse(&format!(
                "x fetch --endpoint https://h --container c --out o {rest}"
            ))
        };
        for good in [
            "a.csv --etag 0x1",
            "--manifest s/b.ndjson",
            "--manifest s/b.ndjson --part 1/2",
            "--folder raw/2026",
        ] {
            assert!(fetch(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.csv --manifest s/b.ndjson",
            "a.csv --folder raw",
            "a.csv --part 1/2",
            "--folder raw --part 1/2",
            "--folder raw --manifest s/b.ndjson",
            "--manifest s/b.ndjson --etag 0x1",
            "--folder raw --etag 0x1",
            "--manifest b.ndjson",
            "--manifest s/b.ndjson --part 3/2",
        ] {
            assert!(fetch(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_address_of_argo_is_that_of_a_page() {
        let url = |url: &str| {
            let parsed = parse(&format!("x serve --argo-url {url}"));
            parsed.map(|args| match args.command {
                Command::Serve(serve) => serve.argo_url.unwrap(),
                _ => panic!("not serve"),
            })
        };
        assert_eq!(
            url("https://argo.example.com/").unwrap(),
            "https://argo.example.com"
        );
        assert_eq!(
            url("http://localhost:2746/argo").unwrap(),
            "http://localhost:2746/argo"
        );
        for bad in [
            "argo.example.com",
            "javascript:alert(1)",
            "ftp://argo.example.com",
            "https://user:secret@argo.example.com",
            "https://argo.example.com?x=1",
        ] {
            let told = url(bad).unwrap_err().to_string();
            assert!(told.contains("such as https://argo.example.com"), "{told}");
        }
    }

    #[test]
    fn no_streams_at_all_is_a_mistake() {
        for wrong in ["0", "all", "-1", "1.5", "5000000000"] {
            let told = parse(&format!("x serve --max-streams={wrong}"))
                .err()
                .map(|it| it.to_string());
            let told = told.unwrap_or_default();
            assert!(
                told.contains("write a whole number from 1 on, such as 64"),
                "{told}"
            );
        }
    }

    #[test]
    fn each_option_of_serve_is_an_environment_variable_too() {
        let command = Args::command();
        let serve = command.find_subcommand("serve").unwrap();
        for option in serve.get_arguments().filter(|a| a.get_id() != "help") {
            let long = option.get_long().unwrap();
            let name = long.replace('-', "_").to_uppercase();
            let env = option
                .get_env()
                .unwrap_or_else(|| panic!("--{long} has none"));
            // OpenTelemetry has names of its own for its variables, which operators of clusters set.
            let is_usual = env.to_str().unwrap().starts_with("OTEL_");
            assert!(is_usual || env == format!("AZURE_BLOB_EVENTSOURCE_{name}").as_str());
        }
    }
}
