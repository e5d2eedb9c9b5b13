//! HTTP/1.1 that is slow, large or without an end.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{sleep, timeout},
};

use crate::{
    grpc::held,
    harness::{Victim, sized},
    wire::{connect, flood, many},
};

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_do_not_ask() {
    let victim = Victim::start(&[]).await;
    let count = sized(300, 1_000);
    let long = [b"GET / HTTP/1.1\r\nx: ", &[b'y'; 60_000][..]].concat();
    for (name, bytes) in [
        ("admin: 1,000 connections that say nothing", &b""[..]),
        (
            "admin: 1,000 connections with half a header",
            b"GET / HTTP/1.1\r\nhost:",
        ),
        ("admin: 1,000 connections with 60 kB of a header", &long),
        (
            "admin: 1,000 connections whose body does not come",
            b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000\r\n\r\n",
        ),
        (
            "admin: 1,000 connections that go on after their answer",
            b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        ),
    ] {
        victim
            .endures(name, async |victim| {
                let _held = many(victim.target.admin, 2, count, bytes).await;
                sleep(held()).await;
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_byte_by_byte() {
    let victim = Victim::start(&[]).await;
    let name = "admin: 1,000 connections, a byte of the header every 100 ms";
    victim
        .endures(name, async |victim| {
            let mut all = many(victim.target.admin, 2, sized(200, 1_000), b"").await;
            for byte in "GET / HTTP/1.1\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyy".bytes() {
                for stream in &mut all {
                    // Those that were closed stay so.
                    let _ = stream.write_all(&[byte]).await;
                }
                sleep(Duration::from_millis(100)).await;
            }
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_nobody_reads() {
    let victim = Victim::start(&[]).await;
    let ask = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1_000);
    let time = held();
    let attack = flood(victim.target.admin, b"", &ask, true, time);
    victim
        .endures("admin: answers that nobody reads", async |_| attack.await)
        .await;
    let body = b"POST /metrics HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    let attack = flood(victim.target.admin, body, b"4\r\nyyyy\r\n", false, time);
    victim
        .endures("admin: bodies without an end", async |_| attack.await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_answers_again_and_is_closed_when_nobody_reads() {
    let victim = Victim::start(&[]).await;
    let mut good = connect(victim.target.admin, 1).await.unwrap();
    for _ in 0..2 {
        good.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut answer = vec![0; 1024];
        let read = good.read(&mut answer).await.unwrap();
        assert!(answer[..read].ends_with(b"ok\n"), "{answer:?}");
    }
    let mut lazy = connect(victim.target.admin, 1).await.unwrap();
    let ask = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n".repeat(10_000);
    let write = async { while lazy.write_all(&ask).await.is_ok() {} };
    let closed = timeout(Duration::from_secs(25), write).await;
    assert!(
        closed.is_ok(),
        "it may wait for ever for its answers to be read"
    );
}
