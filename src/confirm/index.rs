//! Which events have an object in the cluster, and which of those objects are unfinished. Pure: a
//! watch tells it what it sees.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{broadcast, watch};

use super::{
    ConfirmError,
    unfinished::{Holder, Survey, Unfinished, survey},
};
use crate::event::EventId;

/// How many sightings may wait for a session. One that falls behind looks at everything instead.
const SIGHTINGS: usize = 1024;

/// An object that bears an event's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its name, which is its own in the namespace.
    pub name: String,
    /// Of which event it came.
    pub id: EventId,
    /// Whether it has finished.
    pub state: State,
}

/// Whether an object has finished, as its metadata says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It says that it has.
    Finished,
    /// A Workflow that does not say so.
    Unfinished(Unfinished),
    /// Its kind does not say: only Argo's Workflows have labels for that.
    Untold,
}

/// How well the index knows the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Nothing has been heard yet.
    Starting,
    /// All that exists was listed, and what happens since is told.
    Live,
    /// The cluster cannot be asked; what was seen before may be out of date.
    Lost(ConfirmError),
}

/// What was seen of the objects of one kind in one namespace.
#[derive(Debug)]
pub struct Index {
    seen: Mutex<Seen>,
    sightings: broadcast::Sender<EventId>,
    health: watch::Sender<Health>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Seen {
    objects: HashMap<String, Known>,
    copies: HashMap<EventId, u32>,
    unfinished: HashMap<String, Unfinished>,
    /// Those of the last survey that are stuck, each with whether it was deleted: so few that they have
    /// a bound.
    told: HashSet<(String, bool)>,
}

/// What is remembered of each object.
#[derive(Debug, Clone, Copy)]
struct Known {
    id: EventId,
    finished: bool,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            seen: Mutex::default(),
            sightings: broadcast::Sender::new(SIGHTINGS),
            health: watch::Sender::new(Health::Starting),
            changes: watch::Sender::new(()),
        }
    }
}

impl Index {
    /// Whether an object that bears this id is there.
    pub fn has(&self, id: EventId) -> bool {
        self.seen().copies.contains_key(&id)
    }

    /// An object that bears this id.
    pub fn find(&self, id: EventId) -> Option<Object> {
        let seen = self.seen();
        let (name, known) = seen.objects.iter().find(|(_, known)| known.id == id)?;
        let state = match seen.unfinished.get(name) {
            Some(unfinished) => State::Unfinished(unfinished.clone()),
            None if known.finished => State::Finished,
            None => State::Untold,
        };
        Some(Object {
            name: name.clone(),
            id,
            state,
        })
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.seen().objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many Workflows have not finished.
    pub fn unfinished(&self) -> usize {
        self.seen().unfinished.len()
    }

    /// The Workflows that have not finished at `now`, in seconds since 1970.
    pub fn survey(&self, now: i64) -> Survey {
        survey(&self.seen().unfinished, now)
    }

    /// The stuck Workflows that `survey` names and that the survey before did not: all who share this
    /// index tell each of them once.
    pub fn newly_stuck(&self, survey: &Survey) -> Vec<Holder> {
        let key = |it: &Holder| (it.name.clone(), it.deleted_seconds.is_some());
        let mut seen = self.seen();
        let new = survey.stuck().filter(|it| !seen.told.contains(&key(it)));
        let new = new.cloned().collect();
        seen.told = survey.stuck().map(key).collect();
        new
    }

    /// How well the cluster is known.
    pub fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    /// Waits until all that exists has been listed, however long the cluster cannot be reached.
    ///
    /// # Errors
    /// An error that is not transient: somebody has to do something about it first.
    pub async fn ready(&self) -> Result<(), ConfirmError> {
        let mut health = self.health.subscribe();
        let known = |health: &Health| match health {
            Health::Starting => false,
            Health::Live => true,
            Health::Lost(error) => !error.is_transient(),
        };
        // The sender lives as long as `self`.
        match health.wait_for(known).await.as_deref() {
            Ok(Health::Lost(error)) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// News from now on.
    pub fn news(&self) -> NewsFeed {
        NewsFeed {
            sightings: self.sightings.subscribe(),
            changes: self.changes.subscribe(),
        }
    }

    /// All objects that exist: those that are not among them are gone.
    pub fn replace(&self, objects: Vec<Object>) {
        let mut seen = self.seen();
        let names: HashSet<&str> = objects.iter().map(|o| o.name.as_str()).collect();
        let gone: Vec<_> = seen
            .objects
            .keys()
            .filter(|name| !names.contains(name.as_str()))
            .cloned()
            .collect();
        drop(names);
        gone.iter().for_each(|name| _ = seen.remove(name));
        let new: Vec<_> = objects.into_iter().filter_map(|o| seen.put(o)).collect();
        drop(seen);
        new.into_iter().for_each(|id| self.tell(id));
        self.changes.send_replace(());
    }

    /// An object was made or changed.
    pub fn applied(&self, object: Object) {
        let new = self.seen().put(object);
        match new {
            Some(id) => self.tell(id),
            None => {
                self.changes.send_replace(());
            }
        }
    }

    /// An object was deleted. That it had been there counts, even when nobody had seen it.
    pub fn deleted(&self, object: &Object) {
        let known = self.seen().remove(&object.name);
        if known != Some(object.id) {
            self.tell(object.id);
        }
        self.changes.send_replace(());
    }

    /// An object bears this id, as the cluster said when it was asked for this one.
    pub fn found(&self, id: EventId) {
        self.tell(id);
    }

    /// All that exists has been listed, and what happens is being told.
    pub fn live(&self) {
        self.turn(Health::Live);
    }

    /// The cluster cannot be asked.
    pub fn lost(&self, error: ConfirmError) {
        self.turn(Health::Lost(error));
    }

    fn turn(&self, health: Health) {
        let turned = self.health.send_if_modified(|now| {
            let turned = *now != health;
            *now = health;
            turned
        });
        if turned {
            self.changes.send_replace(());
        }
    }

    fn tell(&self, id: EventId) {
        // Without sessions nobody needs to know.
        let _ = self.sightings.send(id);
    }

    // No operation leaves the maps half changed, so a poisoned lock is as good as a whole one.
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    // The object's id, when no object with this id was there before.
    fn put(&mut self, object: Object) -> Option<EventId> {
        let Object { name, id, state } = object;
        let before = self.remove(&name);
        let finished = state == State::Finished;
        if let State::Unfinished(unfinished) = state {
            self.unfinished.insert(name.clone(), unfinished);
        }
        self.objects.insert(name, Known { id, finished });
        let copies = self.copies.entry(id).or_default();
        *copies += 1;
        let known = *copies > 1 || before == Some(id);
        (!known).then_some(id)
    }

    // The id that it had.
    fn remove(&mut self, name: &str) -> Option<EventId> {
        let Known { id, .. } = self.objects.remove(name)?;
        self.unfinished.remove(name);
        if let Some(copies) = self.copies.get_mut(&id) {
            *copies -= 1;
            if *copies == 0 {
                self.copies.remove(&id);
            }
        }
        Some(id)
    }
}

/// What a session hears from an [`Index`].
#[derive(Debug)]
pub struct NewsFeed {
    sightings: broadcast::Receiver<EventId>,
    changes: watch::Receiver<()>,
}

/// A piece of news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// An object with this id has appeared, and may be gone again by now.
    Seen(EventId),
    /// There was more to hear than was listened to: anything may have appeared.
    Missed,
    /// The health, or the number of unfinished objects, may be another.
    Changed,
}

impl NewsFeed {
    /// The next piece of news; never, once the index is gone.
    pub async fn next(&mut self) -> News {
        use broadcast::error::RecvError::{Closed, Lagged};
        tokio::select! {
            biased;
            sighting = self.sightings.recv() => match sighting {
                Ok(id) => News::Seen(id),
                Err(Lagged(_)) => News::Missed,
                Err(Closed) => std::future::pending().await,
            },
            changed = self.changes.changed() => match changed {
                Ok(()) => News::Changed,
                Err(_) => std::future::pending().await,
            },
        }
    }
}

#[cfg(test)]
mod tests;
