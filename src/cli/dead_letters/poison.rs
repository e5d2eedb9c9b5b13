//! Poison messages: notifications that could not be used, in a queue of their own.
//!
//! Who wants one of them has to take it, and others with it: those go back at once. It is copied before it is deleted,
//! so that a crash in between makes a second copy and loses nothing.

use std::{
    collections::BTreeSet,
    io::{self, Write},
    pin::pin,
    time::Duration,
};

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::{letters::nothing_of, which::Fate};
use crate::{
    cli::{
        counts::counted,
        outcome::Outcome,
        poison::{PoisonMessage, Seen, look},
        say::say,
    },
    config::SourceConfig,
    notification::poison::Original,
    ports::{
        connect::{OpenedQueue, QueuePlace},
        error::StorageError,
        notifications::{BATCH, Deleted, Lease},
    },
    text::plain::Plain,
};

/// For how long a message is hidden that this command has taken, if it is killed.
const HIDE: Duration = Duration::from_secs(300);
/// How many messages are searched at most.
const SEARCHED: u64 = 10_000;
/// How many calls are under way at once.
const AT_ONCE: usize = 8;

/// The poison queue of a source.
pub(super) struct PoisonQueue {
    pub(super) place: QueuePlace,
    pub(super) container: String,
    pub(super) opened: OpenedQueue,
}

/// Messages in hand.
pub(super) struct Found {
    chosen: Vec<Held>,
    others: Vec<Held>,
}

struct Held {
    lease: Lease,
    message: PoisonMessage,
}

/// The outcome of messages.
#[derive(Default)]
pub(super) struct Settled {
    done: u64,
    /// Somebody else had them meanwhile.
    lost: u64,
    /// They are back where they were.
    failed: u64,
}

impl Settled {
    /// For programs.
    pub(super) fn to_json(&self, fate: Fate) -> Value {
        let done = match fate {
            Fate::Retry => "putBack",
            Fate::Drop => "dropped",
        };
        json!({done: self.done, "takenByOthers": self.lost, "failed": self.failed})
    }
}

impl PoisonQueue {
    /// That of a configuration, which was opened as `opened`.
    pub(super) fn of(config: &SourceConfig, opened: Option<OpenedQueue>) -> Option<Self> {
        Some(Self {
            place: config.queue.as_ref()?.place.clone(),
            container: config.container.clone(),
            opened: opened?,
        })
    }

    /// What it shows.
    pub(super) async fn look(&self) -> Result<Seen, StorageError> {
        look(&self.opened).await
    }

    /// Takes the messages that are asked for.
    ///
    /// # Errors
    /// The queue service refuses; inside, a sentence about what was asked for. Nothing stays in hand then.
    pub(super) async fn find(
        &self,
        asked: &[&str],
        fate: Fate,
    ) -> Result<Result<Found, String>, StorageError> {
        let mut held = Vec::new();
        let searched = self.search(asked, &mut held).await;
        let problem = asked.iter().find_map(|it| self.problem(&held, it, fate));
        if searched.is_err() || problem.is_some() {
            self.give_back(&held).await;
            searched?;
        }
        if let Some(problem) = problem {
            return Ok(Err(problem));
        }
        let is_asked = |it: &Held| asked.iter().any(|asked| self.is(it, asked));
        let (mut chosen, others): (Vec<_>, Vec<_>) = held.into_iter().partition(is_asked);
        // The reason of a text that left no room for it goes with the text.
        let is_reason = |it: &Held| chosen.iter().any(|of| of.message.is_text_of(&it.message));
        let (reasons, others): (Vec<_>, Vec<_>) = others.into_iter().partition(is_reason);
        chosen.extend(reasons);
        Ok(Ok(Found { chosen, others }))
    }

    // Until all that was asked for is in hand, or there is nothing more. Of the others no text is kept.
    async fn search(&self, asked: &[&str], held: &mut Vec<Held>) -> Result<(), StorageError> {
        let is_held = |held: &[Held], asked: &str| held.iter().any(|it| self.is(it, asked));
        let mut left = self.opened.poison.depth().await?.min(SEARCHED);
        while left > 0 && !asked.iter().all(|asked| is_held(held, asked)) {
            let batch = self.receive(left).await?;
            if batch.is_empty() {
                break;
            }
            left = left.saturating_sub(batch.len() as u64);
            for mut one in batch {
                if !asked.iter().any(|asked| self.is(&one, asked)) {
                    one.message.forget_text();
                }
                held.push(one);
            }
        }
        Ok(())
    }

    fn is(&self, held: &Held, asked: &str) -> bool {
        held.message.is(asked, &self.container)
    }

    // Copies of one message, which a crash may have made, are meant together, as are all that tell of one blob.
    fn problem(&self, held: &[Held], asked: &str, fate: Fate) -> Option<String> {
        let shown = Plain(asked);
        let mut found = held.iter().filter(|it| self.is(it, asked)).peekable();
        if found.peek().is_none() {
            return Some(nothing_of(asked, "dead letter or poison message"));
        }
        if fate == Fate::Retry && found.all(|it| it.message.has_no_text()) {
            return Some(format!(
                "`{shown}`: this is only the reason of another message: retry that one"
            ));
        }
        let called = held.iter().filter(|it| it.message.is_called(asked));
        let origins: BTreeSet<_> = called.map(|it| it.message.origin()).collect();
        (origins.len() > 1).then(|| {
            format!("`{shown}`: more than one poison message matches; give more digits of its id")
        })
    }

    async fn receive(&self, most: u64) -> Result<Vec<Held>, StorageError> {
        let most = u8::try_from(most).unwrap_or(*BATCH.end());
        let messages = self.opened.poison.receive(most, HIDE).await?;
        let held = messages.into_iter().map(|message| Held {
            message: PoisonMessage::received(&message, &self.opened.account_path),
            lease: message.lease,
        });
        Ok(held.collect())
    }

    // What cannot be given back stays hidden for a while, and nothing is lost.
    async fn give_back(&self, held: &[Held]) {
        let hide = |it| async move { drop(self.opened.poison.hide(it, Duration::ZERO).await) };
        let all = stream::iter(held.iter().map(|it| &it.lease)).map(hide);
        all.buffer_unordered(AT_ONCE).collect::<()>().await;
    }

    /// Does with messages what is to be done, and gives the others back.
    pub(super) async fn settle(
        &self,
        found: Found,
        fate: Fate,
    ) -> (Settled, Result<(), StorageError>) {
        let mut settled = Settled::default();
        let ended = self.each(&found.chosen, fate, &mut settled).await;
        self.give_back(&found.others).await;
        (settled, ended)
    }

    /// Does with all messages what is to be done: with as many as there are now, for those that are put back may be
    /// set aside again meanwhile.
    pub(super) async fn settle_all(&self, fate: Fate) -> (Settled, Result<(), StorageError>) {
        let mut settled = Settled::default();
        let ended = self.all(fate, &mut settled).await;
        (settled, ended)
    }

    async fn all(&self, fate: Fate, settled: &mut Settled) -> Result<(), StorageError> {
        let mut left = self.opened.poison.depth().await?;
        while left > 0 {
            let batch = self.receive(left).await?;
            if batch.is_empty() {
                break;
            }
            left = left.saturating_sub(batch.len() as u64);
            self.each(&batch, fate, settled).await?;
        }
        Ok(())
    }

    // All of them, even if one fails.
    async fn each(
        &self,
        held: &[Held],
        fate: Fate,
        settled: &mut Settled,
    ) -> Result<(), StorageError> {
        let one = |it| async move { (it, self.one(it, fate).await) };
        let all = stream::iter(held).map(one).buffer_unordered(AT_ONCE);
        let mut all = pin!(all);
        let mut failed = Ok(());
        while let Some((held, deleted)) = all.next().await {
            match deleted {
                Ok(Deleted::Yes) => settled.done += 1,
                Ok(Deleted::Lost) => settled.lost += 1,
                Err(error) => {
                    settled.failed += 1;
                    self.give_back(std::slice::from_ref(held)).await;
                    failed = Err(error);
                }
            }
        }
        failed
    }

    // A reason alone has nothing that could be put back.
    async fn one(&self, held: &Held, fate: Fate) -> Result<Deleted, StorageError> {
        if let (Fate::Retry, Original::Here(text)) = (fate, &held.message.original) {
            self.opened.queue.put(text).await?;
        }
        self.opened.poison.delete(&held.lease).await
    }

    /// Says the outcome of messages.
    pub(super) fn tell(&self, settled: &Settled, fate: Fate, out: &mut Outcome) -> io::Result<()> {
        let Settled { done, lost, failed } = settled;
        if *lost > 0 {
            say(format_args!(
                "{}: another program took it meanwhile, see `dead-letters list`",
                counted(*lost, "poison message")
            ));
        }
        let queue = &self.place.name;
        match (done, fate) {
            (0, _) if *lost == 0 && *failed == 0 => {
                writeln!(out, "no poison messages in queue {}", self.place.poison())
            }
            (0, _) => Ok(()),
            (done, Fate::Retry) => writeln!(
                out,
                "put {} back into queue {queue}; the live stream takes messages from there",
                counted(*done, "poison message")
            ),
            (done, Fate::Drop) => writeln!(
                out,
                "dropped {}: a blob of a dropped message is announced only if a sweep or another notification finds it",
                counted(*done, "poison message")
            ),
        }
    }
}
