//! `man`: manual pages, for `make install` and for packages.

use std::{fs, path::Path, process::ExitCode};

use anyhow::Context;
use clap::CommandFactory;

use super::args::Args;

/// Writes a page for the program and one for each command.
pub fn run(directory: &Path) -> anyhow::Result<ExitCode> {
    let shown = directory.display();
    fs::create_dir_all(directory).with_context(|| format!("cannot make the directory {shown}"))?;
    clap_mangen::generate_to(Args::command(), directory)
        .with_context(|| format!("cannot write manual pages to {shown}"))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_command_has_a_page() {
        let directory = tempfile::tempdir().unwrap();
        run(directory.path()).unwrap();
        for name in [
            "",
            "-serve",
            "-watch",
            "-dead-letters",
            "-dead-letters-retry",
        ] {
            let file = directory
                .path()
                .join(format!("azure-blob-eventsource{name}.1"));
            let page = fs::read_to_string(&file).unwrap();
            assert!(page.contains(".SH NAME"), "{}", file.display());
        }
        assert!(
            !directory
                .path()
                .join("azure-blob-eventsource-man.1")
                .exists()
        );
    }
}
