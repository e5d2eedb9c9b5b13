//! Matches one glob against whole names.
//!
//! Most globs in use (`**/*.csv`, `raw/**`, `*/_SUCCESS`) are a literal start, one wildcard and a
//! literal end: two comparisons decide. The others go to `globset`. It matches bytes, so `?` would
//! be half of an `é`; for globs with such a wildcard, names beyond plain ASCII are first written in
//! the glob's own one-byte [`Alphabet`].

use std::{borrow::Cow, collections::BTreeSet};

use globset::{Candidate, GlobBuilder, GlobMatcher};

use super::glob::{Token, literal};

#[derive(Debug, Clone)]
pub(super) enum Matcher {
    Affix(Affix),
    Glob {
        glob: GlobMatcher,
        alphabet: Option<Alphabet>,
    },
}

impl Matcher {
    /// Compiles a glob, or says what the pattern has that is not allowed.
    pub(super) fn new(tokens: &[Token]) -> Result<Self, String> {
        match Affix::new(tokens) {
            Some(affix) => Ok(Self::Affix(affix)),
            None => Self::general(tokens),
        }
    }

    /// The way for every glob; apart from `new` so that tests can compare the two.
    pub(super) fn general(tokens: &[Token]) -> Result<Self, String> {
        let alphabet = Alphabet::of(tokens)?;
        let mut text = String::new();
        write(tokens, alphabet.as_ref(), &mut text);
        let built = GlobBuilder::new(&text)
            .literal_separator(true)
            .backslash_escape(true)
            .empty_alternates(true)
            .build();
        // Not expected: what is wrong with a glob was found when it was read.
        let glob = built.map_err(|error| format!("is not a glob: {}", error.kind()))?;
        Ok(Self::Glob {
            glob: glob.compile_matcher(),
            alphabet,
        })
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            Self::Affix(affix) => affix.matches(name),
            Self::Glob { glob, alphabet } => {
                let name = match alphabet {
                    Some(alphabet) => alphabet.write(name),
                    None => Cow::Borrowed(name.as_bytes()),
                };
                // Bytes, not a path: nothing of `a//b` or `..` is normalised away.
                glob.is_match_candidate(&Candidate::from_bytes(name.as_ref()))
            }
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

/// One byte for each character that a glob can tell apart: printable ASCII as it is, the glob's own
/// characters beyond that as control characters (which no glob may have), all others alike.
#[derive(Debug, Clone)]
pub(super) struct Alphabet(Vec<char>);

/// DEL: never in a glob, so that only wildcards match it.
const OTHER: u8 = 0x7f;
/// The control characters that are left to stand for a glob's own characters: 0x01 to 0x1f.
const MAX_OWN: usize = 0x1f;

impl Alphabet {
    /// The alphabet of a glob; none is needed when every wildcard takes a run of characters,
    /// because UTF-8 can then be matched as bytes.
    fn of(tokens: &[Token]) -> Result<Option<Self>, String> {
        if !tokens.iter().any(counts_characters) {
            return Ok(None);
        }
        let mut own = BTreeSet::new();
        collect_beyond_ascii(tokens, &mut own);
        if own.len() > MAX_OWN {
            return Err(format!(
                "has {} different characters beyond ASCII beside `?` or `[!…]`; \
                 at most {MAX_OWN} are allowed there, or use `*`",
                own.len()
            ));
        }
        Ok(Some(Self(own.into_iter().collect())))
    }

    fn byte(&self, c: char) -> u8 {
        match u8::try_from(c) {
            Ok(byte @ b' '..=b'~') => byte,
            _ => match self.0.iter().position(|own| *own == c) {
                // At most 0x1f, see MAX_OWN.
                Some(index) => u8::try_from(index + 1).unwrap_or(OTHER),
                None => OTHER,
            },
        }
    }

    fn write<'a>(&self, name: &'a str) -> Cow<'a, [u8]> {
        if name.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Cow::Borrowed(name.as_bytes());
        }
        name.chars()
            .map(|c| self.byte(c))
            .collect::<Vec<u8>>()
            .into()
    }
}

/// Whether a token takes one character, whichever it is.
fn counts_characters(token: &Token) -> bool {
    match token {
        Token::One => true,
        Token::Class { negated, .. } => *negated,
        Token::Either(branches) => branches.iter().flatten().any(counts_characters),
        Token::Char(_) | Token::Many | Token::Dirs | Token::Rest => false,
    }
}

fn collect_beyond_ascii(tokens: &[Token], into: &mut BTreeSet<char>) {
    for token in tokens {
        match token {
            Token::Char(c) if !c.is_ascii() => _ = into.insert(*c),
            Token::Class { members, .. } => into.extend(members.iter().filter(|c| !c.is_ascii())),
            Token::Either(branches) => {
                branches
                    .iter()
                    .for_each(|branch| collect_beyond_ascii(branch, into));
            }
            _ => {}
        }
    }
}

/// Writes a glob in globset's syntax, in the words that mean the same to it as to us.
fn write(tokens: &[Token], alphabet: Option<&Alphabet>, out: &mut String) {
    for token in tokens {
        match token {
            Token::Char(c) => write_char(*c, alphabet, out),
            Token::One => out.push('?'),
            Token::Many => out.push('*'),
            Token::Dirs => out.push_str("**/"),
            Token::Rest => out.push_str("**"),
            Token::Class {
                negated: true,
                members,
            } => write_others(members, alphabet, out),
            Token::Class {
                negated: false,
                members,
            } => {
                let branches: Vec<_> = members.iter().map(|c| vec![Token::Char(*c)]).collect();
                write_either(&branches, alphabet, out);
            }
            Token::Either(branches) => write_either(branches, alphabet, out),
        }
    }
}

fn write_char(c: char, alphabet: Option<&Alphabet>, out: &mut String) {
    if c.is_ascii_punctuation() && c != '/' {
        out.push('\\');
    }
    out.push(alphabet.map_or(c, |alphabet| char::from(alphabet.byte(c))));
}

fn write_either(branches: &[Vec<Token>], alphabet: Option<&Alphabet>, out: &mut String) {
    for (index, branch) in branches.iter().enumerate() {
        out.push(if index == 0 { '{' } else { ',' });
        write(branch, alphabet, out);
    }
    out.push('}');
}

/// A negated class. In globset's, `]` is a character in the first place and `-` in the last, and
/// `/` has to be named to be left out.
fn write_others(members: &BTreeSet<char>, alphabet: Option<&Alphabet>, out: &mut String) {
    let byte = |c: char| alphabet.map_or(c, |alphabet| char::from(alphabet.byte(c)));
    out.push_str("[!");
    out.extend(members.get(&']'));
    out.push('/');
    out.extend(
        members
            .iter()
            .filter(|c| !matches!(c, ']' | '-'))
            .map(|c| byte(*c)),
    );
    out.extend(members.get(&'-'));
    out.push(']');
}
