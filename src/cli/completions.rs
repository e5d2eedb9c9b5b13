//! `completions`: a script for a shell.

use std::{
    io::{self, ErrorKind, Write},
    process::ExitCode,
};

use clap::CommandFactory;
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
    let mut command = Args::command();
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    generate(shell, &mut command, name, &mut script);
    script
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
        }
    }
}
