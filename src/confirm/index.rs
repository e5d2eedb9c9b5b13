//! What was seen of the cluster, and who is told of it: a watch tells it what it sees, and sessions hear of it.

use tokio::sync::{broadcast, watch};

use super::{
    error::ConfirmError,
    object_set::{Object, ObjectSet},
    unfinished::{Holder, Survey},
};
use crate::{event::EventId, shared::Shared};

/// How many sightings may wait for a session. One that falls behind looks at everything instead.
const SIGHTINGS: usize = 1024;

/// How well the index knows the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchHealth {
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
    objects: Shared<ObjectSet>,
    sightings: broadcast::Sender<EventId>,
    health: watch::Sender<WatchHealth>,
    changes: watch::Sender<()>,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            objects: Shared::default(),
            sightings: broadcast::Sender::new(SIGHTINGS),
            health: watch::Sender::new(WatchHealth::Starting),
            changes: watch::Sender::new(()),
        }
    }
}

impl Index {
    /// Whether an object that bears this id is there.
    pub fn has(&self, id: EventId) -> bool {
        self.objects.lock().has(id)
    }

    /// An object that bears this id.
    pub fn find(&self, id: EventId) -> Option<Object> {
        self.objects.lock().find(id)
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.objects.lock().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many Workflows have not finished.
    pub fn unfinished(&self) -> usize {
        self.objects.lock().unfinished()
    }

    /// The Workflows that have not finished at `now`, in seconds since 1970.
    pub fn survey(&self, now: i64) -> Survey {
        self.objects.lock().survey(now)
    }

    /// The stuck Workflows that `survey` names and that the survey before did not: all who share this
    /// index tell each of them once.
    pub fn newly_stuck(&self, survey: &Survey) -> Vec<Holder> {
        self.objects.lock().newly_stuck(survey)
    }

    /// How well the cluster is known.
    pub fn health(&self) -> WatchHealth {
        self.health.borrow().clone()
    }

    /// Waits until all that exists has been listed, however long the cluster cannot be reached.
    ///
    /// # Errors
    /// An error that is not transient: somebody has to do something about it first.
    pub async fn ready(&self) -> Result<(), ConfirmError> {
        self.known(|error| !error.is_transient()).await
    }

    /// Waits until all that exists has been listed, or a first try has failed: for a command, which says at once what is
    /// wrong.
    ///
    /// # Errors
    /// Why the try failed.
    pub async fn heard(&self) -> Result<(), ConfirmError> {
        self.known(|_| true).await
    }

    async fn known(&self, is_final: impl Fn(&ConfirmError) -> bool) -> Result<(), ConfirmError> {
        let mut health = self.health.subscribe();
        let known = |health: &WatchHealth| match health {
            WatchHealth::Starting => false,
            WatchHealth::Live => true,
            WatchHealth::Lost(error) => is_final(error),
        };
        // The sender lives as long as `self`.
        match health.wait_for(known).await.as_deref() {
            Ok(WatchHealth::Lost(error)) => Err(error.clone()),
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
        let new = self.objects.lock().replace(objects);
        new.into_iter().for_each(|id| self.tell(id));
        self.changes.send_replace(());
    }

    /// An object was made or changed.
    pub fn applied(&self, object: Object) {
        let new = self.objects.lock().put(object);
        match new {
            Some(id) => self.tell(id),
            None => {
                self.changes.send_replace(());
            }
        }
    }

    /// An object was deleted. That it had been there counts, even when nobody had seen it.
    pub fn deleted(&self, object: &Object) {
        let known = self.objects.lock().remove(&object.name);
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
        self.turn(WatchHealth::Live);
    }

    /// The cluster cannot be asked.
    pub fn lost(&self, error: ConfirmError) {
        self.turn(WatchHealth::Lost(error));
    }

    fn turn(&self, health: WatchHealth) {
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
