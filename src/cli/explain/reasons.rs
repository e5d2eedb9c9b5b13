//! From what is known of a blob to the reasons, in the order in which they decide. Pure.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::facts::{Facts, Ledger, Storage};
use crate::{
    blob::Blob,
    cli::report::Step,
    config::{Existing, SourceConfig},
    confirm::index::Object,
    filter::Why,
};

/// Why a blob was announced or not.
pub(super) struct Reasons {
    pub(super) steps: Vec<Step>,
    /// Whether it was, or will be.
    pub(super) announced: bool,
    /// The answer in one sentence.
    pub(super) verdict: String,
}

/// The chain of reasons, and what follows from it.
pub(super) fn reasons(config: &SourceConfig, facts: &Facts) -> Reasons {
    let blob = match &facts.storage {
        Storage::There(blob) => Some(blob),
        _ => None,
    };
    let steps = [
        Some(filter_step(config, &facts.name)),
        Some(storage_step(&facts.storage, &facts.name)),
        blob.and_then(|blob| empty_step(config, blob)),
        blob.and_then(|blob| age_step(config, blob, facts.now)),
        Some(ledger_step(facts, blob)),
        facts.letter.as_ref().map(letter_step),
        facts.stalled.as_ref().map(|stalled| {
            Step::warn(
                "stalled",
                stalled.reason.clone(),
                "nothing is lost: what waits is sent once something is confirmed",
            )
        }),
        facts.object.as_ref().map(|object| match object {
            Ok(Some(object)) => Step::ok("object", described(object)),
            Ok(None) => Step::skip(
                "object",
                "the cluster has no object with the id of this blob version",
            ),
            Err(error) => Step::warn(
                "object",
                error.to_string(),
                "the reasons above hold without it",
            ),
        }),
    ];
    let (announced, verdict) = verdict(config, facts, blob);
    Reasons {
        steps: steps.into_iter().flatten().collect(),
        announced,
        verdict,
    }
}

fn filter_step(config: &SourceConfig, name: &str) -> Step {
    let prefix = &config.filter.spec().prefix;
    match config.filter.explain(name) {
        Why::All => Step::ok("filter", "prefix and pattern take it".to_owned()),
        Why::Matched(pattern) => Step::ok("filter", format!("the pattern `{pattern}` matches")),
        Why::OtherPrefix => Step::fail(
            "filter",
            format!("it does not start with the prefix `{prefix}`"),
            PATTERN,
        ),
        Why::Excluded(pattern) => Step::fail(
            "filter",
            format!("the pattern `{pattern}` excludes it"),
            PATTERN,
        ),
        Why::NoPattern => Step::fail("filter", "none of the patterns matches".to_owned(), PATTERN),
    }
}

const PATTERN: &str = "patterns are about the whole name, `*` stays within a folder and `**` does not; change `prefix` or `pattern`";

fn storage_step(storage: &Storage, name: &str) -> Step {
    match storage {
        Storage::There(blob) => Step::ok(
            "storage",
            format!(
                "{} bytes, last modified {}, ETag {}",
                blob.size,
                moment(blob.last_modified),
                blob.etag
            ),
        ),
        Storage::Directory => Step::fail(
            "storage",
            "it is a directory".to_owned(),
            "directories are no blobs: name a file in it",
        ),
        Storage::Missing {
            meant: Some(meant), ..
        } => Step::fail(
            "storage",
            "the container has no such blob".to_owned(),
            format!("did you mean `{}`?", meant.escape_debug()),
        ),
        Storage::Missing { neighbours, .. } if neighbours.is_empty() => Step::fail(
            "storage",
            "the container has no such blob".to_owned(),
            format!(
                "nor any other in the same folder; was `{}` uploaded elsewhere?",
                name.escape_debug()
            ),
        ),
        Storage::Missing { neighbours, .. } => {
            let names: Vec<_> = neighbours
                .iter()
                .map(|name| name.escape_debug().to_string())
                .collect();
            Step::fail(
                "storage",
                "the container has no such blob".to_owned(),
                format!("in the same folder are: {}", names.join(", ")),
            )
        }
    }
}

fn empty_step(config: &SourceConfig, blob: &Blob) -> Option<Step> {
    let skipped = config.skip_empty && blob.size == 0;
    skipped.then(|| {
        Step::fail(
            "size",
            "it is empty, and `skipEmpty` is on".to_owned(),
            "write something into it, or turn `skipEmpty` off",
        )
    })
}

fn age_step(config: &SourceConfig, blob: &Blob, now: i64) -> Option<Step> {
    let from = old_enough(config, blob);
    (now < from).then(|| {
        let text = format!("`minAge` holds it back until {}", moment(from));
        Step::skip("age", &text)
    })
}

fn ledger_step(facts: &Facts, blob: Option<&Blob>) -> Step {
    let ledger = match &facts.ledger {
        Ok(ledger) => ledger,
        Err(problem) => {
            return Step::fail(
                "ledger",
                problem.clone(),
                "a source runs once an EventSource with this configuration is connected",
            );
        }
    };
    let since = ledger.since.map_or_else(
        || "has not been used yet".to_owned(),
        |since| format!("is in use since {}", moment(since)),
    );
    let Some(blob) = blob else {
        return Step::skip(
            "ledger",
            &format!("this filter {since}; of a blob that is not there nothing is known"),
        );
    };
    match (ledger.done, passed_over(ledger, blob)) {
        (true, true) => Step::fail(
            "ledger",
            format!(
                "done without being sent: this filter {since}, the blob is older, and `existing` passes such blobs over"
            ),
            "`replay --blob` announces it all the same",
        ),
        (true, false) => Step::ok("ledger", format!("done; this filter {since}")),
        (false, _) => Step::skip("ledger", &format!("not done yet; this filter {since}")),
    }
}

fn letter_step(letter: &Result<crate::dead_letter::DeadLetter, String>) -> Step {
    match letter {
        Ok(letter) => Step::fail(
            "letter",
            format!(
                "given up after {} attempts, the last at {}: {}",
                letter.attempts,
                rfc3339(letter.last_sent),
                letter.last_reason
            ),
            "mend what kept it, then `dead-letters retry`",
        ),
        Err(problem) => Step::fail(
            "letter",
            format!("there is a dead letter, and {problem}"),
            "`dead-letters drop` removes it, `replay --blob` announces the blob",
        ),
    }
}

fn verdict(config: &SourceConfig, facts: &Facts, blob: Option<&Blob>) -> (bool, String) {
    if let Some(Ok(Some(object))) = &facts.object {
        return (true, format!("it was announced: {}", described(object)));
    }
    if facts.letter.is_some() {
        return (
            false,
            "it was sent and given up: it is a dead letter".to_owned(),
        );
    }
    let Some(blob) = blob else {
        return (
            false,
            "there is nothing to announce: the container has no such blob".to_owned(),
        );
    };
    if let Ok(Ledger { done: true, .. }) = &facts.ledger {
        return done(config, facts, blob);
    }
    if !config.filter.matches(&facts.name) {
        return (
            false,
            "it is not announced: prefix and pattern do not take it".to_owned(),
        );
    }
    if config.skip_empty && blob.size == 0 {
        return (
            false,
            "it is not announced as long as it is empty".to_owned(),
        );
    }
    let Ok(ledger) = &facts.ledger else {
        return (
            false,
            "it is not announced as long as the source does not run".to_owned(),
        );
    };
    if !ledger.swept
        && ledger.since.is_none_or(|_| passed_over(ledger, blob))
        && ledger.skips_existing
    {
        return (
            false,
            "the first sweep with this filter is not complete; older blobs are passed over by it"
                .to_owned(),
        );
    }
    (true, coming(config, facts, blob))
}

fn done(config: &SourceConfig, facts: &Facts, blob: &Blob) -> (bool, String) {
    let passed = facts
        .ledger
        .as_ref()
        .is_ok_and(|ledger| passed_over(ledger, blob));
    match (passed, &facts.object) {
        (true, _) if config.existing != Existing::Emit => {
            (false, "it was not announced: it was there before the source, or before its filter".to_owned())
        }
        (_, Some(Ok(None))) => (true, "it was announced, and what came of it is gone by now (by its time to live, or by hand)".to_owned()),
        _ => (true, "it was announced".to_owned()),
    }
}

fn coming(config: &SourceConfig, facts: &Facts, blob: &Blob) -> String {
    let from = old_enough(config, blob);
    match &facts.stalled {
        Some(stalled) => format!(
            "it will be announced, or has been and waits: the source is stalled since {}",
            rfc3339(stalled.since)
        ),
        None if facts.now < from => format!(
            "it will be announced after {}, when it is old enough",
            moment(from)
        ),
        None => format!(
            "it will be announced by the next sweep (every {:?}), or has been and waits to be confirmed",
            config.interval
        ),
    }
}

fn passed_over(ledger: &Ledger, blob: &Blob) -> bool {
    ledger.skips_existing && ledger.since.is_some_and(|since| blob.last_modified < since)
}

fn old_enough(config: &SourceConfig, blob: &Blob) -> i64 {
    let age = i64::try_from(config.min_age.as_secs()).unwrap_or(i64::MAX);
    blob.last_modified.saturating_add(age)
}

fn described(object: &Object) -> String {
    let state = if object.finished {
        "finished"
    } else {
        "not finished"
    };
    format!("{} is there, {state}", object.name)
}

fn moment(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| seconds.to_string(), rfc3339)
}

fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests;
