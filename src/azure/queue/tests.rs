#![allow(clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::{azure::Connector, ports::connect::Location};

const LIST: &str = "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><QueueMessagesList><QueueMessage>\
    <MessageId>5974b586-0df3-4e2d-ad0c-18e3892bfca2</MessageId><InsertionTime>Fri, 09 Oct 2009 21:04:30 GMT</InsertionTime>\
    <ExpirationTime>Fri, 16 Oct 2009 21:04:30 GMT</ExpirationTime><PopReceipt>AgAAA+/=</PopReceipt>\
    <TimeNextVisible>Fri, 09 Oct 2009 23:29:20 GMT</TimeNextVisible><DequeueCount>3</DequeueCount>\
    <MessageText> {&quot;a&quot;: &lt;1&gt;}&#xD;\n</MessageText></QueueMessage><QueueMessage><MessageText />\
    <MessageId>b</MessageId><InsertionTime>Fri, 09 Oct 2009 21:04:31 GMT</InsertionTime><PopReceipt>r</PopReceipt>\
    <DequeueCount>1</DequeueCount></QueueMessage></QueueMessagesList>";

fn received(xml: &str) -> Vec<Message> {
    let entries = messages::parse(xml.as_bytes()).unwrap();
    let now = OffsetDateTime::UNIX_EPOCH;
    entries
        .into_iter()
        .map(|it| it.received(now).unwrap())
        .collect()
}

#[test]
fn a_list_of_messages_is_read_whole() {
    let messages = received(LIST);
    let first = &messages[0];
    assert_eq!(first.lease.id, "5974b586-0df3-4e2d-ad0c-18e3892bfca2");
    assert_eq!(first.lease.pop_receipt, "AgAAA+/=");
    assert_eq!(first.text, " {\"a\": <1>}\r\n");
    assert_eq!(first.delivered, 3);
    assert_eq!(first.inserted, datetime!(2009-10-09 21:04:30 UTC));
    assert_eq!((messages[1].text.as_str(), messages.len()), ("", 2));
    for none in [
        "<QueueMessagesList />",
        "<QueueMessagesList></QueueMessagesList>",
    ] {
        assert_eq!(received(none), []);
    }
}

#[test]
fn a_list_that_is_cut_is_never_a_shorter_one() {
    let start = LIST.find("<QueueMessagesList>").unwrap() + 1;
    for at in start..LIST.len() - 1 {
        let cut = messages::parse(&LIST.as_bytes()[..at]);
        assert!(cut.is_err(), "at {at}: {cut:?}");
    }
}

#[test]
fn what_is_no_list_of_messages_is_refused() {
    let without = |part: &str| LIST.replacen(part, "", 1);
    for xml in [
        "<html><body>Sign in</body></html>".to_owned(),
        "{}".to_owned(),
        format!("{LIST}<more/>"),
        without("<MessageId>5974b586-0df3-4e2d-ad0c-18e3892bfca2</MessageId>"),
        without("<DequeueCount>3</DequeueCount>"),
        LIST.replace("<DequeueCount>3<", "<DequeueCount>many<"),
        LIST.replace("Fri, 09 Oct 2009 21:04:30 GMT", "yesterday"),
        LIST.replace("&lt;", "&nosuch;"),
    ] {
        assert!(messages::parse(xml.as_bytes()).is_err(), "{xml}");
    }
    let without = without("<PopReceipt>AgAAA+/=</PopReceipt>");
    let entry = messages::parse(without.as_bytes()).unwrap().remove(0);
    assert_eq!(entry.received(OffsetDateTime::UNIX_EPOCH), None);
}

#[test]
fn a_time_is_whole_seconds_rounded_up_and_has_an_end() {
    let of = |millis| seconds(Duration::from_millis(millis));
    assert_eq!([of(0), of(1), of(1000), of(1001)], [0, 1, 1, 2]);
    assert_eq!(seconds(Duration::MAX), 7 * 24 * 3600);
    assert_eq!([batch(0), batch(7), batch(255)], [1, 7, 32]);
}

#[test]
fn what_xml_has_not_is_replaced() {
    assert_eq!(
        document("a\u{0}\u{1f}\u{fffe}\r\t"),
        "<QueueMessage><MessageText>a\u{fffd}\u{fffd}\u{fffd}&#13;&#9;</MessageText></QueueMessage>"
    );
}

/// A credential goes to the queue service that it names, or to the one beside its blobs.
#[test]
fn where_an_accounts_queues_are_is_known_before_anything_is_sent() {
    let connector = Connector {
        credentials_dir: None,
        allowed_endpoints: vec!["https://blobs.corp.example:10000".to_owned()],
        ..Connector::default()
    };
    let queues = |endpoint: &str, secret: Option<&str>| {
        let location = Location::Endpoint(endpoint.parse().unwrap());
        let account = connector.connect_with(&location, secret).unwrap();
        account.queues.map(|it| it.as_str().to_owned())
    };
    let key = "AccountName=store;AccountKey=c2VjcmV0";
    let cloud = "https://store.blob.core.windows.net";
    let beside = "https://store.queue.core.windows.net".to_owned();
    assert_eq!(queues(cloud, Some(key)), Ok(beside.clone()));
    assert_eq!(queues(cloud, None), Ok(beside));
    let own = format!("{key};BlobEndpoint=https://blobs.corp.example");
    let problem = queues("https://blobs.corp.example", Some(&own)).unwrap_err();
    assert!(
        problem.contains("put `QueueEndpoint=URL` into the credential"),
        "{problem}"
    );
    let both = format!("{own};QueueEndpoint=https://queues.corp.example/");
    let named = queues("https://blobs.corp.example", Some(&both));
    assert_eq!(named.as_deref(), Ok("https://queues.corp.example"));
    let wrong = format!("{key};QueueEndpoint=https://q?sig=hunter2");
    let problem = queues(cloud, Some(&wrong)).unwrap_err();
    assert!(
        problem.contains("`QueueEndpoint`") && !problem.contains("hunter2"),
        "{problem}"
    );
    let problem = queues("https://blobs.corp.example:10000", None).unwrap_err();
    assert!(
        problem.contains("no token is sent to `blobs.corp.example:10001`"),
        "{problem}"
    );
}

/// A URL of a queue service is no way for a secret or a token to get elsewhere.
#[test]
fn a_queue_service_that_is_named_is_asked_only_if_it_may_be() {
    let dir = tempfile::tempdir().unwrap();
    let credential = |text: &str| std::fs::write(dir.path().join("azure"), text).unwrap();
    let connector = Connector {
        credentials_dir: Some(dir.path().to_owned()),
        allowed_endpoints: vec!["https://queues.corp.example".to_owned()],
        ..Connector::default()
    };
    let queues = |url: &str, credential: Option<&str>| {
        let account = connector.connect_queues(&url.parse().unwrap(), credential);
        let account = account.map_err(|error| error.to_string())?;
        account.queues.map(|it| it.as_str().to_owned())
    };
    let refused = |url: &str, credential: Option<&str>, words: &[&str]| {
        let problem = queues(url, credential).unwrap_err();
        for words in words {
            assert!(problem.contains(words), "{problem}");
        }
    };
    // With the identity of the server itself: to the clouds, and where the operator allows it.
    for url in [
        "https://store.queue.core.windows.net",
        "https://queues.corp.example",
    ] {
        assert_eq!(queues(url, None).as_deref(), Ok(url));
    }
    let url = "https://others.corp.example";
    refused(
        url,
        None,
        &["ask the server's operator for `--allow-endpoint others.corp.example`"],
    );
    let blobs = "https://store.blob.core.windows.net";
    let words = [
        "`source.queue.endpoint` is wrong: https://store.blob.core.windows.net is a blob service",
        "queues are at https://store.queue.core.windows.net",
    ];
    refused(blobs, None, &words);
    // With a credential: to its own queue service alone.
    credential("UseDevelopmentStorage=true");
    let own = "http://127.0.0.1:10001/devstoreaccount1";
    assert_eq!(queues(own, Some("azure")).as_deref(), Ok(own));
    let words = [
        "`source.queue.endpoint` is https://queues.corp.example, but the credential `azure` is for the queues of the \
         account `devstoreaccount1` at http://127.0.0.1:10001/devstoreaccount1",
        "to put `QueueEndpoint=https://queues.corp.example` into it",
    ];
    refused("https://queues.corp.example", Some("azure"), &words);
    let own = "AccountName=acct;AccountKey=c2VjcmV0;BlobEndpoint=https://blobs.corp.example";
    credential(own);
    let words = ["put `QueueEndpoint=URL` into the credential"];
    refused("https://queues.corp.example", Some("azure"), &words);
    credential(&format!("{own};QueueEndpoint=https://queues.corp.example"));
    let url = "https://queues.corp.example";
    assert_eq!(queues(url, Some("azure")).as_deref(), Ok(url));
}

proptest! {
    #[test]
    fn a_text_that_is_written_is_read_again(text in any::<String>()) {
        let body = document(&text).replace(
            "</QueueMessage>",
            "<MessageId>1</MessageId><PopReceipt>r</PopReceipt><DequeueCount>1</DequeueCount>\
             <InsertionTime>Fri, 09 Oct 2009 21:04:30 GMT</InsertionTime></QueueMessage>",
        );
        let list = format!("<QueueMessagesList>{body}</QueueMessagesList>");
        let kept = |c: char| c >= ' ' && !('\u{fffe}'..='\u{ffff}').contains(&c) || "\t\n\r".contains(c);
        let expected: String = text.chars().map(|c| if kept(c) { c } else { '\u{fffd}' }).collect();
        prop_assert_eq!(&received(&list)[0].text, &expected);
    }

    #[test]
    fn whatever_comes_nothing_breaks(body in any::<Vec<u8>>()) {
        let _ = messages::parse(&body);
    }
}
