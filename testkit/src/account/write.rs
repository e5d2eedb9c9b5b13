//! Writes: what a put and an append do to the account.

use azure_blob_eventsource::blob::Access;
use bytes::{Bytes, BytesMut};

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
        self.parts
            .retain(|[c, n, _], _| c != container || n != name);
        Ok(etag)
    }

    pub(super) fn put_part(
        &mut self,
        container: &str,
        name: &str,
        part: &str,
        bytes: Bytes,
    ) -> Result<(), Refusal> {
        self.stored(container)?;
        let key = [container, name, part].map(str::to_owned);
        self.parts.insert(key, bytes);
        Ok(())
    }

    pub(super) fn put_parts(
        &mut self,
        container: &str,
        name: &str,
        parts: &[String],
    ) -> Result<String, Refusal> {
        if self.stored(container)?.contains_key(name) {
            return Err(Refusal::BlobAlreadyExists);
        }
        let key = |part: &String| [container, name, part].map(str::to_owned);
        let parts = parts.iter().map(|part| self.parts.get(&key(part)));
        let parts: Option<Vec<Bytes>> = parts.map(|part| part.cloned()).collect();
        let parts = parts.ok_or(Refusal::InvalidBlockList)?;
        let mut whole = BytesMut::with_capacity(parts.iter().map(Bytes::len).sum());
        parts.iter().for_each(|part| whole.extend_from_slice(part));
        self.put(
            container,
            name,
            NewBlob::new(whole.freeze()).in_blocks(),
            true,
        )
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

    pub(super) fn set_metadata(
        &mut self,
        container: &str,
        name: &str,
        key: &str,
        value: &str,
    ) -> Result<String, Refusal> {
        let (etag, now) = (self.next_etag(), self.now());
        let blob = self.stored(container)?.get_mut(name);
        let blob = blob.ok_or(Refusal::BlobNotFound)?;
        blob.metadata.insert(key.to_owned(), value.to_owned());
        blob.etag.clone_from(&etag);
        blob.last_modified = now;
        Ok(etag)
    }

    pub(super) fn finish_copy(
        &mut self,
        container: &str,
        name: &str,
        content: Option<&[u8]>,
    ) -> Result<String, Refusal> {
        let (etag, now) = (self.next_etag(), self.now());
        let blob = self.stored(container)?.get_mut(name);
        let blob = blob.filter(|blob| blob.access == Access::Copying);
        let blob = blob.ok_or(Refusal::BlobNotFound)?;
        blob.access = match content {
            Some(_) => Access::Readable,
            None => Access::CopyFailed,
        };
        blob.has_md5 = content.is_some();
        blob.set_content(BytesMut::from(content.unwrap_or_default()));
        blob.etag.clone_from(&etag);
        blob.last_modified = now;
        Ok(etag)
    }

    pub(super) fn set_access(
        &mut self,
        container: &str,
        name: &str,
        access: Access,
    ) -> Result<(), Refusal> {
        let blob = self.stored(container)?.get_mut(name);
        blob.ok_or(Refusal::BlobNotFound)?.access = access;
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
