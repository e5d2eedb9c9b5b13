//! `dead-letters`: what was given up, and what people decide about it.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, bail};
use bytes::Bytes;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{mistake, source::Source};
use crate::{
    args::{DeadLettersCommand, LettersArgs, Output},
    dead_letter::DeadLetter,
    event::EventId,
};

/// No letter is nearly as long.
const LONGEST: u64 = 1 << 20;
/// How many digits of an id are enough to name it.
const DIGITS: usize = 6;

/// Lists, retries or drops.
pub async fn run(command: DeadLettersCommand) -> anyhow::Result<ExitCode> {
    let (source, _) = match &command {
        DeadLettersCommand::List { source, .. } => (source, ()),
        DeadLettersCommand::Retry(args) | DeadLettersCommand::Drop(args) => (&args.source, ()),
    };
    let source = match Source::open(source.clone()) {
        Ok(source) => source,
        Err(error) => return Ok(mistake(&error)),
    };
    source.known().await?;
    let letters = read(&source).await?;
    match command {
        DeadLettersCommand::List { output, .. } => list(&letters, output),
        DeadLettersCommand::Retry(args) => match choose(&letters, &args) {
            Ok(chosen) => retry(&source, chosen).await,
            Err(error) => Ok(mistake(&error)),
        },
        DeadLettersCommand::Drop(args) => match choose(&letters, &args) {
            Ok(chosen) => forget(&source, chosen).await,
            Err(error) => Ok(mistake(&error)),
        },
    }
}

/// A letter, or what is wrong with it.
struct Letter {
    id: EventId,
    content: Result<DeadLetter, String>,
}

impl Letter {
    fn blob(&self) -> Option<&str> {
        self.content
            .as_ref()
            .ok()
            .map(|letter| letter.blob.name.as_str())
    }

    fn is(&self, asked: &str) -> bool {
        let hex = self.id.to_hex();
        let by_id = asked.len() >= DIGITS && hex.starts_with(&asked.to_ascii_lowercase());
        by_id || self.blob() == Some(asked)
    }
}

async fn read(source: &Source) -> anyhow::Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for name in source.store().list(&source.folder.dead_letters()).await? {
        let Some(id) = source.folder.dead_letter_id(&name) else {
            eprintln!(
                "{} is no dead letter and is left alone",
                name.escape_debug()
            );
            continue;
        };
        // One that has gone since it was listed is none any more.
        if let Some(chunk) = source.store().read(&name, 0, LONGEST).await? {
            let content = DeadLetter::from_json(id, &chunk.bytes);
            letters.push(Letter { id, content });
        }
    }
    Ok(letters)
}

fn list(letters: &[Letter], output: Output) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout();
    match output {
        Output::Json => {
            let all: Vec<_> = letters.iter().map(to_json).collect();
            writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        }
        Output::Table if letters.is_empty() => writeln!(out, "no dead letters")?,
        Output::Table => table(&mut out, letters)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(out: &mut impl Write, letters: &[Letter]) -> io::Result<()> {
    writeln!(
        out,
        "{:<32}  {:>5}  {:<20}  BLOB",
        "ID", "TRIES", "LAST SENT"
    )?;
    for Letter { id, content } in letters {
        match content {
            Ok(letter) => {
                let sent = rfc3339(letter.last_sent);
                let name = letter.blob.name.escape_debug();
                writeln!(
                    out,
                    "{}  {:>5}  {sent:<20}  {name}",
                    id.to_hex(),
                    letter.attempts
                )?;
                writeln!(out, "    {}", letter.last_reason)?;
            }
            Err(problem) => writeln!(out, "{}  unreadable: {problem}", id.to_hex())?,
        }
    }
    Ok(())
}

fn to_json(Letter { id, content }: &Letter) -> Value {
    match content {
        Ok(letter) => serde_json::from_slice(&letter.to_json()).unwrap_or_default(),
        Err(problem) => json!({"id": id.to_hex(), "problem": problem}),
    }
}

/// The letters that were asked for, each named so that it can only be that one.
fn choose<'a>(letters: &'a [Letter], args: &LettersArgs) -> anyhow::Result<Vec<&'a Letter>> {
    if args.all {
        return Ok(letters.iter().collect());
    }
    let mut chosen = Vec::new();
    for asked in &args.ids {
        let mut found = letters.iter().filter(|letter| letter.is(asked));
        let shown = asked.escape_debug();
        match (found.next(), found.next()) {
            (Some(one), None) => chosen.push(one),
            (None, _) if asked.len() < DIGITS => {
                bail!(
                    "`{shown}`: give at least {DIGITS} digits of an id, or the whole name of a blob"
                )
            }
            (None, _) => {
                bail!("`{shown}`: there is no such dead letter; `dead-letters list` shows them")
            }
            (Some(_), Some(_)) => bail!(
                "`{shown}`: more than one dead letter is called so; give more digits of its id"
            ),
        }
    }
    Ok(chosen)
}

async fn retry(source: &Source, letters: Vec<&Letter>) -> anyhow::Result<ExitCode> {
    let mut refused = false;
    let mut asked = 0;
    for Letter { id, content } in letters {
        if let Err(problem) = content {
            eprintln!("{}: cannot be retried: {problem}", id.to_hex());
            refused = true;
            continue;
        }
        let name = source.folder.retry(*id);
        let put = source.store().put(&name, Bytes::from_static(b"{}"));
        put.await.context("writing the request")?;
        asked += 1;
    }
    println!(
        "{asked} dead letters are retried: the live stream of source {} takes them up within {:?}; \
         each is removed when its event is confirmed",
        source.id(),
        source.config.interval
    );
    Ok(ExitCode::from(u8::from(refused)))
}

async fn forget(source: &Source, letters: Vec<&Letter>) -> anyhow::Result<ExitCode> {
    let count = letters.len();
    for Letter { id, .. } in letters {
        // A retry that is under way would otherwise look for it.
        source.store().delete(&source.folder.retry(*id)).await?;
        source
            .store()
            .delete(&source.folder.dead_letter(*id))
            .await?;
    }
    println!("{count} dead letters dropped: their blobs are not announced");
    Ok(ExitCode::SUCCESS)
}

fn rfc3339(moment: OffsetDateTime) -> String {
    let seconds = moment.replace_nanosecond(0).unwrap_or(moment);
    seconds.format(&Rfc3339).unwrap_or_default()
}
