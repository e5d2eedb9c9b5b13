//! `watch`: prints events as they come.
//!
//! By itself it is a read-only view: it reads the ledger and writes nothing, so it can never take an event
//! away from the stream in production. With `--connect` it is a client like Argo's, which does.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use anyhow::Context;
use tokio_util::sync::CancellationToken;

use self::print::Printer;
use super::{
    args::{Output, WatchArgs},
    load_config, mistake, read_config,
    signals::Signals,
    unless_pipe_broke,
};
use crate::{
    azure::Connector,
    config::{SourceConfig, source_id::source_id},
    delivery::event_channel::{EventReceiver, event_channel},
    journal::memory::MemoryStore,
    ports::{connect::Connect, state::StateStore},
    session::{Mode, Session},
};

mod client;
mod print;

/// How many events may wait to be printed.
const CHANNEL: usize = 64;

/// Watches until it is over, interrupted, or nobody reads any more.
pub async fn run(args: WatchArgs) -> anyhow::Result<ExitCode> {
    let signals = Signals::listen()?;
    unless_pipe_broke(watch(args, signals.token()).await)
}

async fn watch(args: WatchArgs, stop: CancellationToken) -> anyhow::Result<ExitCode> {
    let mut printer = Printer::new(io::stdout(), output(args.output));
    if let Some(url) = &args.connect {
        let client = read_config(&args.config).and_then(|c| client::Client::new(url, &args, c));
        let client = match client {
            Ok(client) => client,
            Err(error) => return Ok(mistake(&error)),
        };
        client.watch(&mut printer, args.once, &stop).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = match load_config(&args.config) {
        Ok(config) => config,
        Err(error) => return Ok(mistake(&error)),
    };
    let session = observer(config, args)?;
    observe(session, &mut printer, stop).await?;
    Ok(ExitCode::SUCCESS)
}

fn output(asked: Option<Output>) -> Output {
    asked.unwrap_or(if io::stdout().is_terminal() {
        Output::Table
    } else {
        Output::Json
    })
}

fn observer(config: SourceConfig, args: WatchArgs) -> anyhow::Result<Session> {
    let opened = Connector::from(args.storage).open(&config.wanted())?;
    let source_id = source_id(&config, &args.name, &opened.endpoint);
    eprintln!(
        "read-only view of source {source_id}: nothing is recorded, and the server's stream is not disturbed"
    );
    let memory = || -> Arc<dyn StateStore> { Arc::new(MemoryStore::default()) };
    Ok(Session {
        once: args.once,
        ..Session::new(source_id, config, opened, memory, Mode::Observe)
    })
}

async fn observe(
    session: Session,
    printer: &mut Printer<impl io::Write>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let (events, mut receiver) = event_channel(CHANNEL);
    let (once, stats) = (session.once, Arc::clone(&session.stats));
    let session = tokio::spawn(session.run(events, stop.clone()));
    let printed = print_all(&mut receiver, printer).await;
    // When printing has failed, this is what ends the session.
    drop(receiver);
    let ended = session.await.context("the session ended unexpectedly")?;
    let printed = printed?;
    ended?;
    // A sweep that was interrupted has nothing to say of the whole.
    if once && printed == 0 && !stop.is_cancelled() {
        let known = stats.ledger_blobs.load(Relaxed);
        eprintln!("nothing to announce; {known} blob versions are done already");
    }
    Ok(())
}

async fn print_all(
    events: &mut EventReceiver,
    printer: &mut Printer<impl io::Write>,
) -> io::Result<u64> {
    let mut printed = 0;
    while let Some(event) = events.recv().await {
        printer.print(&event.payload)?;
        printed += 1;
    }
    Ok(printed)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use std::io::ErrorKind;

    use bytes::Bytes;

    use super::*;
    use crate::{cli::is_broken_pipe, delivery::event_channel::Announcement};

    struct Closed;

    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    async fn one_event() -> EventReceiver {
        let (outlet, events) = event_channel(1);
        let payload = Bytes::from_static(b"{}");
        outlet.room().await.unwrap().send(Announcement { payload });
        events
    }

    #[tokio::test]
    async fn all_events_are_printed() {
        let mut out = Vec::new();
        let mut printer = Printer::new(&mut out, Output::Json);
        print_all(&mut one_event().await, &mut printer)
            .await
            .unwrap();
        assert_eq!(out, b"{}\n");
    }

    #[tokio::test]
    async fn a_pipe_that_is_closed_is_no_failure() {
        let mut printer = Printer::new(Closed, Output::Json);
        let error = print_all(&mut one_event().await, &mut printer)
            .await
            .unwrap_err();
        assert!(is_broken_pipe(&error.into()));
        assert!(!is_broken_pipe(&anyhow::anyhow!("another")));
    }
}
