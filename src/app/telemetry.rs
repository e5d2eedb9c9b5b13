//! Logs: lower-case messages with fields, on stderr, so that stdout is for what a command prints.

use std::{
    fmt::{self, Debug},
    io::{self, IsTerminal},
};

use thiserror::Error;
use tracing::{Subscriber, field::Field};
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    filter::LevelFilter,
    fmt::format::{Writer, debug_fn},
    util::SubscriberInitExt,
};

use crate::{
    cli::{
        args::{LogArgs, LogFormat},
        colours::has_colours,
    },
    text::plain::{JsonWriter, Plain},
};

/// Why logging cannot start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The levels cannot be read.
    #[error(
        "--log {levels:?} cannot be read: {problem}; allowed are error, warn, info, debug, trace, or a list like info,h2=warn"
    )]
    Levels {
        /// What was given.
        levels: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Something in this process logs already.
    #[error("logging was already started")]
    Started,
}

/// Starts logging for the whole process. `quiet` commands log from `warn` on, unless told otherwise.
pub fn start(args: &LogArgs, quiet: bool) -> Result<(), TelemetryError> {
    let levels = &levels(args, quiet);
    known(levels)?;
    let filter = EnvFilter::try_new(levels).map_err(|problem| TelemetryError::Levels {
        levels: levels.to_owned(),
        problem: problem.to_string(),
    })?;
    let terminal = io::stderr().is_terminal();
    let started = match format(args, terminal) {
        LogFormat::Json => json(filter, io::stderr).try_init(),
        LogFormat::Text => text(filter, io::stderr, has_colours(terminal)).try_init(),
    };
    started.map_err(|_| TelemetryError::Started)
}

// A line that cannot be written is lost. Its complaint about that would go to stderr as well, and panic there.
fn json<W: io::Write>(
    filter: EnvFilter,
    to: impl Fn() -> W + Send + Sync + 'static,
) -> impl Subscriber + Send + Sync {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .json()
        .flatten_event(true)
        .log_internal_errors(false)
        .with_writer(move || JsonWriter(to()))
        .finish()
}

fn text<W: io::Write>(
    filter: EnvFilter,
    to: impl Fn() -> W + Send + Sync + 'static,
    colours: bool,
) -> impl Subscriber + Send + Sync {
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_target(false)
        .log_internal_errors(false)
        .fmt_fields(debug_fn(plain_field).delimited(" "))
        .with_writer(to)
        .finish()
}

// The colours of a line are ours; what stands in its fields is anybody's.
fn plain_field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    let value = format!("{value:?}");
    match field.name() {
        "message" => write!(writer, "{}", Plain(&value)),
        name => write!(writer, "{name}={}", Plain(&value)),
    }
}

// A word that is no level would be taken for a module's name, and silence all others.
fn known(levels: &str) -> Result<(), TelemetryError> {
    let words = levels.split(',').map(str::trim);
    let mut bare = words.filter(|word| !word.contains(['=', '[']));
    match bare.find(|word| word.parse::<LevelFilter>().is_err()) {
        None => Ok(()),
        Some(word) => Err(TelemetryError::Levels {
            levels: levels.to_owned(),
            problem: format!("`{word}` is not a level"),
        }),
    }
}

// Azure's and Kubernetes' own crates log each failed call, beside our one line for each fault. Commands have a sentence of
// their own about a cluster that does not answer.
fn levels(args: &LogArgs, quiet: bool) -> String {
    let level = match quiet {
        true => concat!("warn,", env!("CARGO_CRATE_NAME"), "::kubernetes=error"),
        false => "info",
    };
    let default = || format!("{level},azure_core=warn,typespec_client_core=warn,kube_client=off");
    args.levels.clone().unwrap_or_else(default)
}

fn format(args: &LogArgs, terminal: bool) -> LogFormat {
    args.format.unwrap_or(if terminal {
        LogFormat::Text
    } else {
        LogFormat::Json
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::{Arc, Mutex};

    use crate::app::telemetry::*;

    const NOTHING: LogArgs = LogArgs {
        levels: None,
        format: None,
    };

    /// A log in memory.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_logged_does_nothing_to_a_terminal_and_stays_on_its_line() {
        const HOSTILE: &str = "\u{1b}]0;x\u{7}\u{9b}31m\u{7f}\r\nINFO all is well\u{2028}\u{202e}";
        let (log, other) = (Log::default(), Log::default());
        let (to, to_other) = (log.clone(), other.clone());
        let say = || {
            let error = io::Error::other(HOSTILE);
            let error: &(dyn std::error::Error + 'static) = &error;
            tracing::warn!(shown = %HOSTILE, text = HOSTILE, debug = ?HOSTILE, error, "said {HOSTILE}");
        };
        let levels = || EnvFilter::new("info");
        tracing::subscriber::with_default(json(levels(), move || to.clone()), say);
        tracing::subscriber::with_default(text(levels(), move || to_other.clone(), false), say);
        for log in [log, other] {
            let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
            let line = text.strip_suffix('\n').unwrap();
            let hidden = |c: char| c.is_control() || "\u{2028}\u{202e}".contains(c);
            assert!(!line.chars().any(hidden), "{line:?}");
            assert!(
                line.contains("WARN") && line.contains("all is well"),
                "{line}"
            );
        }
    }

    #[test]
    fn machines_get_json_and_people_text() {
        assert_eq!(format(&NOTHING, false), LogFormat::Json);
        assert_eq!(format(&NOTHING, true), LogFormat::Text);
    }

    #[test]
    fn commands_for_people_are_quiet_unless_told_otherwise() {
        assert!(levels(&NOTHING, true).starts_with("warn,"));
        assert!(levels(&NOTHING, false).starts_with("info,"));
        let debug = LogArgs {
            levels: Some("debug".to_owned()),
            format: None,
        };
        assert_eq!(levels(&debug, true), "debug");
    }

    #[test]
    fn levels_that_cannot_be_read_are_named() {
        let args = LogArgs {
            levels: Some("info,=bogus=".to_owned()),
            format: None,
        };
        let error = start(&args, false).map_err(|e| e.to_string());
        assert!(error.is_err_and(|e| e.contains("info,=bogus=")));
        let error = known("warn,inof").map_err(|e| e.to_string());
        assert!(error.is_err_and(|e| e.contains("`inof` is not a level")));
        assert!(known("off").is_ok() && known("info,h2=warn,WARN").is_ok());
    }
}
