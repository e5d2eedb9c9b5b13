//! Matches any glob against a whole name: reads the name once, character by character, and never
//! goes back. The work for a character is bounded by the length of the glob, whatever is in it.
//!
//! The glob is a row of *places*, one before each of its pieces and one at the end. While a name is
//! read, a bit says of each place whether the name could be there. A character moves the bits: from
//! a place whose piece takes it to the next place, and a `*` keeps its bit where it is. A branch of
//! `{…}` is reached, and left, by a *jump*, which takes no character.

use std::collections::BTreeMap;

use super::glob::{Members, Token};

/// A compiled glob.
#[derive(Debug)]
pub(super) struct Automaton {
    /// Places whose piece takes a character that the glob does not name.
    takes: Vec<u64>,
    /// Places that keep their bit for any character but `/`.
    keeps: Vec<u64>,
    /// Places that keep their bit for any character.
    keeps_always: Vec<u64>,
    /// Places where jumps start.
    leaves: Vec<u64>,
    /// From where to where, in the order of their starts. All go forward.
    jumps: Vec<(u16, u16)>,
    /// Where the flips of each ASCII character end; they begin where those of the one before end.
    ascii: Box<[u32; 128]>,
    /// The other characters that the glob names, in order, each with where its flips end.
    others: Vec<(char, u32)>,
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
        match self.takes.len() {
            1 => self.matches_in_one_word(name),
            _ => self.matches_in_words(name),
        }
    }

    // Most globs have fewer than 64 places.
    fn matches_in_one_word(&self, name: &str) -> bool {
        let first = |words: &[u64]| words.first().copied().unwrap_or_default();
        let (takes, leaves) = (first(&self.takes), first(&self.leaves));
        let (keeps, keeps_always) = (first(&self.keeps), first(&self.keeps_always));
        let jump = |mut live: u64| {
            if live & leaves != 0 {
                for (from, to) in &self.jumps {
                    live |= (live >> from & 1) << to;
                }
            }
            live
        };
        let mut live = jump(1);
        for c in name.chars() {
            let flips = self.flips_of(c).first().map_or(0, |(_, bits)| *bits);
            let keeps = if c == '/' { keeps_always } else { keeps };
            live = live & keeps | (live & (takes ^ flips)) << 1;
            if live == 0 {
                return false;
            }
            live = jump(live);
        }
        live >> self.last & 1 == 1
    }

    /// The way for every glob; apart from `matches` so that tests can compare the two.
    pub(super) fn matches_in_words(&self, name: &str) -> bool {
        let mut live = vec![0; self.takes.len()];
        set(&mut live, 0);
        self.jump(&mut live);
        for c in name.chars() {
            if !self.step(&mut live, c) {
                return false;
            }
            self.jump(&mut live);
        }
        is_set(&live, self.last)
    }

    /// Whether a name can match that begins with this text.
    pub(super) fn goes_on_after(&self, start: &str) -> bool {
        let mut live = vec![0; self.takes.len()];
        set(&mut live, 0);
        self.jump(&mut live);
        start.chars().all(|c| {
            let goes_on = self.step(&mut live, c);
            self.jump(&mut live);
            goes_on && live.iter().any(|word| *word != 0)
        })
    }

    /// About how many steps of work a character of a name is, at most.
    pub(super) fn cost(&self) -> usize {
        4 + self.takes.len() + self.jumps.len()
    }

    /// What it keeps, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let words = 4 * 8 * self.takes.capacity() + size_of_val(&*self.ascii);
        words + 4 * self.jumps.capacity() + 8 * self.others.capacity() + 16 * self.flips.capacity()
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
        if live
            .iter()
            .zip(&self.leaves)
            .all(|(live, leaves)| live & leaves == 0)
        {
            return;
        }
        for &(from, to) in &self.jumps {
            if is_set(live, from) {
                set(live, to);
            }
        }
    }

    fn flips_of(&self, c: char) -> &[(u16, u64)] {
        let ends = |at: usize| match at.checked_sub(self.ascii.len()) {
            None => self.ascii.get(at).copied(),
            Some(at) => self.others.get(at).map(|(_, end)| *end),
        };
        let at = match self.ascii.len() {
            ascii if c.is_ascii() => (c as usize).min(ascii),
            ascii => match self.others.binary_search_by_key(&c, |(c, _)| *c) {
                Ok(at) => ascii + at,
                Err(_) => return &[],
            },
        };
        let start = at.checked_sub(1).and_then(ends).unwrap_or_default();
        let end = ends(at).unwrap_or_default();
        self.flips
            .get(start as usize..end as usize)
            .unwrap_or_default()
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
    places: u16,
    takes: Vec<u64>,
    keeps: Vec<u64>,
    keeps_always: Vec<u64>,
    jumps: Vec<(u16, u16)>,
    flips: BTreeMap<char, Vec<(u16, u64)>>,
}

impl Builder {
    /// Begins the next place. A glob has at most 1,024 characters, and no piece of it is more than
    /// three places, so that the numbers suffice.
    fn open_place(&mut self) -> u16 {
        let place = self.places;
        self.places += 1;
        if place.is_multiple_of(64) {
            for words in [&mut self.takes, &mut self.keeps, &mut self.keeps_always] {
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
            set(&mut self.takes, here);
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
        set(&mut self.keeps, here);
    }

    fn keep_always(&mut self) {
        self.keep();
        let here = self.here();
        set(&mut self.keeps_always, here);
    }

    /// No directories, or anything that ends in a slash.
    fn dirs(&mut self) {
        let start = self.here();
        let inside = self.open_place();
        self.keep_always();
        self.take(false, ['/']);
        self.jumps.push((start, inside));
        self.jumps.push((start, self.here()));
    }

    fn either(&mut self, branches: &[Vec<Token>]) {
        let start = self.here();
        let mut ends = Vec::new();
        for branch in branches {
            let begin = self.open_place();
            self.jumps.push((start, begin));
            self.add(branch);
            ends.push(self.here());
        }
        let join = self.open_place();
        let jumps = ends.into_iter().map(|end| (end, join));
        self.jumps.extend(jumps);
    }

    fn finish(self) -> Automaton {
        let (mut ascii, mut others, mut all) = (Box::new([0; 128]), Vec::new(), Vec::new());
        let end = |all: &Vec<_>| u32::try_from(all.len()).unwrap_or(u32::MAX);
        let mut flips = self.flips;
        for (c, ascii_end) in ('\0'..).zip(ascii.iter_mut()) {
            all.extend(flips.remove(&c).unwrap_or_default());
            *ascii_end = end(&all);
        }
        for (c, flips) in flips {
            all.extend(flips);
            others.push((c, end(&all)));
        }
        let mut leaves = vec![0; self.takes.len()];
        self.jumps
            .iter()
            .for_each(|(from, _)| set(&mut leaves, *from));
        let mut jumps = self.jumps;
        // Each jump is made once a character, so what leads to its start has to come before it.
        jumps.sort_unstable();
        jumps.shrink_to_fit();
        others.shrink_to_fit();
        all.shrink_to_fit();
        Automaton {
            last: self.places.saturating_sub(1),
            takes: self.takes,
            keeps: self.keeps,
            keeps_always: self.keeps_always,
            leaves,
            jumps,
            ascii,
            others,
            flips: all,
        }
    }
}
