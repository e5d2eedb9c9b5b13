//! Which blobs are done without an event, because they were there before their filter was used. Pure.

use crate::{
    config::SourceConfig,
    filter::Filter,
    gate::rules::Existing,
    ledger::facts::{Facts, FilterUse},
};

/// Since when names count as new, by the filters that a source has used.
pub(super) struct PassedOver {
    used: Vec<(Filter, i64)>,
    existing: Existing,
}

impl PassedOver {
    /// That of a source with these facts.
    pub(super) fn of(config: &SourceConfig, facts: &Facts) -> Self {
        let used = facts.baseline.iter().chain(&facts.pending);
        let compiled = |used: &FilterUse| {
            let filter = Filter::new(used.filter.clone()).ok()?;
            Some((filter, used.since))
        };
        Self {
            used: used.chain(&facts.earlier).filter_map(compiled).collect(),
            existing: config.existing,
        }
    }

    /// Since when blobs of this name count as new, in seconds since 1970; `None` when no filter that takes the name was
    /// ever used. It is the first of all that take it: what came after it was announced, whichever is in use by now.
    pub(super) fn since(&self, name: &str) -> Option<i64> {
        let used = self.used.iter().filter(|(filter, _)| filter.matches(name));
        used.map(|(_, since)| *since).min()
    }

    /// Whether a blob of this name is passed over that was last modified at this moment.
    pub(super) fn has(&self, name: &str, last_modified: i64) -> bool {
        let cutoff = match self.existing {
            // No name has to be matched.
            Existing::Emit => None,
            existing => cutoff(existing, self.since(name)),
        };
        cutoff.is_some_and(|from| last_modified < from)
    }
}

/// What was last modified before this counts as done, of names that are new `since` then.
pub(super) fn cutoff(existing: Existing, since: Option<i64>) -> Option<i64> {
    match existing {
        Existing::Emit => None,
        Existing::Skip => since,
        Existing::Since(moment) => since.map(|since| since.min(moment.unix_timestamp())),
    }
}
