//! One session with its client, and how it ends.

use std::sync::{Arc, atomic::Ordering::SeqCst};

use azure_blob_eventsource::{
    delivery::event_channel::event_channel,
    metrics::SourceStats,
    session::{Mode, Session},
    traces::Traces,
};
use testkit::{crash::CrashAfter, event_grid::Version, queue::FakeQueue};
use tokio_util::sync::CancellationToken;
use tracing::trace;

use super::{CONTAINER, Mutant, Running, SOURCE, World};
use crate::{
    batches::Reader,
    client::{Client, Manner},
    mutants::MutantListing,
};

impl World {
    pub(super) fn start(&mut self, manner: Manner, polls: u64, once: bool) -> Running {
        self.writers += 1;
        let real = self.listing.clone().count_ranges(Arc::clone(&self.ranges));
        let blobs = Arc::new(MutantListing {
            real: Arc::new(match self.raging.load(SeqCst) && self.rng.chance(500) {
                true => real.empty_once(self.rng.below(6), Arc::clone(&self.blanks)),
                false => real,
            }),
            mutant: self.mutant,
        });
        let stats = Arc::new(SourceStats::default());
        self.stats.push(Arc::clone(&stats));
        let session = Session {
            source_id: SOURCE.into(),
            endpoint: "https://account.blob.core.windows.net".into(),
            config: self.config.clone(),
            blobs,
            queue: self.notified.as_ref().map(|it| it.opened(self.mutant)),
            feed: self.fed.as_ref().map(|it| match self.mutant {
                Mutant::CursorAhead => it.opened_ahead(),
                _ => it.opened(),
            }),
            state: Arc::clone(&self.state),
            writer: self.writers,
            mode: Mode::Record,
            once,
            confirm: None,
            smallest_range: self.smallest_range,
            rollover: self.rollover,
            forgetting: self.forgetting,
            retained: Arc::default(),
            stats,
            traces: Traces::default(),
            began: tokio::time::Instant::now(),
        };
        trace!(writer = self.writers, ?manner, polls, "session starts");
        let stop = CancellationToken::new();
        let (out, events) = event_channel(4);
        let run = session.run(out, stop.clone());
        let lost = CancellationToken::new();
        let client = Client {
            manner,
            lost: lost.clone(),
            rng: self.rng.fork(),
            deliveries: self.deliveries.clone(),
            reader: Reader {
                account: self.account.clone(),
                container: CONTAINER,
                mutant: self.mutant,
                session: self.writers,
            },
            acknowledges: self.acknowledged_at_send(),
        };
        // What waits in a server that ends is lost with it, unless it ended because all was said.
        let session = async move {
            let ended = CrashAfter::new(run, polls).await;
            if !(once && matches!(ended, Some(Ok(())))) {
                lost.cancel();
            }
            ended
        };
        Running {
            session: tokio::spawn(session),
            client: tokio::spawn(client.receive(events)),
            stop,
        }
    }

    /// Lets a session end as it should, and returns what its client received.
    pub(super) async fn stop(&self, running: Running) -> Result<Vec<Version>, String> {
        running.stop.cancel();
        match running.session.await.unwrap() {
            Some(Ok(())) => Ok(running.client.await.unwrap()),
            other => Err(format!("a session in calm weather ended with {other:?}")),
        }
    }

    // What a wrong program does that deletes messages when their events are sent.
    fn acknowledged_at_send(&self) -> Option<FakeQueue> {
        let notified = self.notified.as_ref();
        let wrong = self.mutant == Mutant::AckAtSend;
        notified.filter(|_| wrong).map(|it| it.queues.queue.clone())
    }
}
