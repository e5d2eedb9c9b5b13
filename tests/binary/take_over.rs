//! Two servers on one source: the newest stream wins, and two that fight are told so.

use tonic::Code;

use crate::{server::Server, storage::Place};

#[tokio::test]
async fn the_stream_of_another_server_takes_over_and_the_older_sends_nothing_more() {
    let place = Place::azurite().await;
    let (one, two) = (Server::of(&place).await, Server::of(&place).await);
    let mut older = one.stream(&place.config()).await;
    one.reaches("sweeps", 1).await;
    let mut newer = two.stream(&place.config()).await;
    two.reaches("sweeps", 1).await;
    place.put("raw/a.csv").await;
    assert_eq!(newer.name().await, "raw/a.csv");
    let end = older.last().await;
    assert_eq!(end.code(), Code::Aborted, "{end:?}");
    assert_eq!(one.source().await["sent"], 0);
    two.reaches("done", 1).await;
}

#[tokio::test]
async fn an_idle_stream_that_was_overtaken_ends_within_an_interval() {
    let place = Place::azurite().await;
    let (one, two) = (Server::of(&place).await, Server::of(&place).await);
    let mut older = one.stream(&place.config()).await;
    one.reaches("sweeps", 1).await;
    let _newer = two.stream(&place.config()).await;
    assert_eq!(older.last().await.code(), Code::Aborted);
}

#[tokio::test]
async fn two_servers_that_fight_over_a_source_are_told_what_to_do() {
    let place = Place::azurite().await;
    let (one, two) = (Server::of(&place).await, Server::of(&place).await);
    for _ in 0..3 {
        let mut older = one.stream(&place.config()).await;
        one.sweeps_more(1).await;
        let _newer = two.stream(&place.config()).await;
        assert_eq!(older.last().await.code(), Code::Aborted);
    }
    let refused = one.refusal(&place.config()).await;
    assert_eq!(refused.code(), Code::AlreadyExists);
    assert!(
        refused.message().contains("set a distinct `id`"),
        "{}",
        refused.message()
    );
}
