//! What people do to the blobs of a container, and who is told of it.

use azure_blob_eventsource::blob::Access;

use crate::{
    account::{FakeAccount, NewBlob},
    change_feed::FeedService,
    event_grid::EventGrid,
};

/// Hands that write, overwrite and delete blobs. Clones are handles to the same container.
#[derive(Clone)]
pub struct Hands {
    /// Where the container is.
    pub account: FakeAccount,
    /// Its name.
    pub container: &'static str,
    /// Who tells of what they do, if somebody does.
    pub grid: Option<EventGrid>,
    /// Who writes it into the change feed, if there is one.
    pub feed: Option<FeedService>,
}

impl Hands {
    /// Somebody writes a blob as a whole. Returns its ETag.
    pub fn put(&self, name: &str, blob: NewBlob) -> String {
        let etag = self.account.put(self.container, name, blob).unwrap();
        self.tell(name, &etag, "PutBlob");
        etag
    }

    /// Somebody writes a blob into the Archive tier: nobody tells when it can be read.
    pub fn put_archived(&self, name: &str, blob: NewBlob) {
        let etag = self.put(name, blob.access(Access::Archived));
        if let Some(feed) = &self.feed {
            feed.passed_over(name, &etag);
        }
    }

    /// Somebody deletes a blob, if it is there.
    pub fn delete(&self, name: &str) {
        if self.account.delete(self.container, name).is_err() {
            return;
        }
        if let Some(grid) = &self.grid {
            grid.deleted(name);
        }
        if let Some(feed) = &self.feed {
            feed.deleted(name);
        }
    }

    /// A copy begins, and Event Grid hears of it if it is `notified`.
    pub fn start_copy(&self, name: &str, notified: bool) {
        let etag = self.account.start_copy(self.container, name).unwrap();
        if notified {
            self.notify(name, &etag, "CopyBlob");
        }
        self.feed(name, &etag, "CopyBlob");
    }

    /// A copy comes to its end, if there is one: with its content or, when there is none, as one that failed. Of one that
    /// is complete everybody is told, if they are `told`.
    pub fn finish_copy(&self, name: &str, content: Option<&[u8]>, told: bool) {
        let Some(before) = self.copying(name) else {
            return;
        };
        let finished = self.account.finish_copy(self.container, name, content);
        let after = finished.unwrap();
        self.goes_on(name, &before, &after);
        if told && content.is_some() {
            self.tell(name, &after, "CopyBlob");
        }
    }

    /// Somebody writes metadata, if the blob is there. Nobody tells of that. But a copy that was told of is still waited
    /// for, and so is what stays the `same` version.
    pub fn stamp(&self, name: &str, same: bool) {
        let before = match same {
            true => self.etag(name),
            false => self.copying(name),
        };
        let stamped = self
            .account
            .set_metadata(self.container, name, "processed", "true");
        let Ok(after) = stamped else { return };
        if let Some(feed) = &self.feed {
            feed.stamped(name, &after);
        }
        if let Some(before) = before {
            self.goes_on(name, &before, &after);
        }
    }

    fn etag(&self, name: &str) -> Option<String> {
        let blob = self.account.get(self.container, name).ok()?;
        Some(blob.etag)
    }

    // The ETag of a blob that is being copied.
    fn copying(&self, name: &str) -> Option<String> {
        let blob = self.account.get(self.container, name).ok();
        let blob = blob.filter(|blob| blob.access == Access::Copying);
        blob.map(|blob| blob.etag)
    }

    fn goes_on(&self, name: &str, before: &str, after: &str) {
        if let Some(grid) = &self.grid {
            grid.goes_on(name, before, after);
        }
        if let Some(feed) = &self.feed {
            feed.goes_on(name, before, after);
        }
    }

    fn tell(&self, name: &str, etag: &str, api: &str) {
        self.notify(name, etag, api);
        self.feed(name, etag, api);
    }

    fn feed(&self, name: &str, etag: &str, api: &str) {
        if let Some(feed) = &self.feed {
            feed.created(name, etag, api);
        }
    }

    fn notify(&self, name: &str, etag: &str, api: &str) {
        if let Some(grid) = &self.grid {
            grid.created(name, etag, api);
        }
    }
}
