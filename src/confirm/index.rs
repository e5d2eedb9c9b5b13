//! Which events have an object in the cluster, and which of those objects are unfinished. Pure: a
//! watch tells it what it sees.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{broadcast, watch};

use super::ConfirmError;
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
    /// Whether it says that it has finished.
    pub finished: bool,
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
    objects: HashMap<String, Object>,
    copies: HashMap<EventId, u32>,
    unfinished: usize,
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
        let found = seen.objects.values().find(|object| object.id == id);
        found.cloned()
    }

    /// How many objects there are.
    pub fn len(&self) -> usize {
        self.seen().objects.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many objects have not finished.
    pub fn unfinished(&self) -> usize {
        self.seen().unfinished
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
        if known.is_none_or(|known| known.id != object.id) {
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
        let id = object.id;
        let before = self.remove(&object.name);
        self.unfinished += usize::from(!object.finished);
        self.objects.insert(object.name.clone(), object);
        let copies = self.copies.entry(id).or_default();
        *copies += 1;
        let known = *copies > 1 || before.is_some_and(|before| before.id == id);
        (!known).then_some(id)
    }

    fn remove(&mut self, name: &str) -> Option<Object> {
        let object = self.objects.remove(name)?;
        self.unfinished -= usize::from(!object.finished);
        if let Some(copies) = self.copies.get_mut(&object.id) {
            *copies -= 1;
            if *copies == 0 {
                self.copies.remove(&object.id);
            }
        }
        Some(object)
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
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn object(name: &str, id: u128, finished: bool) -> Object {
        Object {
            name: name.to_owned(),
            id: EventId(id),
            finished,
        }
    }

    fn hear(feed: &mut NewsFeed) -> Vec<News> {
        std::iter::from_fn(|| feed.next().now_or_never()).collect()
    }

    #[test]
    fn an_object_is_there_from_its_first_sighting_to_its_deletion() {
        let index = Index::default();
        let mut feed = index.news();
        index.applied(object("a", 1, false));
        assert!(index.has(EventId(1)));
        assert_eq!(index.unfinished(), 1);
        assert_eq!(hear(&mut feed), [News::Seen(EventId(1))]);
        index.applied(object("a", 1, true));
        assert_eq!(index.unfinished(), 0);
        assert_eq!(hear(&mut feed), [News::Changed]);
        index.deleted(&object("a", 1, true));
        assert!(!index.has(EventId(1)));
        assert_eq!(hear(&mut feed), [News::Changed]);
    }

    #[test]
    fn two_objects_of_one_event_are_one_sighting_and_both_count() {
        let index = Index::default();
        let mut feed = index.news();
        index.applied(object("a", 1, false));
        index.applied(object("b", 1, false));
        assert_eq!(hear(&mut feed), [News::Seen(EventId(1)), News::Changed]);
        assert_eq!(index.unfinished(), 2);
        index.deleted(&object("a", 1, false));
        assert!(index.has(EventId(1)));
    }

    #[test]
    fn a_deletion_of_what_was_never_seen_is_a_sighting() {
        let index = Index::default();
        let mut feed = index.news();
        index.deleted(&object("a", 1, false));
        assert_eq!(hear(&mut feed), [News::Seen(EventId(1)), News::Changed]);
        assert!(!index.has(EventId(1)));
    }

    #[test]
    fn a_list_replaces_all_that_was_known() {
        let index = Index::default();
        index.applied(object("a", 1, false));
        index.applied(object("b", 2, false));
        let mut feed = index.news();
        index.replace(vec![object("b", 2, true), object("c", 3, false)]);
        assert!(!index.has(EventId(1)) && index.has(EventId(2)) && index.has(EventId(3)));
        assert_eq!(index.unfinished(), 1);
        assert_eq!(hear(&mut feed), [News::Seen(EventId(3)), News::Changed]);
    }

    #[test]
    fn a_name_that_is_used_again_for_another_event_is_another_sighting() {
        let index = Index::default();
        index.applied(object("a", 1, false));
        let mut feed = index.news();
        index.applied(object("a", 2, false));
        assert!(!index.has(EventId(1)) && index.has(EventId(2)));
        assert_eq!(hear(&mut feed), [News::Seen(EventId(2))]);
    }

    #[test]
    fn who_listens_too_slowly_hears_that_something_was_missed() {
        let index = Index::default();
        let mut feed = index.news();
        for id in 0..SIGHTINGS as u128 + 1 {
            index.applied(object(&format!("{id}"), id, false));
        }
        assert_eq!(hear(&mut feed)[0], News::Missed);
    }

    #[tokio::test]
    async fn readiness_waits_out_what_passes_and_ends_with_what_does_not() {
        let index = Index::default();
        assert!(index.ready().now_or_never().is_none());
        index.lost(ConfirmError::Unreachable("down".to_owned()));
        assert!(index.ready().now_or_never().is_none());
        let forbidden = ConfirmError::Forbidden("no".to_owned());
        index.lost(forbidden.clone());
        assert_eq!(index.ready().await, Err(forbidden));
        index.live();
        assert_eq!(index.ready().await, Ok(()));
    }
}
