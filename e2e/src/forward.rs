//! A way into the cluster for whoever is outside of its network.

use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A port of this machine that leads to one of a pod, until the child is dropped.
pub(crate) async fn forward(namespace: &str, target: &str, port: u16) -> Result<(u16, Child)> {
    let mut child = Command::new("kubectl")
        .args([
            "--namespace",
            namespace,
            "port-forward",
            target,
            &format!(":{port}"),
        ])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let said = child.stdout.take().context("a pipe")?;
    // Forwarding from 127.0.0.1:41234 -> 10000
    let mut lines = BufReader::new(said).lines();
    let line = lines.next_line().await?.unwrap_or_default();
    // It goes on talking, and would end if nobody listened.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    let local = line
        .split_once("127.0.0.1:")
        .and_then(|(_, rest)| rest.split(' ').next());
    let local = local.and_then(|port| port.parse().ok());
    Ok((
        local.with_context(|| format!("kubectl port-forward said: {line}"))?,
        child,
    ))
}
