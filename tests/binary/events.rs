//! A blob lands, an event comes: with all that the documentation promises of it, for any name.

use bytes::Bytes;
use http::Method;
use serde_json::json;
use testkit::account::NewBlob;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    commands::id_of_source,
    server::{Server, Stream},
    storage::Place,
};

#[tokio::test]
async fn a_new_blob_is_announced_with_the_promised_payload() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 1).await;

    let blob = NewBlob::new("id,value\n").content_type("text/csv");
    let (container, name) = (place.container.as_str(), "raw/2026/my data.csv");
    let etag = place.client.put_blob(container, name, &blob).await;
    let mut event = stream.event().await;

    let id = event["id"].take();
    let id = id.as_str().unwrap();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()));
    let short = event["shortid"].take();
    assert_eq!(short.as_str().unwrap().len(), 12);
    let time = event["time"].take();
    let time = OffsetDateTime::parse(time.as_str().unwrap(), &Rfc3339).unwrap();
    assert!((OffsetDateTime::now_utc() - time).whole_seconds() < 60);
    let source = format!("{}/{container}", place.endpoint);
    assert_eq!(
        event,
        json!({
            "specversion": "1.0",
            "id": null,
            "type": "Microsoft.Storage.BlobCreated",
            "source": source,
            "subject": format!("/blobServices/default/containers/{container}/blobs/{name}"),
            "time": null,
            "datacontenttype": "application/json",
            "sourceid": id_of_source(&place),
            "container": container,
            "blobname": name,
            "dirname": "raw/2026",
            "flatname": "raw-2026-my data.csv",
            "slug": "raw-2026-my-data-csv",
            "shortid": null,
            "data": {
                "api": "listing",
                "url": format!("{source}/raw/2026/my%20data.csv"),
                "eTag": etag,
                "contentLength": 9,
                "contentType": "text/csv",
                "blobType": "BlockBlob",
            },
        })
    );
}

/// Blobs of these names, each with its name as its content, and a live stream that announces them.
pub(crate) async fn with_blobs_of(place: &Place, names: &[String]) -> (Server, Stream) {
    for name in names {
        let blob = NewBlob::new(Bytes::from(name.clone()));
        place.client.put_blob(&place.container, name, &blob).await;
    }
    let server = Server::of(place).await;
    let stream = server.stream(&place.config()).await;
    (server, stream)
}

#[tokio::test]
async fn names_come_out_exactly_and_their_urls_lead_to_them() {
    let place = Place::azurite().await;
    let mut names = testkit::names::odd();
    names.push("/all/&<>\"'%#? ünïcødé-日本.csv".to_owned());
    let (_server, mut stream) = with_blobs_of(&place, &names).await;
    let mut found = Vec::new();
    for _ in &names {
        let event = stream.event().await;
        let url = event["data"]["url"].as_str().unwrap();
        let path = url.strip_prefix(&format!("{}/", place.endpoint)).unwrap();
        // The path goes out as it stands; the blob's content is its name.
        let blob = place.client.send(Method::GET, path, &[], &[], Bytes::new());
        let name = event["blobname"].as_str().unwrap();
        let name = percent_encoding::percent_decode_str(name)
            .decode_utf8()
            .unwrap();
        assert_eq!(blob.await.body(), name.as_bytes(), "{url}");
        found.push(name.into_owned());
    }
    names.sort();
    found.sort();
    assert_eq!(found, names);
}

#[tokio::test]
async fn a_blob_that_is_overwritten_is_another_event() {
    let place = Place::azurite().await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    place.put("raw/a.csv").await;
    let first = stream.event().await;
    place.put("raw/a.csv").await;
    let second = stream.event().await;
    assert_eq!(first["blobname"], second["blobname"]);
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn what_was_there_before_or_does_not_match_is_not_announced() {
    let place = Place::azurite().await.with(
        "prefix: raw/\npattern: [\"**/*.csv\", \"!**/tmp/**\"]\n\
         source: {listing: {interval: 1s}}\nlimits: {settle: 0s}\n",
    );
    place.put("raw/before.csv").await;
    let before = OffsetDateTime::now_utc().unix_timestamp();
    // The service tells times in whole seconds: what is written in the second in which the source
    // starts is announced rather than lost.
    crate::process::wait_for("the next second", async || {
        (OffsetDateTime::now_utc().unix_timestamp() > before + 1).then_some(())
    })
    .await;
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 1).await;
    for name in ["other/a.csv", "raw/a.txt", "raw/tmp/a.csv", "raw/b.csv"] {
        place.put(name).await;
    }
    assert_eq!(stream.name().await, "raw/b.csv");
    server.sweeps_more(2).await;
    assert!(stream.is_silent().await);
}
