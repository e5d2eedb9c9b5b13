//! The service: a request becomes a session, a session becomes a stream.

use std::{
    net::SocketAddr,
    pin::pin,
    sync::{Arc, atomic::Ordering::Relaxed},
};

use time::OffsetDateTime;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout},
};
use tonic::{Request, Response, Status, metadata::MetadataMap};
use tracing::{info, warn};

use super::{
    code_name::code_name,
    contract::{EventSource, eventing_server::Eventing},
    event_stream::EventStream,
    limits::{
        CONFIG_BYTES, DEAD_FOUND, NAME_BYTES, ONCE_METADATA, PROOF, TAKE_OVER_METADATA,
        WATCH_METADATA,
    },
    peer::Peer,
    reading::ConfigReader,
    status::End,
    streams::{Claim, Streams},
    take_over::needs_a_source,
    tokens::Sources,
};
use crate::{
    config::{SourceConfig, source_id::source_id},
    delivery::{
        event_channel::{EventSender, event_channel_to},
        expected::Expected,
    },
    journal::in_process::{ProcessLedgers, SourceLedgers},
    journal::number::unused_number,
    listener::connections::Connection,
    metrics::SourceStats,
    ports::{
        confirmation::Confirmations,
        connect::{Connect, Opened},
    },
    registry::{Registry, SourceEntry},
    session::{Mode, Session, SessionError, preflight::Preflight},
    traces::Traces,
};

/// How many events may wait for the transport. More would be more to send again after a break.
const CHANNEL: usize = 64;

/// `generic.Eventing`, as Argo Events calls it.
pub struct EventSourceService {
    /// Opens storage accounts.
    pub open: Arc<dyn Connect>,
    /// Opens watches over the outcome of events.
    pub confirmations: Arc<dyn Confirmations>,
    /// What is remembered of each source.
    pub registry: Arc<Registry>,
    /// The ledgers that are in memory.
    pub ledgers: ProcessLedgers,
    /// Who streams what.
    pub streams: Arc<Streams>,
    /// Reads configurations.
    pub reader: ConfigReader,
    /// Where streams tell what became of each event.
    pub traces: Traces,
}

struct StreamRequest {
    name: String,
    config: SourceConfig,
    confirm: Option<Arc<Expected>>,
    once: bool,
    /// Whether the client only watches.
    watches: bool,
    peer: Option<Peer>,
    began: Instant,
}

impl StreamRequest {
    /// Whether time alone says that an event is done, so that it must be known whether it was read.
    fn by_time(&self) -> bool {
        self.confirm.is_none() && !self.config.limits.settle.is_zero()
    }

    fn address(&self) -> Option<SocketAddr> {
        self.peer.as_ref().map(Peer::address)
    }
}

#[tonic::async_trait]
impl Eventing for EventSourceService {
    type StartEventSourceStream = EventStream;

    async fn start_event_source(
        &self,
        request: Request<EventSource>,
    ) -> Result<Response<EventStream>, Status> {
        let peer = Peer::of(&request).cloned();
        let address = peer.as_ref().map(Peer::address);
        // From here on the client is one that was let in, and does not lose its connection to others.
        let connection = request.extensions().get::<Arc<Connection>>();
        let live = connection.map(Connection::live);
        let event = beginning(&request.get_ref().name);
        match self.start(request, peer).await {
            Ok(stream) => Ok(Response::new(stream.keeping(live))),
            // Which is what the client asked for, or mistyped.
            Err(Refused {
                end: end @ (End::Taken(_) | End::NothingToTakeOver { .. }),
                ..
            }) => Err(Status::from(&end)),
            Err(Refused { end, source }) => {
                let status = Status::from(&end);
                note_refused(&self.registry, (&event, &source), &status);
                let peer = address.map(tracing::field::display);
                // The status's words have no control characters, whatever the request had.
                warn!(peer, reason = status.message(), "a stream was refused");
                Err(status)
            }
        }
    }
}

impl EventSourceService {
    async fn start(
        &self,
        request: Request<EventSource>,
        peer: Option<Peer>,
    ) -> Result<EventStream, Refused> {
        let began = Instant::now();
        let once = asks(request.metadata(), ONCE_METADATA);
        let watches = asks(request.metadata(), WATCH_METADATA);
        let takes_over = asks(request.metadata(), TAKE_OVER_METADATA);
        let allowed = request.extensions().get::<Sources>().cloned();
        let EventSource { name, config } = request.into_inner();
        if config.len() > CONFIG_BYTES {
            return Err(End::TooLong(config.len()).into());
        }
        if name.len() > NAME_BYTES {
            return Err(End::LongName(name.len()).into());
        }
        let config = self.reader.read(config).await?;
        let config = if watches {
            config.unconfirmed()
        } else {
            config
        };
        let opened = self.open.open(&config.wanted());
        let opened = opened.map_err(|error| Refused {
            source: config.id.clone().unwrap_or_default(),
            end: error.into(),
        })?;
        let id = source_id(&config, &name, &opened.endpoint);
        let refused = |end| Refused {
            source: id.clone(),
            end,
        };
        if allowed.as_ref().is_some_and(|it| !it.allow(&id)) {
            return Err(refused(End::NotAllowed(id.clone())));
        }
        if takes_over {
            let state = opened.state.as_ref();
            let may_know = |id: &str| allowed.as_ref().is_none_or(|it| it.allow(id));
            let known = needs_a_source((&id, &name), &self.registry, state, may_know);
            known.await.map_err(refused)?;
        }
        let confirm = Expected::open(&*self.confirmations, &config.confirm).await;
        let confirm = confirm.map_err(|error| refused(SessionError::from(error).into()))?;
        let asked = StreamRequest {
            name,
            config,
            confirm,
            once,
            watches,
            peer,
            began,
        };
        let access = access(&id, &asked, &opened, Arc::default());
        // Asked for only where a stream that looks alive would have to end.
        let proof = async {
            match watches {
                true => Err(End::Taken(id.clone())),
                false => proven_in_time(&access).await,
            }
        };
        let claim = self.streams.claim(&id, &access.container, proof).await;
        let claim = claim.map_err(refused)?;
        warn_of_short_settle(&id, &asked.config);
        let source = self.registry.source(&id);
        Ok(self.stream(asked, opened, claim, source))
    }

    fn stream(
        &self,
        asked: StreamRequest,
        opened: Opened,
        claim: Claim,
        source: Arc<SourceEntry>,
    ) -> EventStream {
        let by_time = asked.by_time();
        let peer = asked.peer.as_ref().filter(|_| by_time);
        let (events, receiver) = event_channel_to(peer.and_then(Peer::reading), CHANNEL);
        let (end, ended) = oneshot::channel();
        let stream = EventStream::new(
            asked.name.clone(),
            by_time,
            receiver,
            ended,
            self.streams.shutdown(),
            claim.client_gone().drop_guard(),
        );
        let mut running = Running::start(&asked, &claim, source.clone());
        let (registry, event) = (Arc::clone(&self.registry), beginning(&asked.name));
        let ledgers = self.ledgers.of(&source.id);
        let watches = asked.watches;
        let traces = self.traces.clone();
        self.streams.spawn(async move {
            let kept = (&*source, &*ledgers, traces);
            let who = (event.as_str(), source.id.as_str());
            let begun = || registry.refusals.began(who);
            let result = run(asked, opened, kept, (events, &claim), begun).await;
            if running.end(&result)
                && let Err(end) = &result
            {
                note_refused(&registry, who, &Status::from(end));
            }
            drop(running);
            // Nobody has to do anything about a person who has seen enough.
            if watches {
                registry.forget(&source.id);
            }
            // The next stream may start as soon as the claim is dropped, so that goes last of all
            // that concerns the source.
            drop(claim);
            // When nobody listens any more, nobody needs to know.
            let _ = end.send(result.map_err(|end| Status::from(&end)));
        });
        stream
    }
}

/// Why a stream does not start.
struct Refused {
    /// The source's name, where it is known.
    source: String,
    end: End,
}

impl From<End> for Refused {
    fn from(end: End) -> Self {
        Self {
            source: String::new(),
            end,
        }
    }
}

fn note_refused(registry: &Registry, who: (&str, &str), status: &Status) {
    let now = OffsetDateTime::now_utc();
    let code = code_name(status.code());
    registry.refusals.note(who, code, status.message(), now);
}

fn warn_of_short_settle(source: &str, config: &SourceConfig) {
    let settle = config.limits.settle;
    if settle < DEAD_FOUND && config.confirm.is_empty() {
        warn!(
            source,
            ?settle,
            "`limits.settle` is shorter than the {DEAD_FOUND:?} within which a client that vanished is noticed: \
             events that it never received may count as done"
        );
    }
}

// A name may be as long as a request; the length is judged later.
fn beginning(name: &str) -> String {
    name.chars().take(NAME_BYTES).collect()
}

fn asks(metadata: &MetadataMap, what: &str) -> bool {
    metadata.get(what).is_some_and(|it| it == "1")
}

fn container_url(asked: &StreamRequest, opened: &Opened) -> String {
    format!("{}/{}", opened.endpoint, asked.config.container)
}

fn access(id: &str, asked: &StreamRequest, opened: &Opened, stats: Arc<SourceStats>) -> Preflight {
    Preflight {
        source_id: id.to_owned(),
        container: container_url(asked, opened),
        blobs: Arc::clone(&opened.blobs),
        prefix: asked.config.filter.listing_prefix().to_owned(),
        state: opened.state.clone(),
        queue: opened.queue.clone(),
        feed: opened.feed.clone(),
        confirm: asked.confirm.clone(),
        seed: unused_number(),
        stats,
    }
}

// For a newcomer that would take over: it may not wait as long as a stream of its own may.
async fn proven_in_time(access: &Preflight) -> Result<(), End> {
    // It is there until it was asked what it waits for.
    let mut proof = pin!(access.prove());
    match timeout(PROOF, &mut proof).await {
        Ok(proof) => Ok(proof?),
        Err(_) => Err(End::Unproven {
            source_id: access.source_id.clone(),
            why: access.waits_for(),
        }),
    }
}

fn session(
    asked: StreamRequest,
    opened: Opened,
    source: &SourceEntry,
    ledgers: &SourceLedgers,
) -> Session {
    let container = container_url(&asked, &opened);
    Session {
        once: asked.once,
        confirm: asked.confirm,
        retained: Arc::clone(&ledgers.retained),
        stats: source.stats.clone(),
        began: asked.began,
        ..Session::new(
            source.id.clone(),
            asked.config,
            opened,
            || ledgers.in_memory(&container),
            Mode::Record,
        )
    }
}

async fn run(
    asked: StreamRequest,
    opened: Opened,
    (source, ledgers, traces): (&SourceEntry, &SourceLedgers, Traces),
    (events, claim): (EventSender, &Claim),
    begun: impl FnOnce(),
) -> Result<(), End> {
    let access = access(&source.id, &asked, &opened, source.stats.clone());
    let stop = claim.stop();
    // The session takes the ledger from other servers, and finds the one in memory.
    let proof = async {
        if !claim.is_proven() {
            access.prove().await?;
            claim.prove();
        }
        Ok(())
    };
    let proven = tokio::select! {
        biased;
        () = stop.cancelled() => None,
        () = events.closed() => None,
        proof = proof => Some(proof),
    };
    let result = match proven {
        None => Ok(()),
        Some(Err(error)) => Err(error),
        Some(Ok(())) => {
            begun();
            let mut session = session(asked, opened, source, ledgers);
            session.traces = traces;
            session.run(events, stop).await
        }
    };
    match (claim.why_stopped(), result) {
        // Once a session was told to stop, why it was told so is what the client needs to know.
        (Some(why), Ok(())) => Err(why),
        (Some(why), Err(error)) => {
            warn!(%error, "a session that had to stop did not end cleanly");
            Err(why)
        }
        (None, Err(error)) => {
            if let SessionError::TakenOver(_) = error {
                claim.lost_to_another_server();
            }
            Err(error.into())
        }
        (None, Ok(())) => Ok(()),
    }
}

/// A stream's entry in the registry, which is closed even if the session panics.
struct Running {
    source: Arc<SourceEntry>,
    stream: u64,
    why: Option<String>,
    /// Whether the registry knows its end.
    is_told: bool,
}

impl Running {
    fn start(asked: &StreamRequest, claim: &Claim, source: Arc<SourceEntry>) -> Self {
        let container = &asked.config.container;
        info!(
            source = %source.id,
            event = %asked.name.escape_debug(),
            container,
            once = asked.once,
            took_over = claim.took_over,
            peer = asked.address().map(tracing::field::display),
            "stream started"
        );
        source.take_overs.fetch_add(claim.took_over.into(), Relaxed);
        let stream = source.started(&asked.name, container);
        Self {
            source,
            stream,
            why: Some("it ended early".to_owned()),
            is_told: false,
        }
    }

    /// Returns whether the stream was refused: it ended before its session came to work.
    fn end(&mut self, result: &Result<(), End>) -> bool {
        self.why = result.as_ref().err().map(ToString::to_string);
        match (result, &self.why) {
            (Err(End::Session(error)), Some(why))
                if !matches!(error, SessionError::TakenOver(_)) =>
            {
                self.is_told = true;
                self.source.failed(self.stream, why.clone())
            }
            _ => false,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let source = &self.source.id;
        match &self.why {
            Some(reason) => warn!(source, reason, "stream ended"),
            None => info!(source, "stream ended: it was complete, or the client left"),
        }
        if !self.is_told {
            self.source.ended(self.stream, self.why.take());
        }
    }
}
