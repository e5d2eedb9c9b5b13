//! How like two names are. Pure.

use percent_encoding::percent_decode_str;

use crate::event::encoded::encoded;

/// How many slips of the pen a name may have.
const SLIPS: usize = 2;
/// So many characters of the last part, without its ending, may have a slip: short names are like too many others.
const FOR_A_SLIP: usize = 3;
/// What is not the same at both ends is no longer than this: comparing takes the square of it.
const LONG: usize = 64;

/// How like a name is to one that was asked for, the most alike first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Likeness {
    /// They differ in nothing that a person sees at once, or the one is the form that events have of the other.
    Same,
    /// It is the same with folders before it.
    Deeper,
    /// It has as many slips of the pen.
    Misspelt(usize),
    /// It is of another folder, and has the same last part.
    Elsewhere,
}

impl Likeness {
    /// How like `there` is to `asked`, in the container of this name; `None` when not at all.
    pub(super) fn of(asked: &str, there: &str, container: &str) -> Option<Self> {
        if asked == encoded(there) {
            return Some(Self::Same);
        }
        let there = plain(there);
        // As a browser or a signed URL has it.
        if asked.contains(['%', '?']) {
            let unsigned = asked.split('?').next().unwrap_or_default();
            let decoded = percent_decode_str(unsigned).decode_utf8_lossy();
            if plain(&decoded) == there {
                return Some(Self::Same);
            }
        }
        let asked = plain(asked);
        let within = asked
            .strip_prefix(container)
            .and_then(|asked| asked.strip_prefix('/'));
        if asked == there || within == Some(there.as_str()) {
            return Some(Self::Same);
        }
        if asked.is_empty() {
            return None;
        }
        let before = there.strip_suffix(asked.as_str());
        if before.is_some_and(|before| before.ends_with('/')) {
            return Some(Self::Deeper);
        }
        let (left, right) = different(&asked, &there);
        // Another day or another part is another blob.
        if are_numbers(&left, &right) {
            return None;
        }
        let is_of_ending =
            before_ending(&asked).is_some_and(|it| before_ending(&there) == Some(it));
        let allowed = match is_of_ending {
            true => SLIPS,
            false => SLIPS.min(stem(&asked).chars().count() / FOR_A_SLIP),
        };
        if let Some(slips) = slips(&left, &right).filter(|it| *it <= allowed) {
            return Some(Self::Misspelt(slips));
        }
        (last(&asked) == last(&there)).then_some(Self::Elsewhere)
    }
}

fn plain(name: &str) -> String {
    let name = name.replace('\\', "/");
    let name = name.trim_matches(|c: char| c.is_whitespace() || c == '/');
    name.strip_prefix("./").unwrap_or(name).to_lowercase()
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

fn before_ending(name: &str) -> Option<&str> {
    let (before, ending) = name.rsplit_once('.')?;
    (!before.is_empty() && !before.ends_with('/') && !ending.contains('/')).then_some(before)
}

fn stem(name: &str) -> &str {
    last(name).split('.').next().unwrap_or_default()
}

// What is left of both without what they begin and end with alike. Most names of a folder have much in common.
fn different(asked: &str, there: &str) -> (String, String) {
    let (asked, there): (Vec<_>, Vec<_>) = (asked.chars().collect(), there.chars().collect());
    let begin = common(asked.iter().zip(&there));
    let (asked, there) = (&asked[begin..], &there[begin..]);
    let end = common(asked.iter().rev().zip(there.iter().rev()));
    let text = |part: &[char]| part[..part.len() - end].iter().collect();
    (text(asked), text(there))
}

fn common<'a>(pairs: impl Iterator<Item = (&'a char, &'a char)>) -> usize {
    pairs.take_while(|(one, other)| one == other).count()
}

fn are_numbers(left: &str, right: &str) -> bool {
    let of_number = |c: char| c.is_ascii_digit() || "-_/:".contains(c);
    let both = || left.chars().chain(right.chars());
    both().all(of_number) && both().any(|c| c.is_ascii_digit())
}

fn slips(left: &str, right: &str) -> Option<usize> {
    let (one, other) = (left.chars().count(), right.chars().count());
    let is_near = one.abs_diff(other) <= SLIPS && one.max(other) <= LONG;
    is_near.then(|| strsim::damerau_levenshtein(left, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_the_same() {
        let same = |asked| Likeness::of(asked, "raw/Ä b.csv", "datasets") == Some(Likeness::Same);
        for asked in [
            "raw/ä b.csv",
            "RAW/Ä B.CSV",
            "raw/Ä b.csv ",
            "/raw/Ä b.csv",
            "./raw/Ä b.csv",
            "raw\\Ä b.csv",
            "datasets/raw/Ä b.csv",
            "/datasets/raw/Ä b.csv",
        ] {
            assert!(same(asked), "{asked}");
        }
        for asked in ["raw/%C3%84%20b.csv", "raw/Ä b.csv?sv=2026-02-06&sig=x"] {
            assert!(same(asked), "{asked}");
        }
        let encoded = Likeness::of("raw/100%25 %7Bd%7D.csv", "raw/100% {d}.csv", "datasets");
        assert_eq!(encoded, Some(Likeness::Same));
        for other in ["raw/abcdef.csv", "c.csv", "other/raw/Ä c.csv", ""] {
            assert!(!same(other), "{other}");
        }
    }

    #[test]
    fn what_is_near_is_in_order() {
        let of = |asked| Likeness::of(asked, "raw/sub/planets.csv", "datasets");
        for (asked, likeness) in [
            ("planets.csv", Some(Likeness::Deeper)),
            ("sub/planets.csv", Some(Likeness::Deeper)),
            ("Planets.csv", Some(Likeness::Deeper)),
            ("raw/sub/planet.csv", Some(Likeness::Misspelt(1))),
            ("raw/sbu/planets.csv", Some(Likeness::Misspelt(1))),
            ("rwa/sub/planet.csv", Some(Likeness::Misspelt(2))),
            ("raw/sub/planets.cvs", Some(Likeness::Misspelt(1))),
            ("raw/planets.csv", Some(Likeness::Elsewhere)),
            ("old/planets.csv", Some(Likeness::Elsewhere)),
            ("raw/sub/moons.csv", None),
            ("lanets.csv", None),
            ("s.csv", None),
            ("", None),
        ] {
            assert_eq!(of(asked), likeness, "{asked}");
        }
        assert!(Likeness::Same < Likeness::Deeper);
        assert!(Likeness::Misspelt(1) < Likeness::Misspelt(2));
        assert!(Likeness::Misspelt(2) < Likeness::Elsewhere);
        let ending = Likeness::of("raw/h1.csvx", "raw/h1.csv", "datasets");
        assert_eq!(ending, Some(Likeness::Misspelt(1)));
        // Where there is little to compare, everything would be near; and a number is no slip of the pen.
        for (asked, there) in [
            ("raw/x.csv", "raw/a.csv"),
            ("raw/x", "raw/a"),
            ("raw/part-7.csv", "raw/part-6.csv"),
            ("2026-01-02/data.csv", "2026-01-11/data.csv"),
        ] {
            let likeness = Likeness::of(asked, there, "datasets");
            assert_eq!(likeness, None, "{asked}");
        }
    }
}
