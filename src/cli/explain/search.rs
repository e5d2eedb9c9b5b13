//! A blob in its container, or what may have been meant by a name that is not there.

use crate::{blob::Blob, calls::walk::Walk, cli::source::OpenedSource, event::encoded::encoded};

/// What the container says.
pub(super) enum Storage {
    There(Blob),
    Directory,
    Missing {
        /// One whose name differs in nothing that a person sees at once.
        meant: Option<String>,
        /// Others of the same folder.
        neighbours: Vec<String>,
    },
}

/// How many names of the same folder are shown.
const NEIGHBOURS: usize = 5;
/// How many pages are searched for what was meant.
const PAGES: usize = 20;

/// What the container says of a name, and the service's clock in seconds since 1970.
pub(super) async fn storage(source: &OpenedSource, name: &str) -> anyhow::Result<(Storage, i64)> {
    let below = format!("{}/", name.trim_end_matches('/'));
    let mut walk = Walk::new(&*source.blobs, name);
    let mut now = 0;
    // The name itself comes before all that it is only the start of.
    while let Some(page) = walk.next().await? {
        now = page.service_time.unix_timestamp();
        if let Some(blob) = page.blobs().find(|blob| blob.name == name) {
            return Ok(match blob.is_directory {
                true => (Storage::Directory, now),
                false => (Storage::There(blob.into()), now),
            });
        }
        if page.blobs().any(|blob| blob.name.starts_with(&below)) {
            return Ok((Storage::Directory, now));
        }
        if !page.is_empty() {
            break;
        }
    }
    Ok((missing(source, name).await?, now))
}

async fn missing(source: &OpenedSource, name: &str) -> anyhow::Result<Storage> {
    let folder = name.rfind('/').map_or("", |end| &name[..=end]);
    let (mut meant, neighbours) = look_around(source, folder, name).await?;
    // Then the folder may be what was misspelt.
    if meant.is_none() && neighbours.is_empty() && !folder.is_empty() {
        meant = look_around(source, "", name).await?.0;
    }
    Ok(Storage::Missing { meant, neighbours })
}

// The blob below `folder` that was meant, and some that are there.
async fn look_around(
    source: &OpenedSource,
    folder: &str,
    name: &str,
) -> anyhow::Result<(Option<String>, Vec<String>)> {
    let container = &source.config.container;
    let mut neighbours = Vec::new();
    let mut walk = Walk::new(&*source.blobs, folder);
    for _ in 0..PAGES {
        let Some(page) = walk.next().await? else {
            break;
        };
        for blob in page.blobs().filter(|blob| !blob.is_directory) {
            if is_meant(name, blob.name, container) {
                return Ok((Some(blob.name.to_owned()), neighbours));
            }
            if neighbours.len() < NEIGHBOURS {
                neighbours.push(blob.name.to_owned());
            }
        }
    }
    Ok((None, neighbours))
}

// Whether the names differ in nothing that a person sees at once, or the one is the form that events have of the other.
fn is_meant(asked: &str, there: &str, container: &str) -> bool {
    if asked == encoded(there) {
        return true;
    }
    let plain = |name: &str| {
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == '/');
        name.to_lowercase()
    };
    let (asked, there) = (plain(asked), plain(there));
    let within = asked
        .strip_prefix(container)
        .and_then(|asked| asked.strip_prefix('/'));
    asked == there || within == Some(there.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_what_was_meant() {
        let meant = |asked| is_meant(asked, "raw/Ä b.csv", "datasets");
        for asked in [
            "raw/ä b.csv",
            "RAW/Ä B.CSV",
            "raw/Ä b.csv ",
            "/raw/Ä b.csv",
            "datasets/raw/Ä b.csv",
            "/datasets/raw/Ä b.csv",
        ] {
            assert!(meant(asked), "{asked}");
        }
        assert!(is_meant(
            "raw/100%25 %7Bd%7D.csv",
            "raw/100% {d}.csv",
            "datasets"
        ));
        for other in ["raw/b.csv", "b.csv", "other/raw/Ä b.csv", ""] {
            assert!(!meant(other), "{other}");
        }
    }
}
