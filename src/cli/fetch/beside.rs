//! What comes with a dataset: the metadata of its blob, and a small blob beside it, such as settings for the
//! Workflow's steps.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use super::{failure::told, many::Member};
use crate::{
    azure::{Account, DownloadError},
    cli::{counts::counted, say::report},
    text::plain::Plain,
};

/// Writes a blob's metadata to `file`, as a JSON object of texts.
pub(super) fn keep_metadata(
    metadata: &BTreeMap<String, String>,
    file: &Path,
) -> anyhow::Result<()> {
    let text = format!("{}\n", serde_json::to_string_pretty(metadata)?);
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// Downloads the blob that is called as the dataset, with `suffix` at its end, to `out` with the same suffix. Where
/// there is none, there is no file.
pub(super) async fn save(
    account: &Account,
    (container, dataset): (&str, &str),
    suffix: &str,
    out: &Path,
) -> anyhow::Result<()> {
    let name = format!("{dataset}{suffix}");
    let to = with_suffix(out, suffix);
    match account.download(container, &name, None, &to).await {
        Ok(done) => {
            let (name, size) = (Plain(&name), counted(done.bytes, "byte"));
            let etag = Plain(&done.etag);
            report(format_args!("{name}: {size}, ETag {etag}, beside it"));
            Ok(())
        }
        Err(DownloadError::Gone(_)) => Ok(()),
        Err(error) => bail!("{}", told(&error, &to)),
    }
}

fn with_suffix(out: &Path, suffix: &str) -> PathBuf {
    let mut path = out.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// The folder that all blobs of a batch are in, without `/` at its end; none if that is the whole container.
pub(super) fn folder(members: &[Member]) -> Option<&str> {
    let (first, rest) = members.split_first()?;
    let mut folder = first.name.rsplit_once('/')?.0;
    for member in rest {
        while !is_in(&member.name, folder) {
            folder = folder.rsplit_once('/')?.0;
        }
    }
    Some(folder)
}

fn is_in(name: &str, folder: &str) -> bool {
    name.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Option<String> {
        let members: Vec<_> = names
            .iter()
            .map(|name| Member {
                number: 1,
                name: (*name).to_owned(),
                etag: None,
            })
            .collect();
        folder(&members).map(str::to_owned)
    }

    #[test]
    fn the_folder_of_a_batch_is_the_deepest_that_has_all_blobs() {
        assert_eq!(of(&["raw/2026/a.csv"]).as_deref(), Some("raw/2026"));
        assert_eq!(
            of(&["raw/2026/a.csv", "raw/2026/x/b.csv"]).as_deref(),
            Some("raw/2026")
        );
        assert_eq!(
            of(&["raw/2026/a.csv", "raw/2027/a.csv"]).as_deref(),
            Some("raw")
        );
        assert_eq!(
            of(&["raw/20/a.csv", "raw/2026/a.csv"]).as_deref(),
            Some("raw")
        );
        assert_eq!(of(&["raw/a.csv", "other/a.csv"]), None);
        assert_eq!(of(&["a.csv"]), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn the_suffix_is_added_whatever_the_name_is() {
        let found = with_suffix(Path::new("/data/input.csv"), ".pipeline.json");
        assert_eq!(found, Path::new("/data/input.csv.pipeline.json"));
    }
}
