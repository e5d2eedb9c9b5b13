//! Calls that nobody with a token makes: many, and never ended.

use std::time::Duration;

use tokio::time::sleep;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{
    harness::{TOKEN, Victim, sized},
    wire::{END_HEADERS, END_STREAM, Kind, Raw, call, flood, frame, hello, message},
};

const WATCH: &str = "/grpc.health.v1.Health/Watch";
pub(crate) const CHECK: &str = "/grpc.health.v1.Health/Check";
pub(crate) const START: &str = "/generic.Eventing/StartEventSource";
const REFLECT: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
/// How long connections are held open once all has been sent.
pub(crate) fn held() -> Duration {
    sized(Duration::from_secs(1), Duration::from_secs(4))
}
/// As many streams as a connection may have.
pub(crate) const ALLOWED: u32 = 100;

/// A call of `path` on a stream: headers, and data unless it is empty.
pub(crate) fn calling(stream: u32, headers: &[u8], body: &[u8], end: bool) -> Vec<u8> {
    let mut bytes = frame(Kind::Headers, END_HEADERS, stream, headers);
    if !body.is_empty() {
        let flags = if end { END_STREAM } else { 0 };
        bytes.extend(frame(Kind::Data, flags, stream, body));
    }
    bytes
}

/// Calls on this many connections and streams, with these headers and this body, all held open.
pub(crate) struct Calls<'a> {
    pub(crate) settings: &'a [(u16, u32)],
    pub(crate) headers: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) end: bool,
    pub(crate) connections: usize,
    pub(crate) streams: u32,
}

impl Calls<'_> {
    pub(crate) async fn make(&self, victim: &Victim) {
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            let Ok(mut raw) = Raw::open(victim.target.grpc, 2, self.settings).await else {
                continue;
            };
            for number in 0..self.streams {
                let call = calling(2 * number + 1, &self.headers, &self.body, self.end);
                if raw.send(&call).await.is_err() {
                    break;
                }
            }
            connections.push(raw);
        }
        sleep(held()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_watches_without_number() {
    let victim = Victim::start(&[]).await;
    let calls = |connections, streams| Calls {
        settings: &[],
        headers: call(WATCH, &[]),
        body: message(&[]),
        end: true,
        connections,
        streams,
    };
    let few = calls(3, sized(3_000, 20_000));
    let name = "`Health/Watch`, 3 connections × 20,000 streams";
    victim
        .endures(name, async |victim| few.make(victim).await)
        .await;
    let many = calls(sized(200, 1_000), ALLOWED);
    let name = "`Health/Watch`, 1,000 connections × 100 streams";
    victim
        .endures(name, async |victim| many.make(victim).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_too_many_is_refused_and_checks_go_on() {
    let victim = Victim::start(&[]).await;
    let url = victim.target.url();
    let channel = tonic::transport::Channel::from_shared(url).unwrap();
    let mut health = HealthClient::new(channel.connect().await.unwrap());
    let mut watches = Vec::new();
    let refusal = loop {
        match health.watch(HealthCheckRequest::default()).await {
            Ok(watch) => watches.push(watch),
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refusal.code(), Code::ResourceExhausted, "{refusal:?}");
    assert_eq!(watches.len(), 8);
    health.check(HealthCheckRequest::default()).await.unwrap();
    // A place that is given back is had again.
    watches.pop();
    crate::binary::process::wait_for("a place", async || {
        health.watch(HealthCheckRequest::default()).await.ok()
    })
    .await;
    let log = victim.server.process.says("a request was refused").await;
    assert!(log.contains("health watches"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_without_a_token() {
    let victim = Victim::start(&[]).await;
    let headers = call(START, &[]);
    let calls = Calls {
        settings: &[],
        headers: headers.clone(),
        body: message(&[0; 4096]),
        end: false,
        connections: 20,
        streams: sized(500, 5_000),
    };
    let name = "`StartEventSource` without a token, 20 connections × 5,000 bodies";
    victim
        .endures(name, async |victim| calls.make(victim).await)
        .await;
    let (target, time) = (victim.target.grpc, held());
    // Each round on streams of its own would need its numbers; a connection that is closed for that
    // is replaced at once.
    let many: Vec<u8> = (0..5_000)
        .flat_map(|number| calling(2 * number + 1, &headers, &[], true))
        .collect();
    let name = "`StartEventSource` without a token, answers never read";
    victim
        .endures(name, async |_| {
            flood(target, &hello(&[]), &many, true, time).await
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_without_an_end() {
    let victim = Victim::start(&[]).await;
    let mut calls = Calls {
        settings: &[],
        headers: call(CHECK, &[]),
        // The first bytes of a message of 4 MB, of which no more comes.
        body: vec![0, 0, 0x3f, 0xff, 0xff, 1, 2, 3],
        end: false,
        connections: sized(20, 100),
        streams: sized(200, 1_000),
    };
    let name = "`Health/Check` with a body of 4 MB that does not come, 100 × 1,000";
    victim
        .endures(name, async |victim| calls.make(victim).await)
        .await;
    calls.body = Vec::new();
    calls.connections = sized(200, 1_000);
    calls.streams = ALLOWED;
    let name = "`Health/Check` without a body, 1,000 connections × 100 streams";
    victim
        .endures(name, async |victim| calls.make(victim).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_and_starts_with_a_token() {
    let victim = Victim::start(&[]).await;
    let token = format!("Bearer {TOKEN}");
    let calls = |path, body: &[u8], connections| Calls {
        settings: &[],
        headers: call(path, &[("authorization", &token)]),
        body: body.to_vec(),
        end: false,
        connections,
        streams: ALLOWED,
    };
    let reflect = calls(REFLECT, &message(&[0x3a, 0]), sized(50, 500));
    let name = "reflection with a token, 500 connections × 100 streams";
    victim
        .endures(name, async |victim| reflect.make(victim).await)
        .await;
    // A message of 256 KiB, of which all but the last byte comes as far as windows let it.
    let mut body = message(&vec![b'x'; 256 * 1024 - 16]);
    body.truncate(16_000);
    let start = calls(START, &body, sized(50, 500));
    let name = "`StartEventSource` with a token, 500 connections × 100 bodies without end";
    victim
        .endures(name, async |victim| start.make(victim).await)
        .await;
}
