#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use tokio::time::{advance, sleep};

use super::*;

fn streams(max: usize) -> (Arc<Streams>, CancellationToken) {
    let shutdown = CancellationToken::new();
    (Streams::new(max, shutdown.clone()), shutdown)
}

const HERE: &str = "https://account.example/here";
const THERE: &str = "https://account.example/there";

/// The claim of a newcomer that proves itself when it has to.
async fn ask(streams: &Arc<Streams>, source: &str) -> Result<Claim, End> {
    streams.claim(source, HERE, async { Ok(()) }).await
}

/// That of one that cannot.
async fn ask_in_vain(streams: &Arc<Streams>, source: &str) -> Result<Claim, End> {
    let proof = async { Err(End::NotAllowed("proof".to_owned())) };
    streams.claim(source, HERE, proof).await
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
    let first = ask(&streams, "a").await.unwrap();
    assert!(!first.took_over);
    let ended = run(&streams, first, Duration::from_secs(2));
    let start = Instant::now();
    let second = ask(&streams, "a").await.unwrap();
    assert!(ended.is_cancelled());
    assert!(second.took_over);
    assert_eq!(start.elapsed().as_secs(), 2);
    assert!(second.why_stopped().is_none());
}

#[tokio::test(start_paused = true)]
async fn the_older_learns_why() {
    let (streams, shutdown) = streams(9);
    let first = ask(&streams, "a").await.unwrap();
    let stop = first.stop();
    let newcomer = tokio::spawn({
        let streams = streams.clone();
        async move { ask(&streams, "a").await.unwrap() }
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
    let stuck = ask(&streams, "a").await.unwrap();
    let start = Instant::now();
    let second = ask(&streams, "a").await.unwrap();
    assert_eq!(start.elapsed(), PATIENCE);
    // Dropping the older later does not take the newer's place away.
    drop(stuck);
    assert!(streams.table.lock().live.contains_key("a"));
    let ended = run(&streams, second, Duration::from_secs(1));
    let _third = ask(&streams, "a").await.unwrap();
    assert!(ended.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn one_that_waits_gives_way_to_a_newer_one_which_still_waits_for_the_first() {
    let (streams, _) = streams(9);
    let first = ask(&streams, "a").await.unwrap();
    let ended = run(&streams, first, Duration::from_secs(3));
    let waiting = tokio::spawn({
        let streams = streams.clone();
        async move { ask(&streams, "a").await.map(drop) }
    });
    sleep(Duration::from_millis(10)).await;
    let third = ask(&streams, "a").await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Err(End::TakenOver(_))));
    assert!(ended.is_cancelled());
    assert!(third.why_stopped().is_none());
}

#[tokio::test(start_paused = true)]
async fn two_clients_that_fight_are_told_so() {
    let (streams, _) = streams(9);
    for _ in 0..=TAKE_OVERS {
        let claim = ask(&streams, "a").await.unwrap();
        run(&streams, claim, Duration::ZERO);
    }
    let refused = ask(&streams, "a").await.unwrap_err();
    assert!(matches!(refused, End::Contended(_)));
    assert!(!streams.table.lock().live["a"].stop.is_cancelled());
    assert!(ask(&streams, "b").await.is_ok());
    advance(WINDOW).await;
    assert!(ask(&streams, "a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reconnects_does_not_fight() {
    let (streams, _) = streams(9);
    for _ in 0..10 {
        let claim = ask(&streams, "a").await.unwrap();
        assert!(!claim.took_over);
        claim.client_gone().cancel();
        run(&streams, claim, Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn streams_are_bounded_and_a_take_over_needs_no_room() {
    let (streams, _) = streams(1);
    let claim = ask(&streams, "a").await.unwrap();
    assert!(matches!(ask(&streams, "b").await, Err(End::Full(1))));
    run(&streams, claim, Duration::ZERO);
    let claim = ask(&streams, "a").await.unwrap();
    drop(claim);
    assert!(ask(&streams, "b").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_sessions_within_a_bound() {
    let (streams, shutdown) = streams(9);
    let quick = run(
        &streams,
        ask(&streams, "a").await.unwrap(),
        Duration::from_secs(1),
    );
    let stuck = run(
        &streams,
        ask(&streams, "b").await.unwrap(),
        Duration::from_secs(3600),
    );
    shutdown.cancel();
    let start = Instant::now();
    streams.flush().await;
    assert_eq!(start.elapsed(), FLUSH);
    assert!(quick.is_cancelled() && stuck.is_cancelled());
    assert!(matches!(ask(&streams, "c").await, Err(End::ShuttingDown)));
}

#[tokio::test(start_paused = true)]
async fn two_servers_that_fight_over_a_source_are_told_so() {
    let (streams, _) = streams(9);
    for _ in 0..TAKE_OVERS {
        let claim = ask(&streams, "a").await.unwrap();
        claim.lost_to_another_server();
        drop(claim);
        advance(Duration::from_secs(5)).await;
    }
    assert!(matches!(ask(&streams, "a").await, Err(End::Contended(id)) if id == "a"));
    assert!(ask(&streams, "b").await.is_ok());
    advance(WINDOW).await;
    assert!(ask(&streams, "a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_proves_nothing_takes_nothing_over_and_does_not_count() {
    let (streams, _) = streams(9);
    let first = ask(&streams, "a").await.unwrap();
    for _ in 0..20 {
        let refused = ask_in_vain(&streams, "a").await;
        assert!(matches!(refused, Err(End::NotAllowed(_))));
    }
    assert!(first.why_stopped().is_none());
    let ended = run(&streams, first, Duration::ZERO);
    let second = ask(&streams, "a").await.unwrap();
    assert!(ended.is_cancelled() && second.took_over && second.is_proven());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_nobody_streams_needs_no_proof_yet() {
    let (streams, _) = streams(9);
    let claim = ask_in_vain(&streams, "a").await.unwrap();
    assert!(!claim.is_proven());
}

#[tokio::test(start_paused = true)]
async fn one_name_with_another_container_is_refused_and_the_older_goes_on() {
    let (streams, _) = streams(9);
    let first = ask(&streams, "a").await.unwrap();
    first.prove();
    for _ in 0..20 {
        let refused = streams.claim("a", THERE, async { Ok(()) }).await;
        let Err(End::OtherContainer { here, asked, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!((here.as_str(), asked.as_str()), (HERE, THERE));
    }
    assert!(first.why_stopped().is_none());
    // Once its client has gone, the name is free for any container.
    first.client_gone().cancel();
    run(&streams, first, Duration::ZERO);
    assert!(streams.claim("a", THERE, async { Ok(()) }).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn who_has_proven_nothing_keeps_no_other_container_out() {
    let (streams, _) = streams(9);
    let squatter = streams.claim("a", THERE, async { Ok(()) }).await.unwrap();
    let ended = run(&streams, squatter, Duration::ZERO);
    assert!(ask_in_vain(&streams, "a").await.is_err());
    assert!(!ended.is_cancelled());
    assert!(ask(&streams, "a").await.is_ok());
    assert!(ended.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_proof_is_not_waited_for_once_the_older_stream_is_over() {
    for gone in [true, false] {
        let (streams, _) = streams(9);
        let first = ask(&streams, "a").await.unwrap();
        let newcomer = tokio::spawn({
            let streams = streams.clone();
            async move { streams.claim("a", HERE, std::future::pending()).await }
        });
        sleep(Duration::from_secs(3)).await;
        assert!(!newcomer.is_finished() && first.why_stopped().is_none());
        let start = Instant::now();
        if gone {
            first.client_gone().cancel();
            run(&streams, first, Duration::ZERO);
        } else {
            drop(first);
        }
        let second = newcomer.await.unwrap().unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(!second.is_proven() && !second.took_over);
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_prove_themselves_at_once_as_there_may_be_streams() {
    let (streams, shutdown) = streams(2);
    let _first = ask(&streams, "a").await.unwrap();
    let newcomer = |proof: CancellationToken| {
        let streams = streams.clone();
        tokio::spawn(async move {
            let proof = async {
                proof.cancel();
                std::future::pending().await
            };
            streams.claim("a", HERE, proof).await
        })
    };
    let begun: Vec<_> = (0..3).map(|_| CancellationToken::new()).collect();
    let waiting: Vec<_> = begun.iter().cloned().map(newcomer).collect();
    sleep(Duration::from_secs(1)).await;
    let proving = begun.iter().filter(|begun| begun.is_cancelled());
    assert_eq!(proving.count(), 2);
    shutdown.cancel();
    for newcomer in waiting {
        assert!(matches!(newcomer.await.unwrap(), Err(End::ShuttingDown)));
    }
}
