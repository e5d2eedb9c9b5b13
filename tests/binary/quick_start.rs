//! `storage.mjs` of the quick start does what Event Grid does in Azure. Node runs it, with answers that are made up.

use std::process::{Command, Stdio};

use azure_blob_eventsource::notification::{Kind, parse};
use serde_json::Value;

/// Answers each request as Azurite does, and prints what was sent.
const AZURITE: &str = r#"
    globalThis.fetch = async (url, { method, body }) => {
        console.log(JSON.stringify([method, url, `${body ?? ""}`]));
        const headers = { etag: '"0x1F"', "last-modified": "Mon, 02 Nov 2026 08:15:30 GMT", "x-ms-request-id": "r" };
        return new Response(null, { status: 201, headers });
    };
"#;

/// The requests of a command, with what goes into their bodies.
fn requests(args: &[&str]) -> Vec<[String; 3]> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/manifests/quick-start/storage.mjs"
    );
    let code = percent_encoding::utf8_percent_encode(AZURITE, percent_encoding::NON_ALPHANUMERIC);
    let output = Command::new("node")
        .env("AZURITE_ACCOUNTS", "acct:a2V5")
        .args(["--import", &format!("data:text/javascript,{code}"), script])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    let requests = said.lines().filter(|line| line.starts_with('['));
    requests
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What stands in a message that goes to this URL.
fn message<'a>([method, url, body]: &'a [String; 3], at: &str) -> &'a str {
    assert_eq!((method.as_str(), url.as_str()), ("POST", at));
    let text = body.strip_prefix("<QueueMessage><MessageText>").unwrap();
    text.strip_suffix("</MessageText></QueueMessage>").unwrap()
}

#[test]
fn an_upload_is_told_as_event_grid_tells_it() {
    let name = "raw/mü <&> 100%.csv";
    let requests = requests(&["put", "datasets", name]);
    let [upload, told] = &requests[..] else {
        panic!("{requests:?}");
    };
    let blob = "http://127.0.0.1:10000/acct/datasets/raw/m%C3%BC%20%3C%26%3E%20100%25.csv";
    assert_eq!(upload[..2], ["PUT".to_owned(), format!("{blob}?")]);
    let text = message(told, "http://127.0.0.1:10001/acct/dataset-events/messages?");

    let read = parse(text, "/acct").unwrap();
    let [read] = &read[..] else {
        panic!("{read:?}");
    };
    assert_eq!(read.kind, Kind::Created);
    assert_eq!(
        (read.container.as_str(), read.name.as_str()),
        ("datasets", name)
    );
    assert_eq!(read.etag.as_deref(), Some("0x1F"));
    assert_eq!(read.account.as_deref(), Some("acct"));
    assert_eq!(
        read.time,
        Some(time::macros::datetime!(2026-11-02 8:15:30 UTC))
    );
    // The reader makes do with either of the two.
    let event = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap();
    let event: Value = serde_json::from_slice(&event).unwrap();
    let subject = format!("/blobServices/default/containers/datasets/blobs/{name}");
    assert_eq!(event["subject"], subject.as_str());
    assert_eq!(event["data"]["url"], blob);
    assert_eq!(event["data"]["contentLength"], 0);
}

#[test]
fn of_other_containers_nothing_is_told() {
    assert_eq!(requests(&["put", "models", "m.onnx"]).len(), 1);
}

#[test]
fn the_queues_are_made_with_the_container() {
    let made = requests(&["make", "datasets", "models"]);
    let made: Vec<_> = made.iter().map(|[_, url, _]| url.as_str()).collect();
    assert_eq!(
        made,
        [
            "http://127.0.0.1:10000/acct/datasets?restype=container",
            "http://127.0.0.1:10000/acct/models?restype=container",
            "http://127.0.0.1:10001/acct/dataset-events?",
            "http://127.0.0.1:10001/acct/dataset-events-poison?",
        ]
    );
}
