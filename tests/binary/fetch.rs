//! `fetch`: from what an event says of a blob to the file of a Workflow's step.

use bytes::Bytes;
use testkit::{
    account::NewBlob,
    http::{HttpFace, HttpFault, HttpOp},
    names,
};

use crate::{
    events::with_blobs_of,
    process::{Finished, run},
    storage::Place,
};

struct Fetch<'a> {
    place: &'a Place,
    endpoint: &'a str,
}

impl Fetch<'_> {
    fn out(&self) -> std::path::PathBuf {
        self.place.credentials().join("out.csv")
    }

    async fn run(&self, blob: &str, more: &[&str]) -> Finished {
        let (out, key) = (self.out(), self.place.credentials().join("storage"));
        let args = [
            &[
                "fetch",
                "--endpoint",
                self.endpoint,
                "--container",
                &self.place.container,
            ][..],
            &[
                "--out",
                out.to_str().unwrap(),
                "--key-file",
                key.to_str().unwrap(),
            ],
            more,
            &[blob],
        ];
        run(&args.concat()).await
    }

    fn content(&self) -> Vec<u8> {
        std::fs::read(self.out()).unwrap()
    }
}

async fn fake() -> (Place, HttpFace, Bytes, String) {
    let (place, face) = Place::fake().await;
    let content: Bytes = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let blob = NewBlob::new(content.clone());
    let etag = place
        .client
        .put_blob(&place.container, "a.csv", &blob)
        .await;
    (place, face, content, etag)
}

#[tokio::test]
async fn whatever_the_name_the_event_leads_to_the_blob() {
    let place = Place::azurite().await;
    let mut names = names::odd();
    names.push("{{=1+1}}/{{workflow.name}}$(PATH)`id`.csv".to_owned());
    names.push("raw/%7B%7B=1+1%7D%7D.csv".to_owned());
    names.push("raw/../up/./dot.csv".to_owned());
    let (_server, mut stream) = with_blobs_of(&place, &names).await;
    let mut found = Vec::new();
    for _ in &names {
        let event = stream.event().await;
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let etag = text(&event["data"]["eTag"]);
        let fetch = Fetch {
            place: &place,
            endpoint: &place.endpoint,
        };
        let ended = fetch
            .run(&text(&event["blobname"]), &["--etag", &etag])
            .await;
        assert_eq!(ended.code(), 0, "{event}: {}", ended.stderr);
        found.push(String::from_utf8(fetch.content()).unwrap());
    }
    names.sort();
    found.sort();
    assert_eq!(found, names);
}

#[tokio::test]
async fn a_version_that_was_overwritten_is_not_taken_for_the_other() {
    let place = Place::azurite().await;
    let put = async |text: &'static str| {
        let blob = NewBlob::new(text);
        place
            .client
            .put_blob(&place.container, "a.csv", &blob)
            .await
    };
    let old = put("old").await;
    let new = put("new").await;
    let fetch = Fetch {
        place: &place,
        endpoint: &place.endpoint,
    };
    let ended = fetch.run("a.csv", &["--etag", &old]).await;
    assert_eq!(ended.code(), 1);
    for word in ["`a.csv` was overwritten", &old, &new, "an event of its own"] {
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
    assert!(!fetch.out().exists());
    assert_eq!(fetch.run("a.csv", &["--etag", &new]).await.code(), 0);
    assert_eq!(fetch.content(), b"new");
}

#[tokio::test]
async fn an_answer_that_breaks_off_goes_on_where_it_was() {
    let (place, face, content, etag) = fake().await;
    for after in [0, 1, 70_000, 150_000] {
        face.fault(HttpOp::GetBlob, HttpFault::CutAnswer(after));
    }
    face.fault(HttpOp::GetBlob, HttpFault::busy(None));
    // A proxy's page is waited out as well: the name of a host may not resolve for a moment, too.
    face.fault(HttpOp::GetBlob, HttpFault::Html);
    let fetch = Fetch {
        place: &place,
        endpoint: &place.endpoint,
    };
    let ended = fetch.run("a.csv", &["--etag", &etag]).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    assert_eq!(fetch.content(), content);
}

#[tokio::test]
async fn an_empty_blob_is_an_empty_file_and_none_is_told() {
    let place = Place::azurite().await;
    let fetch = Fetch {
        place: &place,
        endpoint: &place.endpoint,
    };
    let ended = fetch.run("none.csv", &[]).await;
    assert_eq!(ended.code(), 1);
    assert!(ended.stderr.contains("404"), "{}", ended.stderr);
    let empty = NewBlob::new("");
    place
        .client
        .put_blob(&place.container, "empty.csv", &empty)
        .await;
    assert_eq!(fetch.run("empty.csv", &[]).await.code(), 0);
    assert_eq!(fetch.content(), b"");
}

#[tokio::test]
async fn a_key_alone_signs_in_and_a_key_of_another_account_does_not() {
    let place = Place::azurite().await;
    place.put("a.csv").await;
    let connection = std::fs::read_to_string(place.credentials().join("storage")).unwrap();
    let key = connection.split("AccountKey=").nth(1).unwrap();
    place.write_credential("storage", key.split(';').next().unwrap());
    let fetch = Fetch {
        place: &place,
        endpoint: &place.endpoint,
    };
    let ended = fetch.run("a.csv", &[]).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let elsewhere = Fetch {
        place: &place,
        endpoint: "http://127.0.0.1:1/other",
    };
    place.write_credential("storage", &connection);
    let ended = elsewhere.run("a.csv", &[]).await;
    assert_ne!(ended.code(), 0);
    assert!(ended.stderr.contains("is for"), "{}", ended.stderr);
}
