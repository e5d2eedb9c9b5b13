//! Names of blobs, and that each way to write one gives it back.

use super::*;
use crate::blob::{is_name, url::blob_url};

const EMULATOR: &str = "/devstoreaccount1";

/// An event that names its blob in the URL alone.
fn by_url(url: &str) -> Value {
    let mut event = created("");
    event["subject"] = json!("");
    event["data"]["url"] = json!(url);
    event
}

fn place(event: &Value) -> (String, String) {
    let mut all = parse(&event.to_string(), EMULATOR).unwrap();
    let read = all.remove(0);
    (read.container, read.name)
}

fn expect(event: &Value, container: &str, name: &str) {
    let expected = (container.to_owned(), name.to_owned());
    assert_eq!(place(event), expected, "{event}");
}

#[test]
fn subject_and_url_name_the_same_blob() {
    for name in [
        "a b.csv",
        "100%.csv",
        "%41%2F",
        "a+b",
        "a#b?c=d&e",
        "größe/日本語/😀",
        "blobs/x",
        "a/blobs/b",
        "/lead",
        "//",
        "a//b",
        "../a/./b",
        "back\\slash",
        "tab\tnl\n",
        "\"quote\"",
        "blobs",
        "containers/raw/blobs/x",
        "\u{fffd}",
    ] {
        let subject = created(name);
        expect(&subject, "raw", name);
        expect(&cloud(&subject), "raw", name);
        for endpoint in [
            "https://lake7.blob.core.windows.net",
            "https://lake7.dfs.core.windows.net",
            "https://lake7.z12.blob.storage.azure.net:443",
            "http://127.0.0.1:10000/devstoreaccount1",
        ] {
            expect(&by_url(&blob_url(endpoint, "raw", name)), "raw", name);
        }
    }
}

#[test]
fn a_subject_may_lack_its_first_slash_and_a_container_may_be_called_blobs() {
    let mut event = created("x");
    for (subject, container, name) in [
        ("blobServices/default/containers/raw/blobs/x", "raw", "x"),
        (
            "/blobServices/default/containers/blobs/blobs/blobs/x",
            "blobs",
            "blobs/x",
        ),
        ("/blobServices/default/containers/$web/blobs/i", "$web", "i"),
    ] {
        event["subject"] = json!(subject);
        expect(&event, container, name);
    }
}

#[test]
fn the_subject_goes_before_the_url_unless_it_is_damaged() {
    let mut event = created("a.csv");
    event["data"]["url"] = json!("https://lake7.blob.core.windows.net/other/b.csv");
    expect(&event, "raw", "a.csv");
    for odd in [
        "",
        "a.csv",
        "/blobServices/default/containers/raw/blobs/",
        "/blobServices/default/containers/raw",
    ] {
        event["subject"] = json!(odd);
        expect(&event, "other", "b.csv");
    }
    let damaged = "/blobServices/default/containers/raw/blobs/log_\u{fffd}\u{fffd}.txt";
    event["subject"] = json!(damaged);
    event["data"]["url"] = json!("https://lake7.blob.core.windows.net/raw/log_%F0%9F%92%8E.txt");
    expect(&event, "raw", "log_💎.txt");
    event["data"]["url"] = json!(null);
    expect(&event, "raw", "log_\u{fffd}\u{fffd}.txt");
}

#[test]
fn a_url_ends_before_its_query_and_may_be_of_the_root_container() {
    expect(&by_url("https://h/raw/a?snapshot=1#x"), "raw", "a");
    expect(&by_url("https://h/a.csv"), "$root", "a.csv");
    expect(
        &by_url("https://h/devstoreaccount1x/a"),
        "devstoreaccount1x",
        "a",
    );
    for url in [
        "https://h",
        "https://h/",
        "https://h/raw/",
        "https://h//a",
        "raw/a",
        "https://h/a%2Fb/c",
        "https://h/raw/%FF",
    ] {
        let read = parse(&by_url(url).to_string(), EMULATOR);
        assert!(read.is_err(), "{url}: {read:?}");
    }
}

#[test]
fn a_name_that_no_blob_can_have_is_none() {
    let longest = "é".repeat(1024);
    assert_eq!(only(&created(&longest).to_string()).name, longest);
    assert!(parse(&created(&"x".repeat(1025)).to_string(), "").is_err());
}

/// A renamed file's event: its destination is what is there now.
#[test]
fn of_a_renamed_file_the_destination_is_named() {
    let mut event = by_url("https://h/raw/wrong");
    event["eventType"] = json!("Microsoft.Storage.BlobRenamed");
    event["data"]["sourceUrl"] = json!("https://lake7.dfs.core.windows.net/raw/old.csv");
    event["data"]["destinationUrl"] = json!("https://lake7.dfs.core.windows.net/raw/new%20one.csv");
    expect(&event, "raw", "new one.csv");
}

proptest! {
    #[test]
    fn every_name_comes_back_from_every_shape(
        name in any::<String>().prop_filter("a blob's", |name| is_name(name)),
        container in "[a-z0-9]{3,20}",
        shape in 0..32_u8,
    ) {
        let endpoints = ["https://a.blob.core.windows.net", "https://a.dfs.core.windows.net", "http://127.0.0.1:1/devstoreaccount1"];
        let event = match shape & 3 {
            3 => {
                let subject = format!("/blobServices/default/containers/{container}/blobs/{name}");
                grid("Microsoft.Storage.BlobCreated", &subject, json!({"api": "PutBlob"}))
            }
            at => by_url(&blob_url(endpoints[usize::from(at)], &container, &name)),
        };
        let event = if shape & 4 == 0 { event } else { cloud(&event) };
        let event = if shape & 8 == 0 { event } else { json!([event]) };
        let text = event.to_string();
        let text = if shape & 16 == 0 { text } else { STANDARD.encode(text) };
        let read = parse(&text, EMULATOR).unwrap();
        prop_assert_eq!((&read[0].container, &read[0].name), (&container, &name));
    }
}
