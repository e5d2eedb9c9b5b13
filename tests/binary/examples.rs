//! Each EventSource of `examples` and `manifests`: its configuration is one, and those of `examples/event-sources`
//! announce what their comments say, on a real Azurite.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use azure_blob_eventsource::config::SourceConfig;
use serde_json::Value;
use testkit::{account::NewBlob, http::KEY, shared_key};
use time::OffsetDateTime;

use crate::{process::run, storage::Place};

/// The configurations of an EventSource in a file, by the name of their event.
fn configs(file: &Path) -> Vec<(String, String)> {
    let text = fs::read_to_string(file).unwrap();
    let documents = text.split("\n---\n");
    // Not a patch within a kustomization.
    let is_one = |it: &&str| it.lines().any(|line| line == "kind: EventSource");
    let configs = documents.filter(is_one);
    let configs = configs.flat_map(|document| {
        let document: Value = serde_saphyr::from_str(document)
            .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let events = document["spec"]["generic"].as_object().unwrap().clone();
        events.into_iter().map(|(name, event)| {
            let config = event["config"].as_str();
            (name, config.unwrap_or_default().to_owned())
        })
    });
    configs.collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|it| it == "yaml") {
            found.push(path);
        }
    }
}

#[test]
fn each_configuration_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["examples", "manifests"] {
        files(&root.join(folder), &mut all);
    }
    let mut count = 0;
    for file in &all {
        for (event, config) in configs(file) {
            let parsed = SourceConfig::parse(config.as_bytes());
            let parsed =
                parsed.unwrap_or_else(|error| panic!("{}: {event}: {error}", file.display()));
            // Whoever copies an example wants what it does to outlive a restart, and to be confirmed.
            assert!(
                parsed.state.is_some() && !parsed.confirm.is_empty(),
                "{}",
                file.display()
            );
            count += 1;
        }
    }
    assert!(count >= 11, "only {count} configurations were found");
}

/// What an event of an example announces of some blobs, all of them there already.
async fn announced(place: &Place, example: &str, event: &str, blobs: &[&str]) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/event-sources");
    let (_, config) = configs(&root.join(example))
        .into_iter()
        .find(|(name, _)| name == event)
        .unwrap();
    // The same in another place: nothing but where, and how old.
    let mut config = config
        .replace(
            "account: mlpipelinestore",
            &format!("endpoint: {}", place.endpoint),
        )
        .replace(
            "container: datasets",
            &format!("container: {}", place.container),
        )
        .replace("eventsource-state", &place.state)
        .replace("minAge: 5s", "minAge: 0s");
    if !config.contains("existing:") {
        config.push_str("existing: emit\n");
    }
    for name in blobs {
        let content = if name.ends_with("empty.csv") {
            ""
        } else {
            "a,b\n1,2\n"
        };
        place
            .client
            .put_blob(&place.container, name, &NewBlob::new(content))
            .await;
    }
    let mut args = ["watch", "--once", "--output", "json", "--config"]
        .map(str::to_owned)
        .to_vec();
    args.push(place.config_file(&config));
    args.extend(place.storage_args());
    let finished = run(&args).await;
    assert_eq!(finished.code(), 0, "{finished:?}");
    let name = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["blobname"].as_str().unwrap().to_owned()
    };
    finished.stdout.lines().map(name).collect()
}

/// A place whose credential has the name that most examples use.
async fn place() -> Place {
    let place = Place::azurite().await;
    let key = fs::read_to_string(place.credentials().join("storage")).unwrap();
    place.write_credential("azure-storage", &key);
    place
}

#[tokio::test]
async fn listing_announces_tables_that_are_not_empty_and_not_in_tmp() {
    let blobs = [
        "tables/a.csv",
        "tables/deep/er/b.parquet",
        "tables/tmp/c.csv",
        "tables/d.txt",
        "tables/empty.csv",
        "other/e.csv",
    ];
    let found = announced(&place().await, "listing.yaml", "tables", &blobs).await;
    assert_eq!(found, ["tables/a.csv", "tables/deep/er/b.parquet"]);
}

#[tokio::test]
async fn marker_files_announce_their_folders() {
    let blobs = [
        "exports/monday/part-0.parquet",
        "exports/monday/_SUCCESS",
        "exports/tuesday/part-0.parquet",
        "_SUCCESS",
    ];
    let found = announced(&place().await, "marker-files.yaml", "folders", &blobs).await;
    assert_eq!(found, ["exports/monday/_SUCCESS"]);
}

#[tokio::test]
async fn many_prefixes_share_nothing_but_the_container() {
    let blobs = [
        "archive/a.bin",
        "labs/a/b/c.csv",
        "plants/1/a.csv",
        "plants/1/deeper/a.csv",
        "sales/a.csv",
    ];
    let place = place().await;
    for (event, expected) in [
        ("sales", &["sales/a.csv"][..]),
        ("archive", &["archive/a.bin"]),
        ("others", &["labs/a/b/c.csv", "plants/1/a.csv"]),
    ] {
        let found = announced(&place, "many-prefixes.yaml", event, &blobs).await;
        assert_eq!(found, expected, "{event}");
    }
}

#[tokio::test]
async fn a_signature_with_the_permissions_that_the_example_names_is_enough() {
    let place = Place::azurite().await;
    let hour = OffsetDateTime::now_utc() + Duration::from_secs(3600);
    let sas = shared_key::account_sas("rwdlac", hour, KEY);
    let text = format!(
        "BlobEndpoint={};SharedAccessSignature={sas}",
        place.endpoint
    );
    place.write_credential("azure-storage-sas", &text);
    let blobs = ["raw/a.csv", "shared/a.csv"];
    let found = announced(&place, "sas.yaml", "datasets", &blobs).await;
    assert_eq!(found, ["shared/a.csv"]);
}
