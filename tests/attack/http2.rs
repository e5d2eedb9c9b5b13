//! HTTP/2 against the rules, or within them and against their sense.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    grpc::{ALLOWED, CHECK, Calls, START, calling, held},
    harness::{Victim, sized},
    measure::{busy, descriptors},
    wire::{
        END_HEADERS, END_STREAM, Kind, PREFACE, call, flood, frame, header, hello, many, message,
    },
};

/// The identifier of SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113, section 6.5.2).
const INITIAL_WINDOW: u16 = 4;

fn time() -> Duration {
    sized(Duration::from_secs(1), Duration::from_secs(10))
}

/// Floods a server's gRPC port, once as a client that reads and once as one that does not.
async fn floods(name: &str, bytes: &[u8]) {
    let victim = Victim::start(&[]).await;
    for (deaf, how) in [(false, ""), (true, ", nothing read")] {
        let target = victim.target.grpc;
        let attack = flood(target, &hello(&[]), bytes, deaf, time());
        victim
            .endures(&format!("{name}{how}"), async |_| attack.await)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets() {
    let headers = call(CHECK, &[]);
    let reset = |stream| frame(Kind::Reset, 0, stream, &8_u32.to_be_bytes());
    let bytes: Vec<u8> = (0..2_000)
        .map(|number| 2 * number + 1)
        .flat_map(|stream| [calling(stream, &headers, &[], true), reset(stream)].concat())
        .collect();
    floods("requests that are reset at once", &bytes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_without_an_end() {
    let first = frame(Kind::Headers, 0, 1, &call(CHECK, &[]));
    let more = frame(
        Kind::Continuation,
        0,
        1,
        &header("x-more", &"y".repeat(8_000)),
    );
    let mut bytes = first;
    for _ in 0..200 {
        bytes.extend(&more);
    }
    floods("CONTINUATION without an end", &bytes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_small_on_the_wire_only() {
    // An entry of 4,000 bytes goes into the dynamic table, and then stands a thousand times in one byte.
    let mut bomb = header("x", &"y".repeat(4_000));
    bomb[0] = 0x40;
    bomb.extend([0x80 | 62; 1_000]);
    let bytes: Vec<u8> = (0..100)
        .flat_map(|number| {
            calling(
                2 * number + 1,
                &[call(CHECK, &[]), bomb.clone()].concat(),
                &[],
                true,
            )
        })
        .collect();
    floods("HPACK: 4 MB of headers in 5 kB", &bytes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_pings_and_windows() {
    let settings = frame(Kind::Settings, 0, 0, &[0, 4, 0, 0, 0xff, 0xff]);
    floods("SETTINGS", &settings.repeat(1_000)).await;
    floods("PING", &frame(Kind::Ping, 0, 0, &[7; 8]).repeat(1_000)).await;
    let window = frame(Kind::WindowUpdate, 0, 0, &1_u32.to_be_bytes());
    let priority = frame(Kind::Priority, 0, 3, &[0, 0, 0, 0, 1]);
    floods(
        "WINDOW_UPDATE and PRIORITY",
        &[window, priority].concat().repeat(1_000),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_large_headers_are_held() {
    let victim = Victim::start(&[]).await;
    let more: Vec<_> = (0..110).map(|_| ("a", "b")).collect();
    let calls = Calls {
        settings: &[],
        headers: call(CHECK, &more),
        body: Vec::new(),
        end: false,
        connections: sized(150, 1_000),
        streams: ALLOWED,
    };
    let name = "110 small headers each, 1,000 connections × 100 streams";
    victim
        .endures(name, async |victim| calls.make(victim).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_find_no_window() {
    let victim = Victim::start(&[]).await;
    let calls = Calls {
        settings: &[(INITIAL_WINDOW, 0)],
        headers: call(CHECK, &[]),
        body: message(&[]),
        end: true,
        connections: sized(150, 1_000),
        streams: ALLOWED,
    };
    let name = "answers without a window to be sent in, 1,000 connections × 100 streams";
    victim
        .endures(name, async |victim| calls.make(victim).await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_byte_by_byte() {
    let headers = call(START, &[]);
    let bytes = frame(Kind::Data, 0, 1, &[0]).repeat(1_000);
    let first = [hello(&[]), calling(1, &headers, &[], false)].concat();
    let check = [hello(&[]), calling(1, &call(CHECK, &[]), &[], false)].concat();
    let victim = Victim::start(&[]).await;
    for (name, first) in [("`StartEventSource`", first), ("`Health/Check`", check)] {
        let target = victim.target.grpc;
        let attack = flood(target, &first, &bytes, false, time());
        let name = format!("a body of {name} in frames of one byte");
        victim.endures(&name, async |_| attack.await).await;
    }
    let empty = frame(Kind::Data, 0, 1, &[]).repeat(1_000);
    let first = [hello(&[]), calling(1, &call(CHECK, &[]), &[], false)].concat();
    let attack = flood(victim.target.grpc, &first, &empty, false, time());
    victim
        .endures("a body in empty frames", async |_| attack.await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_little_or_nonsense() {
    let victim = Victim::start(&[]).await;
    let count = sized(300, 1_000);
    let get = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    let ended = frame(Kind::Headers, END_HEADERS | END_STREAM, 2, &[0xff; 100]);
    let wrong = [hello(&[]), ended].concat();
    for (name, bytes) in [
        ("1,000 connections that say nothing", &b""[..]),
        ("1,000 connections with half a preface", &PREFACE[..12]),
        ("1,000 connections with a preface alone", PREFACE),
        ("1,000 connections that speak HTTP/1.1", get),
        ("1,000 connections with frames that make no sense", &wrong),
    ] {
        victim
            .endures(name, async |victim| {
                let _held = many(victim.target.grpc, 2, count, bytes).await;
                sleep(held()).await;
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_the_probes_own_address() {
    let victim = Victim::start(&[]).await;
    let name = "1,000 connections from the probes' own address";
    victim
        .endures(name, async |victim| {
            let _held = many(victim.target.grpc, 1, sized(300, 1_000), &hello(&[])).await;
            sleep(held()).await;
        })
        .await;
    let name = "connections that are made again as fast as they go";
    let attack = flood(
        victim.target.grpc,
        b"",
        b"nonsense, so that it is closed",
        false,
        time(),
    );
    victim.endures(name, async |_| attack.await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_cost_nothing_and_do_not_last() {
    let victim = Victim::start(&[]).await;
    let process = victim.server.process.id();
    let before = descriptors(process);
    let _grpc = many(victim.target.grpc, 2, 300, &hello(&[])).await;
    let _admin = many(victim.target.admin, 2, 300, b"GET / HTTP/1.1\r\n").await;
    let share = busy(process, Duration::from_secs(2)).await;
    println!(
        "| 600 idle connections | {:.0} % of a core |",
        share * 100.0
    );
    assert!(share < 0.3, "{share} of a core");
    assert!(descriptors(process) > before + 50);
    // Neither port lets them live, though nobody closes them here.
    victim.descriptors_fall_to(before + 8).await;
}
