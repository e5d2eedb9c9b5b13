//! `dead-letters`: what was given up, and what people decide about it.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, bail};
use bytes::Bytes;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    args::{DeadLettersCommand, LettersArgs, Output},
    counts::counted,
    mistake,
    source::OpenedSource,
    unless_pipe_broke,
};
use crate::{
    event::{EventId, rfc3339},
    state::dead_letter::DeadLetter,
    text::plain::{Json, Plain},
};

/// How many digits of an id are enough to name it.
const DIGITS: usize = 6;

/// Lists, retries or drops.
pub async fn run(command: DeadLettersCommand) -> anyhow::Result<ExitCode> {
    unless_pipe_broke(decide(command).await)
}

async fn decide(command: DeadLettersCommand) -> anyhow::Result<ExitCode> {
    let source = match open(&command) {
        Ok(source) => source,
        Err(error) => return Ok(mistake(&error)),
    };
    source.known().await?;
    let letters = read(&source).await?;
    let (DeadLettersCommand::Retry(args) | DeadLettersCommand::Drop(args)) = &command else {
        return list(&letters, output(&command));
    };
    let chosen = match choose(&letters, args) {
        Ok(chosen) if chosen.is_empty() => return list(&[], Output::Table),
        Ok(chosen) => chosen,
        Err(error) => return Ok(mistake(&error)),
    };
    match &command {
        DeadLettersCommand::Drop(_) => forget(&source, chosen).await,
        _ => retry(&source, chosen).await,
    }
}

fn output(command: &DeadLettersCommand) -> Output {
    match command {
        DeadLettersCommand::List { output, .. } => *output,
        _ => Output::Table,
    }
}

fn open(command: &DeadLettersCommand) -> anyhow::Result<OpenedSource> {
    let source = match command {
        DeadLettersCommand::List { source, .. } => source,
        DeadLettersCommand::Retry(args) | DeadLettersCommand::Drop(args) => &args.source,
    };
    let source = OpenedSource::open(source.clone())?;
    if matches!(command, DeadLettersCommand::Retry(_)) && source.config.confirm.is_empty() {
        bail!(
            "the configuration has no `confirm`, without which a stream sends no dead letter again: \
             add it, or use `replay --blob`"
        );
    }
    Ok(source)
}

/// A letter, or what is wrong with it.
struct Letter {
    id: EventId,
    content: Result<DeadLetter, String>,
}

impl Letter {
    fn blob(&self) -> Option<&str> {
        let letter = self.content.as_ref().ok()?;
        letter.about.blob().map(|blob| blob.name.as_str())
    }

    fn is(&self, asked: &str) -> bool {
        let hex = self.id.to_hex();
        let by_id = asked.len() >= DIGITS && hex.starts_with(&asked.to_ascii_lowercase());
        by_id || self.blob() == Some(asked)
    }
}

async fn read(source: &OpenedSource) -> anyhow::Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for name in source.store().list(&source.folder.dead_letters()).await? {
        let Some(id) = source.folder.dead_letter_id(&name) else {
            eprintln!("{} is no dead letter and is left alone", Plain(&name));
            continue;
        };
        // One that has gone since it was listed is none any more.
        if let Some(chunk) = source.store().read(&name, 0, DeadLetter::LONGEST).await? {
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
            let all = serde_json::to_string_pretty(&all)?;
            writeln!(out, "{}", Json(&all))?;
        }
        Output::Table if letters.is_empty() => writeln!(out, "no dead letters")?,
        Output::Table => table(&mut out, letters)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn table(out: &mut impl Write, letters: &[Letter]) -> io::Result<()> {
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
        let shown = Plain(asked);
        match (found.next(), found.next()) {
            (Some(one), None) => {
                if !chosen.iter().any(|it: &&Letter| it.id == one.id) {
                    chosen.push(one);
                }
            }
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

async fn retry(source: &OpenedSource, letters: Vec<&Letter>) -> anyhow::Result<ExitCode> {
    let mut refused = false;
    let mut asked = 0;
    for Letter { id, content } in letters {
        if let Err(problem) = content {
            eprintln!("{}: cannot be retried: {}", id.to_hex(), Plain(problem));
            refused = true;
            continue;
        }
        let name = source.folder.retry(*id);
        let put = source.store().put(&name, Bytes::from_static(b"{}"));
        put.await.context("writing the request")?;
        asked += 1;
    }
    if asked > 0 {
        writeln!(
            io::stdout(),
            "asked to retry {}: {}; a letter goes once its event is confirmed",
            counted(asked, "dead letter"),
            source.taken_up()
        )?;
    }
    Ok(ExitCode::from(u8::from(refused)))
}

async fn forget(source: &OpenedSource, letters: Vec<&Letter>) -> anyhow::Result<ExitCode> {
    let count = letters.len() as u64;
    for Letter { id, .. } in letters {
        // A retry that is under way would otherwise look for it.
        source.store().delete(&source.folder.retry(*id)).await?;
        source
            .store()
            .delete(&source.folder.dead_letter(*id))
            .await?;
    }
    writeln!(
        io::stdout(),
        "dropped {}: what they were about is not announced, unless `replay` asks for it",
        counted(count, "dead letter")
    )?;
    Ok(ExitCode::SUCCESS)
}

fn to_the_second(moment: OffsetDateTime) -> String {
    rfc3339(moment.replace_nanosecond(0).unwrap_or(moment))
}
