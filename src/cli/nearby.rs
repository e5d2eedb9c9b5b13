//! What may have been meant by a name that no blob has.

use super::source::OpenedSource;
use crate::{calls::walk::Walk, ports::error::StorageError};

mod likeness;

use likeness::Likeness;

/// How many names of the same folder are shown.
const NEIGHBOURS: usize = 5;
/// How many pages are searched for what was meant.
const PAGES: usize = 20;

/// What is there instead.
#[derive(Debug, Default)]
pub(super) struct Nearby {
    /// The name that was probably meant.
    pub(super) meant: Option<String>,
    /// Others of the same folder.
    pub(super) neighbours: Vec<String>,
}

/// What is there instead of `name`: first in its folder, then in the whole container, as far as that is quickly seen.
///
/// # Errors
/// The container cannot be listed.
pub(super) async fn nearby(source: &OpenedSource, name: &str) -> Result<Nearby, StorageError> {
    let folder = name.rfind('/').map_or("", |end| &name[..=end]);
    let mut found = look_around(source, folder, name).await?;
    // Then the folder may be what was misspelt.
    if found.meant.is_none() && !folder.is_empty() {
        found.meant = look_around(source, "", name).await?.meant;
    }
    Ok(found)
}

/// How the names begin that begin with `prefix` but for upper and lower case.
///
/// # Errors
/// The container cannot be listed.
pub(super) async fn in_other_case(
    source: &OpenedSource,
    prefix: &str,
) -> Result<Option<String>, StorageError> {
    let lower = prefix.to_lowercase();
    let mut walk = Walk::new(&*source.blobs, "");
    for _ in 0..PAGES {
        let Some(page) = walk.next().await? else {
            break;
        };
        let mut starts = page
            .blobs()
            .filter_map(|blob| blob.name.get(..prefix.len()));
        if let Some(start) = starts.find(|start| start.to_lowercase() == lower) {
            return Ok(Some(start.to_owned()));
        }
    }
    Ok(None)
}

async fn look_around(
    source: &OpenedSource,
    folder: &str,
    name: &str,
) -> Result<Nearby, StorageError> {
    let container = &source.config.container;
    let mut best: Option<(Likeness, String)> = None;
    let mut neighbours = Vec::new();
    let mut walk = Walk::new(&*source.blobs, folder);
    for _ in 0..PAGES {
        let Some(page) = walk.next().await? else {
            break;
        };
        for blob in page.blobs().filter(|blob| !blob.is_directory) {
            let alike = Likeness::of(name, blob.name, container);
            if let Some(alike) = alike.filter(|it| best.as_ref().is_none_or(|(best, _)| it < best))
            {
                best = Some((alike, blob.name.to_owned()));
            }
            let is_in_folder = !blob.name[folder.len()..].contains('/');
            if is_in_folder && neighbours.len() < NEIGHBOURS {
                neighbours.push(blob.name.to_owned());
            }
        }
        if best.as_ref().is_some_and(|it| it.0 == Likeness::Same) {
            break;
        }
    }
    Ok(Nearby {
        meant: best.map(|(_, name)| name),
        neighbours,
    })
}
