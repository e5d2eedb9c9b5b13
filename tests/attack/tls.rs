//! TLS handshakes that do not come to an end.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, time::sleep};

use crate::{
    grpc::held,
    harness::{Victim, sized},
    measure::descriptors,
    wire::{hello, many},
};

/// The start of a ClientHello: a record of 512 bytes is promised (RFC 8446, section 5.1).
const HALF: &[u8] = &[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 7, 7, 7, 7, 7, 7, 7];

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_stop_halfway() {
    let victim = Victim::with_tls().await;
    let before = descriptors(victim.server.process.id());
    let count = sized(300, 1_000);
    let plain = hello(&[]);
    for (name, bytes) in [
        ("TLS: 1,000 connections that say nothing", &b""[..]),
        ("TLS: 1,000 connections with half a handshake", HALF),
        ("TLS: 1,000 connections that speak plain HTTP/2", &plain),
        ("TLS: 1,000 connections with nonsense", &[0xff; 4096]),
    ] {
        victim
            .endures(name, async |victim| {
                let _held = many(victim.target.grpc, 2, count, bytes).await;
                sleep(held()).await;
            })
            .await;
    }
    let _held = many(victim.target.grpc, 2, 100, HALF).await;
    victim.descriptors_fall_to(before + 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_byte_by_byte() {
    let victim = Victim::with_tls().await;
    victim
        .endures("TLS: 200 connections, a byte every 50 ms", async |victim| {
            let mut all = many(victim.target.grpc, 2, 200, &[]).await;
            for byte in HALF.iter().chain([7; 50].iter()) {
                for stream in &mut all {
                    // Those that were closed stay so.
                    let _ = stream.write_all(&[*byte]).await;
                }
                sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
}
