//! All objects that an event must have: one for each entry of `confirm`.

use std::sync::Arc;

use futures::future::{select_all, try_join_all};

use crate::{
    confirm::{
        error::ConfirmError,
        index::{Index, News, NewsFeed, WatchHealth},
        object_set::Object,
        target::Confirm,
        unfinished::{Holder, Workflows},
    },
    event::EventId,
    metrics::events::Made,
    ports::confirmation::{Confirmation, Confirmations},
};

/// What a source expects of each of its events. There is at least one entry.
pub struct Expected {
    entries: Vec<Entry>,
}

/// One of the objects that an event must have.
pub struct Entry {
    /// The object in words, such as `Workflow (pipeline=audit)`.
    pub what: String,
    /// Whether it is a Workflow, which counts against the limit on unfinished ones.
    is_workflow: bool,
    watch: Arc<dyn Confirmation>,
}

/// Which entries have, or had, their object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen(u32);

impl Seen {
    /// None has.
    pub const NONE: Self = Self(0);

    /// This entry alone has.
    pub fn only(entry: usize) -> Self {
        Self(1 << entry)
    }

    /// Those of both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Those that are among both.
    pub fn among(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those of these that are not among the others.
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Whether this entry has.
    pub fn has(self, entry: usize) -> bool {
        self.0 & (1 << entry) != 0
    }

    /// How many have.
    pub fn count(self) -> usize {
        self.0.count_ones() as usize
    }
}

impl FromIterator<usize> for Seen {
    /// That each of these entries has.
    fn from_iter<T: IntoIterator<Item = usize>>(entries: T) -> Self {
        let entries = entries.into_iter().map(Self::only);
        entries.fold(Self::NONE, Self::and)
    }
}

impl Expected {
    /// Opens a watch for each entry; `None` when nothing confirms.
    ///
    /// # Errors
    /// As [`Confirmations::open`].
    pub async fn open(
        confirmations: &dyn Confirmations,
        confirm: &[Confirm],
    ) -> Result<Option<Arc<Self>>, ConfirmError> {
        let mut entries = Vec::new();
        for one in confirm {
            let watch = confirmations.open(one).await?;
            entries.push(Entry {
                what: one.what(),
                is_workflow: one.kind.is_workflow(),
                watch,
            });
        }
        Ok((!entries.is_empty()).then(|| Arc::new(Self { entries })))
    }

    /// Expects a Workflow of each of these watches, which words tell apart.
    pub fn workflows_of(entries: Vec<(String, Arc<dyn Confirmation>)>) -> Arc<Self> {
        let entries = entries.into_iter().map(|(what, watch)| Entry {
            what,
            is_workflow: true,
            watch,
        });
        Arc::new(Self {
            entries: entries.collect(),
        })
    }

    /// The entries that are Workflows.
    pub fn workflow_entries(&self) -> Seen {
        let entries = self.entries.iter().enumerate();
        let workflows = entries.filter(|(_, entry)| entry.is_workflow);
        workflows.map(|(at, _)| at).collect()
    }

    /// The entries, in the order of the configuration.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The namespace of all entries; `None` when they have several.
    pub fn namespace(&self) -> Option<&str> {
        let mut all = self.entries.iter().map(|entry| entry.watch.namespace());
        let first = all.next().filter(|it| !it.is_empty())?;
        all.all(|it| it == first).then_some(first)
    }

    /// The objects with this id that are there now.
    pub fn made(&self, id: EventId) -> Vec<Made> {
        let made = self.entries.iter().filter_map(|entry| {
            Some(Made {
                name: entry.find(id)?.name,
                what: entry.what.clone(),
                namespace: entry.watch.namespace().to_owned(),
                is_workflow: entry.is_workflow,
            })
        });
        made.collect()
    }

    /// Which entries have an object with this id now.
    pub fn seen(&self, id: EventId) -> Seen {
        let indexes = self.indexes().enumerate();
        let having = indexes.filter(|(_, index)| index.has(id));
        having.map(|(at, _)| at).collect()
    }

    /// Whether these are all objects that an event must have.
    pub fn is_all(&self, seen: Seen) -> bool {
        seen.count() == self.entries.len()
    }

    /// Whether all objects that an event must have are there now.
    pub fn has(&self, id: EventId) -> bool {
        self.is_all(self.seen(id))
    }

    /// What is missing, in words; `None` when nothing is, or there is one entry only, of which there
    /// is no doubt what is.
    pub fn missing(&self, seen: Seen) -> Option<String> {
        let entries = self.entries.iter().enumerate();
        let missing: Vec<_> = entries
            .filter(|(at, _)| !seen.has(*at))
            .map(|(_, entry)| entry.what.as_str())
            .collect();
        (self.entries.len() > 1 && !missing.is_empty()).then(|| missing.join(" and "))
    }

    /// Asks the cluster itself which objects bear this id, as [`Confirmation::look`].
    ///
    /// # Errors
    /// The first entry that cannot be asked for.
    pub async fn look(&self, id: EventId) -> Result<Seen, ConfirmError> {
        let asked = self.entries.iter().map(|entry| entry.watch.look(id));
        let answers = try_join_all(asked).await?;
        let found = answers.into_iter().enumerate().filter(|(_, there)| *there);
        Ok(found.map(|(at, _)| at).collect())
    }

    /// How well the cluster is known: as well as the entry of which the least is.
    pub fn health(&self) -> WatchHealth {
        let mut healths: Vec<_> = self.indexes().map(Index::health).collect();
        let lost = |health: &WatchHealth| matches!(health, WatchHealth::Lost(_));
        let worst = healths.iter().position(lost);
        let worst = worst.or_else(|| healths.iter().position(|it| *it == WatchHealth::Starting));
        healths.swap_remove(worst.unwrap_or(0))
    }

    /// As [`Index::ready`], for every entry.
    ///
    /// # Errors
    /// The first error that is not transient.
    pub async fn ready(&self) -> Result<(), ConfirmError> {
        try_join_all(self.indexes().map(Index::ready)).await?;
        Ok(())
    }

    /// As [`Index::heard`], for every entry.
    ///
    /// # Errors
    /// The first error.
    pub async fn heard(&self) -> Result<(), ConfirmError> {
        try_join_all(self.indexes().map(Index::heard)).await?;
        Ok(())
    }

    /// News of all entries from now on.
    pub fn news(&self) -> Feeds {
        Feeds(self.indexes().map(Index::news).collect())
    }

    /// How many Workflows have not finished, in the namespace that has most of them: the limit on them
    /// holds for each.
    pub fn unfinished(&self) -> usize {
        let counts = self
            .entries
            .iter()
            .map(|entry| entry.watch.all().unfinished());
        counts.max().unwrap_or(0)
    }

    /// The unfinished Workflows of that namespace at `now`, in seconds since 1970.
    pub fn workflows(&self, now: i64) -> Workflows {
        fullest(self.surveys(now))
    }

    /// As [`Self::workflows`], and before that tells `stuck` of each Workflow of any namespace that is
    /// stuck and was not told before: see [`Index::newly_stuck`].
    pub fn survey(&self, now: i64, stuck: impl Fn(&Holder, &Workflows)) -> Workflows {
        let surveys = self.surveys(now);
        for (entry, among) in self.entries.iter().zip(&surveys) {
            let new = entry.watch.all().newly_stuck(&among.survey);
            new.iter().for_each(|holder| stuck(holder, among));
        }
        fullest(surveys)
    }

    // Of the namespace of each entry.
    fn surveys(&self, now: i64) -> Vec<Workflows> {
        let entries = self.entries.iter();
        entries.map(|entry| entry.watch.workflows(now)).collect()
    }

    fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.entries.iter().map(|entry| entry.watch.index())
    }
}

impl Entry {
    /// The object of an event.
    pub fn find(&self, id: EventId) -> Option<Object> {
        self.watch.index().find(id)
    }
}

fn fullest(surveys: Vec<Workflows>) -> Workflows {
    let surveys = surveys.into_iter();
    let fullest = surveys.max_by_key(|workflows| workflows.survey.count);
    fullest.unwrap_or_default()
}

/// What a session hears of all entries.
#[derive(Debug)]
pub struct Feeds(Vec<NewsFeed>);

impl Feeds {
    /// The next piece of news, and the entry that it is of.
    pub async fn next(&mut self) -> (usize, News) {
        let next = self.0.iter_mut().map(|feed| Box::pin(feed.next()));
        // There is at least one.
        let (news, entry, _) = select_all(next).await;
        (entry, news)
    }
}
