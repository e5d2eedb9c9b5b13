//! What became of one event, and the spans that say so. Pure.

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use time::OffsetDateTime;

use crate::event::{
    EventId,
    trace_context::{SpanOf, span_id},
};

/// The way of one event, from its blob to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Journey {
    /// The event.
    pub id: EventId,
    /// The source's id.
    pub source: String,
    /// The URL of the container.
    pub container: String,
    /// The blob's name, or the batch in words.
    pub about: String,
    /// When the blob was last modified; unknown of a batch, and of no use where it is announced again.
    pub modified: Option<OffsetDateTime>,
    /// Each time that this stream sent it, or the first and the last; empty when its objects were there before.
    pub sent: Vec<OffsetDateTime>,
    /// How often this stream sent it.
    pub attempts: u32,
    /// When it ended.
    pub ended: OffsetDateTime,
    /// How it ended.
    pub outcome: Outcome,
}

/// How an event ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It was sent, and nothing confirms it.
    Sent,
    /// The objects that it must have are there, such as `Workflow argo/train-abc`.
    Confirmed(Vec<String>),
    /// It was given up, and why.
    DeadLetter(String),
}

impl Journey {
    /// Its spans, the whole way first.
    pub fn spans(&self) -> Vec<SpanData> {
        let modified = self.modified;
        let first = self.sent.first().copied();
        let begin = modified.or(first).unwrap_or(self.ended).min(self.ended);
        let mut spans = vec![self.span(SpanOf::Event, begin, self.ended)];
        // The service's clock and ours may differ.
        if let (Some(modified), Some(first)) = (modified, first) {
            spans.push(self.span(SpanOf::Detection, modified.min(first), first));
        }
        if let Some(first) = first {
            spans.push(self.span(SpanOf::Delivery, first.min(self.ended), self.ended));
        }
        spans
    }

    fn span(&self, of: SpanOf, start: OffsetDateTime, end: OffsetDateTime) -> SpanData {
        let id = |of| SpanId::from_bytes(span_id(self.id.0, of).to_be_bytes());
        let (parent_span_id, name, span_kind) = match of {
            SpanOf::Event => (SpanId::INVALID, "blob event", SpanKind::Internal),
            SpanOf::Detection => (id(SpanOf::Event), "detect", SpanKind::Internal),
            SpanOf::Delivery => (id(SpanOf::Event), "deliver", SpanKind::Producer),
        };
        let trace = TraceId::from_bytes(self.id.0.to_be_bytes());
        let context = SpanContext::new(
            trace,
            id(of),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        );
        SpanData {
            span_context: context,
            parent_span_id,
            parent_span_is_remote: false,
            span_kind,
            name: name.into(),
            start_time: start.into(),
            end_time: end.into(),
            attributes: self.attributes(of),
            dropped_attributes_count: 0,
            events: match of {
                SpanOf::Delivery => self.sendings(),
                SpanOf::Event | SpanOf::Detection => SpanEvents::default(),
            },
            links: SpanLinks::default(),
            status: match (&self.outcome, of) {
                (_, SpanOf::Detection) => Status::Unset,
                (Outcome::DeadLetter(reason), _) => Status::error(reason.clone()),
                (Outcome::Confirmed(_), _) => Status::Ok,
                (Outcome::Sent, _) => Status::Unset,
            },
            instrumentation_scope: InstrumentationScope::builder(env!("CARGO_PKG_NAME"))
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        }
    }

    // CloudEvents' names of OpenTelemetry's semantic conventions (1.37), and our own behind `eventsource.`.
    fn attributes(&self, of: SpanOf) -> Vec<KeyValue> {
        let id = KeyValue::new("cloudevents.event_id", self.id.to_hex());
        match of {
            SpanOf::Detection => vec![id],
            SpanOf::Event => {
                let mut all = vec![
                    id,
                    KeyValue::new("cloudevents.event_source", self.container.clone()),
                    KeyValue::new("eventsource.name", self.source.clone()),
                    KeyValue::new("eventsource.subject", self.about.clone()),
                    KeyValue::new("eventsource.outcome", self.outcome.name()),
                ];
                if let Outcome::Confirmed(made) = &self.outcome {
                    all.push(KeyValue::new("eventsource.made", made.join(", ")));
                }
                all
            }
            SpanOf::Delivery => {
                vec![
                    id,
                    KeyValue::new("eventsource.attempts", i64::from(self.attempts)),
                ]
            }
        }
    }

    fn sendings(&self) -> SpanEvents {
        let event = |(at, time): (usize, &OffsetDateTime)| {
            let name = if at == 0 { "sent" } else { "sent again" };
            Event::new(name, (*time).into(), Vec::new(), 0)
        };
        let mut events = SpanEvents::default();
        events.events = self.sent.iter().enumerate().map(event).collect();
        events
    }
}

impl Outcome {
    fn name(&self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Confirmed(_) => "confirmed",
            Self::DeadLetter(_) => "dead-letter",
        }
    }
}

#[cfg(test)]
mod tests;
