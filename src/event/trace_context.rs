//! The trace context of an event, as W3C's "Trace Context" (level 1) has it, and CloudEvents' extension
//! "Distributed Tracing" carries it: computed from the event's id, so that all pods, streams and restarts tell of one
//! event in one trace.

/// Of which events traces are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampling {
    /// The low half of an id is evenly spread: ids up to this one are kept.
    limit: Option<u64>,
}

impl Sampling {
    /// Of this share of all events: 1 is all of them, 0 none. What is beyond is taken as the nearer one.
    pub fn of(share: f64) -> Self {
        // The conversion saturates, so 1 is all.
        let limit = (share * 2_f64.powi(64)) as u64;
        Self {
            limit: (share > 0.0).then_some(limit),
        }
    }

    /// Whether a trace of this event is kept. All that know its id and the share come to the same.
    pub fn keeps(self, id: u128) -> bool {
        self.limit.is_some_and(|limit| id as u64 <= limit)
    }
}

/// The spans of an event's trace. Their ids are the same for ever, so that a span that is told twice is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanOf {
    /// The whole way, from the blob's modification to the end.
    Event = 0,
    /// From the blob's modification until its event was first sent.
    Detection = 1,
    /// From there to the end.
    Delivery = 2,
}

/// The id of one span of an event's trace; never zero, which would be none.
pub fn span_id(id: u128, span: SpanOf) -> u64 {
    let high = (id >> 64) as u64 & !0b11;
    high | if high == 0 { 0b100 } else { 0 } | span as u64
}

/// The `traceparent` of an event: what is done for it is a part of its trace, below the span of the whole way.
pub fn traceparent(id: u128, sampling: Sampling) -> String {
    let parent = span_id(id, SpanOf::Event);
    let flags = u8::from(sampling.keeps(id));
    format!("00-{id:032x}-{parent:016x}-{flags:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: u128 = 0x9262_042a_17c3_55f1_8a90_aabb_ccdd_eeff;

    #[test]
    fn the_trace_is_the_event_and_its_parent_the_whole_way() {
        assert_eq!(
            traceparent(ID, Sampling::of(1.0)),
            "00-9262042a17c355f18a90aabbccddeeff-9262042a17c355f0-01"
        );
        let flags = |share| traceparent(ID, Sampling::of(share)).split_off(53);
        assert_eq!([flags(0.5), flags(0.6), flags(0.0)], ["00", "01", "00"]);
    }

    #[test]
    fn spans_of_one_event_have_ids_of_their_own_and_none_is_zero() {
        for id in [ID, 0, 3 << 64, u128::MAX] {
            let spans = [SpanOf::Event, SpanOf::Detection, SpanOf::Delivery];
            let mut ids = spans.map(|span| span_id(id, span)).to_vec();
            ids.dedup();
            assert!(ids.len() == 3 && !ids.contains(&0), "{ids:x?}");
        }
    }

    #[test]
    fn so_many_of_all_events_are_kept() {
        let ids = || (0..1024_u128).map(|at| at << 54);
        let kept = |share| ids().filter(|id| Sampling::of(share).keeps(*id)).count();
        assert_eq!([kept(0.0), kept(1.0), kept(7.0)], [0, 1024, 1024]);
        assert!((255..=258).contains(&kept(0.25)), "{}", kept(0.25));
        assert_eq!(kept(f64::NAN), 0);
    }
}
