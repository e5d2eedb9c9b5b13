//! A filter as it is matched.

use std::{fmt, sync::Arc};

use super::{
    matcher::{self, Matcher},
    spec::{FilterSpec, Why},
};

/// A compiled filter over whole blob names, which its clones share. Two filters are equal when they
/// are written alike.
///
/// What it keeps, and the work for a name, are bounded: see [`Filter::new`].
#[derive(Clone)]
pub struct Filter(pub(super) Arc<Compiled>);

/// The matchers of one filter, and how it was written.
#[derive(Debug, Default)]
pub(super) struct Compiled {
    pub(super) spec: FilterSpec,
    pub(super) wanted: Vec<Matcher>,
    pub(super) unwanted: Vec<Matcher>,
    pub(super) listing_prefix: String,
}

impl Filter {
    /// Whether a blob of this name is announced.
    pub fn matches(&self, name: &str) -> bool {
        let Compiled {
            spec,
            wanted,
            unwanted,
            ..
        } = &*self.0;
        matcher::starts_with(name, &spec.prefix)
            && (wanted.is_empty() || wanted.iter().any(|glob| glob.matches(name)))
            && !unwanted.iter().any(|glob| glob.matches(name))
    }

    /// Why a blob of this name is announced or not, for people.
    pub fn explain(&self, name: &str) -> Why<'_> {
        let compiled = &*self.0;
        if !matcher::starts_with(name, &compiled.spec.prefix) {
            return Why::OtherPrefix;
        }
        let (unwanted, wanted): (Vec<_>, Vec<_>) = compiled
            .spec
            .patterns
            .iter()
            .partition(|p| p.starts_with('!'));
        let first = |globs: &[Matcher]| globs.iter().position(|glob| glob.matches(name));
        if let Some(pattern) = first(&compiled.unwanted).and_then(|at| unwanted.get(at)) {
            return Why::Excluded(pattern);
        }
        match first(&compiled.wanted).and_then(|at| wanted.get(at)) {
            Some(pattern) => Why::Matched(pattern),
            None if compiled.wanted.is_empty() => Why::All,
            None => Why::NoPattern,
        }
    }

    /// The longest literal start that every matching name has, for the service's `prefix`.
    pub fn listing_prefix(&self) -> &str {
        &self.0.listing_prefix
    }

    /// About how many steps of work each character of a name is, at most: 0 when comparing starts
    /// and ends decides.
    pub fn cost(&self) -> usize {
        let Compiled {
            wanted, unwanted, ..
        } = &*self.0;
        wanted.iter().chain(unwanted).map(Matcher::cost).sum()
    }

    /// The filter as it was written down.
    pub fn spec(&self) -> &FilterSpec {
        &self.0.spec
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.0.spec == other.0.spec
    }
}

impl Eq for Filter {}

impl fmt::Debug for Filter {
    // What is compiled follows from what is written, and fills pages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("spec", &self.0.spec)
            .field("listing_prefix", &self.0.listing_prefix)
            .finish_non_exhaustive()
    }
}
