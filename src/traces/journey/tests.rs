#![allow(clippy::unwrap_used)]
use super::*;

const ID: EventId = EventId(0x9262_042a_17c3_55f1_8a90_aabb_ccdd_eeff);

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(seconds).unwrap()
}

fn journey() -> Journey {
    Journey {
        id: ID,
        source: "datasets".into(),
        container: "https://account.blob.core.windows.net/datasets".into(),
        about: "raw/a.csv".into(),
        modified: Some(at(100)),
        sent: vec![at(107), at(130)],
        attempts: 3,
        ended: at(133),
        outcome: Outcome::Confirmed(vec!["Workflow argo/train-1".into()]),
    }
}

fn times(spans: &[SpanData]) -> Vec<(&str, OffsetDateTime, OffsetDateTime)> {
    let all = spans.iter();
    all.map(|it| (&*it.name, it.start_time.into(), it.end_time.into()))
        .collect()
}

#[test]
fn a_confirmed_event_is_one_trace_of_three_spans() {
    let spans = journey().spans();
    assert_eq!(
        times(&spans),
        [
            ("blob event", at(100), at(133)),
            ("detect", at(100), at(107)),
            ("deliver", at(107), at(133))
        ]
    );
    let whole = spans[0].span_context.span_id();
    assert_eq!(spans[0].parent_span_id, SpanId::INVALID);
    assert!(spans[1..].iter().all(|span| span.parent_span_id == whole));
    let trace = TraceId::from_hex(&ID.to_hex()).unwrap();
    assert!(
        spans
            .iter()
            .all(|span| span.span_context.trace_id() == trace && span.span_context.is_sampled())
    );
    let said: Vec<(_, OffsetDateTime)> = spans[2]
        .events
        .iter()
        .map(|it| (&*it.name, it.timestamp.into()))
        .collect();
    assert_eq!(said, [("sent", at(107)), ("sent again", at(130))]);
    assert_eq!(spans[0].status, Status::Ok);
    let made = spans[0]
        .attributes
        .iter()
        .find(|it| it.key.as_str() == "eventsource.made");
    assert_eq!(made.unwrap().value.as_str(), "Workflow argo/train-1");
}

#[test]
fn a_dead_letter_is_an_error_with_its_reason() {
    let spans = Journey {
        outcome: Outcome::DeadLetter("no Workflow was made".into()),
        ..journey()
    }
    .spans();
    assert_eq!(spans[0].status, Status::error("no Workflow was made"));
    assert_eq!(spans[1].status, Status::Unset);
}

#[test]
fn what_was_there_before_it_was_sent_and_clocks_that_differ_make_no_negative_times() {
    let unsent = Journey {
        sent: Vec::new(),
        ..journey()
    };
    assert_eq!(times(&unsent.spans()), [("blob event", at(100), at(133))]);
    let batch = Journey {
        modified: None,
        ..journey()
    };
    assert_eq!(
        times(&batch.spans()),
        [
            ("blob event", at(107), at(133)),
            ("deliver", at(107), at(133))
        ]
    );
    let ahead = Journey {
        modified: Some(at(500)),
        ..journey()
    };
    assert!(ahead.spans().iter().all(|it| it.start_time <= it.end_time));
}
