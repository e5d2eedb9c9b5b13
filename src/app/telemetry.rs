//! Logs: lower-case messages with fields, on stderr, so that stdout is for what a command prints.

use std::{
    borrow::Cow,
    fmt::{self, Debug},
    io::{self, IsTerminal},
};

use serde_json::Value;
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
        .with_span_list(false)
        .log_internal_errors(false)
        .with_writer(move || WithSource(JsonWriter(to())))
        .finish()
}

/// Puts the source of the stream that a line is of beside its other fields, where lines of other parts have it.
struct WithSource<W>(W);

impl<W: io::Write> io::Write for WithSource<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(with_source(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

// The library (tracing-subscriber 0.3) writes the span last. In a string, each of these quotes has a backslash before it.
fn with_source(line: &str) -> Cow<'_, str> {
    let Some((fields, span)) = line.rsplit_once(",\"span\":") else {
        return line.into();
    };
    let mut spans = serde_json::Deserializer::from_str(span).into_iter::<Value>();
    let source = match spans.next() {
        Some(Ok(span)) => span["source"].clone(),
        _ => return line.into(),
    };
    match fields.contains(",\"source\":") {
        true => format!("{fields}}}\n").into(),
        false => format!("{fields},\"source\":{source}}}\n").into(),
    }
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
    fn each_line_of_a_stream_has_its_source() {
        let log = Log::default();
        let to = log.clone();
        let say = || {
            tracing::info!("outside");
            tracing::info_span!("stream", source = "a\",\"b").in_scope(|| {
                tracing::info!(text = "x,\"span\":{}", "inside");
                tracing::info!(source = "own", "its own");
            });
        };
        tracing::subscriber::with_default(json(EnvFilter::new("info"), move || to.clone()), say);
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let lines: Vec<_> = lines.collect();
        let sources: Vec<_> = lines.iter().map(|line| line["source"].as_str()).collect();
        assert_eq!(sources, [None, Some("a\",\"b"), Some("own")]);
        assert_eq!(lines[1]["text"], "x,\"span\":{}");
        assert!(
            lines.iter().all(|line| line.get("span").is_none()),
            "{text}"
        );
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
