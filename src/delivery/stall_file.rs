//! A stalled source says so: once in the log, on the status page, and with a blob in its folder for
//! those who ask from outside of this process.

use bytes::Bytes;
use tokio::sync::watch;
use tracing::{error, info};

use super::{ownership::Ownership, unconfirmed::Unconfirmed};
use crate::{
    event::rfc3339,
    journal::source_store::SourceStore,
    ports::error::StorageError,
    state::stall::{Stalled, cure},
};

/// What is said of a stall. [`StallFileWriter`] writes it down in its own time.
pub(crate) struct StallFile {
    /// Where the objects are made, if that is one namespace.
    namespace: Option<String>,
    shown: watch::Sender<Option<Stalled>>,
}

/// Keeps the blob that says that a source is stalled.
pub(crate) struct StallFileWriter {
    source_store: SourceStore,
    /// Asked before the blob is touched: it may be that of the session that came after this one.
    ownership: Ownership,
    shown: watch::Receiver<Option<Stalled>>,
}

/// What says that `source_store`'s source is stalled, and what writes it down. `namespace` is where its objects are
/// made, if that is one.
pub(crate) fn marker(
    source_store: &SourceStore,
    ownership: &Ownership,
    namespace: Option<&str>,
) -> (StallFile, StallFileWriter) {
    let (sender, receiver) = watch::channel(None);
    let marker = StallFile {
        namespace: namespace.map(str::to_owned),
        shown: sender,
    };
    let writer = StallFileWriter {
        source_store: source_store.clone(),
        ownership: ownership.clone(),
        shown: receiver,
    };
    (marker, writer)
}

impl StallFile {
    /// Says that a stall has begun, or is over. `missing` are the objects that no waiting event has, when
    /// other things have.
    pub(crate) fn show(&self, unconfirmed: &Unconfirmed, missing: Option<String>) {
        let stall = unconfirmed.stall().filter(|stall| stall.declared);
        match (stall.is_some(), self.is_shown()) {
            (true, false) => {
                let stalled = self.told(unconfirmed, missing);
                if let Some(stalled) = &stalled {
                    error!(reason = stalled.reason, "stalled");
                }
                self.shown.send_replace(stalled);
            }
            (false, true) => {
                info!("events are confirmed again");
                self.shown.send_replace(None);
            }
            _ => {}
        }
    }

    /// Whether a stall is being told of.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown.borrow().is_some()
    }

    /// The sentence about the stall that is being told of, as of now.
    pub(crate) fn reason(
        &self,
        unconfirmed: &Unconfirmed,
        missing: Option<String>,
    ) -> Option<String> {
        let stalled = self.is_shown().then(|| self.told(unconfirmed, missing));
        let stalled = stalled.flatten();
        stalled.map(|stalled| stalled.reason)
    }

    fn told(&self, unconfirmed: &Unconfirmed, missing: Option<String>) -> Option<Stalled> {
        let cure = cure(self.namespace.as_deref());
        let namespace = self.namespace.as_deref().unwrap_or("NAMESPACE");
        let stall = unconfirmed.stall()?;
        let since = rfc3339(stall.since);
        let waiting = unconfirmed.len();
        let plural = if waiting == 1 {
            "event waits"
        } else {
            "events wait"
        };
        Some(Stalled {
            since: stall.since,
            last_confirmed: unconfirmed.last_confirmed(),
            waiting: waiting as u64,
            reason: match missing {
                Some(missing) => format!(
                    "no event has been confirmed since {since}, because no {missing} is created for any of them; {waiting} {plural}; \
                     look at the Sensor that creates it (`kubectl logs -n {namespace} -l sensor-name`); {cure}"
                ),
                None => {
                    format!("nothing has been confirmed since {since}; {waiting} {plural}; {cure}")
                }
            },
        })
    }
}

impl StallFileWriter {
    /// Writes and removes the blob for as long as the session lives. It begins by removing what an
    /// earlier session left.
    ///
    /// # Errors
    /// A refusal of the state container.
    pub(crate) async fn run(mut self) -> Result<(), StorageError> {
        let name = self.source_store.folder().stalled();
        loop {
            let shown = self.shown.borrow_and_update().clone();
            if self.ownership.ask().await.is_none() {
                return Ok(());
            }
            match shown {
                Some(stalled) => {
                    let bytes = Bytes::from(stalled.to_json());
                    let put = || self.source_store.store.put(&name, bytes.clone());
                    self.source_store
                        .retry_proven("write stall file")
                        .run(put)
                        .await?;
                }
                None => {
                    let delete = || self.source_store.store.delete(&name);
                    self.source_store
                        .retry_proven("delete stall file")
                        .run(delete)
                        .await?;
                }
            }
            if self.shown.changed().await.is_err() {
                return Ok(());
            }
        }
    }
}
