//! The answer that follows from all that is known of a blob. Pure.

use super::{
    batches::BatchOf,
    findings::{Cluster, Findings},
    notified,
    standing::LedgerStanding,
    words::{described, held, moment, old_enough, waits_in},
};
use crate::{
    blob::{Access, Blob, is_name},
    cli::counts::counted,
    config::SourceConfig,
    event::rfc3339,
    gate::rules::Judgement,
    state::dead_letter::DeadLetter,
};

/// Whether the blob was or will be announced, and the answer in one sentence.
pub(super) fn verdict(
    config: &SourceConfig,
    facts: &Findings,
    blob: Option<&Blob>,
) -> (bool, String) {
    let came = facts
        .cluster
        .as_ref()
        .and_then(|it| came(it.as_ref().ok()?, facts.now));
    if let Some((came, true)) = came {
        return (true, came);
    }
    if let Some(letter) = &facts.letter {
        return given_up(letter, facts.asked);
    }
    if let Some((came, false)) = came {
        return (true, came);
    }
    let (announced, verdict) = match (blob, &facts.ledger) {
        (None, _) => (
            false,
            "there is nothing to announce: the container has no such blob",
        ),
        (_, Ok(standing)) if standing.done => return done(standing, facts),
        _ if !config.filter.matches(&facts.name) => (
            false,
            "it is not announced: prefix and pattern do not match",
        ),
        _ if !is_name(&facts.name) => (
            false,
            "it is never announced: Azure Storage allows no such name",
        ),
        (Some(blob), _)
            if config.skip_empty && blob.size == 0 && blob.access == Access::Readable =>
        {
            (false, "it is not announced as long as it is empty")
        }
        (_, Err(_)) => (
            false,
            "it is not announced as long as the source does not run",
        ),
        (Some(blob), Ok(standing)) => return next(config, facts, blob, standing),
    };
    (announced, verdict.to_owned())
}

/// The outcome of the event so far, and whether that is all; `None` when nothing did.
fn came(cluster: &Cluster, now: i64) -> Option<(String, bool)> {
    let there: Vec<_> = cluster.objects().map(|it| described(it, now)).collect();
    let missing = cluster.missing();
    let there = (!there.is_empty()).then(|| there.join("; "))?;
    Some(match missing.is_empty() {
        true => (format!("it was announced: {there}"), true),
        false => {
            let missing = missing.join(" and ");
            (
                format!("it was announced: {there}; it has no {missing} yet"),
                false,
            )
        }
    })
}

fn given_up(letter: &Result<DeadLetter, String>, asked: bool) -> (bool, String) {
    let what = match letter {
        Ok(letter) if letter.replay.is_some() => "its replay was sent and never confirmed",
        _ => "it was sent and never confirmed",
    };
    match asked {
        true => (
            true,
            format!("{what}, and is sent again by a retry, which is not completed yet"),
        ),
        false => (false, format!("{what}: it is a dead letter")),
    }
}

fn done(standing: &LedgerStanding, facts: &Findings) -> (bool, String) {
    let (announced, verdict) = match (standing.passed_over, facts.asked, &facts.cluster) {
        (_, true, _) => (
            true,
            "it is announced again by a replay, which is not completed yet",
        ),
        (true, ..) => (
            false,
            "it was not announced: it was there before the source, or before its filter",
        ),
        (.., Some(Ok(_))) => (
            true,
            "it was announced, and its object does not exist any more (its time to live is over, somebody deleted it, or somebody dropped its dead letter)",
        ),
        _ => (true, "it was announced"),
    };
    (announced, verdict.to_owned())
}

fn next(
    config: &SourceConfig,
    facts: &Findings,
    blob: &Blob,
    standing: &LedgerStanding,
) -> (bool, String) {
    match standing.next {
        Some(Judgement::Baseline) => (
            false,
            "it will not be announced: the first sweep with this filter ignores older blobs"
                .to_owned(),
        ),
        Some(Judgement::Unreadable(access)) => unreadable(access),
        _ => match (notified::untold(config, facts), in_batch(facts)) {
            (_, Some(waits)) => (true, waits),
            (Some(why), None) => (false, why.to_owned()),
            (None, None) => (true, coming(config, facts, blob)),
        },
    }
}

// What a blob does that is on its way with others.
fn in_batch(facts: &Findings) -> Option<String> {
    match facts.batch.as_ref()? {
        BatchOf::Fixed { blobs, .. } => Some(format!(
            "it will be announced, or was announced and is not confirmed yet, in a batch of {}",
            counted(*blobs as u64, "blob")
        )),
        BatchOf::Open {
            batch: Some(batch),
            group,
        } => Some(waits_in(Some(batch), group)),
        BatchOf::Open { batch: None, .. } => None,
    }
}

fn unreadable(access: Access) -> (bool, String) {
    let (announced, verdict) = match access {
        Access::CopyFailed => (false, "it is not announced, because its copy failed"),
        Access::Archived => (
            false,
            "it is not announced as long as it is in the Archive tier",
        ),
        Access::Readable | Access::Copying | Access::Rehydrating => {
            (true, "it will be announced once it can be read")
        }
    };
    (announced, verdict.to_owned())
}

fn coming(config: &SourceConfig, facts: &Findings, blob: &Blob) -> String {
    let from = old_enough(config, blob);
    if let (None, Some((most, workflows))) = (&facts.stalled, held(config, facts)) {
        return format!(
            "it will be announced when fewer than {most} Workflows are unfinished \
             (`limits.activeWorkflows`); now there are {}",
            workflows.survey.count
        );
    }
    match &facts.stalled {
        Some(stalled) => format!(
            "it will be announced, or was announced and is not confirmed yet: the source is stalled since {}",
            rfc3339(stalled.since)
        ),
        None if facts.now < from => format!(
            "it will be announced after {}, when it is old enough",
            moment(from)
        ),
        None => format!(
            "it will be announced {}, or was announced and is not confirmed yet",
            notified::when(config, facts)
        ),
    }
}
