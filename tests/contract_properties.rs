//! What every [`BlobProperties`] promises, asked of the port-level fake, of the Azure adapter over the fake service,
//! and of the Azure adapter over Azurite: above all that it says what a listing says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

use azure_blob_eventsource::{
    blob::{Access, Blob, BlobType},
    ports::{
        error::StorageErrorKind,
        properties::{BlobProperties, Properties},
    },
};
use testkit::{
    account::NewBlob,
    names,
    subject::{Face, Subject},
};

testkit::contract![
    each_blob_is_what_a_listing_says_of_it,
    odd_names_lead_to_their_own_blobs,
    what_is_archived_or_copied_says_so,
    directories_of_a_hierarchical_account_are_flagged,
    the_newest_version_is_told,
    a_blob_that_is_gone_is_none,
    a_missing_container_is_not_found,
    a_name_that_no_url_leads_to_is_refused,
];

/// What the port says of a blob that must be there.
async fn look(port: &dyn BlobProperties, name: &str) -> Properties {
    let seen = port.properties(name).await.unwrap();
    seen.unwrap_or_else(|| panic!("no blob `{name}`"))
}

/// Every blob of the container, asked for by its name, is part for part what the listing shows.
async fn compare(subject: &Subject, container: &str) {
    let properties = subject.properties_of(container);
    let page = subject.listing_of(container).list("", None).await.unwrap();
    assert!(page.next.is_none() && !page.is_empty());
    for listed in page.blobs() {
        let seen = look(&*properties, listed.name).await;
        assert_eq!(seen.blob(), listed);
        assert_eq!(Blob::from(seen.blob()), Blob::from(listed));
        assert!(seen.service_time() >= page.service_time);
    }
}

async fn each_blob_is_what_a_listing_says_of_it(subject: Subject) {
    let content_type = "text/csv; charset=\"utf-8\"; x='<&>'";
    let csv = NewBlob::new("a,b\n").content_type(content_type);
    subject.put("raw/a.csv", csv).await;
    subject.put("raw/empty", "").await;
    subject.put("raw/a.log", NewBlob::append()).await;
    subject.append("raw/a.log", "12345").await;
    subject.put("raw", NewBlob::directory()).await;
    subject.put("raw/", "").await;
    subject.put("raw/2026_$folder$", "").await;
    let bytes = NewBlob::new("x").metadata("hdi_isfolder", "true");
    subject.put("raw/c.csv", bytes).await;
    subject.set_metadata("raw/empty", "owner", "me").await;
    compare(&subject, &subject.container).await;
    let seen = look(&*subject.properties(), "raw/a.csv").await;
    let blob = seen.blob();
    assert_eq!((blob.size, blob.content_type), (4, content_type));
    assert!(!blob.content_md5.is_empty() && !blob.etag.contains('"'));
    let seen = look(&*subject.properties(), "raw/a.log").await;
    assert_eq!(
        (seen.blob().size, seen.blob().blob_type),
        (5, BlobType::AppendBlob)
    );
    assert!(
        look(&*subject.properties(), "raw")
            .await
            .blob()
            .is_directory
    );
}

async fn odd_names_lead_to_their_own_blobs(subject: Subject) {
    let mut names = names::odd();
    names.extend(names::ill_advised());
    if subject.face != Face::Azurite {
        names.extend(names::beyond_azurite());
    }
    names.retain(|name| name != "..");
    for name in &names {
        subject.put(name, NewBlob::new(name.clone())).await;
    }
    compare(&subject, &subject.container).await;
    for name in &names {
        let seen = look(&*subject.properties(), name).await;
        assert_eq!(
            (seen.blob().name, seen.blob().size),
            (name.as_str(), name.len() as u64)
        );
    }
}

/// Azurite completes each copy within its call, and knows no blob that is being rehydrated from the Archive tier.
async fn what_is_archived_or_copied_says_so(subject: Subject) {
    subject.put("a.csv", "x").await;
    subject.archive("a.csv").await;
    let seen = look(&*subject.properties(), "a.csv").await;
    assert_eq!(seen.blob().access, Access::Archived);
    let container = subject.container.as_str();
    if let Some(model) = subject.model() {
        for (name, access) in [
            ("copying", Access::Copying),
            ("failed", Access::CopyFailed),
            ("rehydrating", Access::Rehydrating),
        ] {
            subject.put(name, "x").await;
            model.set_access(container, name, access).unwrap();
        }
    } else {
        subject.put("b.csv", "x").await;
        subject.copy("b.csv", "copied").await;
    }
    compare(&subject, container).await;
}

/// Azurite has no hierarchical namespace.
async fn directories_of_a_hierarchical_account_are_flagged(subject: Subject) {
    let Some(model) = subject.model() else { return };
    model.create_hierarchical_container("lake").unwrap();
    model.put("lake", "a/b/c.csv", NewBlob::new("x")).unwrap();
    compare(&subject, "lake").await;
    let properties = subject.properties_of("lake");
    assert!(look(&*properties, "a/b").await.blob().is_directory);
    assert!(!look(&*properties, "a/b/c.csv").await.blob().is_directory);
}

async fn the_newest_version_is_told(subject: Subject) {
    for content in ["one", "three"] {
        let etag = subject.put("a.csv", content).await;
        let seen = look(&*subject.properties(), "a.csv").await;
        assert_eq!(
            (seen.blob().etag, seen.blob().size),
            (etag.as_str(), content.len() as u64)
        );
    }
}

async fn a_blob_that_is_gone_is_none(subject: Subject) {
    let is_none = async || {
        let found = subject.properties().properties("a.csv").await;
        found.unwrap().is_none()
    };
    assert!(is_none().await);
    subject.put("a.csv", "x").await;
    subject.delete("a.csv").await;
    assert!(is_none().await);
}

async fn a_missing_container_is_not_found(subject: Subject) {
    let properties = subject.properties_of("no-such-container");
    let error = properties.properties("a.csv").await.unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::NotFound, "{error}");
    assert!(!error.is_transient());
}

/// A URL that ends in `..` is that of the account. The model has no URLs.
async fn a_name_that_no_url_leads_to_is_refused(subject: Subject) {
    if subject.face == Face::Port {
        return;
    }
    for name in ["", ".", ".."] {
        let error = subject.properties().properties(name).await.unwrap_err();
        assert_eq!(error.kind, StorageErrorKind::Rejected, "{error}");
        assert!(
            error.message.contains("a blob with this name has no URL"),
            "{error}"
        );
    }
}
