//! Writes: what a put and an append do to the account.

use super::{Container, NewBlob, Refusal, State};

impl State {
    /// Stamps are unique per write and look like the service's.
    fn next_etag(&mut self) -> String {
        self.writes += 1;
        format!("0x8DE{:012X}", self.writes)
    }

    pub(super) fn put(
        &mut self,
        container: &str,
        name: &str,
        new: NewBlob,
        only_new: bool,
    ) -> Result<String, Refusal> {
        let (etag, now) = (self.next_etag(), self.now());
        let hierarchical = matches!(
            self.containers.get(container),
            Some(Container::Stored {
                hierarchical: true,
                ..
            })
        );
        if hierarchical {
            self.make_parents(container, name)?;
        }
        let blobs = self.stored(container)?;
        if only_new && blobs.contains_key(name) {
            return Err(Refusal::BlobAlreadyExists);
        }
        blobs.insert(name.to_owned(), new.stored(etag.clone(), now));
        Ok(etag)
    }

    fn make_parents(&mut self, container: &str, name: &str) -> Result<(), Refusal> {
        for (slash, _) in name.match_indices('/') {
            let (etag, now) = (self.next_etag(), self.now());
            self.stored(container)?
                .entry(name[..slash].to_owned())
                .or_insert_with(|| NewBlob::directory().stored(etag, now));
        }
        Ok(())
    }

    pub(super) fn append(
        &mut self,
        container: &str,
        name: &str,
        at: Option<u64>,
        bytes: &[u8],
    ) -> Result<u64, Refusal> {
        let (etag, now, most) = (self.next_etag(), self.now(), self.limits.append_blocks);
        let blob = self.stored(container)?.get_mut(name);
        blob.ok_or(Refusal::BlobNotFound)?
            .append(at, bytes, most, etag, now)
    }
}
