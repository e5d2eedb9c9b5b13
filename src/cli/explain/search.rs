//! A blob in its container, or what may have been meant by a name that is not there.

use crate::{
    blob::Blob,
    calls::walk::Walk,
    cli::{
        nearby::{Nearby, nearby},
        source::OpenedSource,
    },
};

/// What the container says.
pub(super) enum Storage {
    There(Blob),
    Directory,
    Missing(Nearby),
}

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
    Ok((Storage::Missing(nearby(source, name).await?), now))
}
