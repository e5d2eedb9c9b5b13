//! What was typed for `fetch`, before anything is sent.

use std::path::Path;

use anyhow::{anyhow, bail};
use url::Url;

use crate::{
    cli::{address, args::FetchArgs},
    config::container_name,
    text::plain::Plain,
};

/// The endpoint of the account; what else was typed is looked at, too.
///
/// # Errors
/// A sentence about what was typed.
pub(super) fn endpoint(args: &FetchArgs) -> anyhow::Result<Url> {
    container_name(&args.container).map_err(|problem| anyhow!("--container: {problem}"))?;
    // The directory of a folder's files is made, and all above it.
    if args.folder.is_none() {
        has_directory("--out", &args.out)?;
    }
    if let Some(file) = &args.metadata {
        has_directory("--metadata", file)?;
    }
    let typed = args.endpoint.as_str();
    let url = Url::parse(typed).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| {
        anyhow!(
            "--endpoint: `{}` is not the URL of a storage account: write `{}`",
            Plain(typed),
            Plain(&address::account(typed))
        )
    })
}

fn has_directory(option: &str, file: &Path) -> anyhow::Result<()> {
    let directory = file.parent().filter(|it| !it.as_os_str().is_empty());
    let Some(directory) = directory.filter(|it| !it.is_dir()) else {
        return Ok(());
    };
    bail!(
        "{option} {}: there is no directory {}: make it first, or name another one",
        file.display(),
        directory.display()
    )
}
