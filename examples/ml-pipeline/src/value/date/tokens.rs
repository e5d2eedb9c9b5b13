//! The numbers, words and marks of a text, as dates have them.

use super::names;

/// How many tokens a date may have.
const MOST: usize = 32;

/// What stands before a year of two digits, as in `Nov '26`.
pub const APOSTROPHES: &str = "'\u{2019}";

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Token<'a> {
    /// Digits: their number, and how many they are.
    Number(u64, usize),
    /// Letters.
    Word(&'a str),
    /// Anything else.
    Mark(char),
}

/// The tokens of a text that are still to be read.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    all: [Token<'a>; MOST],
    count: usize,
    at: usize,
}

impl<'a> Tokens<'a> {
    /// Of a text that is not too long for a date.
    pub fn of(text: &'a str) -> Option<Self> {
        let mut all = [Token::Mark(' '); MOST];
        let (mut count, mut rest) = (0, text);
        while let Some(first) = rest.chars().next() {
            let (token, length) = if first.is_ascii_digit() {
                let length = rest.bytes().take_while(u8::is_ascii_digit).count();
                (Token::Number(rest[..length].parse().ok()?, length), length)
            } else if first.is_alphabetic() {
                let word = first_word(rest);
                (Token::Word(word), word.len())
            } else {
                (Token::Mark(first), first.len_utf8())
            };
            *all.get_mut(count)? = token;
            count += 1;
            rest = &rest[length..];
        }
        Some(Tokens { all, count, at: 0 })
    }

    fn peek(&self) -> Option<Token<'a>> {
        self.all[..self.count].get(self.at).copied()
    }

    /// Whether nothing is left.
    pub fn is_end(&self) -> bool {
        self.at >= self.count
    }

    /// Whether anything follows.
    pub fn is_followed(&self) -> bool {
        !self.is_end()
    }

    /// Reads a mark, if the next token is one of these.
    pub fn mark(&mut self, of: &str) -> Option<char> {
        match self.peek() {
            Some(Token::Mark(mark)) if of.contains(mark) => {
                self.at += 1;
                Some(mark)
            }
            _ => None,
        }
    }

    /// Skips what may stand between the parts of a date.
    pub fn skip_marks(&mut self) {
        while self.mark(" .,-/").is_some() {}
    }

    /// Skips blanks.
    pub fn skip_blanks(&mut self) {
        while self.mark(" ").is_some() {}
    }

    /// Skips the blanks behind a point, as in `25. 11. 2026`.
    pub fn skip_blanks_after(&mut self, mark: char) {
        if mark == '.' {
            self.skip_blanks();
        }
    }

    /// Skips what stands between a month and its day or year, as in `25th of November` and `25 de noviembre de 2026`.
    pub fn skip_of(&mut self) {
        self.skip_marks();
        let _ = self.skip_word("of") || self.skip_word("de");
    }

    /// Reads a word, if the next token is one of these.
    pub fn word(&mut self, of: &[&str]) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if of.contains(&word));
        self.at += usize::from(is_it);
        is_it
    }

    /// Skips a word.
    pub fn skip_word(&mut self, wanted: &str) -> bool {
        let is_it =
            matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        if is_it {
            self.at += 1;
            self.skip_marks();
        }
        is_it
    }

    /// Skips the name of a weekday at the beginning.
    pub fn skip_weekday(&mut self) {
        if let Some(Token::Word(word)) = self.peek()
            && names::weekday(word)
        {
            self.at += 1;
            self.skip_marks();
        }
    }

    /// Skips the name of a weekday behind a date, as in `2026-11-25 (Wed)`.
    pub fn skip_weekday_behind(&mut self) {
        let mut after = self.clone();
        while after.mark(" ,(").is_some() {}
        if let Some(Token::Word(word)) = after.next()
            && names::weekday(word)
        {
            after.mark(".");
            after.mark(")");
            *self = after;
        }
    }

    /// Whether the first word is the name of a month.
    pub fn is_month(&self) -> bool {
        matches!(self.peek(), Some(Token::Word(word)) if names::month(word).is_some())
    }

    /// Skips what makes `25th` of `25`, and `1er` or `1º` of `1`.
    pub fn skip_ordinal(&mut self) {
        if let Some(Token::Word("st" | "nd" | "rd" | "th" | "er" | "º")) = self.peek() {
            self.at += 1;
        }
    }

    /// Skips what stands between a date and a time, and tells whether that is a `T`.
    pub fn skip_between(&mut self) -> bool {
        if self.mark(":_").is_some() {
            return false;
        }
        if self.skip_word("T") {
            return true;
        }
        while self.mark(" ,|@").is_some() {}
        self.skip_word("at");
        false
    }

    /// Reads a quarter such as `Q2` or `2Q`, or the half of a year such as `H1`: the number of its first month.
    pub fn quarter(&mut self) -> Option<u32> {
        let month = match self.all[self.at..self.count] {
            [
                Token::Word("Q" | "q"),
                Token::Number(quarter @ 1..=4, 1),
                ..,
            ]
            | [
                Token::Number(quarter @ 1..=4, 1),
                Token::Word("Q" | "q"),
                ..,
            ] => quarter as u32 * 3 - 2,
            [Token::Word("H" | "h"), Token::Number(half @ 1..=2, 1), ..] => half as u32 * 6 - 5,
            _ => return None,
        };
        self.at += 2;
        Some(month)
    }

    /// Reads a year of four digits or of two, which may have an apostrophe.
    pub fn year(&mut self) -> Option<i32> {
        self.mark(APOSTROPHES);
        match self.next()? {
            Token::Number(year, 4) => Some(year as i32),
            Token::Number(year, 2) => Some(full_year(year as i32)),
            _ => None,
        }
    }

    /// Whether a time comes next.
    pub fn is_clock(&self) -> bool {
        let mut next = self.clone();
        matches!(next.next(), Some(Token::Number(_, 1 | 2))) && next.mark(":").is_some()
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at += usize::from(token.is_some());
        token
    }
}

/// The year that two digits stand for: from 69 on of the last century, as POSIX has it.
pub fn full_year(year: i32) -> i32 {
    year + if year < 69 { 2000 } else { 1900 }
}

/// Whether a text begins with the name of a month or a weekday, or with the letter of a time, a week, a quarter or a half.
pub fn is_named(text: &str) -> bool {
    let word = first_word(text);
    names::month(word).is_some()
        || names::weekday(word)
        || matches!(word, "T" | "Q" | "q" | "H" | "h" | "W" | "KW" | "CW")
}

/// The letters that a text begins with.
fn first_word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_alphabetic());
    &text[..end.unwrap_or(text.len())]
}
