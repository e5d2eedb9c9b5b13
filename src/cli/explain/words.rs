//! How parts of an answer are worded. Pure.

use time::OffsetDateTime;

use super::findings::Findings;
use crate::{
    batch::rules::BatchRules,
    blob::Blob,
    cli::counts::counted,
    config::SourceConfig,
    confirm::{
        object_set::{Object, State},
        unfinished::{Holder, Workflows},
    },
    event::rfc3339,
    gate::rules::Judgement,
    state::open_batches::OpenBatch,
    text::plain::Plain,
};

/// An object, and whether it has finished at `now`.
pub(super) fn described(object: &Object, now: i64) -> String {
    let name = &object.name;
    match &object.state {
        State::Finished => format!("{name} is there, finished"),
        State::Untold => format!("{name} is there"),
        State::Unfinished(unfinished) => {
            let holder = Holder::of(name, unfinished, now);
            match holder.trouble() {
                Some(trouble) => format!("{name} is there, and {trouble}"),
                None => format!("{holder} is there, not finished"),
            }
        }
    }
}

/// What `limits.activeWorkflows` allows and who takes its places, when they make this blob wait.
pub(super) fn held<'a>(
    config: &SourceConfig,
    facts: &'a Findings,
) -> Option<(usize, &'a Workflows)> {
    let most = config.limits.active_workflows?;
    let waits = match &facts.ledger {
        Ok(standing) if standing.done => facts.asked,
        Ok(standing) => standing.next == Some(Judgement::Offer),
        Err(_) => false,
    };
    match &facts.cluster {
        Some(Ok(cluster)) if waits && !cluster.missing().is_empty() => {
            let workflows = &cluster.workflows;
            (workflows.survey.count >= most).then_some((most, workflows))
        }
        _ => None,
    }
}

pub(super) fn moment(seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(seconds).map_or_else(|_| seconds.to_string(), rfc3339)
}

pub(super) fn old_enough(config: &SourceConfig, blob: &Blob) -> i64 {
    // As a sweep has it: a part of a second counts as a whole one.
    let whole = config.min_age.as_secs() + u64::from(config.min_age.subsec_nanos() > 0);
    let age = i64::try_from(whole).unwrap_or(i64::MAX);
    blob.last_modified.saturating_add(age)
}

// When nobody works on it.
pub(super) fn stuck(object: &Object, now: i64) -> Option<Holder> {
    let State::Unfinished(unfinished) = &object.state else {
        return None;
    };
    Some(Holder::of(&object.name, unfinished, now)).filter(Holder::is_stuck)
}

/// That a blob waits for others, in a sentence.
pub(super) fn waits_in(config: &SourceConfig, batch: Option<&OpenBatch>, group: &str) -> String {
    let of = group_in_words(group);
    match batch {
        Some(batch) => format!(
            "it waits in the open batch of {of}: {} a few seconds ago, and it closes at {} if no more come",
            counted(batch.blobs as u64, "blob"),
            rfc3339(batch.closes.replace_nanosecond(0).unwrap_or(batch.closes))
        ),
        None => match config.batch.as_ref().map(closes) {
            Some(closes) => {
                format!("it will be announced with a batch of {of}, which closes {closes}")
            }
            None => format!("it will be announced with a batch of {of}"),
        },
    }
}

fn closes(rules: &BatchRules) -> String {
    match (rules.max_wait, rules.quiet) {
        (Some(wait), _) => {
            format!("at the latest {wait:?} after the first blob of its group was found")
        }
        (None, Some(quiet)) => {
            format!("when no blob of its group was found for {quiet:?}")
        }
        (None, None) => format!("when it has {}", counted(rules.max_blobs as u64, "blob")),
    }
}

/// What the names of a batch's blobs start with, in words.
pub(super) fn group_in_words(group: &str) -> String {
    match group {
        "" => "the whole container".to_owned(),
        group => format!("`{}`", Plain(group)),
    }
}
