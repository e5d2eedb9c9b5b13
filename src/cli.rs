//! The commands that people type.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, bail};

use self::say::say_error;

use crate::{config::SourceConfig, grpc::limits::CONFIG_BYTES};

mod address;
pub mod args;
mod blob_name;
pub mod check;
pub mod colours;
pub mod completions;
mod counts;
mod data;
pub mod dead_letters;
pub mod explain;
pub mod fetch;
mod ledgers;
pub mod man;
pub mod migrate;
mod moment;
mod nearby;
mod outcome;
mod passed_over;
mod poison;
mod progress;
pub mod replay;
mod report;
pub mod say;
mod set_aside_id;
pub mod signals;
mod source;
pub mod tip;
pub mod watch;
mod which;

/// The exit status for a mistake in a configuration, as clap has it for one on the command line.
const USAGE: u8 = 2;

/// The text of a configuration; `-` is stdin.
fn read_config(file: &Path) -> anyhow::Result<Vec<u8>> {
    let text = if file == Path::new("-") {
        read(io::stdin().lock())
    } else {
        File::open(file).and_then(read)
    };
    let text = text.with_context(|| format!("cannot read the configuration {}", file.display()))?;
    if text.len() > CONFIG_BYTES {
        bail!("the configuration is longer than {CONFIG_BYTES} bytes");
    }
    Ok(text)
}

// One byte more than allowed is enough to know.
fn read(from: impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    from.take(CONFIG_BYTES as u64 + 1).read_to_end(&mut text)?;
    Ok(text)
}

/// The configuration in a file, all of whose mistakes are named.
fn load_config(file: &Path) -> anyhow::Result<SourceConfig> {
    Ok(SourceConfig::parse(&read_config(file)?)?)
}

/// Whether whoever read what a command prints has read enough, which is no failure.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<io::Error>()
        .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// How a command ended whose output nobody may have read to the end.
fn unless_pipe_broke(ended: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    match ended {
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        ended => ended,
    }
}

/// Says what is wrong with what was typed, and gives the exit status for it.
pub fn mistake(error: &anyhow::Error) -> ExitCode {
    say_error(format_args!("{error:#}"));
    ExitCode::from(USAGE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_has_a_bound() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("c.yaml");
        std::fs::write(&file, vec![b'a'; CONFIG_BYTES]).unwrap();
        assert_eq!(read_config(&file).unwrap().len(), CONFIG_BYTES);
        std::fs::write(&file, vec![b'a'; CONFIG_BYTES + 1]).unwrap();
        assert!(read_config(&file).is_err());
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read_config(Path::new("no/such.yaml")).unwrap_err();
        assert!(error.to_string().contains("no/such.yaml"));
    }
}
