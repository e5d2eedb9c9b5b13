//! A connection from its first byte to its end.

use std::{
    future::{Future, pending, poll_fn},
    pin::{Pin, pin},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{activity::Times, connections::Slot};

/// How long a connection may take to close once it was told to. Its client needs one round trip.
const GRACE: Duration = Duration::from_secs(2);

/// Runs `connection` to its end. It is told to end in order, with `finish`, when its time is up or
/// `stop` is cancelled; it is cut off when it does not obey, and when another one needs its place.
pub async fn drive<C: Future>(
    connection: C,
    finish: impl Fn(Pin<&mut C>),
    place: &Slot,
    times: &Times,
    stop: &CancellationToken,
) {
    let mut connection = pin!(connection);
    let mut activity = place.activity();
    let of = place.connection();
    let (mut stopping, mut cut) = (false, None);
    loop {
        let end = cut.or_else(|| activity.borrow_and_update().ends(times));
        tokio::select! {
            biased;
            () = place.has_to_go() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                finish(connection.as_mut());
            }
            () = poll_fn(|cx| {
                let step = connection.as_mut().poll(cx);
                of.end_turn();
                step.map(drop)
            }) => return,
            // The place keeps the sender, so there is always a next change.
            _ = activity.changed(), if cut.is_none() => {}
            () = at(end) => {
                if cut.is_some() {
                    return;
                }
                place.was_too_slow();
                finish(connection.as_mut());
                cut = Some(Instant::now() + GRACE);
            }
        }
    }
}

async fn at(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => pending().await,
    }
}
