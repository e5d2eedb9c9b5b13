//! A ledger that was damaged while nobody looked: the stream is refused with the cure, and after the
//! cure every blob that came meanwhile is announced.

use std::collections::BTreeMap;

use testkit::account::{FakeAccount, NewBlob};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use tonic::Code;

use crate::{server::Server, storage::Place};

const MORE: &str =
    "existing: skip\nsource: {listing: {interval: 1s}}\nlimits: {settle: 0s}\nid: sets\n";
const JOURNAL: &str = "sets/journal-0000000001";

/// A source that has run, with one old blob and one that was announced, and then stopped.
async fn ran() -> (Place, FakeAccount, testkit::http::HttpFace) {
    let (place, face) = Place::fake().await;
    let place = place.with(MORE);
    let account = face.account().clone();
    let ago = |minutes| OffsetDateTime::now_utc() - Duration::minutes(minutes);
    account.follow_tokio_time(ago(60));
    place.put("old").await;
    account.follow_tokio_time(ago(30));
    let server = Server::of(&place).await;
    let mut stream = server.stream(&place.config()).await;
    server.reaches("sweeps", 1).await;
    place.put("announced").await;
    assert_eq!(stream.name().await, "announced");
    server.reaches("done", 1).await;
    server.crash();
    account.follow_tokio_time(ago(0));
    (place, account, face)
}

fn blobs(account: &FakeAccount, container: &str) -> BTreeMap<String, Vec<u8>> {
    let names = account.names(container).into_iter();
    names
        .map(|name| {
            let content = account.get(container, &name).unwrap().content().to_vec();
            (name, content)
        })
        .collect()
}

/// As a person restores it from a copy.
fn write_journal(account: &FakeAccount, container: &str, bytes: &[u8]) {
    account.put(container, JOURNAL, NewBlob::append()).unwrap();
    if !bytes.is_empty() {
        account.append(container, JOURNAL, None, bytes).unwrap();
    }
}

async fn put_ten(place: &Place) -> Vec<String> {
    let names: Vec<_> = (0..10).map(|n| format!("meanwhile-{n}")).collect();
    for name in &names {
        place.put(name).await;
    }
    names
}

#[tokio::test]
async fn a_bit_that_flipped_anywhere_in_the_journal_is_data_loss_and_its_copy_the_cure() {
    let (place, account, _face) = ran().await;
    let names = put_ten(&place).await;
    let whole = blobs(&account, &place.state)[JOURNAL].clone();
    let server = Server::of(&place).await;
    for at in (0..200).step_by(9).chain([whole.len() - 1]) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x04;
        write_journal(&account, &place.state, &damaged);
        let before = blobs(&account, &place.state);
        let status = server.refusal(&place.config()).await;
        assert_eq!(status.code(), Code::DataLoss, "byte {at}: {status:?}");
        let message = status.message();
        assert!(
            message.starts_with(&format!(
                "the ledger of source `sets` is damaged: `{JOURNAL}` "
            )) && message.contains("its folder `sets/` in the state container is restored")
                && message.contains("existing: {since: TIME}"),
            "{message}"
        );
        assert_eq!(blobs(&account, &place.state), before, "byte {at}");
        let page = server.source().await;
        assert_eq!(page["lastError"], message);
        assert_eq!((&page["sent"], &page["done"]), (&0.into(), &0.into()));
    }
    server.process.says("is damaged").await;
    let claims = [
        "announced again",
        "source started",
        "stream ended: it was complete",
    ];
    let log = server.process.stderr().join("\n");
    assert!(!claims.iter().any(|claim| log.contains(claim)), "{log}");
    write_journal(&account, &place.state, &whole);
    let mut stream = server.stream(&place.config()).await;
    assert_eq!(stream.names(10).await, names);
    server.sweeps_more(2).await;
    assert!(stream.is_silent().await);
}

#[tokio::test]
async fn an_emptied_journal_is_data_loss_and_a_new_beginning_since_a_moment_the_cure() {
    let (place, account, _face) = ran().await;
    let since = OffsetDateTime::now_utc() - Duration::seconds(30);
    let names = put_ten(&place).await;
    write_journal(&account, &place.state, &[]);
    let server = Server::of(&place).await;
    let status = server.refusal(&place.config()).await;
    assert_eq!(status.code(), Code::DataLoss, "{status:?}");
    assert!(status.message().contains("is empty and was not before"));
    for name in account.names(&place.state) {
        account.delete(&place.state, &name).unwrap();
    }
    let since = format!("existing: {{since: {}}}", since.format(&Rfc3339).unwrap());
    let config = place.config().replace("existing: skip", &since);
    let mut stream = server.stream(&config).await;
    assert_eq!(stream.names(10).await, names);
    server.sweeps_more(2).await;
    assert!(stream.is_silent().await);
    server.process.says("this source has no ledger yet").await;
}
