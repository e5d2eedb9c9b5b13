#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tokio::time::{advance, sleep};

use super::*;

fn streams(max: usize) -> (Arc<Streams>, CancellationToken) {
    let shutdown = CancellationToken::new();
    (Streams::new(max, shutdown.clone()), shutdown)
}

/// A session that takes `flush` to end once it is told to.
fn run(streams: &Streams, claim: Claim, flush: Duration) -> CancellationToken {
    let ended = CancellationToken::new();
    let guard = ended.clone().drop_guard();
    streams.spawn(async move {
        claim.stop().cancelled().await;
        sleep(flush).await;
        drop(claim);
        drop(guard);
    });
    ended
}

#[tokio::test(start_paused = true)]
async fn the_newest_wins_and_waits_for_the_older_to_end() {
    let (streams, _) = streams(9);
    let first = streams.claim("a").await.unwrap();
    assert!(!first.took_over);
    let ended = run(&streams, first, Duration::from_secs(2));
    let start = Instant::now();
    let second = streams.claim("a").await.unwrap();
    assert!(ended.is_cancelled());
    assert!(second.took_over);
    assert_eq!(start.elapsed().as_secs(), 2);
    assert!(second.why_stopped().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_older_learns_why() {
    let (streams, shutdown) = streams(9);
    let first = streams.claim("a").await.unwrap();
    let stop = first.stop();
    let newcomer = tokio::spawn({
        let streams = streams.clone();
        async move { streams.claim("a").await.unwrap() }
    });
    stop.cancelled().await;
    assert!(matches!(first.why_stopped(), Some(End::TakenOver(id)) if id == "a"));
    drop(first);
    let second = newcomer.await.unwrap();
    shutdown.cancel();
    assert!(matches!(second.why_stopped(), Some(End::ShuttingDown)));
}

#[tokio::test(start_paused = true)]
async fn patience_ends_after_five_seconds() {
    let (streams, _) = streams(9);
    let stuck = streams.claim("a").await.unwrap();
    let start = Instant::now();
    let second = streams.claim("a").await.unwrap();
    assert_eq!(start.elapsed(), PATIENCE);
    // Dropping the older later does not take the newer's place away.
    drop(stuck);
    assert!(streams.table().live.contains_key("a"));
    let ended = run(&streams, second, Duration::from_secs(1));
    let _third = streams.claim("a").await.unwrap();
    assert!(ended.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_gives_way_to_a_newer_one_which_still_waits_for_the_first() {
    let (streams, _) = streams(9);
    let first = streams.claim("a").await.unwrap();
    let ended = run(&streams, first, Duration::from_secs(3));
    let waiting = tokio::spawn({
        let streams = streams.clone();
        async move { streams.claim("a").await.map(drop) }
    });
    sleep(Duration::from_millis(10)).await;
    let third = streams.claim("a").await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Err(End::TakenOver(_))));
    assert!(ended.is_cancelled());
    assert!(third.why_stopped().is_none());
}

#[tokio::test(start_paused = true)]
async fn two_clients_that_fight_are_told_so() {
    let (streams, _) = streams(9);
    for _ in 0..=TAKE_OVERS {
        let claim = streams.claim("a").await.unwrap();
        run(&streams, claim, Duration::ZERO);
    }
    let refused = streams.claim("a").await.unwrap_err();
    assert!(matches!(refused, End::Contended(_)));
    assert!(!streams.table().live["a"].stop.is_cancelled());
    assert!(streams.claim("b").await.is_ok());
    advance(WINDOW).await;
    assert!(streams.claim("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reconnects_does_not_fight() {
    let (streams, _) = streams(9);
    for _ in 0..10 {
        let claim = streams.claim("a").await.unwrap();
        assert!(!claim.took_over);
        claim.client_gone().cancel();
        run(&streams, claim, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_and_a_take_over_needs_no_room() {
    let (streams, _) = streams(1);
    let claim = streams.claim("a").await.unwrap();
    assert!(matches!(streams.claim("b").await, Err(End::Full(1))));
    run(&streams, claim, Duration::ZERO);
    let claim = streams.claim("a").await.unwrap();
    drop(claim);
    assert!(streams.claim("b").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_sessions_within_a_bound() {
    let (streams, shutdown) = streams(9);
    let quick = run(
        &streams,
        streams.claim("a").await.unwrap(),
        Duration::from_secs(1),
    );
    let stuck = run(
        &streams,
        streams.claim("b").await.unwrap(),
        Duration::from_secs(3600),
    );
    shutdown.cancel();
    let start = Instant::now();
    streams.flush().await;
    assert_eq!(start.elapsed(), FLUSH);
    assert!(quick.is_cancelled() && stuck.is_cancelled());
    assert!(matches!(streams.claim("c").await, Err(End::ShuttingDown)));
}

#[tokio::test(start_paused = true)]
async fn two_servers_that_fight_over_a_source_are_told_so() {
    let (streams, _) = streams(9);
    for _ in 0..TAKE_OVERS {
        let claim = streams.claim("a").await.unwrap();
        claim.lost_to_another_server();
        drop(claim);
        advance(Duration::from_secs(5)).await;
    }
    assert!(matches!(streams.claim("a").await, Err(End::Contended(id)) if id == "a"));
    assert!(streams.claim("b").await.is_ok());
    advance(WINDOW).await;
    assert!(streams.claim("a").await.is_ok());
}
