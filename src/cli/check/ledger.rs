//! How the source stands: whether it ever ran, what it has done, and what is wrong with it.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::timeout;

use super::{
    patience::PATIENCE,
    standing::{NO_STREAM, Standing},
};
use crate::{
    cli::{
        counts::{counted, waiting},
        ledgers::which,
        report::Step,
        source::{LedgerContents, OpenedSource},
        which::Which,
    },
    config::{SourceConfig, source_id::source_id},
    event::rfc3339,
    ports::{connect::Opened, error::StorageError},
    state::{
        request::{Replay, every},
        stall::Stalled,
    },
    text::plain::Plain,
};

/// How much longer than it should a request may wait without a word: clocks differ.
const GRACE: Duration = Duration::from_secs(30);
/// How long a request is at most, in bytes, and how many are read.
const LONGEST: u64 = 1 << 20;
const MANY: usize = 100;

/// Which source the configuration is of.
pub(super) enum Found {
    /// By the state container, or by what was typed.
    Known(Which),
    /// What was typed names none, and others have run.
    Mistaken(String),
    /// By what was typed alone: the state container cannot be read, or there is none.
    Unread(Which),
}

impl Found {
    /// The source's name. One that nobody has named is called after this command.
    pub(super) fn id(&self, config: &SourceConfig, name: Option<&str>, endpoint: &str) -> String {
        let known = match self {
            Self::Known(which) | Self::Unread(which) => which.id(),
            Self::Mistaken(_) => None,
        };
        let derived = || source_id(config, name.unwrap_or("check"), endpoint);
        known.map_or_else(derived, str::to_owned)
    }
}

/// The source's folder, and what the ledger in it holds.
pub(super) struct Source {
    opened: OpenedSource,
    known: Result<LedgerContents, String>,
}

impl Source {
    /// What the ledger holds, if it can be read.
    pub(super) fn known(&self) -> Option<&LedgerContents> {
        self.known.as_ref().ok()
    }
}

/// Looks into the state container. One that does not answer is a step of its own.
pub(super) async fn find(opened: &Opened, config: &SourceConfig, name: Option<&str>) -> Found {
    let named = name.map(|name| source_id(config, name, &opened.endpoint));
    let as_typed = Which::NeverRan(named.or_else(|| config.id.clone()));
    let Some(state) = &opened.state else {
        return Found::Unread(as_typed);
    };
    let which = timeout(PATIENCE, which(config, opened, state, name)).await;
    match which {
        Ok(Ok(Ok(which))) => Found::Known(which),
        Ok(Ok(Err(told))) => Found::Mistaken(told),
        Ok(Err(_)) | Err(_) => Found::Unread(as_typed),
    }
}

/// Reads the ledger of a source that was found.
pub(super) async fn read(opened: &Opened, config: &SourceConfig, found: &Found) -> Option<Source> {
    let Found::Known(which) = found else {
        return None;
    };
    let opened = OpenedSource::of(config.clone(), opened.clone(), which)?;
    let known = opened.known().await;
    let known = known.map_err(|error| format!("{error:#}"));
    Some(Source { opened, known })
}

/// What the source's folder tells at `now`. `standing` is how the blobs stand that were listed.
pub(super) async fn steps(
    config: &SourceConfig,
    found: &Found,
    source: Option<&Source>,
    standing: Option<&Standing<'_>>,
    now: OffsetDateTime,
) -> Vec<Step> {
    if let Found::Mistaken(told) = found {
        return vec![mistaken(told)];
    }
    let Some(Source { opened, known }) = source else {
        return Vec::new();
    };
    let known = match known {
        Ok(known) => known,
        Err(error) => return vec![Step::skip("source", error)],
    };
    let mut steps = vec![source_step(opened.id(), known, standing)];
    let stalled = opened.stalled().await.ok().flatten();
    steps.extend(stalled.as_ref().map(stall_step));
    steps.extend(standing.and_then(|it| it.step(config, stalled.is_some())));
    if let Ok(Some(step)) = requests(opened, config, now).await {
        steps.push(step);
    }
    if let Ok(letters @ 1..) = letters(opened).await {
        let text = counted(letters as u64, "dead letter");
        let name = Plain(opened.id());
        let advice = format!(
            "`dead-letters list --config FILE --name {name}` shows the reason of each; fix it, then \
             `dead-letters retry --config FILE --name {name} --all`"
        );
        steps.push(Step::warn("letters", text, advice));
    }
    steps
}

/// A name that none has, with those that there are.
fn mistaken(told: &str) -> Step {
    let mut lines = told.lines();
    let first = lines.next().unwrap_or_default().trim_end_matches(':');
    let (choices, rest): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with(' '));
    let choices = choices.into_iter().map(|it| it.trim().to_owned());
    let advice = match rest.is_empty() {
        true => "each has a ledger of its own".to_owned(),
        false => rest.join(" "),
    };
    Step::warn("source", first.to_owned(), advice).with_choices(choices.collect())
}

fn source_step(id: &str, known: &LedgerContents, standing: Option<&Standing<'_>>) -> Step {
    let done = known.contents.done.len() as u64;
    let are = if done == 1 { "is" } else { "are" };
    let done = counted(done, "blob");
    let without = match standing.map_or((0, false), |it| (it.passed_over, it.is_partial)) {
        (0, _) => String::new(),
        (count, true) => format!(", at least {count} of them without an event (`existing`)"),
        (count, false) => format!(", {count} of them without an event (`existing`)"),
    };
    Step::ok(
        "source",
        format!("{id} has run, and {done} {are} done{without}"),
    )
}

fn stall_step(stalled: &Stalled) -> Step {
    let since = rfc3339(stalled.since);
    let wait = waiting(stalled.waiting, "event");
    let text = format!("nothing has been confirmed since {since}, and {wait}");
    Step::warn("stalled", text, stalled.reason.clone())
}

/// Requests that no stream has done.
async fn requests(
    source: &OpenedSource,
    config: &SourceConfig,
    now: OffsetDateTime,
) -> Result<Option<Step>, StorageError> {
    let names = source.store().list(&source.folder.requests()).await?;
    if names.is_empty() {
        return Ok(None);
    }
    let mut asked = Vec::new();
    let replays = names
        .iter()
        .filter(|it| source.folder.retry_id(it).is_none());
    for name in replays.take(MANY) {
        let chunk = source.store().read(name, 0, LONGEST).await?;
        let replay = chunk.and_then(|it| Replay::from_json(&it.bytes).ok());
        asked.extend(replay.and_then(|it| it.asked));
    }
    let oldest = asked.into_iter().min();
    let since = oldest.map_or_else(String::new, |it| {
        format!(", the oldest since {}", rfc3339(it))
    });
    let wait = waiting(names.len() as u64, "request");
    let text = format!("{wait} (`replay`, `dead-letters retry`){since}");
    let soon = every(config.interval).max(Duration::from_secs(1));
    if oldest.is_some_and(|it| now - it < soon + GRACE) {
        return Ok(Some(Step::ok("requests", text)));
    }
    let advice = format!(
        "a stream takes a request up within {} s, and removes it when all its events are done; if it stays, {NO_STREAM}",
        soon.as_secs()
    );
    Ok(Some(Step::warn("requests", text, advice)))
}

async fn letters(source: &OpenedSource) -> Result<usize, StorageError> {
    let names = source.store().list(&source.folder.dead_letters()).await?;
    let ids = names
        .iter()
        .filter_map(|it| source.folder.dead_letter_id(it));
    Ok(ids.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_to_choose_from_are_a_list() {
        let told = "no source of the event `x` has run; These have run:\n  --name a    no prefix\n  --name b\n\
                    A new source has run once.";
        let json = mistaken(told).to_json();
        assert_eq!(
            json["text"],
            "no source of the event `x` has run; These have run"
        );
        assert_eq!(
            json["choices"],
            serde_json::json!(["--name a    no prefix", "--name b"])
        );
        assert_eq!(json["advice"], "A new source has run once.");
    }
}
