//! What a source is doing, and since when.

use std::sync::atomic::Ordering::Relaxed;

use serde::Serialize;
use time::OffsetDateTime;

use crate::{metrics::SourceStats, registry::StreamState};

/// What a source is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Phase {
    /// The first sweep of this process is not complete yet.
    FirstSweep,
    /// It finds what is new.
    Watching,
    /// Something goes wrong and is tried again.
    Retrying,
    /// Nothing is confirmed, so it only probes.
    Stalled,
    /// A limit of its configuration is reached.
    Waiting,
    /// Each of its streams ends before it finds anything.
    Refused,
    /// Nobody streams it now.
    NoStream,
}

impl Phase {
    /// The first of these that holds.
    pub(super) fn of(
        stream: &StreamState,
        failing: bool,
        waits: bool,
        stats: &SourceStats,
    ) -> Self {
        let sweeps = !stats.never_sweeps.load(Relaxed);
        match (stream.live, failing) {
            _ if stream.refused_since.is_some() => Self::Refused,
            (false, _) => Self::NoStream,
            (true, _) if stats.stalled.load(Relaxed) > 0 => Self::Stalled,
            (true, true) => Self::Retrying,
            (true, false) if waits => Self::Waiting,
            (true, false) if sweeps && stats.sweeps.load(Relaxed) == 0 => Self::FirstSweep,
            (true, false) => Self::Watching,
        }
    }

    /// Since when: the latest turn of what decides that it is this one and none that comes before it.
    pub(super) fn since(self, stream: &StreamState, stats: &SourceStats) -> OffsetDateTime {
        let turns = &stats.turns;
        let decisive = [&turns.stalled, &turns.failing, &turns.paused, &turns.swept];
        let decisive = match self {
            Self::Refused => return stream.refused_since.unwrap_or(stream.since),
            Self::NoStream => &decisive[..0],
            Self::Stalled => &decisive[..1],
            Self::Retrying => &decisive[..2],
            Self::Waiting => &decisive[..3],
            Self::FirstSweep | Self::Watching => &decisive[..],
        };
        let turned = decisive.iter().filter_map(|turn| turn.at());
        turned.fold(stream.since, OffsetDateTime::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{metrics::Pause, registry::Registry};

    #[test]
    fn a_source_is_in_one_phase() {
        let registry = Registry::default();
        let source = registry.source("s");
        let stats = &*source.stats;
        let phase = |live, failing, waits| {
            let mut stream = source.stream();
            stream.live = live;
            Phase::of(&stream, failing, waits, stats)
        };
        assert_eq!(phase(true, false, false), Phase::FirstSweep);
        assert_eq!(phase(true, false, true), Phase::Waiting);
        stats.sweeps.fetch_add(1, Relaxed);
        assert_eq!(phase(true, false, false), Phase::Watching);
        assert_eq!(phase(true, false, true), Phase::Waiting);
        assert_eq!(phase(true, true, true), Phase::Retrying);
        assert_eq!(phase(false, true, true), Phase::NoStream);
        stats.stalled.fetch_add(1, Relaxed);
        assert_eq!(phase(true, true, true), Phase::Stalled);
        let number = source.started("event", "container");
        source.failed(number, "the container was not found".to_owned());
        assert_eq!(phase(false, false, false), Phase::Refused);
        // While the client tries again, too.
        source.started("event", "container");
        assert_eq!(phase(true, false, false), Phase::Refused);
    }

    #[test]
    fn a_source_that_never_sweeps_does_not_wait_for_its_first_sweep() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        source.stats.never_sweeps.store(true, Relaxed);
        let phase = Phase::of(&source.stream(), false, false, &source.stats);
        assert_eq!(phase, Phase::Watching);
    }

    #[test]
    fn a_phase_began_with_the_last_turn_of_what_decides_it() {
        let registry = Registry::default();
        let source = registry.source("s");
        source.started("event", "container");
        let mut stream = source.stream();
        stream.since = OffsetDateTime::UNIX_EPOCH;
        let since = |phase: Phase| phase.since(&stream, &source.stats);
        assert_eq!(since(Phase::Watching), OffsetDateTime::UNIX_EPOCH);
        source.stats.set_pause(Some(Pause::in_flight(1)));
        assert!(since(Phase::Waiting) > OffsetDateTime::UNIX_EPOCH);
        // A limit that is reached meanwhile does not make a failure younger.
        assert_eq!(since(Phase::Retrying), OffsetDateTime::UNIX_EPOCH);
        source.stats.set_error(1, Some("503".to_owned()));
        assert!(since(Phase::Retrying) > OffsetDateTime::UNIX_EPOCH);
        assert_eq!(since(Phase::Stalled), OffsetDateTime::UNIX_EPOCH);
        source.stats.set_stalled(true);
        assert!(since(Phase::Stalled) > OffsetDateTime::UNIX_EPOCH);
        assert_eq!(since(Phase::NoStream), OffsetDateTime::UNIX_EPOCH);
    }
}
