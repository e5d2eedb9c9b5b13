//! Numbers that often stand for no value, such as -999: how many there are, and whether they are far from all others.

/// The numbers that are looked at: what programs and people write where nothing is known, also as dates in digits.
const LIKELY: [i64; 23] = [
    -99,
    -999,
    -9999,
    -99_999,
    -999_999,
    -9_999_999,
    99,
    999,
    9999,
    99_999,
    999_999,
    9_999_999,
    99_999_999,
    999_999_999,
    -32_768,
    -2_147_483_648,
    2_147_483_647,
    99_991_231,
    29_991_231,
    20_991_231,
    19_700_101,
    19_000_101,
    18_000_101,
];

/// Such numbers in a column, and the range of all others.
#[derive(Clone, Copy, Debug)]
pub struct Sentinels {
    counts: [u64; LIKELY.len()],
    range: (f64, f64),
    others: u64,
}

impl Default for Sentinels {
    fn default() -> Self {
        Sentinels {
            counts: [0; LIKELY.len()],
            range: (f64::INFINITY, f64::NEG_INFINITY),
            others: 0,
        }
    }
}

impl Sentinels {
    /// Takes the next number.
    pub fn add(&mut self, number: f64) {
        // Most numbers are none, which the first comparison tells.
        if number.abs() >= 99.0
            && let Some(place) = LIKELY.iter().position(|&it| it as f64 == number)
        {
            self.counts[place] += 1;
            return;
        }
        self.range = (self.range.0.min(number), self.range.1.max(number));
        self.others += 1;
    }

    /// Those that are far from all other numbers: each with its count.
    pub fn far(&self) -> Vec<(i64, u64)> {
        let (least, most) = self.range;
        let width = most - least;
        let found = LIKELY.iter().zip(self.counts).filter(|&(&number, count)| {
            let number = number as f64;
            let off = (least - number).max(number - most);
            let is_far = off > width / 2.0 || (number < 0.0 && least >= 0.0);
            // One great number alone may be true.
            count > u64::from(number > 0.0) && off > 0.0 && is_far
        });
        if self.others < 2 {
            return Vec::new();
        }
        found.map(|(&number, count)| (number, count)).collect()
    }

    /// A warning of them, for a column of so many numbers.
    pub fn told(&self, name: &str, numbers: u64) -> Option<String> {
        let far = self.far();
        let (first, count) = *far.first()?;
        let rest: Vec<_> = far[1..]
            .iter()
            .map(|(number, count)| format!("{count} are {number}"))
            .collect();
        let rest = if rest.is_empty() {
            String::new()
        } else {
            format!(", {}", rest.join(", "))
        };
        let all: Vec<_> = far.iter().map(|(number, _)| number.to_string()).collect();
        Some(format!(
            "'{name}': {count} of {numbers} values {} {first}{rest}, far from all others ({} to {}): if that stands for \
             no value, --missing={} says so",
            if count == 1 { "is" } else { "are" },
            shown(self.range.0),
            shown(self.range.1),
            all.join(",")
        ))
    }
}

/// A number as people write it. Dates in digits are too long for 32 bits.
fn shown(number: f64) -> String {
    if number.fract() == 0.0 {
        number.to_string()
    } else {
        (number as f32).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn far(numbers: impl IntoIterator<Item = f64>) -> Vec<(i64, u64)> {
        let mut sentinels = Sentinels::default();
        numbers.into_iter().for_each(|number| sentinels.add(number));
        sentinels.far()
    }

    #[test]
    fn what_is_far_from_all_others_is_told_and_what_is_among_them_is_not() {
        let usual = || (0..50_u8).map(f64::from);
        assert_eq!(far(usual().chain([-999.0, -999.0])), [(-999, 2)]);
        assert_eq!(far(usual().chain([999.0; 3])), [(999, 3)]);
        assert_eq!(far(usual().chain([99_999.0])), [], "one may be true");
        assert_eq!(far((0..2000_u16).map(f64::from)), [], "among them");
        assert_eq!(far((-500..500_i16).map(f64::from).chain([-99.0; 5])), []);
        assert_eq!(far([-999.0, -999.0, 1.0]), [], "too few others");
        assert_eq!(far([]), []);
    }

    #[test]
    fn dates_in_digits_are_told_with_all_of_their_digits() {
        let mut sentinels = Sentinels::default();
        for number in (20_241_101..20_241_129).chain([99_991_231; 3]) {
            sentinels.add(f64::from(number));
        }
        let told = sentinels.told("until", 31).unwrap_or_default();
        assert!(
            told.starts_with(
                "'until': 3 of 31 values are 99991231, far from all others (20241101 to 20241128)"
            ),
            "{told}"
        );
    }
}
