//! What a queue of notifications means for one blob. Pure.

use super::{findings::Findings, queues::Queues};
use crate::{
    blob::Blob,
    cli::{poison::PoisonMessage, report::Step},
    config::SourceConfig,
    event::rfc3339,
    ports::notifications::BATCH,
    text::plain::Plain,
};

/// Where its notification is.
pub(super) fn steps(config: &SourceConfig, facts: &Findings, blob: Option<&Blob>) -> Vec<Step> {
    let Some(queues) = &facts.queues else {
        return Vec::new();
    };
    let poison = match &queues.poison {
        Ok(sight) => match &sight.found {
            Some(message) => Some(poison_step(config, facts, blob, message)),
            None => not_shown(sight.not_shown).map(|more| {
                let text = format!("none of the visible poison messages is about it; {more}");
                Step::skip("poison", &text)
            }),
        },
        Err(problem) => Some(Step::warn("poison", problem.clone(), OTHERS_HOLD)),
    };
    let queue = is_open(config, facts, blob).then(|| queue_step(config, queues));
    queue.into_iter().chain(poison).collect()
}

// What finds a blob that no notification tells of.
fn other_way(config: &SourceConfig) -> &'static str {
    match config.listing {
        true => "the next sweep",
        false => "the change feed",
    }
}

const OTHERS_HOLD: &str = "the other lines are valid without this one";

// What is done needs no notification, and what nobody wants has none that counts.
fn is_open(config: &SourceConfig, facts: &Findings, blob: Option<&Blob>) -> bool {
    let done = facts.ledger.as_ref().map_or(true, |standing| standing.done);
    blob.is_some() && !done && config.filter.matches(&facts.name)
}

fn queue_step(config: &SourceConfig, queues: &Queues) -> Step {
    let sight = match &queues.waiting {
        Ok(sight) => sight,
        Err(problem) => return Step::warn("queue", problem.clone(), OTHERS_HOLD),
    };
    if let Some(waiting) = &sight.found {
        let since = rfc3339(waiting.inserted);
        let times = match waiting.delivered {
            0 => String::new(),
            delivered => format!(", and was delivered again {delivered} times"),
        };
        let text = format!("a notification of it has waited in the queue since {since}{times}");
        return Step::ok("queue", text);
    }
    let none = "none of the visible notifications in the queue is about it";
    match (not_shown(sight.not_shown), config.is_queue_alone()) {
        (Some(more), _) => Step::skip("queue", &format!("{none}; {more}")),
        (None, false) => Step::skip("queue", &format!("{none}: {} finds it", other_way(config))),
        (None, true) if queues.poison.as_ref().is_ok_and(|it| it.found.is_some()) => {
            Step::skip("queue", none)
        }
        (None, true) => Step::fail(
            "queue",
            "no notification of it is in the queue, and without `source.listing` nothing else finds it".to_owned(),
            "Event Grid delivers within a day or never; `replay --blob` writes a notification now",
        ),
    }
}

fn poison_step(
    config: &SourceConfig,
    facts: &Findings,
    blob: Option<&Blob>,
    message: &PoisonMessage,
) -> Step {
    let reason = message.reason.as_deref();
    let text = format!(
        "its notification of {} became a poison message: {}",
        rfc3339(message.inserted),
        Plain(reason.unwrap_or("it does not say why"))
    );
    let command = |what: &str| {
        format!(
            "dead-letters {what} --config FILE --name {} {}",
            Plain(&facts.source_id),
            Plain(&message.id)
        )
    };
    let done = facts.ledger.as_ref().is_ok_and(|standing| standing.done);
    let retry = format!(
        "fix the cause, then `{}` puts it back into the queue",
        command("retry")
    );
    match blob {
        None => {
            let advice = format!("the blob is not there any more: `{}`", command("drop"));
            Step::warn("poison", text, advice)
        }
        Some(_) if done => {
            let advice = format!("the blob is done anyway: `{}`", command("drop"));
            Step::warn("poison", text, advice)
        }
        Some(_) if config.is_queue_alone() => Step::fail("poison", text, retry),
        Some(_) => {
            let advice = format!("{retry}; {} finds the blob without it", other_way(config));
            Step::warn("poison", text, advice)
        }
    }
}

fn not_shown(count: u64) -> Option<String> {
    (count > 0).then(|| {
        format!(
            "about {count} are not visible: a queue shows only its first {} messages, and no message that a program works on",
            BATCH.end()
        )
    })
}

/// Why nothing tells of a blob that is to be announced, when that is so.
pub(super) fn untold(config: &SourceConfig, facts: &Findings) -> Option<&'static str> {
    let queues = facts.queues.as_ref().filter(|_| config.is_queue_alone())?;
    let waiting = queues.waiting.as_ref().ok()?;
    if waiting.found.is_some() {
        return None;
    }
    if queues.poison.as_ref().is_ok_and(|it| it.found.is_some()) {
        return Some("it is not announced as long as its notification is a poison message");
    }
    (waiting.not_shown == 0)
        .then_some("it is not announced: there is no notification of it, and no sweep finds it")
}

/// When a blob that nothing holds back is announced.
pub(super) fn when(config: &SourceConfig, facts: &Findings) -> String {
    let queues = facts.queues.as_ref();
    let waiting = queues.and_then(|it| it.waiting.as_ref().ok());
    let waits = waiting.is_some_and(|it| it.found.is_some());
    let sweep = match config.listing {
        true => format!("by the next sweep (every {:?})", config.interval),
        false => "by the change feed, up to about an hour after it was written".to_owned(),
    };
    let taken = "when its notification is taken from the queue";
    match (config.is_queue_alone(), waits) {
        (false, false) => sweep,
        (false, true) => format!("{taken}, or {sweep}"),
        (true, true) => taken.to_owned(),
        (true, false) => {
            format!("{taken}, if there is one among the messages that are not visible")
        }
    }
}
