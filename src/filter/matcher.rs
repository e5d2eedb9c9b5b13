//! Matches one glob against whole names.
//!
//! Most globs in use (`**/*.csv`, `raw/**`, `*/_SUCCESS`) are a literal start, one wildcard and a
//! literal end: two comparisons decide. The others go to an [`Automaton`].

use super::{
    automaton::Automaton,
    glob::{Token, literal},
};

#[derive(Debug)]
pub(super) enum Matcher {
    Affix(Affix),
    General {
        automaton: Automaton,
        /// How every name ends that matches: most others are told by that alone.
        end: String,
    },
}

impl Matcher {
    /// Compiles a glob.
    pub(super) fn new(tokens: &[Token]) -> Self {
        match Affix::new(tokens) {
            Some(affix) => Self::Affix(affix),
            None => Self::general(tokens),
        }
    }

    /// The way for every glob; apart from `new` so that tests can compare the two.
    pub(super) fn general(tokens: &[Token]) -> Self {
        let end: Vec<char> = tokens.iter().rev().map_while(literal).collect();
        Self::General {
            automaton: Automaton::new(tokens),
            end: end.into_iter().rev().collect(),
        }
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Affix(affix) => affix.matches(name),
            Self::General { automaton, end } => name.ends_with(end) && automaton.matches(name),
        }
    }

    /// About how many steps of work a character of a name is, at most: 0 for the globs that two
    /// comparisons decide.
    pub(super) fn cost(&self) -> usize {
        match self {
            Self::Affix(_) => 0,
            Self::General { automaton, .. } => automaton.cost(),
        }
    }
}

/// Whether a name starts with a text that is often empty. An empty `String` points nowhere, and
/// comparing no bytes there takes some processors 80 ns, more than all the rest.
pub(super) fn starts_with(name: &str, start: &str) -> bool {
    start.is_empty() || name.starts_with(start)
}

/// A literal start, at most one wildcard, a literal end.
#[derive(Debug, Clone)]
pub(super) struct Affix {
    start: String,
    middle: Middle,
    end: String,
}

/// What may stand between start and end.
#[derive(Debug, Clone, Copy)]
enum Middle {
    Nothing,
    /// `*`
    NoSlash,
    /// `**/`
    Dirs,
    /// `**/*` or `**`
    Anything,
}

impl Affix {
    fn new(tokens: &[Token]) -> Option<Self> {
        let start: String = tokens.iter().map_while(literal).collect();
        let (middle, end) = match tokens.get(start.chars().count()..)? {
            [] => (Middle::Nothing, &[][..]),
            [Token::Dirs, Token::Many, end @ ..] => (Middle::Anything, end),
            [Token::Rest, end @ ..] => (Middle::Anything, end),
            [Token::Dirs, end @ ..] => (Middle::Dirs, end),
            [Token::Many, end @ ..] => (Middle::NoSlash, end),
            _ => return None,
        };
        let end = end.iter().map(literal).collect::<Option<String>>()?;
        Some(Self { start, middle, end })
    }

    fn matches(&self, name: &str) -> bool {
        if !starts_with(name, &self.start) {
            return false;
        }
        let rest = name.get(self.start.len()..).unwrap_or_default();
        let Some(between) = rest.strip_suffix(self.end.as_str()) else {
            return false;
        };
        match self.middle {
            Middle::Nothing => between.is_empty(),
            Middle::NoSlash => !between.contains('/'),
            Middle::Dirs => between.is_empty() || between.ends_with('/'),
            Middle::Anything => true,
        }
    }
}
