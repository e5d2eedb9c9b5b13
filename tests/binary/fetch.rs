//! `fetch`: from what an event says of a blob to the file of a Workflow's step.

use std::path::PathBuf;

use bytes::Bytes;
use serde_json::json;
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
    for word in ["`a.csv` was overwritten", &old, &new, "has its own event"] {
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
async fn metadata_and_the_blob_beside_come_along() {
    let place = Place::azurite().await;
    let mut blob = NewBlob::new("x,y");
    blob.metadata = [("pipeline_target", "price"), ("other", "a b")]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    let put = async |name: &str, blob: &NewBlob| {
        place.client.put_blob(&place.container, name, blob).await;
    };
    put("raw/a.csv", &blob).await;
    put("raw/a.csv.pipeline.json", &NewBlob::new("{}")).await;
    put("raw/b.csv", &NewBlob::new("x")).await;
    let fetch = Fetch {
        place: &place,
        endpoint: &place.endpoint,
    };
    let file = |name: &str| place.credentials().join(name);
    let metadata = format!("--metadata={}", file("metadata.json").display());
    let more = [metadata.as_str(), "--beside=.pipeline.json"];
    let ended = fetch.run("raw/a.csv", &more).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    let found: serde_json::Value = serde_json::from_str(&read("metadata.json")).unwrap();
    assert_eq!(found, json!({"pipeline_target": "price", "other": "a b"}));
    assert_eq!(read("out.csv.pipeline.json"), "{}");

    std::fs::remove_file(file("out.csv.pipeline.json")).unwrap();
    let ended = fetch.run("raw/b.csv", &more).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    assert_eq!(read("metadata.json"), "{}\n");
    assert!(!file("out.csv.pipeline.json").exists());

    // Of a batch, it is beside the folder.
    put(
        "raw.pipeline.json",
        &NewBlob::new("{\"task\": \"regression\"}"),
    )
    .await;
    let batch = Batch::of(&place, &["raw/a.csv", "raw/x/b.csv"]).await;
    for (to, which) in [("files", batch.manifest.as_str()), ("all", "--folder=raw/")] {
        let ended = batch.fetch(to, &[which, "--beside=.pipeline.json"]).await;
        assert_eq!(ended.code(), 0, "{}", ended.stderr);
        let found = read(&format!("{to}.pipeline.json"));
        assert_eq!(found, "{\"task\": \"regression\"}");
    }
}

/// A batch in the place: its blobs, and the manifest in the state container.
struct Batch<'a> {
    place: &'a Place,
    manifest: String,
}

impl<'a> Batch<'a> {
    /// Of blobs with these names, each of which holds its name.
    async fn of(place: &'a Place, names: &[&str]) -> Self {
        let mut lines = Vec::new();
        for name in names {
            let blob = NewBlob::new((*name).to_owned());
            let etag = place.client.put_blob(&place.container, name, &blob).await;
            let line = json!({"name": name, "eTag": etag, "size": name.len(), "url": "https://x"});
            lines.push(line.to_string());
        }
        Self::with_manifest(place, &(lines.join("\n") + "\n")).await
    }

    async fn with_manifest(place: &'a Place, text: &str) -> Self {
        let (name, blob) = ("s/batches/b.ndjson", NewBlob::new(text.to_owned()));
        place.client.put_blob(&place.state, name, &blob).await;
        let manifest = format!("--manifest={}/{name}", place.state);
        Self { place, manifest }
    }

    fn dir(&self, name: &str) -> PathBuf {
        self.place.credentials().join(name)
    }

    async fn fetch(&self, to: &str, more: &[&str]) -> Finished {
        let (out, key) = (self.dir(to), self.place.credentials().join("storage"));
        let endpoint = format!("--endpoint={}", self.place.endpoint);
        let container = format!("--container={}", self.place.container);
        let out = format!("--out={}", out.display());
        let key = format!("--key-file={}", key.display());
        run(&[&["fetch", &endpoint, &container, &out, &key], more].concat()).await
    }

    /// The files of a directory in their order, and what they hold.
    fn files(&self, to: &str) -> Vec<(String, String)> {
        let mut files: Vec<_> = std::fs::read_dir(self.dir(to))
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read_to_string(&path).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

#[tokio::test]
async fn the_blobs_of_a_batch_are_files_in_the_order_of_their_names() {
    let place = Place::azurite().await;
    let mut names = names::odd();
    names.push("{{=1+1}}/{{workflow.name}}$(PATH)`id`.csv".to_owned());
    names.push("raw/../up/./dot.csv".to_owned());
    names.push("raw".to_owned());
    names.push("raw/x".to_owned());
    names.push("raw-x".to_owned());
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let batch = Batch::of(&place, &names).await;
    let ended = batch.fetch("files", &[&batch.manifest]).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let files = batch.files("files");
    let held: Vec<_> = files.iter().map(|(_, held)| held.as_str()).collect();
    assert_eq!(held, names);
    let at = names.iter().position(|name| *name == "raw/x").unwrap();
    assert_eq!(files[at].0, format!("{:06}-raw-x", at + 1));
    let manifest = std::fs::read_to_string(batch.dir("files.ndjson")).unwrap();
    assert_eq!(manifest.lines().count(), names.len());
    let last = ended.stdout.lines().last().unwrap();
    let bytes: usize = names.iter().map(|name| name.len()).sum();
    assert_eq!(
        last,
        format!("{0} of {0} blobs, {bytes} bytes", names.len())
    );

    // As parts, for pods that share it.
    let mut shared = Vec::new();
    for part in ["1/3", "2/3", "3/3"] {
        let to = format!("part-{}", &part[..1]);
        let ended = batch.fetch(&to, &[&batch.manifest, "--part", part]).await;
        assert_eq!(ended.code(), 0, "{}", ended.stderr);
        shared.extend(batch.files(&to));
    }
    assert_eq!(shared, files);
}

#[tokio::test]
async fn what_a_batch_no_longer_has_is_left_out_and_told() {
    let place = Place::azurite().await;
    let batch = Batch::of(&place, &["a.csv", "b.csv", "c.csv", "d.csv"]).await;
    place.client.delete(&place.container, "b.csv").await;
    place.put("d.csv").await;
    let ended = batch.fetch("files", &[&batch.manifest]).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let names: Vec<_> = batch.files("files").into_iter().map(|it| it.0).collect();
    assert_eq!(names, ["000001-a.csv", "000003-c.csv"]);
    assert!(ended.stdout.ends_with("2 of 4 blobs, 10 bytes\n"));
    let told: Vec<_> = ended.stderr.lines().collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("skipped: ") && told[0].contains("`b.csv`"));
    assert!(told[1].starts_with("skipped: the blob `d.csv` was overwritten: its ETag was "));
    assert!(told[1].ends_with("The version that is there now belongs to another batch."));

    place.client.delete(&place.container, "a.csv").await;
    place.client.delete(&place.container, "c.csv").await;
    let ended = batch.fetch("again", &[&batch.manifest]).await;
    assert_eq!(ended.code(), 1);
    let last = ended.stderr.lines().last().unwrap();
    assert!(last.starts_with("error: no blob of 4 blobs could be downloaded: "));
    // The other parts go on, and a part may be without any blob from the beginning.
    for part in ["1/2", "3/9"] {
        let to = format!("part-{}", &part[2..]);
        let ended = batch.fetch(&to, &[&batch.manifest, "--part", part]).await;
        assert_eq!(ended.code(), 0, "{}", ended.stderr);
        assert_eq!(batch.files(&to), []);
    }
}

#[tokio::test]
async fn what_cannot_be_fetched_as_a_batch_is_told_in_one_sentence() {
    let place = Place::azurite().await;
    let batch = Batch::of(&place, &["a.csv"]).await;
    let file = batch.dir("files").join("old.csv");
    std::fs::create_dir(batch.dir("files")).unwrap();
    std::fs::write(&file, "of another batch").unwrap();
    let problem = async |args: &[&str]| {
        let ended = batch.fetch("files", args).await;
        assert_eq!(ended.code(), 1, "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        ended.stderr
    };
    let said = problem(&[&batch.manifest]).await;
    assert!(said.contains("is not empty: name another one with --out"));
    let gone = batch.manifest.replace("b.ndjson", "gone.ndjson");
    let said = problem(&[&gone]).await;
    assert!(
        said.contains("404") && said.contains("`batch.keep`"),
        "{said}"
    );
    let damaged = Batch::with_manifest(&place, "{\"name\":\"a.csv\"}\n").await;
    let said = problem(&[&damaged.manifest]).await;
    assert!(
        said.contains("b.ndjson` in container `")
            && said.contains("line 1 is not a blob of a batch"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(file).unwrap(), "of another batch");
}

#[tokio::test]
async fn a_fault_that_passes_is_waited_out_and_one_that_stays_ends_the_whole() {
    let (place, face, _, _) = fake().await;
    let batch = Batch::of(&place, &["b.csv", "c.csv"]).await;
    face.fault(HttpOp::GetBlob, HttpFault::busy(None));
    let ended = batch.fetch("files", &[&batch.manifest]).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    // No URL leads to the first one.
    let blob = NewBlob::new("b");
    let etag = place.client.put_blob(&place.container, "b.csv", &blob);
    let lines = [("..", "0x1".to_owned()), ("b.csv", etag.await)]
        .map(|(name, etag)| json!({"name": name, "eTag": etag}).to_string());
    let batch = Batch::with_manifest(&place, &lines.join("\n")).await;
    let ended = batch.fetch("none", &[&batch.manifest]).await;
    assert_eq!(ended.code(), 1);
    assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    std::fs::write(place.credentials().join("file"), "").unwrap();
    let ended = batch.fetch("file", &[&batch.manifest]).await;
    assert_eq!(ended.code(), 1);
    assert!(ended.stderr.contains("the directory"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_folder_is_all_that_is_in_it_now_but_its_markers() {
    let place = Place::azurite().await;
    let names = [
        "exports/mon/day=1/a.csv",
        "exports/mon/b {1}.csv",
        "exports/monday.csv",
        "exports/mon/_SUCCESS",
        "exports/mon/_temporary/c.csv",
        "exports/mon/.b.csv.crc",
    ];
    let batch = Batch::of(&place, &names).await;
    let ended = batch.fetch("files", &["--folder=exports/mon"]).await;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    let files = batch.files("files").into_iter().map(|it| it.0);
    assert_eq!(
        files.collect::<Vec<_>>(),
        [
            "000001-exports-mon-b %7B1%7D.csv",
            "000002-exports-mon-day=1-a.csv"
        ]
    );
    assert!(!batch.dir("files.ndjson").exists());
    for (folder, problem) in [
        ("--folder=", "which would mean the whole container"),
        ("--folder=exports/tue", "has no blobs"),
    ] {
        let ended = batch.fetch("none", &[folder]).await;
        assert_eq!(ended.code(), 1);
        assert!(ended.stderr.contains(problem), "{}", ended.stderr);
    }
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

#[tokio::test]
async fn what_was_typed_wrong_is_told_with_what_to_type() {
    let place = Place::azurite().await;
    place.put("raw/a.csv").await;
    let with = |endpoint| Fetch {
        place: &place,
        endpoint,
    };
    let url = format!("{}/{}/raw/a.csv", place.endpoint, place.container);
    for (endpoint, blob, words) in [
        (
            place.endpoint.as_str(),
            "/raw/a.csv",
            "name alone: `raw/a.csv`",
        ),
        (&place.endpoint, &url, "name alone: `raw/a.csv`"),
    ] {
        let ended = with(endpoint).run(blob, &[]).await;
        assert_eq!(ended.code(), 1, "{ended:?}");
        assert!(ended.stderr.contains(words), "{ended:?}");
    }
    let metadata = ["--metadata", "no/such/directory/m.json"];
    let ended = with(&place.endpoint).run("raw/a.csv", &metadata).await;
    assert_eq!(ended.code(), 2, "{ended:?}");
    let said = "error: --metadata no/such/directory/m.json: there is no directory no/such/directory: make it first";
    assert!(ended.stderr.starts_with(said), "{ended:?}");
}
