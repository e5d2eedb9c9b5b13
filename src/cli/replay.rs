//! `replay`: asks the live stream of a source to announce blobs again.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, bail};
use bytes::Bytes;
use time::OffsetDateTime;

use self::{
    batch::of_batch,
    tell::{queue_alone, tell_of},
};
use super::{
    args::ReplayArgs,
    blob_name::{blob_name, is_url},
    counts::{Size, counted},
    mistake, moment,
    outcome::Outcome,
    progress::Progress,
    source::{LedgerContents, OpenedConfig, OpenedSource},
    unless_pipe_broke,
};
use crate::{
    blob::{Access, BlobRef},
    calls::walk::Walk,
    gate::identity::Identity,
    journal::number::unused_number,
    ledger::done_set::DoneSet,
    ports::connect::OpenedQueue,
    state::request::Replay,
    text::plain::Plain,
};

mod batch;
mod instead;
mod tell;

/// How many names are shown.
const SHOWN: usize = 5;
/// So many take more than a moment to list.
const MANY: u64 = 10_000;

/// Asks, and says what for.
pub async fn run(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    unless_pipe_broke(replay(args).await)
}

async fn replay(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    let (opened, replay) = match prepare(&args) {
        Ok(prepared) => prepared,
        Err(error) => return Ok(mistake(&error)),
    };
    let source = match opened.source().await {
        Ok(source) => source,
        Err(unopened) => return unopened.told(),
    };
    let mut out = Outcome::new(args.print.output);
    out.set("dryRun", args.dry_run);
    let ended = ask(&args, source, replay, &mut out).await?;
    out.end()?;
    Ok(ended)
}

async fn ask(
    args: &ReplayArgs,
    source: OpenedSource,
    replay: Replay,
    out: &mut Outcome,
) -> anyhow::Result<ExitCode> {
    if let Some(asked) = &args.batch {
        return match of_batch(&source, replay, asked).await {
            Ok((replay, told)) => {
                writeln!(out, "{told}")?;
                out.set("batch", replay.batch.clone());
                request(&source, &replay, args.dry_run, out).await
            }
            Err(error) => {
                out.set("reason", format!("{error:#}"));
                Ok(mistake(&error))
            }
        };
    }
    let mut known = match source.known().await {
        Ok(known) => known,
        Err(unopened) => {
            out.set("reason", unopened.to_string());
            return unopened.told();
        }
    };
    let (replay, count) = count(&source, &mut known, replay).await?;
    count.set(out);
    if let Some(queue) = queue_alone(&source).filter(|_| count.done == 0 && count.open() > 0) {
        writeln!(
            out,
            "{} not announced yet, and no sweep will find them: the container is not listed",
            counted(count.open(), "blob")
        )?;
        return match args.dry_run {
            true => dry(out),
            false => tell(&source, queue, &mut known, &replay, out).await,
        };
    }
    if count.done == 0 {
        let mut why = count.why(&source, &replay);
        if count.there == 0 {
            why.push_str(&instead::of(&source, &replay).await?);
        }
        writeln!(out, "nothing to announce again: {why}")?;
        out.set("reason", why);
        return Ok(ExitCode::FAILURE);
    }
    count.show(out, &source)?;
    request(&source, &replay, args.dry_run, out).await
}

async fn request(
    source: &OpenedSource,
    replay: &Replay,
    dry_run: bool,
    out: &mut Outcome,
) -> anyhow::Result<ExitCode> {
    if dry_run {
        return dry(out);
    }
    let name = source.folder.replay(&replay.name);
    let put = source.store().put_new(&name, Bytes::from(replay.to_json()));
    put.await.context("writing the request")?;
    writeln!(
        out,
        "request {name} is written. {}. The request is removed when all is done. Until then, `explain` shows the replay for \
         each of its blobs",
        source.taken_up()
    )?;
    out.set("request", name);
    Ok(ExitCode::SUCCESS)
}

fn dry(out: &mut Outcome) -> anyhow::Result<ExitCode> {
    writeln!(out, "dry run: nothing was requested")?;
    Ok(ExitCode::SUCCESS)
}

async fn tell(
    source: &OpenedSource,
    queue: &OpenedQueue,
    known: &mut LedgerContents,
    replay: &Replay,
    out: &mut Outcome,
) -> anyhow::Result<ExitCode> {
    let told = tell_of(source, queue, known, replay).await?;
    writeln!(
        out,
        "put {} into the queue: the live stream takes them from there",
        counted(told, "notification")
    )?;
    out.set("notifications", told);
    Ok(ExitCode::SUCCESS)
}

// Everything about what was typed, before anything is sent.
fn prepare(args: &ReplayArgs) -> anyhow::Result<(OpenedConfig, Replay)> {
    let narrowed = args.prefix.is_some()
        || args.blob.is_some()
        || args.batch.is_some()
        || args.since.is_some()
        || args.until.is_some();
    if !narrowed && !args.all {
        bail!("say what to announce again: --prefix, --blob, --batch, --since, --until, or --all");
    }
    let now = OffsetDateTime::now_utc();
    let read = |option: &str, text: &Option<String>| {
        let moment = text.as_deref().map(|text| moment::parse(text, now));
        moment
            .transpose()
            .map_err(|problem| anyhow::anyhow!("{option}: {problem}"))
    };
    let since = read("--since", &args.since)?;
    let until = read("--until", &args.until)?;
    if let Some((since, until)) = since.zip(until).filter(|(since, until)| since >= until) {
        bail!(
            "--since ({}) is not before --until ({}): no blob is between them",
            moment::to_the_second(since),
            moment::to_the_second(until)
        );
    }
    let opened = OpenedConfig::open(&args.source)?;
    let named = |option: &str, text: &Option<String>| {
        let name = text.as_deref().map(|text| match option {
            "--prefix" if !is_url(text) => Ok(text.to_owned()),
            _ => blob_name(text, &opened.container_url()),
        });
        name.transpose()
            .map_err(|problem| anyhow::anyhow!("{option}: {problem}"))
    };
    let prefix = named("--prefix", &args.prefix)?;
    let blob = named("--blob", &args.blob)?;
    // Nothing else is announced, so nothing else needs to be listed.
    let all = opened.config.filter.listing_prefix();
    let replay = Replay {
        name: format!("{:016x}", unused_number()),
        prefix: prefix.unwrap_or_else(|| all.to_owned()),
        blob,
        batch: None,
        since,
        // Far away until the service has told its time.
        until: until.unwrap_or(now + time::Duration::days(365)),
        asked: None,
    };
    Ok((opened, replay))
}

#[derive(Default)]
struct Count {
    there: u64,
    in_time: u64,
    matching: u64,
    done: u64,
    /// Done, and not to be read now.
    unreadable: u64,
    bytes: u64,
    first: Vec<String>,
}

/// Counts what a replay is about. It never reaches beyond the service's own now: what arrives later is
/// announced for itself.
async fn count(
    source: &OpenedSource,
    known: &mut LedgerContents,
    mut replay: Replay,
) -> anyhow::Result<(Replay, Count)> {
    let prefix = replay.blob.clone().unwrap_or_else(|| replay.prefix.clone());
    let (mut count, mut first) = (Count::default(), true);
    let facts = known.facts.clone();
    let identity = Identity::new(&facts.with_version(source.config.version, i64::MAX));
    let done = &mut known.contents.done;
    let mut walk = Walk::new(&*source.blobs, &prefix);
    let mut progress = Progress::new();
    while let Some(page) = walk.next().await? {
        if std::mem::take(&mut first) {
            replay.until = replay.until.min(page.service_time);
            replay.asked = Some(page.service_time);
        }
        let blobs = page.blobs().filter(|blob| !blob.is_directory);
        for blob in blobs {
            count.add(source, (&identity, done), &replay, &blob);
        }
        if count.there >= MANY {
            progress.show(&format!("{} listed", counted(count.there, "blob")));
        }
    }
    Ok((replay, count))
}

impl Count {
    /// How many are not announced yet.
    fn open(&self) -> u64 {
        self.matching - self.done - self.unreadable
    }

    fn set(&self, out: &mut Outcome) {
        out.set("blobs", self.done);
        out.set("bytes", self.bytes);
        out.set("first", self.first.clone());
        out.set("notAnnouncedYet", self.open());
        out.set("notReadable", self.unreadable);
    }

    fn cannot_be_read(&self) -> String {
        format!(
            "{} done, but not readable now (Archive tier, or a copy that is not complete): skipped",
            counted(self.unreadable, "blob")
        )
    }

    fn add(
        &mut self,
        source: &OpenedSource,
        (identity, done): (&Identity, &mut DoneSet),
        replay: &Replay,
        blob: &BlobRef<'_>,
    ) {
        if replay.blob.as_deref().is_some_and(|name| name != blob.name) {
            return;
        }
        self.there += 1;
        if !replay.asks_for(blob) {
            return;
        }
        self.in_time += 1;
        if !source.config.filter.matches(blob.name) {
            return;
        }
        self.matching += 1;
        if !identity.is_done(done, blob) {
            return;
        }
        if blob.access != Access::Readable {
            self.unreadable += 1;
            return;
        }
        self.done += 1;
        self.bytes += blob.size;
        if self.first.len() < SHOWN {
            self.first.push(Plain(blob.name).to_string());
        }
    }

    fn why(&self, source: &OpenedSource, replay: &Replay) -> String {
        let container = &source.config.container;
        match (self.there, self.in_time, self.matching) {
            (0, ..) => match &replay.blob {
                Some(name) => format!(
                    "there is no blob `{}` in container {container}",
                    Plain(name)
                ),
                None => format!(
                    "there is no blob in container {container} whose name starts with `{}`",
                    Plain(&replay.prefix)
                ),
            },
            (there, 0, _) => {
                format!(
                    "{} found, but none was last modified in that time, which ends at {}",
                    counted(there, "blob"),
                    moment::to_the_second(replay.until)
                )
            }
            (_, some, 0) => {
                format!(
                    "{} found, but none matches the source's prefix and pattern",
                    counted(some, "blob")
                )
            }
            _ if self.unreadable > 0 => self.cannot_be_read(),
            (_, _, matching) => format!(
                "{} found, but none was announced yet, and only announced blobs can be announced again",
                counted(matching, "blob")
            ),
        }
    }

    fn show(&self, out: &mut impl Write, source: &OpenedSource) -> io::Result<()> {
        let not_yet = self.open();
        writeln!(
            out,
            "{} ({}) to announce again, each with a new Workflow:",
            counted(self.done, "blob"),
            Size(self.bytes)
        )?;
        for name in &self.first {
            writeln!(out, "    {name}")?;
        }
        let others = self.done - self.first.len() as u64;
        if others > 0 {
            writeln!(out, "    … and {others} more")?;
        }
        if not_yet > 0 {
            let why = match queue_alone(source) {
                None => "skipped, because only announced blobs can be announced again",
                Some(_) => {
                    "skipped; `replay --blob` writes a notification for one, and `source.listing` finds all of them"
                }
            };
            let open = counted(not_yet, "blob");
            writeln!(out, "{open} not announced yet: {why}")?;
        }
        if self.unreadable > 0 {
            writeln!(out, "{}", self.cannot_be_read())?;
        }
        Ok(())
    }
}
