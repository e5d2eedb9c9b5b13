//! How a blob stands with its source's ledger, and what the next sweep makes of it. Pure.

use crate::{
    blob::Blob,
    cli::passed_over::PassedOver,
    config::SourceConfig,
    gate::rules::{Judgement, Rules},
    ledger::facts::Facts,
};

/// What the ledger says of a blob.
pub(super) struct LedgerStanding {
    pub(super) done: bool,
    /// Since when blobs of this name count as new, in seconds since 1970; `None` when no filter that
    /// takes the name was ever used.
    pub(super) since: Option<i64>,
    /// Whether it is done because it was there before.
    pub(super) passed_over: bool,
    /// What the next sweep makes of it; `None` when it is done, or not there.
    pub(super) next: Option<Judgement>,
}

impl LedgerStanding {
    /// How `blob`, which is or was called `name`, stands at `now` (seconds since 1970).
    pub(super) fn of(
        config: &SourceConfig,
        facts: &Facts,
        name: &str,
        blob: Option<&Blob>,
        done: bool,
        now: i64,
    ) -> Self {
        let passed_over = PassedOver::of(config, facts);
        let old = |blob: &Blob| passed_over.has(name, blob.last_modified);
        let next = blob.filter(|_| !done);
        let next = next.map(|blob| next_of(config, facts, blob, now));
        let done = done || next == Some(Judgement::Settled);
        Self {
            done,
            since: passed_over.since(name),
            passed_over: done && blob.is_some_and(old),
            next: next.filter(|_| !done),
        }
    }
}

// By the very rules of a sweep that begins with this configuration.
fn next_of(config: &SourceConfig, facts: &Facts, blob: &Blob, now: i64) -> Judgement {
    let (spec, prefix) = (config.filter.spec(), config.filter.listing_prefix());
    let facts = facts.clone().with_filter(spec, prefix, now);
    Rules::new(config.rules(), &facts).judge(&blob.as_listed(), now)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::{
        filter::{Filter, FilterSpec},
        gate::rules::Existing,
        ledger::fingerprint::FingerprintKey,
        testing,
    };

    const NARROW: &str = "raw/*.csv";
    const WIDE: &str = "raw/**";

    fn spec(pattern: &str) -> FilterSpec {
        FilterSpec {
            prefix: String::new(),
            patterns: vec![pattern.to_owned()],
        }
    }

    fn config(pattern: &str, existing: Existing) -> SourceConfig {
        let filter = Filter::new(spec(pattern)).unwrap();
        SourceConfig {
            filter,
            existing,
            ..testing::config()
        }
    }

    /// A ledger that began with the narrow filter at second 1000, and turned to the wide one at 5000.
    fn facts() -> Facts {
        let key = FingerprintKey(1, 2);
        Facts::new("c".to_owned(), key, spec(NARROW), "raw/", 1000)
            .baseline_complete()
            .with_filter(&spec(WIDE), "raw/", 5000)
    }

    fn blob(name: &str, last_modified: i64) -> Blob {
        Blob {
            name: name.to_owned(),
            etag: "0x1".to_owned(),
            last_modified,
            size: 1,
            ..Blob::default()
        }
    }

    fn done(existing: Existing, name: &str, last_modified: i64) -> bool {
        let facts = facts().baseline_complete();
        let (config, blob) = (config(WIDE, existing), blob(name, last_modified));
        LedgerStanding::of(&config, &facts, name, Some(&blob), true, 9000).passed_over
    }

    fn next(facts: &Facts, config: &SourceConfig, name: &str, last_modified: i64) -> Judgement {
        let blob = blob(name, last_modified);
        let standing = LedgerStanding::of(config, facts, name, Some(&blob), false, 9000);
        assert!(!standing.passed_over);
        standing.next.unwrap()
    }

    #[test]
    fn what_an_earlier_filter_took_was_announced() {
        // The narrow filter took it from second 1000 on, the wide one only from 5000 on.
        assert!(!done(Existing::Skip, "raw/a.csv", 2000));
        assert!(done(Existing::Skip, "raw/a.csv", 999));
        assert!(done(Existing::Skip, "raw/a.txt", 2000));
        assert!(!done(Existing::Skip, "raw/a.txt", 5000));
    }

    #[test]
    fn existing_says_what_of_the_old_was_announced() {
        assert!(!done(Existing::Emit, "raw/a.txt", 0));
        let since = OffsetDateTime::from_unix_timestamp(500).unwrap();
        assert!(!done(Existing::Since(since), "raw/a.txt", 500));
        assert!(done(Existing::Since(since), "raw/a.txt", 499));
    }

    #[test]
    fn the_next_sweep_passes_over_what_only_the_new_filter_takes() {
        let config = config(WIDE, Existing::Skip);
        let pending = facts();
        assert_eq!(
            next(&pending, &config, "raw/a.txt", 2000),
            Judgement::Baseline
        );
        assert_eq!(next(&pending, &config, "raw/a.csv", 2000), Judgement::Offer);
        assert_eq!(next(&pending, &config, "raw/a.txt", 5000), Judgement::Offer);
        let swept = facts().baseline_complete();
        assert_eq!(next(&swept, &config, "raw/a.txt", 2000), Judgement::Offer);
    }

    #[test]
    fn a_filter_that_is_not_in_use_yet_begins_now() {
        let config = config("**", Existing::Skip);
        let swept = facts().baseline_complete();
        let verdict = next(&swept, &config, "other/a.csv", 8999);
        assert_eq!(verdict, Judgement::Baseline);
        let standing = LedgerStanding::of(&config, &swept, "other/a.csv", None, false, 9000);
        assert_eq!((standing.since, standing.next), (None, None));
    }
}
