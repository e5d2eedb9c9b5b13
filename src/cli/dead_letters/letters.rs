//! Dead letters: events that were sent and of which nothing came.

use std::{
    cell::Cell,
    io::{self, Write},
};

use anyhow::{Context, bail};
use bytes::Bytes;
use serde_json::{Value, json};

use super::which::Which;
use crate::{
    cli::{
        counts::counted,
        moment::to_the_second,
        outcome::Outcome,
        progress::Progress,
        say::say,
        set_aside_id::{DIGITS, is_id},
        source::{OpenedSource, Unopened},
    },
    event::EventId,
    ports::error::StorageError,
    state::dead_letter::DeadLetter,
    text::plain::Plain,
};

/// A letter, or what is wrong with it.
pub(super) struct Letter {
    id: EventId,
    content: Result<DeadLetter, String>,
}

impl Letter {
    fn is(&self, asked: &str) -> bool {
        let letter = self.content.as_ref().ok();
        let blob = letter.and_then(|it| it.about.blob());
        is_id(&self.id.to_hex(), asked) || blob.is_some_and(|it| it.name == asked)
    }
}

/// All letters of a source that has run.
///
/// # Errors
/// The source has never run, or the state container cannot be read.
pub(super) async fn read(source: &OpenedSource) -> Result<Vec<Letter>, Unopened> {
    source.known().await?;
    let seen = Cell::new(0);
    let text = || format!("reading dead letters: {}", counted(seen.get(), "letter"));
    let read = Progress::new().during(text, read_all(source, &seen)).await;
    let (letters, others) = read.map_err(|error| Unopened::Fault(error.into()))?;
    for name in others {
        say(format_args!(
            "{} is not a dead letter, and is not changed",
            Plain(&name)
        ));
    }
    Ok(letters)
}

// The letters, and the names of what is none.
async fn read_all(
    source: &OpenedSource,
    seen: &Cell<u64>,
) -> Result<(Vec<Letter>, Vec<String>), StorageError> {
    let (mut letters, mut others) = (Vec::new(), Vec::new());
    for name in source.store().list(&source.folder.dead_letters()).await? {
        let Some(id) = source.folder.dead_letter_id(&name) else {
            others.push(name);
            continue;
        };
        // One that has gone since it was listed is none any more.
        if let Some(chunk) = source.store().read(&name, 0, DeadLetter::LONGEST).await? {
            let content = DeadLetter::from_json(id, &chunk.bytes);
            letters.push(Letter { id, content });
        }
        seen.set(seen.get() + 1);
    }
    Ok((letters, others))
}

/// Letters for people.
pub(super) fn table(out: &mut impl Write, letters: &[Letter]) -> io::Result<()> {
    writeln!(
        out,
        "{:<32}  {:>5}  {:<20}  {:<20}  BLOB",
        "ID", "TRIES", "FIRST SENT", "LAST SENT"
    )?;
    for Letter { id, content } in letters {
        match content {
            Ok(letter) => {
                writeln!(
                    out,
                    "{}  {:>5}  {:<20}  {:<20}  {}",
                    id.to_hex(),
                    letter.attempts,
                    to_the_second(letter.first_sent),
                    to_the_second(letter.last_sent),
                    Plain(&letter.about.to_string())
                )?;
                writeln!(out, "    {}", Plain(&letter.last_reason))?;
            }
            Err(problem) => writeln!(out, "{}  unreadable: {}", id.to_hex(), Plain(problem))?,
        }
    }
    Ok(())
}

/// A letter for programs.
pub(super) fn to_json(Letter { id, content }: &Letter) -> Value {
    match content {
        Ok(letter) => serde_json::from_slice(&letter.to_json()).unwrap_or_default(),
        Err(problem) => json!({"id": id.to_hex(), "problem": problem}),
    }
}

/// The letters that were asked for, each named so that it can only be that one, and what names none.
///
/// # Errors
/// A sentence about a name that more than one letter has.
pub(super) fn choose<'a, 'b>(
    letters: &'a [Letter],
    which: &Which<'b>,
) -> anyhow::Result<(Vec<&'a Letter>, Vec<&'b str>)> {
    let Which::These(ids) = which else {
        return Ok((letters.iter().collect(), Vec::new()));
    };
    let (mut chosen, mut others) = (Vec::new(), Vec::new());
    for asked in ids.iter().copied() {
        let mut found = letters.iter().filter(|letter| letter.is(asked));
        match (found.next(), found.next()) {
            (Some(one), None) => {
                if !chosen.iter().any(|it: &&Letter| it.id == one.id) {
                    chosen.push(one);
                }
            }
            (None, _) => others.push(asked),
            (Some(_), Some(_)) => bail!(
                "`{}`: more than one dead letter matches; give more digits of its id",
                Plain(asked)
            ),
        }
    }
    Ok((chosen, others))
}

/// What is wrong with a name that nothing has.
pub(super) fn nothing_of(asked: &str, what: &str) -> String {
    let shown = Plain(asked);
    match asked.len() < DIGITS {
        true => format!(
            "`{shown}`: give at least {DIGITS} digits of an id, or the whole name of a blob"
        ),
        false => format!("`{shown}`: there is no such {what}; `dead-letters list` shows them"),
    }
}

/// Asks the live stream to send letters again. Says whether one cannot be.
pub(super) async fn retry(
    source: &OpenedSource,
    letters: &[&Letter],
    out: &mut Outcome,
) -> anyhow::Result<bool> {
    let mut refused = false;
    let mut asked = 0;
    let mut told = Vec::new();
    for Letter { id, content } in letters {
        if let Err(problem) = content {
            say(format_args!(
                "{}: cannot be retried: {}",
                id.to_hex(),
                Plain(problem)
            ));
            told.push(json!({"id": id.to_hex(), "outcome": "unreadable", "problem": problem}));
            refused = true;
            continue;
        }
        let name = source.folder.retry(*id);
        let put = source.store().put(&name, Bytes::from_static(b"{}"));
        put.await.context("writing the request")?;
        told.push(json!({"id": id.to_hex(), "outcome": "requested"}));
        asked += 1;
    }
    out.set("deadLetters", told);
    if asked > 0 {
        writeln!(
            out,
            "asked to retry {}. {}. A dead letter is removed when its event is confirmed",
            counted(asked, "dead letter"),
            source.taken_up()
        )?;
    }
    Ok(refused)
}

/// Removes letters.
pub(super) async fn forget(
    source: &OpenedSource,
    letters: &[&Letter],
    out: &mut Outcome,
) -> anyhow::Result<()> {
    for Letter { id, .. } in letters {
        // A retry that is under way would otherwise look for it.
        source.store().delete(&source.folder.retry(*id)).await?;
        source
            .store()
            .delete(&source.folder.dead_letter(*id))
            .await?;
    }
    let ids = letters.iter().map(|it| it.id.to_hex());
    let told = ids.map(|id| json!({"id": id, "outcome": "dropped"}));
    out.set("deadLetters", told.collect::<Vec<_>>());
    writeln!(
        out,
        "dropped {}: the blobs of a dropped dead letter are not announced, unless `replay` asks for it",
        counted(letters.len() as u64, "dead letter")
    )?;
    Ok(())
}
