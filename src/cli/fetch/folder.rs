//! All blobs that are in a folder now.

use std::sync::Arc;

use anyhow::bail;

use super::many::Member;
use crate::{
    azure::Account,
    calls::{retry::Retry, walk::Walk},
    text::plain::Plain,
};

/// How many blobs of a folder are taken.
const LIMIT: usize = 100_000;

/// What is below a folder, in the order of names; but no marker, and what else has a name that begins with `_` or `.`.
pub(super) async fn members(
    account: &Account,
    container: &str,
    folder: &str,
) -> anyhow::Result<Vec<Member>> {
    let folder = folder.trim_end_matches('/');
    if folder.is_empty() {
        bail!("--folder is empty, which would mean the whole container: name a folder in it");
    }
    let prefix = format!("{folder}/");
    let (listing, stats) = (account.listing(container), Arc::default());
    let mut walk = Walk::new(&*listing, &prefix);
    let mut members = Vec::new();
    while let Some(page) = walk.patiently(Retry::new("list blobs", 0, &stats)).await? {
        let blobs = page.blobs().filter(|blob| !blob.is_directory);
        for blob in blobs.filter(|blob| is_data(&blob.name[prefix.len()..])) {
            members.push(Member {
                number: members.len() + 1,
                name: blob.name.to_owned(),
                etag: None,
            });
        }
        if members.len() > LIMIT {
            bail!(
                "the folder `{}` in container `{container}` has more than {LIMIT} blobs: name a folder inside it",
                Plain(folder)
            );
        }
    }
    if members.is_empty() {
        bail!(
            "the folder `{}` in container `{container}` has no blobs: write the folder like `dirname` of the event, without the container",
            Plain(folder)
        );
    }
    Ok(members)
}

/// As for Spark and Hadoop.
fn is_data(below: &str) -> bool {
    !below.split('/').any(|name| name.starts_with(['_', '.']))
}

#[cfg(test)]
mod tests {
    use super::is_data;

    #[test]
    fn markers_and_what_is_hidden_are_no_data() {
        for name in ["a.csv", "day=1/a.csv", "a_b", "a/b_", "a."] {
            assert!(is_data(name), "{name}");
        }
        for name in [
            "_SUCCESS",
            ".a.csv.crc",
            "_temporary/0/a.csv",
            "day=1/_SUCCESS",
        ] {
            assert!(!is_data(name), "{name}");
        }
    }
}
