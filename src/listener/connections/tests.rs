#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::task::Waker;

use futures::{FutureExt, poll};

use super::*;

const LIMITS: Limits = Limits {
    connections: 3,
    requests: 5,
};

fn all() -> Arc<Connections> {
    Connections::new("test", LIMITS, Arc::default())
}

fn from(number: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, number], 1))
}

fn goes(place: &Slot) -> bool {
    place.has_to_go().now_or_never().is_some()
}

#[tokio::test]
async fn a_newcomer_is_let_in_once_an_older_connection_has_gone() {
    let all = all();
    let mut places = vec![];
    for _ in 0..3 {
        places.push(all.enter(from(1)).await);
    }
    let mut newcomer = Box::pin(all.enter(from(2)));
    assert!(poll!(&mut newcomer).is_pending());
    assert_eq!(
        places.iter().map(goes).collect::<Vec<_>>(),
        [true, false, false]
    );
    // However often it asks, no second one is closed for it.
    assert!(poll!(&mut newcomer).is_pending());
    drop(places.remove(0));
    let newcomer = newcomer.await;
    assert!(!goes(&newcomer) && !places.iter().any(goes));
    assert_eq!(all.stats.closed_for_others.load(Relaxed), 1);
    assert_eq!(all.stats.connections.load(Relaxed), 3);
}

#[tokio::test]
async fn a_live_stream_is_not_closed_and_takes_no_place() {
    let all = all();
    let first = all.enter(from(1)).await;
    let live = first.connection().live();
    let mut others = vec![];
    for _ in 0..3 {
        others.push(all.enter(from(1)).await);
    }
    assert!(all.enter(from(1)).now_or_never().is_none());
    assert!(!goes(&first) && goes(&others[0]));
    others.remove(0);
    // Without its stream it is the oldest.
    drop(live);
    assert!(all.enter(from(1)).now_or_never().is_none());
    assert!(goes(&first));
}

fn open(place: &Slot, count: usize) -> Vec<Open> {
    (0..count)
        .map_while(|_| place.connection().open())
        .collect()
}

#[tokio::test]
async fn too_many_requests_close_the_connection_with_the_most() {
    let all = all();
    let (one, other) = (all.enter(from(1)).await, all.enter(from(2)).await);
    let requests = [open(&one, 2), open(&other, 3)];
    assert!(!goes(&one) && !goes(&other));
    let more = open(&one, 1);
    assert!(!goes(&one) && goes(&other));
    assert_eq!(more.len(), 1);
    drop((requests, more));
    assert_eq!(all.open.load(Relaxed), 0);
}

#[tokio::test]
async fn a_connection_with_few_requests_may_always_have_one_more() {
    let all = all();
    let (one, other) = (all.enter(from(1)).await, all.enter(from(2)).await);
    // The one that is told to go may take its time, so what it asks meanwhile is refused.
    let _greedy = open(&one, 100);
    assert_eq!(_greedy.len(), FEW);
    assert_eq!(open(&other, 3).len(), 3);
    assert!(goes(&one) && !goes(&other));
}

#[tokio::test]
async fn requests_beside_a_live_stream_are_not_refused() {
    let all = all();
    let place = all.enter(from(1)).await;
    let _live = place.connection().live();
    assert_eq!(open(&place, 100).len(), 100);
    assert!(!goes(&place));
}

#[tokio::test]
async fn connections_with_many_requests_read_one_after_the_other() {
    let all = Connections::new(
        "test",
        Limits {
            requests: 5 * FEW,
            ..LIMITS
        },
        Arc::default(),
    );
    let mut cx = Context::from_waker(Waker::noop());
    let places = [
        all.enter(from(1)).await,
        all.enter(from(2)).await,
        all.enter(from(3)).await,
    ];
    let of = places.each_ref().map(Slot::connection);
    let mut queues = of.each_ref().map(|it| it.queue());
    let open = |number: usize, count: usize| -> Vec<Open> {
        (0..count).map(|_| of[number].open().unwrap()).collect()
    };
    let (held, _second, _third) = (open(0, FEW), open(1, FEW), open(2, FEW - 1));
    let mut may_read = |number: usize| of[number].poll_turn(&mut queues[number], &mut cx);
    assert!(may_read(0).is_ready());
    assert!(may_read(1).is_pending(), "two read at once");
    assert!(may_read(2).is_ready(), "one with few requests waits");
    of[0].end_turn();
    assert!(may_read(1).is_ready());
    assert!(may_read(0).is_pending());
    drop(held);
    assert!(may_read(0).is_ready(), "its requests were answered");
}
