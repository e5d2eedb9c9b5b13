//! The bearer tokens of a file, and which sources each may stream.
//!
//! ```text
//! gqLb1mXv                             may stream every source
//! 0pZsTq7c datasets,images-*           may stream `datasets`, and what starts with `images-`
//! ```

use std::{fmt, sync::Arc};

use subtle::ConstantTimeEq;

/// The tokens of a file.
pub struct Tokens(Vec<TokenLine>);

struct TokenLine {
    number: usize,
    token: String,
    sources: Sources,
}

/// The sources that a bearer token may stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sources {
    /// Every one.
    All,
    /// Those with one of these names; one that ends in `*` stands for all that start so.
    Named(Arc<[String]>),
}

impl fmt::Debug for Tokens {
    // What a token is, nobody may read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|line| &line.sources))
            .finish()
    }
}

impl Tokens {
    /// Reads lines of a token and, after white space, the sources that it may stream, with commas
    /// between them. A token without sources may stream all. There may be no token at all.
    ///
    /// # Errors
    /// The first line that is wrong, by its number and never with its token.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines: Vec<TokenLine> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let wrong = |problem: String| format!("line {number} {problem}");
            let Some(line) = read_line(number, line).map_err(wrong)? else {
                continue;
            };
            if let Some(other) = lines.iter().find(|other| other.token == line.token) {
                return Err(wrong(format!(
                    "has the token of line {}; write all its sources on one line",
                    other.number
                )));
            }
            lines.push(line);
        }
        Ok(Self(lines))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The one token, when there is one.
    pub fn only(&self) -> Option<&str> {
        match &self.0[..] {
            [line] => Some(&line.token),
            _ => None,
        }
    }

    /// What a token that a client presents may stream; `None` when it is none of these. It takes as
    /// long wherever in the file the token is, and however much of one is right.
    pub fn find(&self, given: &str) -> Option<&Sources> {
        self.0.iter().fold(None, |found, line| {
            let same = line.token.as_bytes().ct_eq(given.as_bytes());
            if bool::from(same) {
                Some(&line.sources)
            } else {
                found
            }
        })
    }
}

impl Sources {
    /// Whether the source of this name is one of them.
    pub fn allow(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| match name.strip_suffix('*') {
                Some(start) => id.starts_with(start),
                None => id == name,
            }),
        }
    }
}

fn read_line(number: usize, line: &str) -> Result<Option<TokenLine>, String> {
    let mut words = line.split_whitespace();
    let Some(token) = words.next() else {
        return Ok(None);
    };
    // As if it were a header. `Bearer` would be the token then, and the token a source.
    if token.eq_ignore_ascii_case("bearer") || token.eq_ignore_ascii_case("bearer:") {
        return Err("begins with `Bearer`; write the token alone, without `Bearer`".to_owned());
    }
    let sources = match (words.next(), words.next()) {
        (None, _) => Sources::All,
        (Some(names), None) => {
            Sources::Named(names.split(',').map(name).collect::<Result<_, _>>()?)
        }
        (Some(_), Some(_)) => {
            return Err(
                "has more than a token and its sources; write them as TOKEN SOURCE,SOURCE"
                    .to_owned(),
            );
        }
    };
    Ok(Some(TokenLine {
        number,
        token: token.to_owned(),
        sources,
    }))
}

// Nothing of a wrong name is shown: it may be a token on the wrong side of a blank.
fn name(name: &str) -> Result<String, String> {
    let start = name.strip_suffix('*').unwrap_or(name);
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !name.is_empty() && start.bytes().all(plain) {
        return Ok(name.to_owned());
    }
    Err(
        "names sources with other characters than lower-case letters, digits and hyphens (and a `*` at the \
         end of a name), or an empty one; write the line as TOKEN SOURCE,SOURCE"
            .to_owned(),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    fn allowed(tokens: &Tokens, token: &str, id: &str) -> Option<bool> {
        tokens.find(token).map(|sources| sources.allow(id))
    }

    #[test]
    fn a_token_alone_may_stream_everything() {
        let tokens = Tokens::parse("\n  s3cret \n").unwrap();
        assert_eq!(allowed(&tokens, "s3cret", "any"), Some(true));
        assert_eq!(tokens.only(), Some("s3cret"));
        for wrong in ["s3cre", "s3cret2", "", "S3cret"] {
            assert_eq!(allowed(&tokens, wrong, "any"), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_may_stream_what_its_line_names() {
        let text = "one datasets,images-*\ntwo\tmodels\r\nold\nnew\nall *";
        let tokens = Tokens::parse(text).unwrap();
        for (token, id, may) in [
            ("one", "datasets", true),
            ("one", "datasets-2", false),
            ("one", "dataset", false),
            ("one", "images-", true),
            ("one", "images-d3913658004e6dde", true),
            ("one", "images", false),
            ("one", "models", false),
            ("two", "models", true),
            ("two", "datasets", false),
            ("old", "datasets", true),
            ("new", "datasets", true),
            ("all", "datasets", true),
        ] {
            assert_eq!(allowed(&tokens, token, id), Some(may), "{token} {id}");
        }
        assert_eq!(tokens.only(), None);
        assert_eq!(allowed(&tokens, "one datasets", "datasets"), None);
    }

    #[test]
    fn mistakes_are_told_by_line_and_without_the_token() {
        let told = |text: &str| Tokens::parse(text).unwrap_err();
        let names = "names sources with other characters";
        for (text, problem) in [
            ("ok\ns3cret a b", "line 2 has more than a token"),
            ("s3cret a, b", "line 1 has more than a token"),
            ("s3cret Data", names),
            ("s3cret a*b", names),
            ("s3cret a,", names),
            ("s3cret a,,b", names),
            ("a s3cret!", names),
            ("s3cret a\n\ns3cret b", "line 3 has the token of line 1;"),
            ("Bearer s3cret", "line 1 begins with `Bearer`; write"),
            ("bearer s3cret", "line 1 begins with `Bearer`; write"),
            ("ok\nBearer: s3cret", "line 2 begins with `Bearer`; write"),
        ] {
            let told = told(text);
            assert!(told.contains(problem), "{text:?}: {told}");
            assert!(!told.contains("s3cret"), "{told}");
        }
        assert!(Tokens::parse(" \n").unwrap().is_empty());
    }

    #[test]
    fn tokens_are_never_printed() {
        let shown = format!("{:?}", Tokens::parse("s3cret datasets").unwrap());
        assert!(
            shown.contains("datasets") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
}
