//! Which source is meant, of those that have run with a state container. Pure.

use crate::text::{nearest::nearest, plain::Plain};

/// How many sources a message lists.
const SHOWN: usize = 10;
/// What a name that is made of an event's name ends with: `-` and these many hexadecimal digits.
const DIGITS: usize = 16;

/// The event of a source that somebody who watches has for himself: [`own_event`] with the others.
const OWN: &str = "watch-connect";

/// The event of the source that the client of this number has for itself.
pub(super) fn own_event(number: u32) -> String {
    match number {
        0 | 1 => OWN.to_owned(),
        number => format!("{OWN}-{number}"),
    }
}

fn is_own(event: &str) -> bool {
    let rest = event.strip_prefix(OWN);
    rest.is_some_and(|it| {
        let number = it.strip_prefix('-');
        it.is_empty() || number.is_some_and(|it| it.parse::<u32>().is_ok())
    })
}

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

impl Asked<'_> {
    /// The name that the source has by what was asked for.
    pub(super) fn named(&self) -> Option<String> {
        let id = self.id.map(str::to_owned);
        id.or_else(|| self.name.map(|name| (self.id_of)(name)))
    }

    /// The one of all that is meant.
    ///
    /// # Errors
    /// A sentence about what was typed, with a list to choose from.
    pub(super) fn choose(&self, known: &[Known]) -> Result<Which, String> {
        let named = self.named();
        if let Some(id) = named.iter().find(|id| known.iter().any(|it| it.id == **id)) {
            return Ok(Which::Named(id.clone()));
        }
        let there: Vec<_> = known
            .iter()
            .filter(|it| {
                it.container
                    .as_deref()
                    .is_none_or(|it| it == self.container)
            })
            .collect();
        if there.is_empty() {
            return Ok(Which::NeverRan(named));
        }
        match (self.id, self.name) {
            (Some(id), _) => Err(self.no_such_id(id, &there)),
            // A list names by their ids those whose event's name cannot be told from it.
            (None, Some(name)) if there.iter().any(|it| it.id == name) => {
                Ok(Which::Named(name.to_owned()))
            }
            (None, Some(name)) => Err(self.no_such_name(name, &there)),
            (None, None) => self.only(&there),
        }
    }

    fn only(&self, there: &[&Known]) -> Result<Which, String> {
        let fits = |it: &&&Known| it.prefix.as_deref().is_none_or(|it| it == self.prefix);
        // Whoever watched left a ledger, and is not asked about.
        let there: Vec<_> = there
            .iter()
            .copied()
            .filter(|it| !is_own(&self.typed(it)))
            .collect();
        if there.is_empty() {
            return Ok(Which::NeverRan(None));
        }
        let fitting: Vec<_> = there.iter().copied().filter(|it| fits(&it)).collect();
        match fitting[..] {
            [one] => Ok(Which::Only(one.id.clone())),
            [] => Err(format!(
                "no source with {} has run with the state container `{}`, but others of the same container have: correct \
                 `prefix` in the configuration, or choose one with --name:\n{}",
                prefix(self.prefix),
                self.state,
                self.list(&there)
            )),
            _ => Err(format!(
                "{} sources of this container have run with the state container `{}`: choose one with --name:\n{}",
                fitting.len(),
                self.state,
                self.list(&fitting)
            )),
        }
    }

    fn no_such_name(&self, name: &str, there: &[&Known]) -> String {
        let names: Vec<_> = there.iter().map(|it| self.typed(it)).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let meant = match nearest(name, &names) {
            Some(meant) => format!("did you mean `--name {}`? ", Plain(meant)),
            None => String::new(),
        };
        format!(
            "no source of the event `{}` has run with the state container `{}`; {meant}These have run for this \
             container:\n{}\nA new source has run once its EventSource has connected to the server.",
            Plain(name),
            self.state,
            self.list(there)
        )
    }

    fn no_such_id(&self, id: &str, there: &[&Known]) -> String {
        let ids: Vec<_> = there.iter().map(|it| it.id.as_str()).collect();
        let meant = match nearest(id, &ids) {
            Some(meant) => format!("did you mean `id: {}`? ", Plain(meant)),
            None => String::new(),
        };
        let list: Vec<_> = ids.iter().map(|id| format!("  {}", Plain(id))).collect();
        format!(
            "no source with `id: {}` has run with the state container `{}`; {meant}These have run for this container:\n{}\n\
             A new source has run once its EventSource has connected to the server.",
            Plain(id),
            self.state,
            bounded(list)
        )
    }

    // What can be typed as --name.
    fn typed(&self, known: &Known) -> String {
        let slug = slug(&known.id);
        match slug.filter(|slug| (self.id_of)(slug) == known.id) {
            Some(slug) => slug.to_owned(),
            None => known.id.clone(),
        }
    }

    fn list(&self, known: &[&Known]) -> String {
        let lines = known.iter().map(|it| {
            let typed = self.typed(it);
            let prefix = it.prefix.as_deref().map(prefix).unwrap_or_default();
            format!("  --name {}    {prefix}", Plain(&typed))
                .trim_end()
                .to_owned()
        });
        bounded(lines.collect())
    }
}

fn slug(id: &str) -> Option<&str> {
    let (slug, hash) = id.rsplit_once('-')?;
    let is_hash = hash.len() == DIGITS && hash.bytes().all(|it| it.is_ascii_hexdigit());
    is_hash.then_some(slug)
}

fn prefix(prefix: &str) -> String {
    match prefix {
        "" => "no prefix".to_owned(),
        prefix => format!("the prefix `{}`", Plain(prefix)),
    }
}

fn bounded(mut lines: Vec<String>) -> String {
    let others = lines.len().saturating_sub(SHOWN);
    if others > 0 {
        lines.truncate(SHOWN);
        lines.push(format!("  … and {others} more"));
    }
    lines.join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    const HERE: &str = "https://a.example/datasets";

    fn known(id: &str, container: &str, prefix: &str) -> Known {
        Known {
            id: id.to_owned(),
            container: Some(container.to_owned()),
            prefix: Some(prefix.to_owned()),
        }
    }

    fn id_of(name: &str) -> String {
        format!("{}-0123456789abcdef", name.to_lowercase())
    }

    fn choose(id: Option<&str>, name: Option<&str>, known: &[Known]) -> Result<Which, String> {
        let asked = Asked {
            container: HERE,
            prefix: "raw/",
            id,
            name,
            id_of: &id_of,
            state: "state",
        };
        asked.choose(known)
    }

    #[test]
    fn the_only_one_of_the_container_is_found() {
        let datasets = id_of("datasets");
        let other = known("images", "https://a.example/images", "raw/");
        let all = [known(&datasets, HERE, "raw/"), other.clone()];
        assert_eq!(choose(None, None, &all), Ok(Which::Only(datasets.clone())));
        let named = choose(None, Some("Datasets"), &all);
        assert_eq!(named, Ok(Which::Named(datasets.clone())));
        // Another of the same container is not in the way, when it has another prefix.
        let wide = known("all", HERE, "");
        let more = [all.to_vec(), vec![wide]].concat();
        assert_eq!(choose(None, None, &more), Ok(Which::Only(datasets)));
        // Nothing of this container has run.
        let none = choose(None, None, std::slice::from_ref(&other));
        assert_eq!(none, Ok(Which::NeverRan(None)));
        let none = choose(None, Some("datasets"), &[other]);
        assert_eq!(none.unwrap().id(), Some("datasets-0123456789abcdef"));
    }

    #[test]
    fn whoever_watched_is_not_in_the_way() {
        let views = [
            known(&id_of("watch-connect"), HERE, "raw/"),
            known(&id_of("watch-connect-2"), HERE, "raw/"),
        ];
        assert_eq!(choose(None, None, &views), Ok(Which::NeverRan(None)));
        let own = choose(None, Some("watch-connect"), &views);
        assert_eq!(own, Ok(Which::Named(id_of("watch-connect"))));
        let datasets = known("watch-dogs", HERE, "raw/");
        let all = [views.to_vec(), vec![datasets]].concat();
        assert_eq!(
            choose(None, None, &all),
            Ok(Which::Only("watch-dogs".to_owned()))
        );
        assert_eq!(
            [0, 1, 2].map(own_event),
            ["watch-connect", "watch-connect", "watch-connect-2"]
        );
    }

    #[test]
    fn of_several_one_is_chosen_from_a_list() {
        let all = [
            known(&id_of("one"), HERE, "raw/"),
            known("two-ffffffffffffffff", HERE, "raw/"),
        ];
        let told = choose(None, None, &all).unwrap_err();
        assert!(told.contains("2 sources of this container"), "{told}");
        assert!(
            told.contains("\n  --name one    the prefix `raw/`\n"),
            "{told}"
        );
        // Its event's name is not this one, so the id is what can be typed.
        let last = "--name two-ffffffffffffffff    the prefix `raw/`";
        assert!(told.ends_with(last), "{told}");
        let typed = choose(None, Some("two-ffffffffffffffff"), &all);
        assert_eq!(typed, Ok(Which::Named("two-ffffffffffffffff".to_owned())));
    }

    #[test]
    fn a_name_that_nothing_has_is_told_with_the_nearest() {
        let all = [known(&id_of("datasets"), HERE, "raw/")];
        let told = choose(None, Some("datsets"), &all).unwrap_err();
        assert!(told.contains("did you mean `--name datasets`?"), "{told}");
        let told = choose(None, Some("xyz"), &all).unwrap_err();
        assert!(!told.contains("did you mean"), "{told}");
        assert!(told.contains("  --name datasets"), "{told}");
        let told = choose(
            Some("datasets-raw"),
            None,
            &[known("datasets-rwa", HERE, "")],
        );
        let told = told.unwrap_err();
        assert!(told.contains("did you mean `id: datasets-rwa`?"), "{told}");
    }

    #[test]
    fn another_prefix_is_told() {
        let told = choose(None, None, &[known("x", HERE, "old/")]).unwrap_err();
        assert!(
            told.contains("no source with the prefix `raw/` has run"),
            "{told}"
        );
        assert!(told.contains("--name x    the prefix `old/`"), "{told}");
    }

    #[test]
    fn a_list_has_a_bound() {
        let all: Vec<_> = (0..15)
            .map(|n| known(&format!("s{n}"), HERE, "raw/"))
            .collect();
        let told = choose(None, None, &all).unwrap_err();
        assert_eq!(told.lines().count(), 1 + SHOWN + 1, "{told}");
        assert!(told.ends_with("… and 5 more"), "{told}");
    }
}
