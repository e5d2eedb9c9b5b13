//! `dead-letters`: what was given up, and what people decide about it.
//!
//! Two kinds of things are: events of which nothing came ([`letters`]), and notifications that could not be used
//! ([`poison`]). The one is in the state container, the other in a queue, and what is wrong with one of the two keeps
//! nobody from the other.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{anyhow, bail};
use serde_json::json;

use self::{
    letters::{Letter, nothing_of},
    poison::PoisonQueue,
    which::{Fate, Which},
};
use super::{
    args::{DeadLettersCommand, LettersArgs, Output, SourceArgs},
    data, mistake,
    outcome::Outcome,
    poison::Seen,
    progress::Progress,
    say::say_error,
    source::{OpenedConfig, OpenedSource, Unopened},
    unless_pipe_broke,
};
mod letters;
mod poison;
mod shown;
mod which;

/// Lists, retries or drops.
pub async fn run(command: DeadLettersCommand) -> anyhow::Result<ExitCode> {
    unless_pipe_broke(decide(command).await)
}

async fn decide(command: DeadLettersCommand) -> anyhow::Result<ExitCode> {
    match &command {
        DeadLettersCommand::List { source, print } => match Places::open(source, None).await {
            Ok(places) => places.list(print.output).await,
            Err(unopened) => unopened.told(),
        },
        DeadLettersCommand::Retry(args) => settle(args, Fate::Retry).await,
        DeadLettersCommand::Drop(args) => settle(args, Fate::Drop).await,
    }
}

async fn settle(args: &LettersArgs, fate: Fate) -> anyhow::Result<ExitCode> {
    match Places::open(&args.source, Some(fate)).await {
        Ok(places) => {
            let mut out = Outcome::new(args.print.output);
            let ended = places.settle(args, fate, &mut out).await?;
            out.end()?;
            Ok(ended)
        }
        Err(unopened) => unopened.told(),
    }
}

const NO_CONFIRM: &str = "the configuration has no `confirm`, and without it a stream does not send dead letters \
    again: add it, or use `replay --blob`";

/// Where what was given up is: in the state container, in a poison queue, or in both.
struct Places {
    source: Option<OpenedSource>,
    /// Why there is none, though the configuration names a state container.
    lost: Option<anyhow::Error>,
    poison: Option<PoisonQueue>,
    /// Whether a stream sends dead letters again.
    confirmed: bool,
}

impl Places {
    async fn open(args: &SourceArgs, fate: Option<Fate>) -> Result<Self, Unopened> {
        let opened = OpenedConfig::open(args).map_err(Unopened::Mistake)?;
        let poison = PoisonQueue::of(&opened.config, opened.queue());
        let confirmed = !opened.config.confirm.is_empty();
        if poison.is_none() && fate == Some(Fate::Retry) && !confirmed {
            return Err(Unopened::Mistake(anyhow!(NO_CONFIRM)));
        }
        let (source, lost) = match (&poison, &opened.config.state) {
            (Some(_), None) => (None, None),
            _ => match opened.source().await {
                Ok(source) => (Some(source), None),
                Err(Unopened::Fault(error)) if poison.is_some() => (None, Some(error)),
                Err(unopened) => return Err(unopened),
            },
        };
        Ok(Self {
            source,
            lost,
            poison,
            confirmed,
        })
    }

    // Where there is a queue as well, it is looked at whatever is wrong here.
    async fn letters(&self, faults: &mut Faults) -> Result<Option<Vec<Letter>>, Unopened> {
        if let Some(error) = &self.lost {
            faults.tell("dead letters", error);
        }
        let Some(source) = &self.source else {
            return Ok(None);
        };
        let read = letters::read(source).await;
        match &self.poison {
            Some(_) => Ok(faults.told("dead letters", read.map_err(Into::into))),
            None => read.map(Some),
        }
    }

    async fn list(&self, output: Output) -> anyhow::Result<ExitCode> {
        let mut faults = Faults::default();
        let letters = match self.letters(&mut faults).await {
            Ok(letters) => letters,
            Err(unopened) => return unopened.told(),
        };
        let seen = match &self.poison {
            Some(poison) => {
                let seen = poison.look().await.map_err(Into::into);
                faults.told("poison messages", seen)
            }
            None => None,
        };
        match output {
            Output::Json | Output::Yaml => {
                show_data(letters.as_deref(), seen.as_ref(), output)?;
            }
            Output::Table => self.show(letters.as_deref(), seen.as_ref())?,
        }
        Ok(faults.exit_code())
    }

    fn show(&self, letters: Option<&[Letter]>, seen: Option<&Seen>) -> io::Result<()> {
        let mut out = io::stdout();
        match letters {
            Some([]) => writeln!(out, "no dead letters")?,
            Some(letters) => {
                if self.poison.is_some() {
                    writeln!(out, "dead letters:")?;
                }
                letters::table(&mut out, letters)?;
            }
            None if self.source.is_none() && self.lost.is_none() => writeln!(
                out,
                "no dead letters: without `state` in the configuration only the server knows them"
            )?,
            None => {}
        }
        match self.poison.as_ref().zip(seen) {
            Some((poison, seen)) => shown::table(poison, &mut out, seen),
            None => Ok(()),
        }
    }

    async fn settle(
        &self,
        args: &LettersArgs,
        fate: Fate,
        out: &mut Outcome,
    ) -> anyhow::Result<ExitCode> {
        let mut faults = Faults::default();
        let which = Which::of(args);
        let letters = match self.letters(&mut faults).await {
            Ok(letters) => letters.unwrap_or_default(),
            Err(unopened) => return unopened.told(),
        };
        let found = letters::choose(&letters, &which);
        let (mut chosen, others) = match found.and_then(|it| self.may(it, &which, fate)) {
            Ok(found) => found,
            Err(error) => return Ok(mistake(&error)),
        };
        let taken = match &self.poison {
            Some(poison) if !others.is_empty() => {
                let busy = || "searching the poison queue".to_owned();
                let searching = poison.find(&others, fate);
                match Progress::new().during(busy, searching).await? {
                    Ok(taken) => Some((poison, taken)),
                    Err(problem) => return Ok(mistake(&anyhow::anyhow!(problem))),
                }
            }
            _ => None,
        };
        // First, so that nothing stays in hand whatever happens to the letters.
        let settled = match (taken, &self.poison) {
            (Some((poison, taken)), _) => Some((poison, poison.settle(taken, fate).await)),
            (None, Some(poison)) if args.all => {
                let busy = || "taking all poison messages".to_owned();
                let settling = poison.settle_all(fate);
                Some((poison, Progress::new().during(busy, settling).await))
            }
            (None, _) => None,
        };
        if let Some((poison, (settled, failed))) = settled {
            poison.tell(&settled, fate, out)?;
            out.set("poisonMessages", settled.to_json(fate));
            faults.told("poison messages", failed.map_err(Into::into));
        }
        if !chosen.is_empty() && fate == Fate::Retry && !self.confirmed {
            faults.tell("dead letters", &anyhow::anyhow!(NO_CONFIRM));
            chosen.clear();
        }
        match (&self.source, fate) {
            (Some(_), _) if chosen.is_empty() => {
                if args.all && letters.is_empty() && !faults.any {
                    writeln!(out, "no dead letters")?;
                    out.set("deadLetters", json!([]));
                }
            }
            (Some(source), Fate::Retry) => {
                faults.any |= letters::retry(source, &chosen, out).await?;
            }
            (Some(source), Fate::Drop) => letters::forget(source, &chosen, out).await?,
            (None, _) => {}
        }
        Ok(faults.exit_code())
    }

    // Whether that can be done, as far as it can be seen without a call.
    fn may<'a, 'b>(
        &self,
        (chosen, others): (Vec<&'a Letter>, Vec<&'b str>),
        which: &Which<'_>,
        fate: Fate,
    ) -> anyhow::Result<(Vec<&'a Letter>, Vec<&'b str>)> {
        if let (None, Some(asked)) = (&self.poison, others.first()) {
            bail!(nothing_of(asked, "dead letter"));
        }
        let named = matches!(which, Which::These(_)) && !chosen.is_empty();
        if named && fate == Fate::Retry && !self.confirmed {
            bail!(NO_CONFIRM);
        }
        Ok((chosen, others))
    }
}

/// What could not be done, of which each was told.
#[derive(Default)]
struct Faults {
    any: bool,
}

impl Faults {
    fn told<T>(&mut self, what: &str, done: anyhow::Result<T>) -> Option<T> {
        done.map_err(|error| self.tell(what, &error)).ok()
    }

    fn tell(&mut self, what: &str, error: &anyhow::Error) {
        say_error(format_args!("{what}: {error:#}"));
        self.any = true;
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.any))
    }
}

// What could not be asked is `null`.
fn show_data(
    letters: Option<&[Letter]>,
    seen: Option<&Seen>,
    output: Output,
) -> anyhow::Result<()> {
    let letters = letters.map(|all| all.iter().map(letters::to_json).collect::<Vec<_>>());
    let messages = seen.map(|seen| seen.messages.iter());
    let messages = messages.map(|all| all.map(shown::to_json).collect::<Vec<_>>());
    let all = json!({
        "deadLetters": letters,
        "poisonMessages": messages,
        "poisonMessagesNotShown": seen.map(|it| it.not_shown),
    });
    data::print(&all, output)
}
