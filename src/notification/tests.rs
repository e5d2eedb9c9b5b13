#![allow(clippy::unwrap_used, clippy::panic)]

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use serde_json::json;
use time::macros::datetime;

use super::*;

mod names;
mod published;

/// An event of the Event Grid schema.
fn grid(event_type: &str, subject: &str, data: Value) -> Value {
    json!({
        "topic": "/subscriptions/1d6f/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/lake7",
        "subject": subject,
        "eventType": event_type,
        "eventTime": "2026-11-02T08:15:30.1234567Z",
        "id": "5a2c0f11-401e-0042-13aa-2f9d3b06c0de",
        "data": data,
        "dataVersion": "",
        "metadataVersion": "1"
    })
}

/// The same event as a CloudEvent.
fn cloud(event: &Value) -> Value {
    json!({
        "specversion": "1.0",
        "source": event["topic"],
        "subject": event["subject"],
        "type": event["eventType"],
        "time": event["eventTime"],
        "id": event["id"],
        "data": event["data"]
    })
}

fn created(name: &str) -> Value {
    let subject = format!("/blobServices/default/containers/raw/blobs/{name}");
    grid(
        "Microsoft.Storage.BlobCreated",
        &subject,
        json!({"api": "PutBlob", "eTag": "0x8DE1"}),
    )
}

fn only(text: &str) -> Notification {
    let mut all = parse(text, "").unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn problem(text: &str) -> String {
    parse(text, "").unwrap_err().to_string()
}

#[test]
fn the_way_a_message_was_put_makes_no_difference() {
    let event = created("a.csv").to_string();
    let array = format!("[{event}]");
    let expected = only(&event);
    assert_eq!(expected.name, "a.csv");
    for text in [&event, &array] {
        let digits = STANDARD.encode(text);
        let lines: Vec<_> = digits
            .as_bytes()
            .chunks(76)
            .map(String::from_utf8_lossy)
            .collect();
        for put in [
            text.clone(),
            format!("\u{feff}{text}"),
            format!(" \r\n\u{feff}\t{text}\n"),
            digits.clone(),
            digits.trim_end_matches('=').to_owned(),
            format!("\u{feff} {}\r\n", lines.join("\r\n")),
            STANDARD.encode(format!("\u{feff}{text}\n")),
        ] {
            assert_eq!(only(&put), expected, "{put}");
        }
    }
    let several = format!("[{event},{},{event}]", cloud(&created("b.csv")));
    let names: Vec<_> = parse(&several, "")
        .unwrap()
        .into_iter()
        .map(|it| it.name)
        .collect();
    assert_eq!(names, ["a.csv", "b.csv", "a.csv"]);
}

#[test]
fn what_cannot_be_read_is_told_in_one_sentence() {
    let deep = "[".repeat(100_000);
    for (text, told) in [
        ("", "the message is empty"),
        (" \u{feff}\n", "the message is empty"),
        (
            "{\"a\": tru}",
            "the message is not JSON from line 1 column 10 on",
        ),
        (
            "{\n  \"a\"",
            "the message is not JSON from line 2 column 5 on",
        ),
        (
            deep.as_str(),
            "the message is not JSON from line 1 column 128 on",
        ),
        ("hello, world", "the message is neither JSON nor base64"),
        (
            "//79",
            "the message is base64, and its content is not text in UTF-8",
        ),
        (
            "aGVsbG8=",
            "the message is base64, and its content is not JSON from line 1 column 1 on",
        ),
        ("[]", "the message is an array without events"),
        ("[1]", "the event cannot be used: it is not a JSON object"),
        (
            "bnVsbA==",
            "the event cannot be used: it is not a JSON object",
        ),
        (
            "{}",
            "the event cannot be used: it has neither `eventType` (Event Grid schema) nor `type` \
             (CloudEvents)",
        ),
        (
            r#"{"eventType": "Microsoft.Storage.BlobCreated"}"#,
            "the event cannot be used: it has no `subject`, and no `data.url` that names one",
        ),
        (
            r#"[{"type": "x"}, {"type": "Microsoft.Storage.BlobRenamed", "subject": "a/b"}]"#,
            "event 2 of 2 cannot be used: its `subject` does not name a blob in the form \
             `/blobServices/default/containers/CONTAINER/blobs/NAME`, and no `data.destinationUrl` that names one",
        ),
    ] {
        assert_eq!(problem(text), told);
    }
}

#[test]
fn parts_that_are_missing_or_of_another_type_are_absent() {
    let mut event = created("a.csv");
    event["data"] = json!(null);
    event["eventTime"] = json!("2022-05-26T00:00:40.1880331");
    event["id"] = json!(7);
    event["topic"] = json!("/subscriptions/1d6f/topics/mine");
    let read = only(&event.to_string());
    assert_eq!((read.kind, read.name.as_str()), (Kind::Created, "a.csv"));
    assert_eq!((read.etag, read.sequencer, read.time), (None, None, None));
    assert_eq!((read.api.as_str(), read.event_id.as_str()), ("", ""));
    assert_eq!(read.account, None);
    event["data"] = json!({"eTag": "\"\"", "api": ["PutBlob"]});
    assert_eq!(only(&event.to_string()).etag, None);
}

proptest! {
    #[test]
    fn whatever_comes_nothing_breaks(text in any::<String>(), path in any::<String>()) {
        let _ = parse(&text, &path);
    }

    #[test]
    fn whatever_base64_holds_nothing_breaks(bytes in any::<Vec<u8>>()) {
        let _ = parse(&STANDARD.encode(bytes), "");
    }

    #[test]
    fn whatever_an_event_holds_nothing_breaks(
        kind in prop_oneof![Just("BlobCreated"), Just("BlobRenamed"), Just("DirectoryDeleted"), Just("x")],
        texts in proptest::array::uniform5(any::<String>()),
    ) {
        let [subject, url, path, etag, time] = texts;
        let event = json!({
            "eventType": format!("Microsoft.Storage.{kind}"), "subject": subject, "eventTime": time,
            "data": {"url": url, "destinationUrl": url, "eTag": etag}
        });
        let _ = parse(&event.to_string(), &path);
    }
}
