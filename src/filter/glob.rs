//! Reads a glob. Stricter than most: whatever would silently mean something else is refused.

use std::collections::BTreeSet;

/// The longest pattern in characters: that of a blob name.
const MAX_LENGTH: usize = 1024;
/// How deep braces nest.
const MAX_DEPTH: usize = 8;

/// What to do about a `**` in the wrong place, where nothing better is known.
pub(super) const AS_IN: &str = "write it as in `**/*.csv` or `raw/**`";

/// A piece of a glob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// This very character.
    Char(char),
    /// `?`: a character but `/`.
    One,
    /// `*`: characters but `/`.
    Many,
    /// `**/` at the start of a path segment: directories, each with its slash, or none.
    Dirs,
    /// `**` as the last segment: whatever follows.
    Rest,
    /// `[…]`: one of these characters, or one of the others; never `/`.
    Class { negated: bool, members: Members },
    /// `{…,…}`.
    Either(Vec<Vec<Token>>),
}

/// The characters of a class. Ranges are ASCII alone, so they need no room, however many there are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Members {
    /// Bit `n`: the character `n`.
    ascii: u128,
    others: BTreeSet<char>,
}

impl Members {
    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = char> {
        let ascii = (0..128_u8).filter(|n| self.ascii & 1 << n != 0);
        ascii.map(char::from).chain(self.others.iter().copied())
    }

    fn is_empty(&self) -> bool {
        self.ascii == 0 && self.others.is_empty()
    }

    fn add(&mut self, c: char) {
        match c.is_ascii() {
            true => self.ascii |= 1 << u32::from(c),
            false => _ = self.others.insert(c),
        }
    }

    fn remove_ascii(&mut self, c: char) {
        self.ascii &= !(1 << u32::from(c));
    }
}

/// The pieces of a glob, or what the pattern is or has that is wrong.
pub(super) fn parse(glob: &str) -> Result<Vec<Token>, String> {
    let chars: Vec<char> = glob.chars().collect();
    if chars.is_empty() {
        return Err("is empty; `**` matches every name".to_owned());
    }
    if chars.len() > MAX_LENGTH {
        return Err(format!(
            "is {} characters long; at most {MAX_LENGTH} are allowed",
            chars.len()
        ));
    }
    if let Some(at) = chars.iter().position(|c| c.is_control()) {
        return Err(format!(
            "has a control character at character {}; `?` matches it",
            at + 1
        ));
    }
    Parser {
        chars,
        at: 0,
        depth: 0,
    }
    .branch(true)
}

/// The literal characters a glob starts with, and whether there is nothing else in it.
pub(super) fn literal_start(tokens: &[Token]) -> (String, bool) {
    let start: String = tokens.iter().map_while(literal).collect();
    let whole = tokens.iter().all(|token| literal(token).is_some());
    (start, whole)
}

/// The character, when a token is nothing but one.
pub(super) fn literal(token: &Token) -> Option<char> {
    match token {
        Token::Char(c) => Some(*c),
        _ => None,
    }
}

/// How many alternatives a glob has: branches of `{…}`, and `**/`, which is there or not.
pub(super) fn alternatives(tokens: &[Token]) -> usize {
    let of = |token: &Token| match token {
        Token::Dirs => 1,
        Token::Either(branches) => branches.iter().map(|branch| 1 + alternatives(branch)).sum(),
        _ => 0,
    };
    tokens.iter().map(of).sum()
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    /// How many braces are open.
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += 1;
        next
    }

    /// Where in the pattern the character is that was just taken, from 1.
    fn here(&self) -> usize {
        self.at
    }

    fn at_branch_end(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) => self.depth > 0 && matches!(c, ',' | '}'),
        }
    }

    /// Reads up to the end of the pattern or of a brace's branch. `fresh`: at the start of a path
    /// segment.
    fn branch(&mut self, fresh: bool) -> Result<Vec<Token>, String> {
        let mut tokens = Vec::new();
        while !self.at_branch_end() {
            let fresh = match tokens.last() {
                None => fresh,
                Some(last) => matches!(last, Token::Char('/') | Token::Dirs),
            };
            let token = self.token(fresh, tokens.last())?;
            tokens.push(token);
        }
        Ok(tokens)
    }

    fn token(&mut self, fresh: bool, last: Option<&Token>) -> Result<Token, String> {
        match self.next() {
            Some('?') => Ok(Token::One),
            Some('*') if self.peek() == Some('*') => self.double_star(fresh, last),
            Some('*') => Ok(Token::Many),
            Some('[') => self.class(),
            Some('{') => self.either(fresh),
            Some('}') => Err(format!(
                "has a `}}` at character {} that closes nothing; write `\\}}` for the character",
                self.here()
            )),
            Some('\\') => match self.next() {
                Some(c) => Ok(Token::Char(c)),
                None => Err("ends in a lone `\\`; write `\\\\` for the character".to_owned()),
            },
            Some(c) => Ok(Token::Char(c)),
            // Not reached: a branch ends there.
            None => Err("ends too early".to_owned()),
        }
    }

    /// After the first star of `**`. It stands for directories only as a whole path segment;
    /// elsewhere it would mean no more than `*`, which nobody expects.
    fn double_star(&mut self, fresh: bool, last: Option<&Token>) -> Result<Token, String> {
        let start = self.here();
        self.at += 1;
        if matches!(last, Some(Token::Dirs)) {
            return Err(format!(
                "says `**/**` at character {start}; write `**` once"
            ));
        }
        if fresh && self.peek() == Some('/') {
            self.at += 1;
            return Ok(Token::Dirs);
        }
        let alone = match last {
            None => self.depth == 0,
            Some(last) => *last == Token::Char('/'),
        };
        if alone && self.at_branch_end() {
            return Ok(Token::Rest);
        }
        Err(format!(
            "has a `**` at character {start} that is not a whole path segment; {AS_IN}"
        ))
    }

    fn either(&mut self, fresh: bool) -> Result<Token, String> {
        let start = self.here();
        if self.depth == MAX_DEPTH {
            return Err(format!(
                "nests braces deeper than {MAX_DEPTH} at character {start}"
            ));
        }
        self.depth += 1;
        let mut branches = Vec::new();
        loop {
            branches.push(self.branch(fresh)?);
            match self.next() {
                Some(',') => {}
                Some(_) => break,
                None => return Err(unclosed('{', start)),
            }
        }
        self.depth -= 1;
        Ok(Token::Either(branches))
    }

    fn class(&mut self) -> Result<Token, String> {
        let start = self.here();
        let negated = matches!(self.peek(), Some('!' | '^'));
        if negated {
            self.at += 1;
        }
        let listed = self.class_members(start)?;
        let mut members = Members::default();
        let mut rest = listed.as_slice();
        while let Some((&low, after)) = rest.split_first() {
            if let ['-', high, after @ ..] = after {
                range(low, *high, start)?.for_each(|c| members.add(c));
                rest = after;
            } else {
                members.add(low);
                rest = after;
            }
        }
        members.remove_ascii('/');
        if members.is_empty() {
            return Err(format!(
                "has a `[…]` at character {start} with only `/` in it, which it never matches"
            ));
        }
        Ok(Token::Class { negated, members })
    }

    /// The characters up to the closing bracket; one in the first place is a character.
    fn class_members(&mut self, start: usize) -> Result<Vec<char>, String> {
        let mut listed = Vec::new();
        loop {
            match self.next() {
                None => return Err(unclosed('[', start)),
                Some(']') if !listed.is_empty() => return Ok(listed),
                Some('\\') => {
                    return Err(format!(
                        "has a `\\` inside the `[…]` at character {start}; \
                         put `]` first and `-` last for the characters, and `\\` outside"
                    ));
                }
                Some('[') if matches!(self.peek(), Some(':' | '.' | '=')) => {
                    return Err(format!(
                        "has a named class at character {}; list the characters, such as `[a-z]`",
                        self.here()
                    ));
                }
                Some(c) => listed.push(c),
            }
        }
    }
}

fn unclosed(open: char, at: usize) -> String {
    format!(
        "has a `{open}` at character {at} that is never closed; write `\\{open}` for the character"
    )
}

fn range(low: char, high: char, start: usize) -> Result<impl Iterator<Item = char>, String> {
    if !low.is_ascii() || !high.is_ascii() {
        return Err(format!(
            "has the range `{low}-{high}` in the `[…]` at character {start}; \
             list letters beyond ASCII one by one"
        ));
    }
    if low > high {
        return Err(format!(
            "has the range `{low}-{high}` in the `[…]` at character {start}, which is backwards"
        ));
    }
    Ok(low..=high)
}
