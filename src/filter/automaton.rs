//! Matches any glob against a whole name: reads the name once, character by character, and never
//! goes back. The work for a character is bounded by the length of the glob, whatever is in it.
//!
//! The glob is a row of *places*, one before each of its pieces and one at the end. While a name is
//! read, a bit says of each place whether the name could be there. A character moves the bits: from
//! a place whose piece takes it to the next place, and a `*` keeps its bit where it is. A branch of
//! `{…}` is reached, and left, by a *jump*, which takes no character.

use std::collections::BTreeMap;

use super::glob::{Members, Token};

/// Globs of so many words of places are matched without an allocation.
const SMALL: usize = 4;

/// A compiled glob.
#[derive(Debug, Clone, Default)]
pub(super) struct Automaton {
    /// Places whose piece takes a character that the glob does not name.
    takes: Vec<u64>,
    /// Places that keep their bit for any character but `/`.
    keeps: Vec<u64>,
    /// Places that keep their bit for any character.
    keeps_always: Vec<u64>,
    /// From where to where, in the order of their starts. All go forward.
    jumps: Vec<(u16, u16)>,
    /// The characters that the glob names, in order, each with where its flips end.
    named: Vec<(char, u32)>,
    /// Where a named character is taken other than `takes` says: the word, and its bits.
    flips: Vec<(u16, u64)>,
    /// The last place.
    last: u16,
}

impl Automaton {
    pub(super) fn new(tokens: &[Token]) -> Self {
        let mut builder = Builder::default();
        builder.open_place();
        builder.add(tokens);
        builder.finish()
    }

    pub(super) fn matches(&self, name: &str) -> bool {
        let (mut small, mut large) = ([0; SMALL], Vec::new());
        let live = match small.get_mut(..self.takes.len()) {
            Some(live) => live,
            None => {
                large.resize(self.takes.len(), 0);
                large.as_mut_slice()
            }
        };
        set(live, 0);
        self.jump(live);
        for c in name.chars() {
            if !self.step(live, c) {
                return false;
            }
            self.jump(live);
        }
        is_set(live, self.last)
    }

    /// About how many steps of work a character of a name is, at most.
    pub(super) fn cost(&self) -> usize {
        4 + self.takes.len() + self.jumps.len()
    }

    /// What it keeps, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let places = 3 * 8 * self.takes.capacity();
        places + 4 * self.jumps.capacity() + 8 * self.named.capacity() + 16 * self.flips.capacity()
    }

    // Whether the name can still be anywhere.
    fn step(&self, live: &mut [u64], c: char) -> bool {
        let mut flips = self.flips_of(c).iter().peekable();
        let keeps = match c {
            '/' => &self.keeps_always,
            _ => &self.keeps,
        };
        let (mut carry, mut any) = (0, 0);
        let words = live.iter_mut().zip(&self.takes).zip(keeps);
        for (at, ((word, takes), keeps)) in words.enumerate() {
            let flip = flips.next_if(|(word, _)| usize::from(*word) == at);
            let taken = *word & (takes ^ flip.map_or(0, |(_, bits)| *bits));
            *word = *word & keeps | taken << 1 | carry;
            carry = taken >> 63;
            any |= *word;
        }
        any != 0
    }

    fn jump(&self, live: &mut [u64]) {
        for &(from, to) in &self.jumps {
            if is_set(live, from) {
                set(live, to);
            }
        }
    }

    fn flips_of(&self, c: char) -> &[(u16, u64)] {
        let Ok(at) = self.named.binary_search_by_key(&c, |(c, _)| *c) else {
            return &[];
        };
        let end = |at: usize| self.named.get(at).map_or(0, |(_, end)| *end as usize);
        let start = at.checked_sub(1).map_or(0, end);
        self.flips.get(start..end(at)).unwrap_or_default()
    }
}

fn set(places: &mut [u64], place: u16) {
    if let Some(word) = places.get_mut(usize::from(place / 64)) {
        *word |= 1 << (place % 64);
    }
}

fn is_set(places: &[u64], place: u16) -> bool {
    let word = places.get(usize::from(place / 64));
    word.is_some_and(|word| word >> (place % 64) & 1 == 1)
}

#[derive(Debug, Default)]
struct Builder {
    automaton: Automaton,
    places: u16,
    flips: BTreeMap<char, Vec<(u16, u64)>>,
}

impl Builder {
    /// Begins the next place. A glob has at most 1,024 characters, and no piece of it is more than
    /// three places, so that the numbers suffice.
    fn open_place(&mut self) -> u16 {
        let place = self.places;
        self.places += 1;
        if place.is_multiple_of(64) {
            let Automaton {
                takes,
                keeps,
                keeps_always,
                ..
            } = &mut self.automaton;
            for words in [takes, keeps, keeps_always] {
                words.push(0);
            }
        }
        place
    }

    fn here(&self) -> u16 {
        self.places.saturating_sub(1)
    }

    fn add(&mut self, tokens: &[Token]) {
        for token in tokens {
            match token {
                Token::Char(c) => self.take(false, [*c]),
                Token::One => self.take(true, ['/']),
                Token::Class { negated, members } => self.class(*negated, members),
                Token::Many => self.keep(),
                Token::Rest => self.keep_always(),
                Token::Dirs => self.dirs(),
                Token::Either(branches) => self.either(branches),
            }
        }
    }

    fn class(&mut self, negated: bool, members: &Members) {
        let slash = negated.then_some('/');
        self.take(negated, members.iter().chain(slash));
    }

    /// A piece that takes one character: any but the `others`, or only one of these.
    fn take(&mut self, any: bool, others: impl IntoIterator<Item = char>) {
        let here = self.here();
        if any {
            set(&mut self.automaton.takes, here);
        }
        for c in others {
            self.flip(c, here);
        }
        self.open_place();
    }

    fn flip(&mut self, c: char, place: u16) {
        let (word, bit) = (place / 64, 1 << (place % 64));
        let flips = self.flips.entry(c).or_default();
        match flips.last_mut() {
            Some((last, bits)) if *last == word => *bits |= bit,
            _ => flips.push((word, bit)),
        }
    }

    fn keep(&mut self) {
        let here = self.here();
        set(&mut self.automaton.keeps, here);
    }

    fn keep_always(&mut self) {
        self.keep();
        let here = self.here();
        set(&mut self.automaton.keeps_always, here);
    }

    /// No directories, or anything that ends in a slash.
    fn dirs(&mut self) {
        let start = self.here();
        let inside = self.open_place();
        self.keep_always();
        self.take(false, ['/']);
        self.automaton.jumps.push((start, inside));
        self.automaton.jumps.push((start, self.here()));
    }

    fn either(&mut self, branches: &[Vec<Token>]) {
        let start = self.here();
        let mut ends = Vec::new();
        for branch in branches {
            let begin = self.open_place();
            self.automaton.jumps.push((start, begin));
            self.add(branch);
            ends.push(self.here());
        }
        let join = self.open_place();
        let jumps = ends.into_iter().map(|end| (end, join));
        self.automaton.jumps.extend(jumps);
    }

    fn finish(mut self) -> Automaton {
        self.automaton.last = self.here();
        // Each jump is made once a character, so what leads to its start has to come before it.
        self.automaton.jumps.sort_unstable();
        for (c, flips) in self.flips {
            self.automaton.flips.extend(flips);
            let end = u32::try_from(self.automaton.flips.len()).unwrap_or(u32::MAX);
            self.automaton.named.push((c, end));
        }
        let Automaton {
            jumps,
            named,
            flips,
            ..
        } = &mut self.automaton;
        jumps.shrink_to_fit();
        named.shrink_to_fit();
        flips.shrink_to_fit();
        self.automaton
    }
}
