//! What a ledger knows beside its set: its key, when the source began, for which filter its
//! baseline was made.

use serde::{Deserialize, Serialize};

use super::fingerprint::FingerprintKey;
use crate::{blob::Version, filter::FilterSpec};

/// The ledger's format where blob versions are told by their ETags, and only ever were.
pub const FORMAT: u32 = 1;
/// The format where they are told by something else. Programs that do not know it would take all that
/// is done for new; they refuse it.
pub const FORMAT_WITH_VERSION: u32 = 2;

/// The format where not all that is done is in the set: see [`Facts::settled`]. Programs that do not know it would take
/// what was forgotten for new.
pub const FORMAT_WITH_FEED: u32 = 3;

/// How many filters that are no longer used are remembered.
const EARLIER: usize = 8;
/// How many bytes they may have together: each stream keeps them in memory.
const EARLIER_BYTES: usize = 64 * 1024;
/// How many changes of `version` that are not settled are remembered.
const EARLIER_VERSIONS: usize = 8;

/// What a ledger knows beside its set. Small, and written again as a whole when it changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// [`FORMAT`], [`FORMAT_WITH_VERSION`] or [`FORMAT_WITH_FEED`].
    pub format: u32,
    /// The container's URL. A ledger speaks of one container only.
    pub container: String,
    /// With what fingerprints are made.
    pub key: FingerprintKey,
    /// For which filter every blob that was there has been judged: the last one whose first sweep
    /// came to its end. `None` until then.
    pub baseline: Option<FilterUse>,
    /// The filter whose first sweep is not at its end yet.
    pub pending: Option<FilterUse>,
    /// Filters that were used before these, the latest last: one that comes back does not start from the beginning.
    pub earlier: Vec<FilterUse>,
    /// The shortest listing prefix that was ever swept.
    pub widest_prefix: String,
    /// What tells a blob version from others of its name.
    #[serde(default, skip_serializing_if = "is_etag")]
    pub version: Version,
    /// What did before it, the latest last, as long as something may be on its way that was announced so.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub earlier_versions: Box<[VersionUse]>,
    /// Since when blobs are gathered into batches; `None` while each is announced alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<BatchUse>,
    /// How the change feed is used; `None` while it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<Box<FeedUse>>,
    /// The filter of a source that is told of blobs by a queue alone, and so forgets what is done when some time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgets: Option<Box<FilterSpec>>,
    /// What is done although the set may not have it, the latest last.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub settled: Box<[Settled]>,
}

/// A source that reads the change feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedUse {
    /// For which filter.
    pub filter: FilterSpec,
    /// Whether all that this filter matches is found by the feed from the cursor on. Otherwise the container has to be
    /// listed: as a whole, while the feed is read.
    pub joined: bool,
}

/// What a source that reads the change feed has done and need not remember: the feed has passed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// Blobs that this filter matches,
    pub filter: FilterSpec,
    /// that were last modified at this moment or later, in seconds since 1970; `None`: at any time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// and before this moment, by the service's clock.
    pub until: i64,
}

/// What a session makes of the change feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedPlan {
    /// Nothing.
    Unused,
    /// It reads the feed, and the container is listed again and again besides.
    BesideListing,
    /// It reads the feed. Blobs from before the source may be owed: they are found by listing the container once.
    Whole,
    /// It reads the feed, and of blobs from before the source those are owed that were modified at this moment or later,
    /// in seconds since 1970.
    Since(i64),
    /// It reads the feed, and no blob is owed that was there before the source, or before a filter that matches it, at
    /// this moment, in seconds since 1970.
    New(i64),
}

// Ledgers that never knew anything else are written as they always were.
fn is_etag(version: &Version) -> bool {
    *version == Version::Etag
}

/// A way to tell blob versions, and until when it was in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionUse {
    /// The way.
    pub version: Version,
    /// Until when, by the service's clock, in seconds since 1970. What was modified by then may have been
    /// announced so.
    pub until: i64,
}

/// Batches in a source that may have announced blobs alone before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchUse {
    /// What was modified by then, by the service's clock, in seconds since 1970, may have been announced alone and has
    /// to be announced so again. `None` where there were batches from the beginning.
    pub alone_until: Option<i64>,
}

/// A filter and when it was first used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilterUse {
    /// The filter.
    pub filter: FilterSpec,
    /// When it was first used, by the service's clock, in seconds since 1970. With `existing: skip`
    /// blobs modified before are taken as done. No restart and no other filter moves it.
    pub since: i64,
}

impl Facts {
    /// The facts of a new ledger.
    pub fn new(
        container: String,
        key: FingerprintKey,
        filter: FilterSpec,
        prefix: &str,
        now: i64,
    ) -> Self {
        Self {
            format: FORMAT,
            container,
            key,
            baseline: None,
            pending: Some(FilterUse { filter, since: now }),
            earlier: Vec::new(),
            widest_prefix: prefix.to_owned(),
            version: Version::Etag,
            earlier_versions: Box::default(),
            batches: None,
            feed: None,
            forgets: None,
            settled: Box::default(),
        }
    }

    /// The facts of a new ledger, whose blobs are gathered into batches or not.
    pub fn gathered(mut self, in_batches: bool) -> Self {
        self.batches = in_batches.then_some(BatchUse { alone_until: None });
        self
    }

    /// The facts once a session gathers blobs into batches, or does not; what was modified until `until` may have been
    /// announced by the one before.
    pub fn with_batches(mut self, in_batches: bool, until: i64) -> Self {
        if in_batches != self.batches.is_some() {
            self.batches = in_batches.then_some(BatchUse {
                alone_until: Some(until),
            });
        }
        self
    }

    /// The facts of a new ledger whose blob versions are told by `version`.
    pub fn told_by(mut self, version: Version) -> Self {
        self.version = version;
        self.formatted()
    }

    /// The facts once a session tells blob versions by `version`; what was modified until `until` may
    /// have been announced as the version before.
    pub fn with_version(mut self, version: Version, until: i64) -> Self {
        if version != self.version {
            let before = std::mem::replace(&mut self.version, version);
            let used = VersionUse {
                version: before,
                until,
            };
            let known = self.earlier_versions.iter().copied();
            let surplus = (self.earlier_versions.len() + 1).saturating_sub(EARLIER_VERSIONS);
            self.earlier_versions = known.chain([used]).skip(surplus).collect();
        }
        self.formatted()
    }

    /// The facts once all is done that was on its way when `version` changed.
    pub fn versions_settled(mut self) -> Self {
        self.earlier_versions = Box::default();
        self.formatted()
    }

    fn formatted(mut self) -> Self {
        let plain = self.version == Version::Etag && self.earlier_versions.is_empty();
        self.format = match plain {
            _ if self.feed.is_some() || !self.settled.is_empty() => FORMAT_WITH_FEED,
            true => FORMAT,
            false => FORMAT_WITH_VERSION,
        };
        self
    }

    /// The facts once a session is told of blobs by a queue alone, or is not any more. What was modified before `forgotten`
    /// may have been forgotten by then.
    pub fn forgetting(mut self, filter: Option<&FilterSpec>, forgotten: i64) -> Self {
        if self.forgets.as_deref() != filter
            && let Some(before) =
                std::mem::replace(&mut self.forgets, filter.cloned().map(Box::new))
        {
            // A queue tells of no blob that was there before.
            let began = self.pending.as_ref().map(|it| it.since);
            if began.is_none_or(|began| began < forgotten) {
                self.settle_since(&before, began, forgotten);
            }
        }
        self.formatted()
    }

    /// Whether these fit a session that makes this of the feed and works with `filter`.
    pub fn fit_feed(&self, filter: &FilterSpec, plan: FeedPlan) -> bool {
        match (&self.feed, plan) {
            (None, FeedPlan::Unused) => true,
            (None, _) | (Some(_), FeedPlan::Unused) => false,
            (Some(used), FeedPlan::BesideListing) => used.filter == *filter && !used.joined,
            (Some(used), _) => used.filter == *filter,
        }
    }

    /// The facts once a session works with `filter` and makes this of the feed, from `now` on. `passed`: all changes before
    /// this moment are settled by the feed as it was used before. `is_new`: the source begins with this session.
    /// `is_told`: a queue alone has told of blobs of this filter, and what was settled by then is known.
    pub fn with_feed(
        mut self,
        (filter, plan): (&FilterSpec, FeedPlan),
        passed: Option<i64>,
        (is_new, is_told): (bool, bool),
        now: i64,
    ) -> Self {
        if self.fit_feed(filter, plan) {
            return self;
        }
        let before = self.feed.take();
        let was_joined = before.as_ref().is_some_and(|it| it.joined);
        if let (Some(before), Some(passed), true) = (&before, passed, was_joined) {
            self.settle(&before.filter, passed);
        }
        // Up to which moment all that is owed is settled. Where nobody knows, the container has to be listed.
        let settled = match (plan, before) {
            (FeedPlan::Unused, _) => return self.formatted(),
            // What the new filter matches and the old one did not is not owed, and what both match is settled. But a filter
            // that came into use before now is owed what the feed has told of since, and the old one has passed over.
            (FeedPlan::New(since), Some(_)) if was_joined && since >= now => {
                Some(passed.unwrap_or(i64::MIN))
            }
            // A new source owes nothing from before this moment.
            (FeedPlan::Since(since) | FeedPlan::New(since), None) if is_new => Some(since),
            // A queue alone has told of all that is owed so far, unless blobs from before the source are owed as well.
            (FeedPlan::New(since), None) if is_told => Some(since),
            _ => None,
        };
        if let Some(until) = settled {
            self.settle(filter, until);
        }
        self.feed = Some(Box::new(FeedUse {
            filter: filter.clone(),
            joined: settled.is_some(),
        }));
        self.formatted()
    }

    /// From when on the feed has all that is owed, in seconds since 1970, where that is known.
    pub fn feed_since(&self) -> Option<i64> {
        let filter = self.joined_filter()?;
        let settled = self.settled.iter().find(|it| it.filter == *filter);
        settled.map(|it| it.until)
    }

    fn joined_filter(&self) -> Option<&FilterSpec> {
        let used = self.feed.as_ref().filter(|it| it.joined)?;
        Some(&used.filter)
    }

    /// The facts once the container has been listed as a whole since the feed is read without a gap.
    pub fn feed_joined(mut self) -> Self {
        if let Some(used) = &mut self.feed {
            used.joined = true;
        }
        self
    }

    /// The same, and all changes before `passed` are settled by the feed.
    pub fn feed_passed(mut self, passed: Option<i64>) -> Self {
        if let (Some(filter), Some(passed)) = (self.joined_filter().cloned(), passed) {
            self.settle(&filter, passed);
        }
        self
    }

    /// The facts once the feed has a gap: what was modified at `passed` or later may be in none of its segments.
    pub fn feed_gap(self, passed: i64) -> Self {
        let mut facts = self.feed_passed(Some(passed));
        if let Some(used) = &mut facts.feed {
            used.joined = false;
        }
        facts.formatted()
    }

    fn settle(&mut self, filter: &FilterSpec, until: i64) {
        self.settle_since(filter, None, until);
    }

    // What was settled stays settled.
    fn settle_since(&mut self, filter: &FilterSpec, since: Option<i64>, until: i64) {
        let known = self.settled.iter().find(|it| it.filter == *filter);
        let since = known.map_or(since, |it| it.since.min(since));
        let until = known.map_or(until, |it| it.until.max(until));
        let others = self.settled.iter().filter(|it| it.filter != *filter);
        let others: Vec<_> = others.cloned().collect();
        let surplus = (others.len() + 1).saturating_sub(EARLIER);
        let latest = Settled {
            filter: filter.clone(),
            since,
            until,
        };
        self.settled = others.into_iter().skip(surplus).chain([latest]).collect();
    }

    /// The facts once a session works with `filter` (whose listing prefix is `prefix`) from `now` on.
    pub fn with_filter(mut self, filter: &FilterSpec, prefix: &str, now: i64) -> Self {
        self.widest_prefix = common_prefix(&self.widest_prefix, prefix).to_owned();
        self.forget_surplus();
        if self.pending.as_ref().is_some_and(|p| p.filter == *filter) {
            return self;
        }
        let unfinished = self.pending.take();
        if self.baseline.as_ref().is_none_or(|b| b.filter != *filter) {
            self.pending = Some(self.begin(filter, unfinished.as_ref(), now));
        }
        self.remember(unfinished);
        self
    }

    // What arrived under a filter that never came to its baseline is announced rather than lost: a
    // filter that replaces it begins no later.
    fn begin(
        &mut self,
        filter: &FilterSpec,
        unfinished: Option<&FilterUse>,
        now: i64,
    ) -> FilterUse {
        let before = self.earlier.iter().position(|used| used.filter == *filter);
        let before = before.map(|at| self.earlier.remove(at));
        let known = before.iter().chain(unfinished).map(|used| used.since);
        FilterUse {
            filter: filter.clone(),
            since: known.chain([now]).min().unwrap_or(now),
        }
    }

    fn remember(&mut self, used: Option<FilterUse>) {
        self.earlier.extend(used);
        self.forget_surplus();
    }

    // Who was used longest ago goes first.
    fn forget_surplus(&mut self) {
        let mut bytes = 0;
        let fit = |used: &&FilterUse| {
            bytes += used.filter.bytes();
            bytes <= EARLIER_BYTES
        };
        let kept = self.earlier.iter().rev().take(EARLIER).take_while(fit);
        let surplus = self.earlier.len() - kept.count();
        self.earlier.drain(..surplus);
    }

    /// Whether `filter` is in use, so that the moment of its first use needs not be asked for.
    pub fn know(&self, filter: &FilterSpec) -> bool {
        let in_use = self.baseline.iter().chain(&self.pending);
        in_use
            .chain(&self.earlier)
            .any(|used| used.filter == *filter)
    }

    /// The facts once a sweep with the pending filter is at its end.
    pub fn baseline_complete(mut self) -> Self {
        if let Some(pending) = self.pending.take() {
            let before = self.baseline.replace(pending);
            self.remember(before);
        }
        self
    }

    /// Whether a sweep below `prefix` shows every blob that could be in the set, so that what it does
    /// not show is gone.
    pub fn covered_by(&self, prefix: &str) -> bool {
        self.widest_prefix.starts_with(prefix)
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        // A struct of strings and numbers always has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_json(json: &[u8]) -> Option<Self> {
        let facts: Self = serde_json::from_slice(json).ok()?;
        (FORMAT..=FORMAT_WITH_FEED)
            .contains(&facts.format)
            .then_some(facts)
    }
}

fn common_prefix<'a>(one: &'a str, other: &str) -> &'a str {
    let end = one
        .char_indices()
        .zip(other.chars())
        .find(|((_, a), b)| a != b)
        .map_or(one.len().min(other.len()), |((at, _), _)| at);
    &one[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(pattern: &str) -> FilterSpec {
        FilterSpec {
            prefix: String::new(),
            patterns: vec![pattern.into()],
        }
    }

    fn new() -> Facts {
        let container = "https://account.blob.core.windows.net/datasets".into();
        Facts::new(container, FingerprintKey(1, 2), filter("a/*"), "a/", 100)
    }

    #[test]
    fn what_may_have_been_announced_alone_is_kept_apart_from_batches() {
        let alone_until = |facts: &Facts| facts.batches.map(|it| it.alone_until);
        assert_eq!(alone_until(&new().gathered(true)), Some(None));
        assert_eq!(alone_until(&new().with_batches(false, 200)), None);
        let on = new().with_batches(true, 200);
        assert_eq!(alone_until(&on), Some(Some(200)));
        // No restart moves it, and whoever turns batches off and on again starts again.
        assert_eq!(on.clone().with_batches(true, 300), on);
        let again = on.with_batches(false, 300).with_batches(true, 400);
        assert_eq!(alone_until(&again), Some(Some(400)));
        let first = new().gathered(true).with_batches(true, 500);
        assert_eq!(alone_until(&first), Some(None));
    }

    fn since(facts: &Facts) -> Option<i64> {
        facts.pending.as_ref().map(|used| used.since)
    }

    #[test]
    fn a_restart_in_mid_baseline_keeps_the_first_start() {
        assert_eq!(new().with_filter(&filter("a/*"), "a/", 900), new());
    }

    #[test]
    fn a_filter_that_replaces_an_unfinished_one_keeps_the_earlier_moment() {
        let facts = new().with_filter(&filter("b/*"), "b/", 900);
        assert_eq!(since(&facts), Some(100));
    }

    #[test]
    fn a_new_filter_after_the_baseline_begins_at_its_own_first_use() {
        let facts = new()
            .baseline_complete()
            .with_filter(&filter("**"), "", 900);
        assert_eq!(
            facts.baseline.as_ref().map(|b| &b.filter),
            Some(&filter("a/*"))
        );
        assert_eq!(since(&facts), Some(900));
    }

    #[test]
    fn a_filter_that_comes_back_begins_where_it_first_began() {
        let wide = filter("**");
        let begun = new().baseline_complete().with_filter(&wide, "", 900);
        let back = begun.clone().with_filter(&filter("a/*"), "a/", 950);
        assert_eq!(since(&back), None);
        assert_eq!(since(&back.with_filter(&wide, "", 990)), Some(900));
        let done = begun.baseline_complete();
        let narrow = done
            .with_filter(&filter("a/*"), "a/", 2000)
            .baseline_complete();
        assert_eq!(narrow.baseline.as_ref().map(|b| b.since), Some(100));
        assert_eq!(since(&narrow.with_filter(&wide, "", 3000)), Some(900));
    }

    #[test]
    fn filters_of_long_ago_are_forgotten() {
        let mut facts = new();
        for n in 0..100 {
            let next = filter(&format!("{n}/*"));
            facts = facts.with_filter(&next, "", 900 + n).baseline_complete();
        }
        assert_eq!(facts.earlier.len(), EARLIER);
        assert!(facts.know(&filter("95/*")) && !facts.know(&filter("a/*")));
    }

    #[test]
    fn long_filters_are_forgotten_sooner() {
        let long = |n: usize| FilterSpec {
            prefix: String::new(),
            patterns: vec![format!("{n}{}", "x".repeat(EARLIER_BYTES / 3)); 1],
        };
        let mut facts = new();
        for n in 0..9 {
            facts = facts.with_filter(&long(n), "", 900).baseline_complete();
        }
        assert_eq!(facts.earlier.len(), 2);
        assert!(facts.know(&long(8)) && facts.know(&long(7)) && facts.know(&long(6)));
        // An earlier version kept more.
        facts.earlier = vec![facts.earlier[0].clone(); EARLIER];
        assert_eq!(facts.with_filter(&long(8), "", 900).earlier.len(), 2);
    }

    #[test]
    fn a_ledger_is_of_the_first_format_unless_version_was_ever_another() {
        let facts = new();
        assert_eq!(facts.format, FORMAT);
        let json = String::from_utf8_lossy(&facts.to_json()).into_owned();
        assert!(!json.contains("version"), "{json}");
        let changed = facts.with_version(Version::Content, 500);
        assert_eq!(changed.format, FORMAT_WITH_VERSION);
        assert_eq!(Facts::from_json(&changed.to_json()), Some(changed.clone()));
        let back = changed.with_version(Version::Etag, 600);
        assert_eq!(back.format, FORMAT_WITH_VERSION);
        assert_eq!(back.versions_settled(), new());
    }

    #[test]
    fn changes_of_version_without_end_are_forgotten() {
        let mut facts = new();
        for n in 0..50 {
            facts = facts.with_version(Version::ALL[n % 3], 100 + n as i64);
        }
        assert_eq!(facts.earlier_versions.len(), EARLIER_VERSIONS);
        assert_eq!(facts.earlier_versions[7].until, 149);
    }

    #[test]
    fn the_widest_prefix_only_widens() {
        let facts = new().with_filter(&filter("a/b/*"), "a/b/", 1);
        assert_eq!(facts.widest_prefix, "a/");
        assert!(facts.covered_by("a/") && facts.covered_by("") && !facts.covered_by("a/b/"));
        let facts = facts.with_filter(&filter("é*"), "é", 1);
        assert_eq!(facts.widest_prefix, "");
        assert_eq!(common_prefix("éa", "éb"), "é");
    }
}
