//! Which source is meant, of those that have run with a state container. Pure.

use crate::{config::source_id::event_of, text::nearest::nearest};

mod own;
#[cfg(test)]
mod tests;
mod words;

pub(super) use own::own_event;

/// A source that has a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) id: String,
    /// The URL of its container; `None` when the beginning of the ledger does not say.
    pub(super) container: Option<String>,
    /// What its names begin with, as far as the beginning of the ledger says.
    pub(super) prefix: Option<String>,
}

/// What is asked for.
pub(super) struct Asked<'a> {
    /// The URL of the container in the configuration.
    pub(super) container: &'a str,
    pub(super) prefix: &'a str,
    /// The `id` in the configuration.
    pub(super) id: Option<&'a str>,
    /// What was typed as `--name`.
    pub(super) name: Option<&'a str>,
    /// The source that an event of this name is.
    pub(super) id_of: &'a dyn Fn(&str) -> String,
    /// The state container.
    pub(super) state: &'a str,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Which {
    /// The one that was named.
    Named(String),
    /// The only one that there is for the configuration.
    Only(String),
    /// None of this container has ever run. Its name, if one was given.
    NeverRan(Option<String>),
}

impl Which {
    /// The source's name, if it is known.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Named(id) | Self::Only(id) => Some(id),
            Self::NeverRan(id) => id.as_deref(),
        }
    }
}

/// Why none of several is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unclear {
    /// A sentence about what was typed, with a list to choose from.
    pub(super) told: String,
    /// What it is when nothing looks like a slip of the pen: a source that is to run.
    new: Option<Which>,
}

impl Unclear {
    /// The source, for somebody who may name one that has not run yet.
    ///
    /// # Errors
    /// A sentence about what was typed, with a list to choose from.
    pub(super) fn or_new(self) -> Result<Which, String> {
        match self.new {
            Some(which) => Ok(which),
            None => Err(self.told),
        }
    }
}

impl From<String> for Unclear {
    fn from(told: String) -> Self {
        Self { told, new: None }
    }
}

impl Asked<'_> {
    /// Whether this is the source of somebody who watches.
    fn is_own(known: &Known) -> bool {
        own::is_own_event(event_of(&known.id).unwrap_or(&known.id))
    }

    /// The name that the source has by what was asked for.
    pub(super) fn named(&self) -> Option<String> {
        let id = self.id.map(str::to_owned);
        id.or_else(|| self.name.map(|name| (self.id_of)(name)))
    }

    /// The one of all that is meant.
    ///
    /// # Errors
    /// What was typed names none, or more than one.
    pub(super) fn choose(&self, known: &[Known]) -> Result<Which, Unclear> {
        let named = self.named();
        if let Some(id) = named.iter().find(|id| known.iter().any(|it| it.id == **id)) {
            return Ok(Which::Named(id.clone()));
        }
        let there: Vec<_> = known.iter().filter(|it| self.is_here(it)).collect();
        if there.is_empty() {
            return Ok(Which::NeverRan(named));
        }
        match (self.id, self.name) {
            (Some(id), _) => {
                let ids: Vec<_> = there.iter().map(|it| it.id.as_str()).collect();
                let meant = nearest(id, &ids);
                Err(Unclear {
                    told: self.no_such_id(id, meant, &ids),
                    new: meant.is_none().then_some(Which::NeverRan(named)),
                })
            }
            // A list names by their ids those whose event's name cannot be told from it.
            (None, Some(name)) if there.iter().any(|it| it.id == name) => {
                Ok(Which::Named(name.to_owned()))
            }
            (None, Some(name)) => {
                if let Some(before) = self.with_another_prefix(name, &there) {
                    return Err(self.has_moved(name, before).into());
                }
                let meant = self.meant(name, &there);
                Err(Unclear {
                    told: self.no_such_name(name, meant.as_deref(), &there),
                    new: meant.is_none().then_some(Which::NeverRan(named)),
                })
            }
            (None, None) => self.only(&there),
        }
    }

    fn is_here(&self, known: &Known) -> bool {
        let container = known.container.as_deref();
        container.is_none_or(|it| it == self.container)
    }

    fn only(&self, there: &[&Known]) -> Result<Which, Unclear> {
        let fits = |it: &&&Known| it.prefix.as_deref().is_none_or(|it| it == self.prefix);
        // Whoever watched left a ledger, and is not asked about.
        let there: Vec<_> = there
            .iter()
            .copied()
            .filter(|it| !Self::is_own(it))
            .collect();
        if there.is_empty() {
            return Ok(Which::NeverRan(None));
        }
        let fitting: Vec<_> = there.iter().copied().filter(|it| fits(&it)).collect();
        match fitting[..] {
            [one] => Ok(Which::Only(one.id.clone())),
            [] => Err(Unclear {
                told: self.other_prefixes(&there),
                new: Some(Which::NeverRan(None)),
            }),
            _ => Err(self.several(&fitting).into()),
        }
    }

    // The same event, when its source was called after another `prefix`.
    fn with_another_prefix<'a>(&self, name: &str, there: &[&'a Known]) -> Option<&'a Known> {
        let id = (self.id_of)(name);
        let own = event_of(&id)?;
        let mut others = there.iter().filter(|it| event_of(&it.id) == Some(own));
        let has_other = |it: &&&Known| it.prefix.as_deref().is_some_and(|it| it != self.prefix);
        others.find(has_other).copied()
    }

    // What can be typed as --name for the source whose event has nearly this name.
    fn meant(&self, name: &str, there: &[&Known]) -> Option<String> {
        let names = there.iter().map(|it| event_of(&it.id).unwrap_or(&it.id));
        let names: Vec<_> = names.collect();
        let meant = nearest(name, &names)?;
        let meant = names.iter().position(|it| *it == meant)?;
        Some(self.typed(there[meant]))
    }

    // What can be typed as --name.
    fn typed(&self, known: &Known) -> String {
        let event = event_of(&known.id);
        match event.filter(|event| (self.id_of)(event) == known.id) {
            Some(event) => event.to_owned(),
            None => known.id.clone(),
        }
    }
}
