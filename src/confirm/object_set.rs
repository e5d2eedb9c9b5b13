//! Which events have an object in the cluster, and which of those objects are unfinished. Pure.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::unfinished::{Holder, Survey, Unfinished, survey};
use crate::event::EventId;

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

/// The objects that were seen, by their names.
#[derive(Debug, Default)]
pub(super) struct ObjectSet {
    objects: HashMap<Arc<str>, Known>,
    copies: HashMap<EventId, Copies>,
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

/// The objects that bear one id.
#[derive(Debug)]
struct Copies {
    count: u32,
    /// One of them: the one that was seen last.
    name: Arc<str>,
}

impl ObjectSet {
    /// Whether an object that bears this id is there.
    pub(super) fn has(&self, id: EventId) -> bool {
        self.copies.contains_key(&id)
    }

    /// An object that bears this id.
    pub(super) fn find(&self, id: EventId) -> Option<Object> {
        let name = &self.copies.get(&id)?.name;
        let known = self.objects.get(name)?;
        let state = match self.unfinished.get(&**name) {
            Some(unfinished) => State::Unfinished(unfinished.clone()),
            None if known.finished => State::Finished,
            None => State::Untold,
        };
        Some(Object {
            name: name.to_string(),
            id,
            state,
        })
    }

    /// How many objects there are.
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// How many Workflows have not finished.
    pub(super) fn unfinished(&self) -> usize {
        self.unfinished.len()
    }

    /// The Workflows that have not finished at `now`, in seconds since 1970.
    pub(super) fn survey(&self, now: i64) -> Survey {
        survey(&self.unfinished, now)
    }

    /// The stuck Workflows that `survey` names and that the survey before did not.
    pub(super) fn newly_stuck(&mut self, survey: &Survey) -> Vec<Holder> {
        let key = |it: &Holder| (it.name.clone(), it.deleted_seconds.is_some());
        let new = survey.stuck().filter(|it| !self.told.contains(&key(it)));
        let new = new.cloned().collect();
        self.told = survey.stuck().map(key).collect();
        new
    }

    /// All objects that exist: those that are not among them are gone. Returns the ids that no object had
    /// before.
    pub(super) fn replace(&mut self, objects: Vec<Object>) -> Vec<EventId> {
        let names: HashSet<&str> = objects.iter().map(|o| o.name.as_str()).collect();
        let gone: Vec<_> = self
            .objects
            .keys()
            .filter(|name| !names.contains(&***name))
            .cloned()
            .collect();
        gone.iter().for_each(|name| _ = self.remove(name));
        objects.into_iter().filter_map(|o| self.put(o)).collect()
    }

    /// Adds an object, or what happened to it. Returns its id, when no object with this id was there before.
    pub(super) fn put(&mut self, object: Object) -> Option<EventId> {
        let Object { name, id, state } = object;
        let before = self.remove(&name);
        let finished = state == State::Finished;
        if let State::Unfinished(unfinished) = state {
            self.unfinished.insert(name.clone(), unfinished);
        }
        let name: Arc<str> = name.into();
        self.objects
            .insert(Arc::clone(&name), Known { id, finished });
        let copies = self.copies.entry(id).or_insert_with(|| Copies {
            count: 0,
            name: Arc::clone(&name),
        });
        copies.count += 1;
        copies.name = name;
        let known = copies.count > 1 || before == Some(id);
        (!known).then_some(id)
    }

    /// Removes the object of this name. Returns the id that it had.
    pub(super) fn remove(&mut self, name: &str) -> Option<EventId> {
        let Known { id, .. } = self.objects.remove(name)?;
        self.unfinished.remove(name);
        if let Some(copies) = self.copies.get_mut(&id) {
            copies.count -= 1;
            if copies.count == 0 {
                self.copies.remove(&id);
            } else if &*copies.name == name {
                // More than one of an event are rare, so looking for another may take long.
                let other = self.objects.iter().find(|(_, known)| known.id == id);
                if let Some((other, _)) = other {
                    copies.name = Arc::clone(other);
                }
            }
        }
        Some(id)
    }
}
