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

/// How a blob stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It was announced.
    Announced,
    /// It will be, or is about to be.
    Coming,
    /// It will be once the source is not stalled any more.
    Stalled,
    /// It was not, and will not be as things are.
    NotAnnounced,
}

impl State {
    /// The name for programs.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Coming => "coming",
            Self::Stalled => "stalled",
            Self::NotAnnounced => "notAnnounced",
        }
    }
}

/// How the blob stands, and the answer in one sentence.
pub(super) fn verdict(
    config: &SourceConfig,
    facts: &Findings,
    blob: Option<&Blob>,
) -> (State, String) {
    let came = facts
        .cluster
        .as_ref()
        .and_then(|it| came(it.as_ref().ok()?, facts.now));
    if let Some((came, true)) = came {
        return (State::Announced, came);
    }
    if let Some(letter) = &facts.letter {
        return given_up(letter, facts.asked);
    }
    if let Some((came, false)) = came {
        return (State::Announced, came);
    }
    let verdict = match (blob, &facts.ledger) {
        (None, _) => "there is nothing to announce: the container has no such blob",
        (_, Ok(standing)) if standing.done => return done(standing, facts),
        _ if !config.filter.matches(&facts.name) => {
            "it is not announced: prefix and pattern do not match"
        }
        _ if !is_name(&facts.name) => {
            "it is never announced: Azure Storage does not allow such a name"
        }
        (Some(blob), _)
            if config.skip_empty && blob.size == 0 && blob.access == Access::Readable =>
        {
            "it is not announced as long as it is empty"
        }
        (_, Err(_)) => "it is not announced as long as the source does not run",
        (Some(blob), Ok(standing)) => return next(config, facts, blob, standing),
    };
    (State::NotAnnounced, verdict.to_owned())
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

fn given_up(letter: &Result<DeadLetter, String>, asked: bool) -> (State, String) {
    let what = match letter {
        Ok(letter) if letter.replay.is_some() => "its replay was sent and never confirmed",
        _ => "it was sent and never confirmed",
    };
    match asked {
        true => (
            State::Coming,
            format!("{what}, and is sent again by a retry, which is not completed yet"),
        ),
        false => (State::NotAnnounced, format!("{what}: it is a dead letter")),
    }
}

fn done(standing: &LedgerStanding, facts: &Findings) -> (State, String) {
    let (state, verdict) = match (standing.passed_over, facts.asked, &facts.cluster) {
        (_, true, _) => (
            State::Coming,
            "it is announced again by a replay, which is not completed yet",
        ),
        (true, ..) => (
            State::NotAnnounced,
            "it was not announced: it was there before the source started, or before `prefix` and `pattern` matched it",
        ),
        (.., Some(Ok(_))) => (
            State::Announced,
            "it was announced, and its object does not exist any more (its time to live is over, somebody deleted it, or somebody dropped its dead letter)",
        ),
        _ => (State::Announced, "it was announced"),
    };
    (state, verdict.to_owned())
}

fn next(
    config: &SourceConfig,
    facts: &Findings,
    blob: &Blob,
    standing: &LedgerStanding,
) -> (State, String) {
    match standing.next {
        Some(Judgement::Baseline) => (
            State::NotAnnounced,
            "it will not be announced: the first sweep with this filter ignores older blobs"
                .to_owned(),
        ),
        Some(Judgement::Unreadable(access)) => unreadable(access),
        _ => match (notified::untold(config, facts), in_batch(config, facts)) {
            (_, Some(waits)) => (is_on_its_way(facts), waits),
            (Some(why), None) => (State::NotAnnounced, why.to_owned()),
            (None, None) => (is_on_its_way(facts), coming(config, facts, blob)),
        },
    }
}

fn is_on_its_way(facts: &Findings) -> State {
    match facts.stalled {
        Some(_) => State::Stalled,
        None => State::Coming,
    }
}

// What a blob does that is on its way with others.
fn in_batch(config: &SourceConfig, facts: &Findings) -> Option<String> {
    match facts.batch.as_ref()? {
        BatchOf::Fixed { blobs, .. } => Some(format!(
            "it will be announced, or was announced and is not confirmed yet, in a batch of {}",
            counted(*blobs as u64, "blob")
        )),
        BatchOf::Open {
            batch: Some(batch),
            group,
        } => Some(waits_in(config, Some(batch), group)),
        // What holds the blob back comes first, or what the source waits for.
        BatchOf::Open { batch: None, .. } => None,
    }
}

fn unreadable(access: Access) -> (State, String) {
    let (state, verdict) = match access {
        Access::CopyFailed => (
            State::NotAnnounced,
            "it is not announced, because its copy failed",
        ),
        Access::Archived => (
            State::NotAnnounced,
            "it is not announced as long as it is in the Archive tier",
        ),
        Access::Readable | Access::Copying | Access::Rehydrating => {
            (State::Coming, "it will be announced once it can be read")
        }
    };
    (state, verdict.to_owned())
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
        None => match &facts.batch {
            Some(BatchOf::Open { batch: None, group }) => waits_in(config, None, group),
            _ => format!(
                "it will be announced {}, or was announced and is not confirmed yet",
                notified::when(config, facts)
            ),
        },
    }
}
