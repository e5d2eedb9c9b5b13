//! How the blobs that match stand with the ledger: which of them wait longer than they should, and which are done without
//! an event. Pure.

use std::time::Duration;

use crate::{
    blob::BlobRef,
    cli::{counts::counted, passed_over::PassedOver, report::Step, source::LedgerContents},
    config::SourceConfig,
    gate::{
        identity::Identity,
        rules::{Judgement, Rules},
    },
    ledger::done_set::DoneSet,
    text::{age::Age, plain::Plain},
};

/// How long a sweep, an event and its Workflow may take.
const WORK: Duration = Duration::from_secs(60);
/// How long notifications may take in a queue.
const QUEUE: Duration = Duration::from_secs(600);
/// How long changes may take to be in the change feed, and a bit.
const FEED: Duration = Duration::from_secs(2 * 3600);

/// Counts blobs that match, one after the other.
pub(super) struct Standing<'a> {
    done: &'a DoneSet,
    identity: Identity,
    rules: Rules,
    before: PassedOver,
    /// `None`: nobody can say how long is too long.
    patience: Option<Duration>,
    now: i64,
    /// How many are done without an event.
    pub(super) passed_over: u64,
    /// Whether there are blobs that were not looked at.
    pub(super) is_partial: bool,
    /// How many wait for too long.
    late: u64,
    /// The name and the age of the one that waits longest.
    oldest: Option<(String, u64)>,
}

impl<'a> Standing<'a> {
    /// With the source's ledger, at `now` (seconds since 1970).
    pub(super) fn new(config: &SourceConfig, known: &'a LedgerContents, now: i64) -> Self {
        let facts = known.facts.clone();
        let (spec, prefix) = (config.filter.spec(), config.filter.listing_prefix());
        Self {
            done: &known.contents.done,
            identity: Identity::new(&facts.clone().with_version(config.version, now)),
            before: PassedOver::of(config, &facts),
            rules: Rules::new(config.rules(), &facts.with_filter(spec, prefix, now)),
            patience: patience(config),
            now,
            passed_over: 0,
            is_partial: false,
            late: 0,
            oldest: None,
        }
    }

    /// Looks at a blob that matches.
    pub(super) fn look(&mut self, blob: &BlobRef<'_>) {
        if self.identity.is_done(self.done, blob) {
            self.passed_over += u64::from(self.before.has(blob.name, blob.last_modified));
            return;
        }
        let age = self.now.saturating_sub(blob.last_modified);
        let age = u64::try_from(age).unwrap_or_default();
        let is_late = self.patience.is_some_and(|it| age > it.as_secs());
        if !is_late || self.rules.judge(blob, self.now) != Judgement::Offer {
            return;
        }
        self.late += 1;
        if self.oldest.as_ref().is_none_or(|(_, oldest)| *oldest < age) {
            self.oldest = Some((blob.name.to_owned(), age));
        }
    }

    /// What is said of blobs that wait for too long. `is_told`: the cause is told already.
    pub(super) fn step(&self, config: &SourceConfig, is_told: bool) -> Option<Step> {
        let (name, age) = self.oldest.as_ref()?;
        let (name, age) = (Plain(name), Age(*age));
        let text = match self.late {
            1 => format!("1 matching blob is not done: {name} is {age} old"),
            late => format!(
                "{} are not done: the oldest, {name}, is {age} old",
                counted(late, "matching blob")
            ),
        };
        let advice = match (is_told, config.confirm.is_empty()) {
            (true, _) => "they wait for the reason above".to_owned(),
            (false, true) => format!("{NO_STREAM}; {IF_ONE_IS} `limits.inFlight`"),
            (false, false) => format!(
                "{NO_STREAM}; {IF_ONE_IS} `limits.inFlight`, or Workflows that do not end keep `limits.activeWorkflows` full"
            ),
        };
        Some(Step::warn("waiting", text, advice))
    }
}

/// What to do when nobody streams a source.
pub(super) const NO_STREAM: &str = "perhaps no EventSource is connected: see on the server's status page whether the source \
                                    has a stream, and with `kubectl get pods -l eventsource-name` whether the pod of the EventSource runs";

/// What it is where somebody does.
const IF_ONE_IS: &str = "if one is connected, the events may wait for";

/// How old a blob may be that is not done yet; `None` where a batch may be kept open without a limit.
fn patience(config: &SourceConfig) -> Option<Duration> {
    let found = match (config.listing, config.change_feed) {
        (true, _) => 2 * config.interval,
        (false, true) => FEED,
        (false, false) => QUEUE,
    };
    let batch = match &config.batch {
        None => Duration::ZERO,
        Some(rules) => rules.max_wait?,
    };
    let all = [config.min_age, batch, WORK];
    Some(all.into_iter().fold(found, Duration::saturating_add))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{
        batch::rules::{BatchRules, By},
        gate::rules::Existing,
        ledger::{Contents, facts::Facts, fingerprint::FingerprintKey},
        testing,
    };

    const KEY: FingerprintKey = FingerprintKey(1, 2);

    /// A source that began at second 1000, and has done these.
    fn known(config: &SourceConfig, done: &[&str]) -> LedgerContents {
        let spec = config.filter.spec().clone();
        let facts = Facts::new("c".to_owned(), KEY, spec, "raw/", 1000).baseline_complete();
        let mut contents = Contents::default();
        for name in done {
            contents.done.restore(KEY.of(name, "0x1"));
        }
        LedgerContents { facts, contents }
    }

    fn looked(config: &SourceConfig, blobs: &[(&str, i64)], now: i64) -> (u64, String) {
        let known = known(config, &["raw/old.csv", "raw/new.csv"]);
        let mut standing = Standing::new(config, &known, now);
        for (name, last_modified) in blobs {
            standing.look(&BlobRef {
                name,
                etag: "0x1",
                size: 1,
                last_modified: *last_modified,
                ..BlobRef::default()
            });
        }
        let step = standing.step(config, false);
        let text = step.map_or_else(String::new, |it| it.to_json().to_string());
        (standing.passed_over, text)
    }

    #[test]
    fn what_is_done_is_told_apart_by_whether_it_had_an_event() {
        let blobs = [("raw/old.csv", 900), ("raw/new.csv", 1100)];
        let mut config = testing::config();
        assert_eq!(looked(&config, &blobs, 9000), (1, String::new()));
        config.existing = Existing::Emit;
        assert_eq!(looked(&config, &blobs, 9000), (0, String::new()));
    }

    #[test]
    fn what_waits_for_longer_than_it_takes_is_a_warning() {
        let config = testing::config();
        let blobs = [
            ("raw/a.csv", 2000),
            ("raw/b.csv", 1900),
            ("raw/c.csv", 2990),
        ];
        let (_, text) = looked(&config, &blobs, 3000);
        assert!(
            text.contains(
                "2 matching blobs are not done: the oldest, raw/b.csv, is 18 min 20 s old"
            ),
            "{text}"
        );
        assert!(
            text.contains("perhaps no EventSource is connected"),
            "{text}"
        );
        // A sweep that has not come yet, one that ended just now, and what is held back.
        assert_eq!(looked(&config, &blobs[2..], 3000).1, "");
        let patient = SourceConfig {
            min_age: Duration::from_secs(3600),
            ..config
        };
        assert_eq!(looked(&patient, &blobs, 3000).1, "");
    }

    #[test]
    fn a_batch_that_may_wait_for_ever_is_waited_for() {
        let rules = |max_wait| BatchRules {
            by: By::All,
            max_blobs: 1000,
            max_bytes: None,
            max_wait,
            quiet: Some(Duration::from_secs(60)),
            keep: Duration::ZERO,
        };
        let config = |max_wait| SourceConfig {
            batch: Some(rules(max_wait)),
            ..testing::config()
        };
        assert_eq!(patience(&config(None)), None);
        let wait = Duration::from_secs(300);
        assert_eq!(
            patience(&config(Some(wait))),
            Some(Duration::from_secs(420))
        );
    }
}
