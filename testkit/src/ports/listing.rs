//! [`BlobListing`] over the model.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering::SeqCst},
};

use async_trait::async_trait;
use azure_blob_eventsource::{
    blob::{Continuation, ListPage},
    ports::{error::StorageError, listing::BlobListing},
};

use super::{Wire, storage_error};
use crate::{
    account::{FakeAccount, ListQuery, Listed},
    faults::{FaultSource, Op},
    lost::Lost,
};

/// Called after each page is made, with the account and how many pages came before it.
type Hook = Arc<Mutex<dyn FnMut(&FakeAccount, u64) + Send>>;

/// A container's listing, straight from the model.
#[derive(Clone)]
pub struct FakeListing {
    account: FakeAccount,
    container: String,
    wire: Wire,
    hook: Hook,
    pages: Arc<Mutex<u64>>,
    lost: LostWay,
    blank: Option<Blank>,
    ranges: Arc<AtomicU64>,
}

/// One listing that is wrongly empty.
#[derive(Clone)]
struct Blank {
    /// How many begin before it.
    after: u64,
    begun: Arc<AtomicU64>,
    /// How many were empty.
    seen: Arc<AtomicU64>,
}

/// How a listing goes nowhere for the time being, if it does.
pub type LostWay = Arc<Mutex<Option<Lost>>>;

impl FakeListing {
    /// The listing of `container`, with what `faults` does to it.
    pub fn new(account: FakeAccount, container: &str, faults: FaultSource) -> Self {
        Self {
            account,
            container: container.to_owned(),
            wire: Wire::new(faults),
            hook: Arc::new(Mutex::new(|_: &FakeAccount, _| {})),
            pages: Arc::default(),
            lost: Arc::default(),
            blank: None,
            ranges: Arc::default(),
        }
    }

    /// Of all listings that begin at this one, the one that `after` others have begun before is empty,
    /// whatever the container holds, and counted in `seen`.
    pub fn empty_once(mut self, after: u64, seen: Arc<AtomicU64>) -> Self {
        let begun = Arc::default();
        self.blank = Some(Blank { after, begun, seen });
        self
    }

    /// Counts in `ranges` the listings that begin at a name.
    pub fn count_ranges(mut self, ranges: Arc<AtomicU64>) -> Self {
        self.ranges = ranges;
        self
    }

    /// Goes nowhere for as long as `way` says so.
    pub fn lost(mut self, way: LostWay) -> Self {
        self.lost = way;
        self
    }

    /// Calls `hook` after each page is made and before it is answered: the place to write,
    /// overwrite and delete blobs while a sweep is under way.
    pub fn between_pages(mut self, hook: impl FnMut(&FakeAccount, u64) + Send + 'static) -> Self {
        self.hook = Arc::new(Mutex::new(hook));
        self
    }

    /// One page, without latency or faults.
    fn page(
        &self,
        prefix: &str,
        from: &str,
        after: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        let blank = self.blank.as_ref().filter(|_| after.is_none());
        if blank.is_some_and(Blank::is_due) {
            return Ok(ListPage::new(self.account.now()));
        }
        let lost = *self.lost.lock().expect("a way");
        if let Some(lost) = lost {
            self.call_hook();
            let (items, next) = lost.page(after.map(|it| it.0.as_str()));
            let now = self.account.now();
            return Ok(list_page(Listed { items, next, now }));
        }
        if !from.is_empty() && after.is_none() {
            self.ranges.fetch_add(1, SeqCst);
        }
        let query = ListQuery {
            prefix,
            marker: after.map(|it| it.0.as_str()),
            start_from: from,
            ..ListQuery::default()
        };
        let listed = self.account.list(&self.container, &query);
        let page = listed.map_err(|refusal| storage_error(refusal, after.is_some()))?;
        self.call_hook();
        Ok(list_page(page))
    }

    fn call_hook(&self) {
        let number = {
            let mut pages = self.pages.lock().expect("a counter");
            *pages += 1;
            *pages - 1
        };
        let mut hook = self.hook.lock().expect("hooks do not panic");
        hook(&self.account, number);
    }
}

impl Blank {
    fn is_due(&self) -> bool {
        let due = self.begun.fetch_add(1, SeqCst) == self.after;
        self.seen.fetch_add(due.into(), SeqCst);
        due
    }
}

#[async_trait]
impl BlobListing for FakeListing {
    async fn list_from(
        &self,
        prefix: &str,
        from: &str,
        after: Option<&Continuation>,
    ) -> Result<ListPage, StorageError> {
        let op = Op::ListPage {
            continued: after.is_some(),
        };
        let (this, after) = (self.clone(), after.cloned());
        let (prefix, from) = (prefix.to_owned(), from.to_owned());
        let effect = move || this.page(&prefix, &from, after.as_ref());
        self.wire.call(op, effect).await
    }
}

fn list_page(listed: Listed) -> ListPage {
    let mut page = ListPage::new(listed.now);
    page.next = listed.next.map(Continuation);
    for item in &listed.items {
        page.push(super::listed(item));
    }
    page
}
