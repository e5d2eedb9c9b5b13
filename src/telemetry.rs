//! Logs: lower-case messages with fields, on stderr, so that stdout is for what a command prints.

use std::{
    fmt::{self, Debug},
    io::{self, IsTerminal},
};

use thiserror::Error;
use tracing::field::Field;
use tracing_subscriber::{
    EnvFilter,
    field::MakeExt,
    filter::LevelFilter,
    fmt::format::{Writer, debug_fn},
};

use crate::{
    args::{LogArgs, LogFormat},
    plain::{JsonWriter, Plain},
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
    #[error("logging has been started before")]
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
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    let started = match format(args, io::stderr().is_terminal()) {
        LogFormat::Json => builder
            .json()
            .flatten_event(true)
            .with_writer(|| JsonWriter(io::stderr()))
            .try_init(),
        LogFormat::Text => builder
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
            .fmt_fields(debug_fn(plain_field).delimited(" "))
            .try_init(),
    };
    started.map_err(|_| TelemetryError::Started)
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
            problem: format!("`{word}` is no level"),
        }),
    }
}

// Azure's and Kubernetes' own crates log each failed call, beside our one line for each fault.
fn levels(args: &LogArgs, quiet: bool) -> String {
    let level = if quiet { "warn" } else { "info" };
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
mod tests {
    use super::*;

    const NOTHING: LogArgs = LogArgs {
        levels: None,
        format: None,
    };

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
        assert!(error.is_err_and(|e| e.contains("`inof` is no level")));
        assert!(known("off").is_ok() && known("info,h2=warn,WARN").is_ok());
    }
}
