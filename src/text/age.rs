//! How long something takes or has taken, as people read it.

use std::fmt::{self, Display, Formatter};

/// A number of seconds in its two largest units: `3 min 12 s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Age(pub u64);

impl Display for Age {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            s @ 0..60 => write!(f, "{s} s"),
            s @ 60..3600 => write!(f, "{} min {} s", s / 60, s % 60),
            s @ 3600..86400 => write!(f, "{} h {} min", s / 3600, s % 3600 / 60),
            s => write!(f, "{} d {} h", s / 86400, s % 86400 / 3600),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::text::age::*;

    #[test]
    fn ages_have_two_units() {
        let ages = [59, 61, 3600, 90_000].map(|s| Age(s).to_string());
        assert_eq!(ages, ["59 s", "1 min 1 s", "1 h 0 min", "1 d 1 h"]);
    }
}
