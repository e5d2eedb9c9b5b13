//! Listings: name order, pages, and continuations that only the account understands.

use std::{
    collections::BTreeMap,
    ops::{Bound, Range},
};

use azure_blob_eventsource::blob::{Access, BlobType};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use time::OffsetDateTime;

use super::{
    Container, Order, Refusal, StartFrom, State, StoredBlob, Synthetic, SyntheticPage, blob::FOLDER,
};

/// What a caller asks of a listing.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListQuery<'a> {
    /// Only names that start with it.
    pub prefix: &'a str,
    /// Where an earlier page ended.
    pub marker: Option<&'a str>,
    /// Only names that are not before it (`startFrom`).
    pub start_from: &'a str,
    /// The most blobs that the caller wants on a page.
    pub max_results: Option<usize>,
}

/// A page of a listing.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The blobs in name order.
    pub items: Vec<Item>,
    /// Where the next page starts.
    pub next: Option<String>,
    /// The service's time.
    pub now: OffsetDateTime,
}

/// What a listing says of a blob.
#[derive(Debug, Clone)]
pub struct Item {
    /// The whole name.
    pub name: String,
    /// Without quotes.
    pub etag: String,
    /// In whole seconds.
    pub last_modified: OffsetDateTime,
    /// Bytes.
    pub size: u64,
    /// Empty when there is none.
    pub content_type: String,
    /// How it is stored.
    pub blob_type: BlobType,
    /// Shown when the caller asks for it.
    pub metadata: BTreeMap<String, String>,
    /// In base64, empty when there is none.
    pub content_md5: String,
    /// Whether its content can be read; of copies shown when the caller asks for it.
    pub access: Access,
    /// `file` or `directory` in a hierarchical account, else nothing.
    pub resource_type: Option<&'static str>,
}

impl Item {
    /// Whether it stands for a directory.
    pub fn is_directory(&self) -> bool {
        (self.size == 0 && self.metadata.get(FOLDER).is_some_and(|it| it == "true"))
            || self.resource_type == Some("directory")
    }
}

/// Where a page starts, as it is written into a continuation.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    /// The name that the last page ended with; nothing was listed yet when absent.
    past: Option<String>,
    /// Whether the empty page before this one was sent.
    emptied: bool,
}

impl State {
    pub(super) fn list(&self, container: &str, query: &ListQuery<'_>) -> Result<Listed, Refusal> {
        let query = &self.understood(query)?;
        let container = self
            .containers
            .get(container)
            .ok_or(Refusal::ContainerNotFound)?;
        let position = self.position(query.marker)?;
        let now = self.now();
        if self.limits.empty_pages && !position.emptied {
            let position = Position {
                emptied: true,
                ..position
            };
            return Ok(Listed {
                items: Vec::new(),
                next: Some(self.marker(&position)),
                now,
            });
        }
        let most = query.max_results.unwrap_or(usize::MAX);
        let most = most.min(self.limits.page_size);
        let (items, more) = match container {
            Container::Stored {
                blobs,
                hierarchical,
            } => match self.limits.order {
                Order::Bytes => stored(blobs, *hierarchical, query, &position, most),
                Order::Folders => by_folders(blobs, *hierarchical, query, &position, most),
            },
            Container::Synthetic(blobs) => {
                let (range, more) = synthetic(*blobs, query, &position, most);
                (range.map(Synthetic::item).collect(), more)
            }
        };
        let next = items.last().filter(|_| more).map(|last| {
            self.marker(&Position {
                past: Some(last.name.clone()),
                emptied: false,
            })
        });
        Ok(Listed { items, next, now })
    }

    /// What a listing says of one blob.
    pub(super) fn item(&self, container: &str, name: &str) -> Result<Item, Refusal> {
        let container = self
            .containers
            .get(container)
            .ok_or(Refusal::ContainerNotFound)?;
        let found = match container {
            Container::Stored {
                blobs,
                hierarchical,
            } => blobs.get(name).map(|blob| item(name, blob, *hierarchical)),
            Container::Synthetic(blobs) => {
                let at = blobs.first_from(name);
                (at < blobs.count && Synthetic::name(at) == name).then(|| Synthetic::item(at))
            }
        };
        found.ok_or(Refusal::BlobNotFound)
    }

    /// The indexes of the made-up blobs on a page, and its continuation.
    pub(super) fn list_synthetic(
        &self,
        blobs: Synthetic,
        query: &ListQuery<'_>,
    ) -> Result<SyntheticPage, Refusal> {
        let query = &self.understood(query)?;
        let position = self.position(query.marker)?;
        let most = query.max_results.unwrap_or(usize::MAX);
        let (indexes, more) = synthetic(blobs, query, &position, most.min(self.limits.page_size));
        let next = (more && !indexes.is_empty()).then(|| {
            self.marker(&Position {
                past: Some(Synthetic::name(indexes.end - 1)),
                emptied: false,
            })
        });
        Ok(SyntheticPage { indexes, next })
    }

    fn understood<'a>(&self, query: &ListQuery<'a>) -> Result<ListQuery<'a>, Refusal> {
        match self.limits.start_from {
            StartFrom::Refused if !query.start_from.is_empty() => Err(Refusal::InvalidQuery),
            StartFrom::Ignored => Ok(ListQuery {
                start_from: "",
                ..*query
            }),
            _ => Ok(*query),
        }
    }

    fn marker(&self, position: &Position) -> String {
        let past = position.past.as_deref();
        let place = past.map_or("-".to_owned(), |name| URL_SAFE_NO_PAD.encode(name));
        format!("2!{}!{}!{place}", self.epoch, u8::from(position.emptied))
    }

    fn position(&self, marker: Option<&str>) -> Result<Position, Refusal> {
        let Some(marker) = marker.filter(|it| !it.is_empty()) else {
            return Ok(Position {
                past: None,
                emptied: false,
            });
        };
        let parse = || {
            let mut parts = marker.strip_prefix("2!")?.splitn(3, '!');
            let epoch: u32 = parts.next()?.parse().ok()?;
            let emptied = parts.next()? == "1";
            let past = match parts.next()? {
                "-" => None,
                name => Some(String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok()?),
            };
            (epoch == self.epoch).then_some(Position { past, emptied })
        };
        parse().ok_or(Refusal::InvalidMarker)
    }
}

fn stored(
    blobs: &BTreeMap<String, StoredBlob>,
    hierarchical: bool,
    query: &ListQuery<'_>,
    position: &Position,
    most: usize,
) -> (Vec<Item>, bool) {
    let first = query.prefix.max(query.start_from);
    let from = match position.past.as_deref() {
        Some(past) if past >= first => Bound::Excluded(past),
        _ => Bound::Included(first),
    };
    let matching = blobs
        .range::<str, _>((from, Bound::Unbounded))
        .take_while(|(name, _)| name.starts_with(query.prefix));
    page(matching, hierarchical, most)
}

fn by_folders(
    blobs: &BTreeMap<String, StoredBlob>,
    hierarchical: bool,
    query: &ListQuery<'_>,
    position: &Position,
    most: usize,
) -> (Vec<Item>, bool) {
    // No name has a character before this one.
    let place = |name: &str| name.replace('/', "\0");
    let (first, past) = (place(query.start_from), position.past.as_deref().map(place));
    let wanted = |name: &String| {
        let at = place(name);
        name.starts_with(query.prefix) && at >= first && past.as_ref().is_none_or(|it| at > *it)
    };
    let mut matching: Vec<_> = blobs.iter().filter(|(name, _)| wanted(name)).collect();
    matching.sort_by_key(|(name, _)| place(name));
    page(matching.into_iter(), hierarchical, most)
}

// At most so many of them, and whether there are more.
fn page<'a>(
    mut matching: impl Iterator<Item = (&'a String, &'a StoredBlob)>,
    hierarchical: bool,
    most: usize,
) -> (Vec<Item>, bool) {
    let some = matching.by_ref().take(most);
    let items = some.map(|(name, blob)| item(name, blob, hierarchical));
    (items.collect(), matching.next().is_some())
}

fn item(name: &str, blob: &StoredBlob, hierarchical: bool) -> Item {
    let kind = match blob.is_directory() {
        true => "directory",
        false => "file",
    };
    Item {
        name: name.to_owned(),
        etag: blob.etag.clone(),
        last_modified: blob.last_modified,
        size: blob.size(),
        content_type: blob.content_type.clone(),
        blob_type: blob.blob_type,
        metadata: blob.metadata.clone(),
        content_md5: blob.content_md5(),
        access: blob.access,
        resource_type: hierarchical.then_some(kind),
    }
}

fn synthetic(
    blobs: Synthetic,
    query: &ListQuery<'_>,
    position: &Position,
    most: usize,
) -> (Range<u64>, bool) {
    let mut from = blobs.first_from(query.prefix.max(query.start_from));
    if let Some(past) = &position.past {
        // The successor of a name is the name with the least character added.
        from = from.max(blobs.first_from(&format!("{past}\0")));
    }
    let end = blobs.end_of(query.prefix).max(from);
    let to = end.min(from + most as u64);
    (from..to, to < end)
}

#[cfg(test)]
mod tests {
    use crate::account::{FakeAccount, ListQuery, NewBlob, Refusal};

    fn sweep(account: &FakeAccount, prefix: &str) -> Vec<String> {
        let (mut names, mut marker) = (Vec::new(), None::<String>);
        loop {
            let query = ListQuery {
                prefix,
                marker: marker.as_deref(),
                ..ListQuery::default()
            };
            let page = account.list("c", &query).unwrap();
            names.extend(page.items.into_iter().map(|item| item.name));
            match page.next {
                Some(next) => marker = Some(next),
                None => return names,
            }
        }
    }

    #[test]
    fn pages_of_any_size_hold_the_same_blobs() {
        let account = FakeAccount::new();
        account.create_container("c").unwrap();
        for name in ["b/1", "a", "b/2", "b", "c", "b/1/x"] {
            account.put("c", name, NewBlob::new("x")).unwrap();
        }
        for size in 1..8 {
            for empty in [false, true] {
                account.set_page_size(size);
                account.set_empty_pages(empty);
                assert_eq!(sweep(&account, ""), ["a", "b", "b/1", "b/1/x", "b/2", "c"]);
                assert_eq!(sweep(&account, "b/"), ["b/1", "b/1/x", "b/2"]);
                assert_eq!(sweep(&account, "z"), [""; 0]);
            }
        }
    }

    #[test]
    fn made_up_blobs_are_listed_like_stored_ones() {
        let account = FakeAccount::new();
        account.create_synthetic_container("c", 23).unwrap();
        account.set_page_size(5);
        let names = sweep(&account, "");
        assert_eq!(names.len(), 23);
        assert!(names.is_sorted());
        assert_eq!(sweep(&account, "raw/part-00000002").len(), 4);
        account.resize_synthetic_container("c", 24).unwrap();
        assert_eq!(sweep(&account, "").len(), 24);
    }

    #[test]
    fn an_expired_continuation_is_refused() {
        let account = FakeAccount::new();
        account.create_synthetic_container("c", 3).unwrap();
        account.set_page_size(1);
        let next = account.list("c", &ListQuery::default()).unwrap().next;
        account.expire_continuations();
        let query = ListQuery {
            marker: next.as_deref(),
            ..ListQuery::default()
        };
        let refusal = account.list("c", &query).unwrap_err();
        assert_eq!(refusal, Refusal::InvalidMarker);
    }
}
