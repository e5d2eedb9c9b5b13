//! `man`: manual pages, for `make install` and for packages.

use std::{fs, io, path::Path, process::ExitCode};

use anyhow::Context;
use clap::CommandFactory;

use super::args::Args;

/// Writes a page for the program and one for each command.
pub fn run(directory: &Path) -> anyhow::Result<ExitCode> {
    let shown = directory.display();
    fs::create_dir_all(directory).with_context(|| format!("cannot make the directory {shown}"))?;
    clap_mangen::generate_to(Args::command(), directory)
        .with_context(|| format!("cannot write manual pages to {shown}"))?;
    name_examples(directory).with_context(|| format!("cannot write manual pages to {shown}"))?;
    Ok(ExitCode::SUCCESS)
}

// The generator calls what stands after the options EXTRA.
fn name_examples(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let file = entry?.path();
        let is_ours = file
            .file_name()
            .is_some_and(|it| it.to_string_lossy().starts_with("azure-blob-eventsource"));
        if is_ours {
            let page = fs::read_to_string(&file)?;
            fs::write(&file, page.replace("\n.SH EXTRA\n", "\n.SH EXAMPLES\n"))?;
        }
    }
    Ok(())
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
            assert!(!page.contains("EXTRA"), "{}", file.display());
        }
        assert!(
            !directory
                .path()
                .join("azure-blob-eventsource-man.1")
                .exists()
        );
    }
}
