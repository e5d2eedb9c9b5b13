//! `watch`: prints events as they come.
//!
//! By itself it is a read-only view: it reads the ledger and writes nothing, so it can never take an event
//! away from the stream in production. With `--connect` it is a client like Argo's, with a source of its own unless
//! `--take-over` says that it is to be somebody else's.

use std::{
    io::{self, IsTerminal},
    process::ExitCode,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use anyhow::{Context, anyhow};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use self::print::Printer;
use super::{
    args::{Output, WatchArgs},
    counts::counted,
    ledgers::which_or_new,
    load_config, mistake,
    progress::{Progress, moments},
    read_config,
    say::say,
    signals::Signals,
    source::Unopened,
    unless_pipe_broke,
    which::Which,
};
use crate::{
    azure::Connector,
    calls::retry::Retry,
    config::{SourceConfig, source_id::source_id},
    delivery::event_channel::{EventReceiver, event_channel},
    journal::{memory::MemoryStore, number::unused_number},
    metrics::SourceStats,
    ports::{
        connect::{Connect, Opened},
        state::StateStore,
    },
    session::{Mode, Session},
};

mod client;
mod cure;
mod own;
mod print;

/// Stands for the name of a source that has none.
const UNNAMED: &str = "watch";
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
        let mut client = match client {
            Ok(client) => client,
            Err(error) => return Ok(mistake(&error)),
        };
        return match client.watch(&mut printer, args.once, &stop).await {
            Err(error) if error.is::<client::Mistyped>() => Ok(mistake(&error)),
            watched => watched.map(|()| ExitCode::SUCCESS),
        };
    }
    let config = match load_config(&args.config) {
        Ok(config) => config,
        Err(error) => return Ok(mistake(&error)),
    };
    let session = match observer(config, args, &stop).await {
        Ok(Some(session)) => session,
        Ok(None) => return Ok(ExitCode::SUCCESS),
        Err(unopened) => return unopened.told(),
    };
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

/// `None` when it was stopped before it knew its source.
async fn observer(
    config: SourceConfig,
    args: WatchArgs,
    stop: &CancellationToken,
) -> Result<Option<Session>, Unopened> {
    let opened = Connector::from(args.storage).open(&config.wanted());
    let opened = opened.map_err(|error| Unopened::Mistake(error.into()))?;
    let looked = async {
        if args.once {
            answers(&config, &opened).await?;
        }
        found(&config, &opened, args.name.as_deref()).await
    };
    let found = tokio::select! {
        found = looked => found?,
        () = stop.cancelled() => return Ok(None),
    };
    let derived = || {
        let name = args.name.as_deref().unwrap_or(UNNAMED);
        source_id(&config, name, &opened.endpoint)
    };
    let source_id = found.id().map_or_else(derived, str::to_owned);
    match &found {
        Which::NeverRan(_) if opened.state.is_some() => say(
            "read-only view of a source that has never run with this state container: all that it would announce now is \
             shown, and nothing is recorded",
        ),
        _ => say(format_args!(
            "read-only view of source {source_id}: nothing is recorded, and the server's stream is not disturbed"
        )),
    }
    let memory = || -> Arc<dyn StateStore> { Arc::new(MemoryStore::default()) };
    Ok(Some(Session {
        once: args.once,
        ..Session::new(source_id, config, opened, memory, Mode::Observe)
    }))
}

// What is to end is not to wait for a storage account that is away.
async fn answers(config: &SourceConfig, opened: &Opened) -> Result<(), Unopened> {
    let listed = opened.blobs.list(config.filter.listing_prefix(), None);
    let listed = Progress::new().during(|| "listing the container".to_owned(), listed);
    listed
        .await
        .map(drop)
        .map_err(|error| Unopened::Fault(error.into()))
}

// As patient as all that follows: `watch` waits for a storage account that is away.
async fn found(
    config: &SourceConfig,
    opened: &Opened,
    name: Option<&str>,
) -> Result<Which, Unopened> {
    let Some(state) = &opened.state else {
        return Ok(Which::NeverRan(None));
    };
    let stats = Arc::default();
    let retry = Retry::new("list state container", unused_number(), &stats);
    let which = retry.run(|| which_or_new(config, opened, state, name));
    let busy = || waits_for(&stats).unwrap_or_else(|| "looking for the source".to_owned());
    let which = Progress::new().during(busy, which).await;
    match which.context("the state container") {
        Ok(Ok(which)) => Ok(which),
        Ok(Err(told)) => Err(Unopened::Mistake(anyhow!(told))),
        Err(error) => Err(Unopened::Fault(error)),
    }
}

async fn observe(
    session: Session,
    printer: &mut Printer<impl io::Write>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let (events, mut receiver) = event_channel(CHANNEL);
    let (once, stats) = (session.once, Arc::clone(&session.stats));
    let session = tokio::spawn(session.run(events, stop.clone()));
    let printed = print_all(&mut receiver, printer, || busy(&stats)).await;
    // When printing has failed, this is what ends the session.
    drop(receiver);
    let ended = session.await.context("the session ended unexpectedly")?;
    let printed = printed?;
    ended?;
    // A sweep that was interrupted has nothing to say of the whole.
    if once && printed == 0 && !stop.is_cancelled() {
        let known = stats.ledger_blobs.load(Relaxed);
        say(format_args!(
            "nothing to announce; {known} blob versions are done already"
        ));
    }
    Ok(())
}

async fn print_all(
    events: &mut EventReceiver,
    printer: &mut Printer<impl io::Write>,
    busy: impl Fn() -> Option<String>,
) -> io::Result<u64> {
    let mut printed = 0;
    let (mut progress, mut moments) = (Progress::new(), moments());
    loop {
        tokio::select! {
            biased;
            event = events.recv() => {
                progress.clear();
                let Some(event) = event else {
                    return Ok(printed);
                };
                printer.print(&event.payload)?;
                printed += 1;
            }
            _ = moments.tick() => match busy() {
                Some(text) => progress.show(&text),
                None => progress.clear(),
            },
        }
    }
}

// What to say while there is no event: how far the sweep is, or what it waits for.
fn busy(stats: &SourceStats) -> Option<String> {
    if let Some(waits) = waits_for(stats) {
        return Some(waits);
    }
    let is_first = stats.sweeps.load(Relaxed) == 0;
    let sweep = stats.sweep.get();
    Some(match (sweep.running, sweep.next) {
        (Some(running), _) if is_first => {
            format!("first sweep: {} listed", counted(running.listed, "blob"))
        }
        (Some(running), _) => format!("sweep: {} listed", counted(running.listed, "blob")),
        (None, _) if is_first => "reading the ledger".to_owned(),
        (None, Some(next)) => format!(
            "waiting for new blobs; next sweep in {} s",
            (next - OffsetDateTime::now_utc()).whole_seconds().max(0)
        ),
        (None, None) => "waiting for new blobs".to_owned(),
    })
}

fn waits_for(stats: &SourceStats) -> Option<String> {
    let next = stats.next_try.lock().filter(|_| stats.error().is_some())?;
    let wait = (next - OffsetDateTime::now_utc()).whole_seconds().max(0);
    Some(format!(
        "the storage account does not answer as it should; next try in {wait} s"
    ))
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
        print_all(&mut one_event().await, &mut printer, || None)
            .await
            .unwrap();
        assert_eq!(out, b"{}\n");
    }

    #[tokio::test]
    async fn a_pipe_that_is_closed_is_no_failure() {
        let mut printer = Printer::new(Closed, Output::Json);
        let error = print_all(&mut one_event().await, &mut printer, || None)
            .await
            .unwrap_err();
        assert!(is_broken_pipe(&error.into()));
        assert!(!is_broken_pipe(&anyhow::anyhow!("another")));
    }
}
