//! Takes what became of events to the collector, many at a time, and says when it cannot.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::trace::SpanExporter as _;
use tokio::{
    sync::mpsc,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tracing::{info, warn};

use super::{
    Kept, Traces,
    journey::Journey,
    otlp::{self, NoCollector},
};
use crate::event::trace_context::Sampling;

/// Events that wait for the collector. What comes beyond is dropped: delivery never waits for traces.
const WAITING: usize = 4096;
/// Events that go into one call.
const BATCH: usize = 256;
/// How long the first of them waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// How long an end of the server waits for the last ones.
const FLUSH: Duration = Duration::from_secs(1);

/// Where traces go.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Its URL, such as `http://collector:4318`.
    pub endpoint: String,
    /// Of which events traces are kept.
    pub sampling: Sampling,
}

/// What takes traces to the collector, until nobody has any more.
pub struct Exporting(JoinHandle<()>);

impl Collector {
    /// Begins: what is told to the [`Traces`] goes to the collector.
    ///
    /// # Errors
    /// The endpoint cannot be used. That nobody answers there is no error: it is logged, and traces are dropped.
    pub fn start(&self, pod: Option<&str>) -> Result<(Traces, Exporting), NoCollector> {
        let exporter = otlp::exporter(&self.endpoint, pod)?;
        let (out, journeys) = mpsc::channel(WAITING);
        let lost = Arc::<AtomicU64>::default();
        let traces = Traces(Some(Kept {
            sampling: self.sampling,
            out,
            lost: Arc::clone(&lost),
        }));
        let mut export = Export {
            exporter,
            endpoint: self.endpoint.clone(),
            lost,
            fails: false,
        };
        let task = tokio::spawn(async move { export.run(journeys).await });
        Ok((traces, Exporting(task)))
    }
}

impl Exporting {
    /// Waits for what is on its way. All [`Traces`] must be gone by then, or it waits in vain, for a second.
    pub async fn end(self) {
        let task = self.0.abort_handle();
        if timeout(FLUSH, self.0).await.is_err() {
            task.abort();
        }
    }
}

struct Export {
    exporter: SpanExporter,
    endpoint: String,
    lost: Arc<AtomicU64>,
    fails: bool,
}

impl Export {
    async fn run(&mut self, mut journeys: mpsc::Receiver<Journey>) {
        let mut batch = Vec::new();
        while journeys.recv_many(&mut batch, BATCH).await > 0 {
            let more = async {
                while batch.len() < BATCH {
                    let room = BATCH - batch.len();
                    if journeys.recv_many(&mut batch, room).await == 0 {
                        break;
                    }
                }
            };
            tokio::select! {
                () = more => {}
                () = sleep(GATHER) => {}
            }
            self.send(&mut batch).await;
        }
    }

    async fn send(&mut self, batch: &mut Vec<Journey>) {
        let spans = batch.iter().flat_map(Journey::spans).collect();
        let sent = self.exporter.export(spans).await;
        let events = batch.len() as u64;
        batch.clear();
        let endpoint = &self.endpoint;
        match sent {
            Ok(()) if self.fails => {
                let lost = self.lost.swap(0, Relaxed);
                info!(
                    endpoint,
                    lost,
                    "the collector accepts traces again; the traces of {lost} events were dropped"
                );
                self.fails = false;
            }
            Ok(()) => {}
            Err(error) => {
                self.lost.fetch_add(events, Relaxed);
                if !self.fails {
                    warn!(
                        endpoint,
                        %error,
                        "the collector does not accept traces: they are dropped, and events are \
                         delivered as before. It must accept OTLP over HTTP, which usually has port \
                         4318"
                    );
                }
                self.fails = true;
            }
        }
    }
}
