//! `completions`: a script for a shell.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::{Command, CommandFactory};
use clap_complete::{Shell, generate};

use super::args::Args;

/// Prints the script.
pub fn run(shell: Shell) -> anyhow::Result<ExitCode> {
    match io::stdout().write_all(&script(shell)) {
        // Whoever read has read enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn script(shell: Shell) -> Vec<u8> {
    let mut command = shown(&Args::command());
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    script
}

// A script would offer what `--help` hides.
fn shown(all: &Command) -> Command {
    let commands = all.get_subcommands().filter(|it| !it.is_hide_set());
    Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .args(all.get_arguments())
        .subcommands(commands)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_knows_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = String::from_utf8_lossy(&script(shell)).into_owned();
            assert!(script.contains("azure-blob-eventsource"), "{shell}");
            assert!(script.contains("watch"), "{shell}");
            assert!(script.contains("version"), "{shell}");
            assert!(
                !script.contains("__man") && !script.contains("Write manual"),
                "{shell}"
            );
        }
    }
}
