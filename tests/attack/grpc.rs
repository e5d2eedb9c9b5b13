//! Calls that nobody with a token makes: many, and never ended.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    harness::{Victim, sized},
    wire::{END_HEADERS, END_STREAM, Kind, Raw, call, frame, message},
};

const WATCH: &str = "/grpc.health.v1.Health/Watch";
const CHECK: &str = "/grpc.health.v1.Health/Check";
const START: &str = "/generic.Eventing/StartEventSource";
/// How long connections are held open once all has been sent.
const HELD: Duration = Duration::from_secs(3);

/// `connections` times `streams` calls of `path` with `body`, all held open; `end` says whether the
/// requests are complete.
async fn calls(
    victim: &Victim,
    path: &str,
    body: &[u8],
    end: bool,
    (connections, streams): (usize, u32),
) {
    let headers = call(path, &[]);
    let mut held = Vec::new();
    for _ in 0..connections {
        let Ok(mut raw) = Raw::open(victim.target.grpc, 2, &[]).await else {
            continue;
        };
        for number in 0..streams {
            let stream = 2 * number + 1;
            let mut bytes = frame(Kind::Headers, END_HEADERS, stream, &headers);
            let flags = if end { END_STREAM } else { 0 };
            bytes.extend(frame(Kind::Data, flags, stream, body));
            if raw.send(&bytes).await.is_err() {
                break;
            }
        }
        held.push(raw);
    }
    sleep(HELD).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_watches_without_number() {
    let victim = Victim::start(&[]).await;
    let size = (3, sized(3_000, 20_000));
    victim
        .endures(
            "`Health/Watch`, 3 connections × 20,000 streams",
            async |victim| {
                calls(victim, WATCH, &message(&[]), true, size).await;
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_without_a_token() {
    let victim = Victim::start(&[]).await;
    let size = (20, sized(500, 5_000));
    let body = message(&[0; 4096]);
    victim
        .endures(
            "`StartEventSource` without a token, 20 × 5,000 streams, bodies without end",
            async |victim| {
                calls(victim, START, &body, false, size).await;
            },
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_without_an_end() {
    let victim = Victim::start(&[]).await;
    let size = (sized(20, 100), sized(200, 1_000));
    // The first bytes of a message of 4 MB, of which no more comes.
    let body = [0, 0, 0x3f, 0xff, 0xff, 1, 2, 3];
    victim
        .endures(
            "`Health/Check` whose message never ends, 100 × 1,000 streams",
            async |victim| {
                calls(victim, CHECK, &body, false, size).await;
            },
        )
        .await;
}
