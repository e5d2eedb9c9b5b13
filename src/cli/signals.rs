//! Shutdown as a value: a token that is passed down, cancelled by the first signal.

use std::{io, process};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Listens for SIGTERM and SIGINT for as long as it lives.
///
/// The first signal cancels [`Signals::token`]; the second ends the process at once, for people
/// whose patience is shorter than ours.
#[derive(Debug)]
pub struct Signals {
    token: CancellationToken,
    listener: JoinHandle<()>,
}

impl Signals {
    /// Starts to listen.
    pub fn listen() -> io::Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        let token = CancellationToken::new();
        let listener = tokio::spawn(wait(terminate, interrupt, token.clone()));
        Ok(Self { token, listener })
    }

    /// Cancelled when the process is asked to end.
    pub fn token(&self) -> CancellationToken {
        self.token.clone()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn wait(mut terminate: Signal, mut interrupt: Signal, token: CancellationToken) {
    let signal = next(&mut terminate, &mut interrupt).await;
    info!(signal, "shutting down");
    token.cancel();
    let signal = next(&mut terminate, &mut interrupt).await;
    warn!(signal, "a second signal: ending at once");
    process::exit(1);
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    }
}
