//! From what is known of a blob to the reasons, in the order in which they decide. Pure.

use super::{
    batches::BatchOf,
    findings::{Cluster, Findings, Part},
    notified,
    search::Storage,
    standing::LedgerStanding,
    verdict::{State, verdict},
    words::{described, group_in_words, held, moment, old_enough, stuck, waits_in},
};
use crate::{
    blob::{Access, Blob, BlobType, MAX_NAME, Version, characters, is_name},
    cli::{counts::counted, nearby::Nearby, passed_over::cutoff, report::Step},
    config::SourceConfig,
    confirm::{error::ConfirmError, unfinished::Workflows},
    event::rfc3339,
    filter::Why,
    gate::rules::Existing,
    state::dead_letter::DeadLetter,
    text::{age::Age, plain::Plain},
};

/// Why a blob was announced or not.
pub(super) struct Reasons {
    pub(super) steps: Vec<Step>,
    pub(super) state: State,
    /// The answer in one sentence.
    pub(super) verdict: String,
}

impl Reasons {
    /// Whether it was announced, or will be.
    pub(super) fn is_announced(&self) -> bool {
        self.state != State::NotAnnounced
    }
}

/// The chain of reasons, and what follows from it.
pub(super) fn reasons(config: &SourceConfig, facts: &Findings) -> Reasons {
    let blob = match &facts.storage {
        Storage::There(blob) => Some(blob),
        _ => None,
    };
    let steps = [
        Some(filter_step(config, &facts.name)),
        name_step(&facts.name),
        Some(storage_step(&facts.storage, &facts.name)),
        blob.and_then(access_step),
        blob.and_then(|blob| empty_step(config, blob)),
        blob.and_then(|blob| growth_step(config, blob)),
        blob.and_then(|blob| age_step(config, blob, facts.now)),
        Some(ledger_step(config, facts, blob)),
        facts.letter.as_ref().map(letter_step),
        facts
            .looping
            .as_ref()
            .map(|it| Step::warn("loop", it.seen(), it.cure())),
        facts.asked.then(|| {
            let text = "a replay or a retry asks for it, and the live stream has not done it yet";
            Step::ok("request", text.to_owned())
        }),
        facts.stalled.as_ref().map(|stalled| {
            Step::warn(
                "stalled",
                stalled.reason.clone(),
                "nothing is lost: waiting events are sent when an event is confirmed again",
            )
        }),
    ];
    let mut steps: Vec<_> = steps.into_iter().flatten().collect();
    steps.extend(
        facts
            .batch
            .as_ref()
            .map(|it| batch_step(config, it, facts.now)),
    );
    steps.extend(notified::steps(config, facts, blob));
    let objects = facts.cluster.as_ref();
    steps.extend(objects.map_or_else(Vec::new, |it| object_steps(it, facts.now)));
    steps.extend(held(config, facts).map(|(most, workflows)| limit_step(most, workflows)));
    let (state, verdict) = verdict(config, facts, blob);
    Reasons {
        steps,
        state,
        verdict,
    }
}

fn filter_step(config: &SourceConfig, name: &str) -> Step {
    let prefix = &config.filter.spec().prefix;
    match config.filter.explain(name) {
        Why::All => Step::ok("filter", "prefix and pattern match".to_owned()),
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

fn name_step(name: &str) -> Option<Step> {
    (!is_name(name)).then(|| {
        Step::fail(
            "name",
            format!(
                "it has {} characters, and Azure Storage allows 1 to {MAX_NAME}",
                characters(name)
            ),
            "such a blob is never announced: rename it",
        )
    })
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
                Plain(&blob.etag)
            ),
        ),
        Storage::Directory => Step::fail(
            "storage",
            "it is a directory, or an empty blob that stands for a directory".to_owned(),
            "directories are not announced, nor are empty blobs whose name ends in `/` or \
             `_$folder$`, or with `hdi_isfolder=true` in the metadata: name a file in it",
        ),
        Storage::Missing(Nearby {
            meant: Some(meant), ..
        }) => Step::fail(
            "storage",
            "the container has no such blob".to_owned(),
            format!("did you mean `{}`?", Plain(meant)),
        ),
        Storage::Missing(Nearby { neighbours, .. }) if neighbours.is_empty() => Step::fail(
            "storage",
            "the container has no such blob".to_owned(),
            format!(
                "the same folder has no other blob either; was `{}` uploaded elsewhere?",
                Plain(name)
            ),
        ),
        Storage::Missing(Nearby { neighbours, .. }) => {
            let names: Vec<_> = neighbours
                .iter()
                .map(|name| Plain(name).to_string())
                .collect();
            Step::fail(
                "storage",
                "the container has no such blob".to_owned(),
                format!("in the same folder are: {}", names.join(", ")),
            )
        }
    }
}

fn access_step(blob: &Blob) -> Option<Step> {
    Some(match blob.access {
        Access::Readable => return None,
        Access::Copying => Step::skip(
            "access",
            "it is being copied, and its content is not complete",
        ),
        Access::CopyFailed => Step::fail(
            "access",
            "its copy failed or was aborted, so its content is not complete".to_owned(),
            "copy it again, or delete it",
        ),
        Access::Archived => Step::fail(
            "access",
            "it is in the Archive tier, where nothing can read it".to_owned(),
            "`az storage blob set-tier --tier Hot` makes it readable within hours; then it is announced, if it was not announced before",
        ),
        Access::Rehydrating => Step::skip(
            "access",
            "it is being rehydrated from the Archive tier, which takes hours, and cannot be read yet",
        ),
    })
}

fn empty_step(config: &SourceConfig, blob: &Blob) -> Option<Step> {
    if blob.size > 0 || blob.access != Access::Readable {
        return None;
    }
    Some(match config.skip_empty {
        true => Step::fail(
            "size",
            "it is empty, and `skipEmpty` is on".to_owned(),
            "write something into it, or turn `skipEmpty` off",
        ),
        false => Step::warn(
            "size",
            "it is empty".to_owned(),
            skip_empty_advice(config.version),
        ),
    })
}

/// Why to pass over blobs of no bytes.
pub(in crate::cli) fn skip_empty_advice(version: Version) -> &'static str {
    match version {
        Version::Name => {
            "with `version: name` an empty blob that gets its content later is announced while it is empty, and \
             never again: set `skipEmpty: true`"
        }
        Version::Etag | Version::Content => {
            "a blob that is created empty and gets its content later is announced twice: set `skipEmpty: true`"
        }
    }
}

fn growth_step(config: &SourceConfig, blob: &Blob) -> Option<Step> {
    let grows = blob.blob_type == BlobType::AppendBlob && config.min_age.is_zero();
    grows.then(|| {
        Step::warn(
            "growth",
            "it is an append blob".to_owned(),
            min_age_advice(config.version),
        )
    })
}

/// Why to wait until an append blob does not grow any more.
pub(in crate::cli) fn min_age_advice(version: Version) -> &'static str {
    match version {
        Version::Name => {
            "with `version: name` an append blob is announced by the first sweep that sees it, even \
             if it grows later: set `minAge` to longer than the pauses in which it grows"
        }
        Version::Etag | Version::Content => {
            "an append blob is announced by each sweep that finds it grown: set `minAge` to longer than the pauses in \
             which it grows, and it is announced once, when it is complete"
        }
    }
}

fn age_step(config: &SourceConfig, blob: &Blob, now: i64) -> Option<Step> {
    let from = old_enough(config, blob);
    (now < from).then(|| {
        let text = format!("`minAge` holds it back until {}", moment(from));
        Step::skip("age", &text)
    })
}

fn ledger_step(config: &SourceConfig, facts: &Findings, blob: Option<&Blob>) -> Step {
    let standing = match &facts.ledger {
        Ok(standing) => standing,
        Err(problem) => {
            return Step::fail(
                "ledger",
                problem.clone(),
                "a source runs once an EventSource with this configuration is connected",
            );
        }
    };
    let since = since(config, facts, standing);
    if blob.is_none() {
        let text = format!("{since}; nothing more is known about a blob that does not exist");
        return Step::skip("ledger", &text);
    }
    match standing {
        LedgerStanding {
            passed_over: true, ..
        } => Step::fail(
            "ledger",
            passed_over(config, standing),
            "`replay --blob` announces it anyway",
        ),
        LedgerStanding { done: true, .. } => Step::ok("ledger", format!("done; {since}")),
        _ => Step::skip("ledger", &format!("not done yet; {since}")),
    }
}

fn since(config: &SourceConfig, facts: &Findings, standing: &LedgerStanding) -> String {
    match standing.since {
        Some(since) => format!(
            "`prefix` and `pattern` have matched this name since {}",
            moment(since)
        ),
        None if config.filter.matches(&facts.name) => {
            "no sweep has used this `prefix` and `pattern` yet".to_owned()
        }
        None => "`prefix` and `pattern` have never matched this name".to_owned(),
    }
}

fn passed_over(config: &SourceConfig, standing: &LedgerStanding) -> String {
    let from = cutoff(config.existing, standing.since);
    let when = match from == standing.since {
        true => ", when `prefix` and `pattern` began to match this name",
        false => "",
    };
    let existing = match config.existing {
        Existing::Skip => "skip".to_owned(),
        Existing::Emit => "emit".to_owned(),
        Existing::Since(from) => format!("{{since: {}}}", rfc3339(from)),
    };
    format!(
        "it counts as done without an event: it was last modified before {}{when}, and the configuration has `existing: {existing}`",
        from.map(moment).unwrap_or_default()
    )
}

fn batch_step(config: &SourceConfig, batch: &BatchOf, now: i64) -> Step {
    match batch {
        BatchOf::Fixed {
            id,
            group,
            blobs,
            closed_by,
            done,
        } => {
            let closed = closed_by.map(|bound| format!(", closed by `{bound}`"));
            let age = |at: i64| Age((now - at).max(0).unsigned_abs());
            let done = done.map(|at| format!(", done {} ago", age(at)));
            Step::ok(
                "batch",
                format!(
                    "it is in the batch {} of {} in {}{}{}",
                    id.to_hex(),
                    counted(*blobs as u64, "blob"),
                    group_in_words(group),
                    closed.unwrap_or_default(),
                    done.unwrap_or_default()
                ),
            )
        }
        BatchOf::Open { batch, group } => {
            Step::skip("batch", &waits_in(config, batch.as_ref(), group))
        }
    }
}

fn letter_step(letter: &Result<DeadLetter, String>) -> Step {
    match letter {
        Ok(letter) => Step::fail(
            "letter",
            format!(
                "a dead letter after {} attempts, the last at {}: {}",
                letter.attempts,
                rfc3339(letter.last_sent),
                Plain(&letter.last_reason)
            ),
            format!(
                "fix the cause, then send it again: `dead-letters retry --config FILE --name {} {}`",
                Plain(&letter.place.source_id),
                letter.id().to_hex()
            ),
        ),
        Err(problem) => Step::fail(
            "letter",
            format!("there is a dead letter, and {problem}"),
            "`dead-letters drop` removes it, `replay --blob` announces the blob",
        ),
    }
}

fn object_steps(cluster: &Result<Cluster, ConfirmError>, now: i64) -> Vec<Step> {
    match cluster {
        Ok(cluster) => {
            let step = |part| object_step(part, cluster, now);
            cluster.parts.iter().map(step).collect()
        }
        Err(error) => vec![Step::warn(
            "object",
            error.to_string(),
            "the lines above are valid without this one",
        )],
    }
}

fn object_step(part: &Part, cluster: &Cluster, now: i64) -> Step {
    let several = cluster.parts.len() > 1;
    let Some(object) = &part.object else {
        let what = if several { &part.what } else { "object" };
        let text = format!("the cluster has no {what} with the id of this blob version");
        return Step::skip("object", &text);
    };
    let mut text = described(object, now);
    if several {
        text = format!("{}: {text}", part.what);
    }
    match stuck(object, now) {
        Some(stuck) => Step::warn("object", text, stuck.cure(&cluster.workflows.namespace)),
        None => Step::ok("object", text),
    }
}

fn limit_step(most: usize, workflows: &Workflows) -> Step {
    let advice = workflows.complaint();
    let advice =
        advice.unwrap_or_else(|| "it is sent when enough of them have finished".to_owned());
    Step::warn("limit", workflows.places(most, 0), advice)
}

#[cfg(test)]
mod tests;
