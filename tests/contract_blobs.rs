//! What every [`BlobListing`] promises, asked of the port-level fake, of the Azure adapter over the
//! fake service, and of the Azure adapter over Azurite.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use std::{collections::BTreeSet, time::Duration};

use azure_blob_eventsource::{
    blob::{Access, Blob, BlobType, Continuation, ListPage},
    ports::{error::StorageErrorKind, listing::BlobListing},
};
use testkit::{
    account::NewBlob,
    names,
    subject::{Face, Subject},
};
use time::OffsetDateTime;

testkit::contract![
    an_empty_container_is_one_last_page,
    every_blob_is_listed_once_in_name_order,
    a_prefix_selects_by_the_start_of_the_whole_name,
    pages_of_every_size_hold_the_same_blobs,
    more_blobs_than_a_page_holds,
    an_empty_page_with_a_continuation_is_not_the_end,
    a_page_can_be_asked_for_again,
    a_listing_starts_at_a_name_where_the_service_can,
    odd_names_come_back_as_they_were_written,
    odd_names_select_as_prefixes,
    an_overwrite_has_another_etag,
    an_append_has_another_etag_and_size,
    properties_are_the_blobs_own,
    a_content_type_is_kept,
    times_are_whole_seconds_of_the_services_clock,
    directories_are_flagged,
    markers_of_folders_are_flagged,
    metadata_move_the_etag_and_leave_the_md5,
    what_is_archived_is_flagged,
    copies_are_flagged_until_they_are_complete,
    directories_of_a_hierarchical_account_are_flagged,
    a_deleted_blob_is_gone,
    what_is_there_all_along_is_on_exactly_one_page,
    a_missing_container_is_not_found,
    a_stale_continuation_is_refused_or_harmless,
];

/// All pages from the first to the last.
async fn pages(listing: &dyn BlobListing, prefix: &str) -> Vec<ListPage> {
    let mut pages: Vec<ListPage> = Vec::new();
    let mut after = None;
    loop {
        let page = listing.list(prefix, after.as_ref()).await.unwrap();
        after = page.next.clone();
        pages.push(page);
        if after.is_none() {
            return pages;
        }
        assert!(pages.len() < 10_000, "a listing without end");
    }
}

async fn names_under(subject: &Subject, prefix: &str) -> Vec<String> {
    let pages = pages(&*subject.listing(), prefix).await;
    let blobs = pages.iter().flat_map(|page| page.blobs());
    blobs.map(|blob| blob.name.to_owned()).collect()
}

/// The only blob of the container.
async fn only(subject: &Subject) -> Blob {
    let page = subject.listing().list("", None).await.unwrap();
    let mut blobs = page.blobs();
    let blob = blobs.next().expect("a blob");
    assert!(blobs.next().is_none() && page.next.is_none());
    blob.into()
}

async fn put_all(subject: &Subject, names: &[String]) {
    for name in names {
        subject.put(name, NewBlob::new(name.clone())).await;
    }
}

/// In the order of the service, which is that of the bytes.
fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("raw/{n:05}.csv")).collect()
}

async fn an_empty_container_is_one_last_page(subject: Subject) {
    let page = subject.listing().list("", None).await.unwrap();
    assert!(page.is_empty() && page.next.is_none());
}

async fn every_blob_is_listed_once_in_name_order(subject: Subject) {
    let names = ["b", "B", "a/b", "a", "a-b", "a.b", "10", "9", "é", "z"].map(str::to_owned);
    put_all(&subject, &names).await;
    assert_eq!(names_under(&subject, "").await, sorted(names.into()));
}

async fn a_prefix_selects_by_the_start_of_the_whole_name(subject: Subject) {
    let names = ["raw/a", "raw/b/c", "raw", "rawer", "x/raw/a", "RAW/a"].map(str::to_owned);
    put_all(&subject, &names).await;
    assert_eq!(names_under(&subject, "raw/").await, ["raw/a", "raw/b/c"]);
    assert_eq!(
        names_under(&subject, "raw").await,
        ["raw", "raw/a", "raw/b/c", "rawer"]
    );
    assert_eq!(names_under(&subject, "raw/b/c").await, ["raw/b/c"]);
    assert_eq!(names_under(&subject, "none").await, [""; 0]);
}

/// Azurite has no setting for it; [`more_blobs_than_a_page_holds`] is its turn.
async fn pages_of_every_size_hold_the_same_blobs(subject: Subject) {
    let Some(model) = subject.model() else { return };
    let names = numbered(7);
    put_all(&subject, &names).await;
    for size in 1..=8 {
        model.set_page_size(size);
        let pages = pages(&*subject.listing(), "").await;
        assert_eq!(pages.len(), 7usize.div_ceil(size));
        assert!(pages.iter().all(|page| page.len() <= size));
        assert_eq!(names_under(&subject, "").await, names);
    }
}

async fn more_blobs_than_a_page_holds(subject: Subject) {
    let names = numbered(5003);
    for some in names.chunks(25) {
        let puts = some.iter().map(|name| subject.put(name, "x"));
        futures::future::join_all(puts).await;
    }
    let pages = pages(&*subject.listing(), "raw/").await;
    assert!(pages.len() >= 2);
    let blobs = pages.iter().flat_map(|page| page.blobs());
    assert!(blobs.map(|blob| blob.name).eq(names.iter()));
}

async fn an_empty_page_with_a_continuation_is_not_the_end(subject: Subject) {
    let Some(model) = subject.model() else { return };
    let names = numbered(5);
    put_all(&subject, &names).await;
    model.set_page_size(2);
    model.set_empty_pages(true);
    let first = subject.listing().list("", None).await.unwrap();
    assert!(first.is_empty() && first.next.is_some());
    assert_eq!(names_under(&subject, "").await, names);
}

async fn a_page_can_be_asked_for_again(subject: Subject) {
    let Some(model) = subject.model() else { return };
    put_all(&subject, &numbered(5)).await;
    model.set_page_size(2);
    let listing = subject.listing();
    let next = listing.list("", None).await.unwrap().next;
    let texts = async || {
        let page = listing.list("", next.as_ref()).await.unwrap();
        let names: Vec<_> = page.blobs().map(|blob| blob.name.to_owned()).collect();
        (names, page.next)
    };
    assert_eq!(texts().await, texts().await);
}

async fn odd_names_come_back_as_they_were_written(subject: Subject) {
    let names = odd_names(&subject);
    put_all(&subject, &names).await;
    let listed: BTreeSet<String> = names_under(&subject, "").await.into_iter().collect();
    let written: BTreeSet<String> = names.into_iter().collect();
    let lost: Vec<_> = written.difference(&listed).collect();
    let made_up: Vec<_> = listed.difference(&written).collect();
    assert!(
        lost.is_empty() && made_up.is_empty(),
        "lost: {lost:?}; made up: {made_up:?}"
    );
}

async fn odd_names_select_as_prefixes(subject: Subject) {
    let names = odd_names(&subject);
    put_all(&subject, &names).await;
    for name in &names {
        let expected: Vec<_> = names.iter().filter(|it| it.starts_with(name)).collect();
        let listed = names_under(&subject, name).await;
        assert_eq!(listed.len(), expected.len(), "under {name:?}: {listed:?}");
        assert_eq!(&listed[0], name);
    }
}

fn odd_names(subject: &Subject) -> Vec<String> {
    let mut names = names::odd();
    names.extend(names::ill_advised());
    if subject.face != Face::Azurite {
        names.extend(names::beyond_azurite());
    }
    names
}

async fn an_overwrite_has_another_etag(subject: Subject) {
    let first = subject.put("a.csv", "same").await;
    assert_eq!(only(&subject).await.etag, first);
    let second = subject.put("a.csv", "same").await;
    assert_ne!(first, second);
    assert_eq!(only(&subject).await.etag, second);
}

async fn an_append_has_another_etag_and_size(subject: Subject) {
    let first = subject.put("a.log", NewBlob::append()).await;
    let before = only(&subject).await;
    assert_eq!((before.etag, before.size), (first.clone(), 0));
    subject.append("a.log", "12345").await;
    let after = only(&subject).await;
    assert_ne!(after.etag, first);
    assert_eq!((after.size, after.blob_type), (5, BlobType::AppendBlob));
}

async fn properties_are_the_blobs_own(subject: Subject) {
    let etag = subject.put("a.csv", "hello").await;
    let blob = only(&subject).await;
    assert_eq!(blob.etag, etag);
    assert!(!blob.etag.is_empty() && !blob.etag.contains('"'));
    assert_eq!(blob.size, 5);
    assert_eq!(blob.content_type, "application/octet-stream");
    assert_eq!(blob.blob_type, BlobType::BlockBlob);
}

async fn a_content_type_is_kept(subject: Subject) {
    let content_type = "text/csv; charset=\"utf-8\"; x='<&>'";
    let blob = NewBlob::new("").content_type(content_type);
    subject.put("a.csv", blob).await;
    let blob = only(&subject).await;
    assert_eq!((blob.content_type.as_str(), blob.size), (content_type, 0));
}

async fn times_are_whole_seconds_of_the_services_clock(subject: Subject) {
    let before = subject.listing().list("", None).await.unwrap().service_time;
    subject.put("a.csv", "x").await;
    let page = subject.listing().list("", None).await.unwrap();
    let written = page.blobs().next().unwrap().last_modified;
    assert!((before.unix_timestamp()..=page.service_time.unix_timestamp()).contains(&written));
    match subject.model() {
        Some(model) => {
            assert_eq!(page.service_time, model.now());
            model.advance(Duration::from_millis(7_900));
            subject.put("a.csv", "y").await;
            assert_eq!(only(&subject).await.last_modified, written + 7);
        }
        // The emulator runs on this machine, by this machine's clock.
        None => assert!((OffsetDateTime::now_utc() - page.service_time).whole_seconds() < 60),
    }
}

async fn directories_are_flagged(subject: Subject) {
    subject.put("raw", NewBlob::directory()).await;
    let other = NewBlob::new("x").metadata("hdi_isfolder", "false");
    subject.put("raw/a.csv", other).await;
    let other = NewBlob::new("").metadata("owner", "a<b>&c");
    subject.put("raw/b.csv", other).await;
    let bytes = NewBlob::new("x").metadata("hdi_isfolder", "true");
    subject.put("raw/c.csv", bytes).await;
    let flagged = ["raw"];
    assert_eq!(directories(&subject).await, flagged);
}

async fn directories(subject: &Subject) -> Vec<String> {
    let page = subject.listing().list("", None).await.unwrap();
    let directories = page.blobs().filter(|it| it.is_directory);
    directories.map(|it| it.name.to_owned()).collect()
}

async fn markers_of_folders_are_flagged(subject: Subject) {
    for name in ["raw/", "raw/2026_$folder$", "raw/_SUCCESS"] {
        subject.put(name, NewBlob::new("")).await;
    }
    for name in ["in/", "in/2026_$folder$"] {
        subject.put(name, NewBlob::new("x")).await;
    }
    let expected = ["raw/", "raw/2026_$folder$"];
    assert_eq!(directories(&subject).await, expected);
}

async fn metadata_move_the_etag_and_leave_the_md5(subject: Subject) {
    subject.put("a.csv", "same").await;
    let first = only(&subject).await;
    assert!(!first.content_md5.is_empty());
    subject.set_metadata("a.csv", "processed", "true").await;
    let stamped = only(&subject).await;
    assert_ne!(stamped.etag, first.etag);
    assert_eq!(stamped.content_md5, first.content_md5);
    subject.put("a.csv", "same").await;
    assert_eq!(only(&subject).await.content_md5, first.content_md5);
    subject.put("a.csv", "other").await;
    assert_ne!(only(&subject).await.content_md5, first.content_md5);
}

async fn what_is_archived_is_flagged(subject: Subject) {
    subject.put("a.csv", "x").await;
    let before = only(&subject).await;
    assert_eq!(before.access, Access::Readable);
    subject.archive("a.csv").await;
    let after = only(&subject).await;
    assert_eq!(after.access, Access::Archived);
    assert_eq!(after.etag, before.etag);
}

/// Azurite completes each copy within its call.
async fn copies_are_flagged_until_they_are_complete(subject: Subject) {
    let container = subject.container.as_str();
    let Some(model) = subject.model() else {
        subject.put("a.csv", "x").await;
        subject.copy("a.csv", "b.csv").await;
        let page = subject.listing().list("b", None).await.unwrap();
        let copy = page.get(0).unwrap();
        assert_eq!((copy.access, copy.size), (Access::Readable, 1));
        return;
    };
    let pending = model.start_copy(container, "a.csv").unwrap();
    let blob = only(&subject).await;
    assert_eq!((blob.access, blob.size), (Access::Copying, 0));
    let whole = model.finish_copy(container, "a.csv", Some(b"x")).unwrap();
    assert_ne!(whole, pending);
    assert_eq!(only(&subject).await.access, Access::Readable);
    model.start_copy(container, "a.csv").unwrap();
    model.finish_copy(container, "a.csv", None).unwrap();
    assert_eq!(only(&subject).await.access, Access::CopyFailed);
    model
        .set_access(container, "a.csv", Access::Rehydrating)
        .unwrap();
    assert_eq!(only(&subject).await.access, Access::Rehydrating);
}

/// Azurite has no hierarchical namespace.
async fn directories_of_a_hierarchical_account_are_flagged(subject: Subject) {
    let Some(model) = subject.model() else { return };
    model.create_hierarchical_container("lake").unwrap();
    model.put("lake", "a/b/c.csv", NewBlob::new("x")).unwrap();
    let page = subject.listing_of("lake").list("", None).await.unwrap();
    let flags: Vec<_> = page.blobs().map(|it| (it.name, it.is_directory)).collect();
    assert_eq!(flags, [("a", true), ("a/b", true), ("a/b/c.csv", false)]);
}

/// Azurite does not know `startFrom`, and lists all.
async fn a_listing_starts_at_a_name_where_the_service_can(subject: Subject) {
    let names = numbered(5);
    put_all(&subject, &names).await;
    let listing = subject.listing();
    let expected = match subject.face {
        Face::Azurite => &names[..],
        Face::Port | Face::Http => &names[2..],
    };
    // A name that is there, and one that is not.
    for from in ["raw/00002.csv", "raw/00001.csv#"] {
        let page = listing.list_from("raw/", from, None).await.unwrap();
        let listed: Vec<_> = page.blobs().map(|it| it.name.to_owned()).collect();
        assert_eq!(listed, expected, "{from}");
    }
    let Some(model) = subject.model() else { return };
    model.set_page_size(2);
    let first = listing.list_from("raw/", &names[2], None).await.unwrap();
    let second = listing
        .list_from("raw/", &names[2], first.next.as_ref())
        .await;
    let pages = [first, second.unwrap()];
    let listed = pages.iter().flat_map(|it| it.blobs());
    let listed: Vec<_> = listed.map(|it| it.name.to_owned()).collect();
    assert_eq!(listed, names[2..]);
}

async fn a_deleted_blob_is_gone(subject: Subject) {
    subject.put("a.csv", "x").await;
    subject.put("b.csv", "x").await;
    subject.delete("a.csv").await;
    assert_eq!(names_under(&subject, "").await, ["b.csv"]);
}

async fn what_is_there_all_along_is_on_exactly_one_page(subject: Subject) {
    let Some(model) = subject.model() else { return };
    let names = numbered(10);
    put_all(&subject, &names).await;
    model.set_page_size(3);
    let listing = subject.listing();
    let first = listing.list("", None).await.unwrap();
    // Behind, at and before the place where the listing stands.
    subject.put("raw/00000.csv", "again").await;
    subject.put("raw/00001x.csv", "new").await;
    subject.delete("raw/00002.csv").await;
    subject.delete("raw/00003.csv").await;
    subject.put("raw/00004x.csv", "new").await;
    let mut listed: Vec<String> = first.blobs().map(|it| it.name.to_owned()).collect();
    let mut after = first.next;
    while let Some(from) = after {
        let page = listing.list("", Some(&from)).await.unwrap();
        listed.extend(page.blobs().map(|it| it.name.to_owned()));
        after = page.next;
    }
    let touched = [
        "raw/00001x.csv",
        "raw/00002.csv",
        "raw/00003.csv",
        "raw/00004x.csv",
    ];
    listed.retain(|name| !touched.contains(&name.as_str()));
    let expected = names
        .into_iter()
        .filter(|it| !touched.contains(&it.as_str()));
    assert_eq!(listed, expected.collect::<Vec<_>>());
}

async fn a_missing_container_is_not_found(subject: Subject) {
    let listing = subject.listing_of("no-such-container");
    let error = listing.list("", None).await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::NotFound, "{error}");
}

/// The service refuses a continuation that it does not know. Azurite's is the last name of the
/// page, so there any text is one, and the listing goes on behind it.
async fn a_stale_continuation_is_refused_or_harmless(subject: Subject) {
    put_all(&subject, &numbered(3)).await;
    let stale = Continuation("2!no-such-place".to_owned());
    let answer = subject.listing().list("", Some(&stale)).await;
    match subject.face {
        Face::Azurite => {
            let page = answer.unwrap();
            assert!(page.len() == 3 && page.next.is_none());
        }
        Face::Port | Face::Http => {
            let error = answer.unwrap_err();
            assert_eq!(error.kind, StorageErrorKind::StaleContinuation, "{error}");
        }
    }
}
