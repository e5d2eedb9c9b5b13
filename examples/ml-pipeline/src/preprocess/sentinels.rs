//! Numbers that often stand for no value, such as -999: how many there are, and whether they are far from all others.

use super::ends::End;

/// Numbers that programs and people write where nothing is known, also as dates in digits. Nines and the like are told by
/// their digits.
const LIKELY: [f64; 19] = [
    -999.25,
    -32_768.0,
    32_767.0,
    65_535.0,
    -2_147_483_648.0,
    2_147_483_647.0,
    4_294_967_295.0,
    99_991_231.0,
    29_991_231.0,
    20_991_231.0,
    19_700_101.0,
    19_000_101.0,
    18_000_101.0,
    -200.0,
    -1000.0,
    -100_000.0,
    -1_000_000.0,
    1e10,
    255.0,
];

/// From where on numbers are beyond what is measured: 1e20, -3.4e38, 9.96921e36.
const BEYOND: f64 = 1e15;

/// How many rows a number has at least to come often, and of how many rows one.
const OFTEN: (u64, u64) = (3, 100);

/// Zeros are apart from the other numbers by more than this part of their range.
const APART: f64 = 4.0;

/// How many times more frequent codes such as 97, 98 and 99 are than each number near them, and how many near ones are
/// looked at.
const TIMES: u64 = 4;
const NEAR: usize = 3;

/// The numbers of a column, as far as they may stand for no value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sentinels {
    low: End,
    /// With the other sign.
    high: End,
    count: u64,
}

/// Numbers that may stand for no value, and the range of all others.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// Each with its count.
    pub far: Vec<(f64, u64)>,
    range: (f64, f64),
    /// Whether they are near the others, and only more frequent.
    is_near: bool,
}

impl Sentinels {
    /// Takes the next number.
    pub fn add(&mut self, number: f64) {
        self.low.add(number);
        self.high.add(-number);
        self.count += 1;
    }

    /// Those that may stand for no value.
    pub fn found(&self) -> Found {
        let low: Vec<_> = self.low.all().collect();
        let high: Vec<_> = self.high.all().map(|(it, count)| (-it, count)).collect();
        let is_marked = |&&(number, _): &&(f64, u64)| is_likely(number);
        let below = low.iter().take_while(is_marked).count();
        let above = high.iter().take_while(is_marked).count();
        let (Some(least), Some(most)) = (low.get(below), high.get(above)) else {
            return Found::default();
        };
        if least.0 > most.0 {
            return Found::default();
        }
        // A negative number that comes often is odd where no other is negative.
        let is_odd = |&&(number, count): &&(f64, u64)| number < 0.0 && self.is_often(count);
        let odd = low[below..].iter().take_while(is_odd).count();
        let odd = match low.get(below + odd) {
            Some((least, _)) if *least >= 0.0 && self.is_wide() => odd,
            _ => 0,
        };
        let (least, most) = (low[below + odd].0, most.0);
        let out: Vec<_> = [&low[..below + odd], &high[..above]].concat();
        let others = self.count - out.iter().map(|(_, count)| count).sum::<u64>();
        if others < 2 {
            return Found::default();
        }
        let is_far = |&(number, count): &(f64, u64)| {
            let off = (least - number).max(number - most);
            let is_signed = number < 0.0 && least >= 0.0 && is_likely(number);
            // One great number alone may be true.
            count > u64::from(number > 0.0)
                && off > 0.0
                && (off > (most - least) / 2.0 || is_signed)
                && (is_usual(number) || self.is_often(count))
        };
        let far: Vec<_> = out.into_iter().filter(is_far).collect();
        let range = (least, most);
        if far.is_empty() {
            let codes = self.codes(&high[..above], &high[above..], range);
            return if codes.far.is_empty() {
                self.zero()
            } else {
                codes
            };
        }
        Found {
            far,
            range,
            is_near: false,
        }
    }

    /// Zeros below all other numbers, and apart from them: among years, ages and places on a map.
    fn zero(&self) -> Found {
        let mut low = self.low.all();
        let (Some((0.0, count)), Some((least, _))) = (low.next(), low.next()) else {
            return Found::default();
        };
        let most = self.high.all().next().map_or(least, |(most, _)| -most);
        if !self.is_wide() || !self.is_often(count) || least <= (most - least) / APART {
            return Found::default();
        }
        Found {
            far: vec![(0.0, count)],
            range: (least, most),
            is_near: false,
        }
    }

    /// Codes above all other numbers, such as 97, 98 and 99 among ages, that are many times more frequent than those near
    /// them. One alone has to be apart, too.
    fn codes(&self, codes: &[(f64, u64)], others: &[(f64, u64)], range: (f64, f64)) -> Found {
        let near = others.iter().take(NEAR).map(|(_, count)| *count).max();
        let rarest = codes.iter().map(|(_, count)| *count).min();
        let (Some(near), Some(rarest)) = (near, rarest) else {
            return Found::default();
        };
        let (least, most) = range;
        let off = codes
            .iter()
            .map(|(number, _)| number - most)
            .fold(f64::INFINITY, f64::min);
        let is_apart =
            codes.len() > 1 || (off > (most - least) / 8.0 && rarest >= 2 * TIMES * near);
        if !self.is_wide() || !self.is_often(rarest) || rarest < TIMES * near || !is_apart {
            return Found::default();
        }
        Found {
            far: codes.to_vec(),
            range,
            is_near: true,
        }
    }

    fn is_often(&self, count: u64) -> bool {
        count >= OFTEN.0 && count * OFTEN.1 >= self.count
    }

    /// Whether there are many different numbers.
    fn is_wide(&self) -> bool {
        let ends = self.low.all().last().zip(self.high.all().last());
        self.low.is_full() && ends.is_some_and(|((low, _), (high, _))| low < -high)
    }

    /// The range of all numbers but 0 and -1, with the count of these, if they are the least.
    pub fn but_zero(&self) -> Option<(f64, Vec<(f64, u64)>)> {
        let is_none = |&(number, _): &(f64, u64)| number == 0.0 || number == -1.0;
        let none: Vec<_> = self.low.all().take_while(is_none).collect();
        let least = self.low.all().nth(none.len()).map(|(number, _)| number);
        least
            .filter(|_| !none.is_empty())
            .map(|least| (least, none))
    }

    /// A warning of them, for a column of so many numbers.
    pub fn told(&self, name: &str, numbers: u64) -> Option<String> {
        let found = self.found();
        let ((least, most), counts) = (found.range, counts(&found.far, numbers)?);
        let how = if found.is_near {
            format!(
                "many times more than the numbers near them ({} to {})",
                shown(least),
                shown(most)
            )
        } else {
            format!("far from all others ({} to {})", shown(least), shown(most))
        };
        Some(format!(
            "'{name}': {counts}, {how}: if that stands for no value, --missing={} says so",
            all(&found.far)
        ))
    }
}

/// `3 of 31 values are -999, 2 are 999`
pub fn counts(far: &[(f64, u64)], numbers: u64) -> Option<String> {
    let (&(first, count), rest) = far.split_first()?;
    let are = |count: u64| if count == 1 { "is" } else { "are" };
    let rest = rest
        .iter()
        .map(|&(number, count)| format!(", {count} {} {}", are(count), exact(number)));
    Some(format!(
        "{count} of {numbers} values {} {}{}",
        are(count),
        exact(first),
        rest.collect::<String>()
    ))
}

/// As `--missing` takes them.
pub fn all(far: &[(f64, u64)]) -> String {
    let all: Vec<_> = far.iter().map(|(number, _)| exact(*number)).collect();
    all.join(",")
}

fn is_likely(number: f64) -> bool {
    is_usual(number) || is_likely_code(number) || LIKELY.contains(&number) || number.abs() >= BEYOND
}

/// -99, 999 and the like, which are told even if they are few.
fn is_usual(number: f64) -> bool {
    let digits = number.abs();
    let are_nines = (99.0..1e10).contains(&digits) && digits.fract() == 0.0 && are_nines(digits);
    are_nines || (LIKELY[..13].contains(&number) && !matches!(number, 65_535.0 | 32_767.0))
}

fn are_nines(digits: f64) -> bool {
    digits.to_string().bytes().all(|digit| digit == b'9')
}

/// Codes of surveys and instruments: -88, 777, 97, 998, -6999, -999.9, -99.99.
fn is_likely_code(number: f64) -> bool {
    let text = number.abs().to_string();
    if number.abs() < 9.0 || text.len() > 7 {
        return false;
    }
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let are = |text: &str, digit: u8| text.bytes().all(|it| it == digit);
    let is_signed = number < 0.0;
    if !part.is_empty() {
        // A price ends with .99.
        return are(whole, b'9')
            && are(part, b'9')
            && (is_signed || (whole.len() > 1 && part.len() == 1));
    }
    let same = whole.len() > 1 && [b'7', b'8', b'9'].iter().any(|digit| are(whole, *digit));
    let (begin, end) = whole.split_at(whole.len() - 1);
    let is_next = !begin.is_empty() && are(begin, b'9') && matches!(end, "6" | "7" | "8");
    // A year may end with 999, and nothing below 0 is one.
    same || is_next || (is_signed && whole.len() == 4 && are(&whole[1..], b'9'))
}

/// A number with all of its digits, as `--missing` takes it.
fn exact(number: f64) -> String {
    if number.abs() >= BEYOND {
        format!("{number:e}")
    } else {
        number.to_string()
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

    fn of(numbers: impl IntoIterator<Item = f64>) -> Sentinels {
        let mut sentinels = Sentinels::default();
        numbers.into_iter().for_each(|number| sentinels.add(number));
        sentinels
    }

    fn far(numbers: impl IntoIterator<Item = f64>) -> Vec<(f64, u64)> {
        of(numbers).found().far
    }

    fn usual() -> impl Iterator<Item = f64> {
        (0..50_u8).map(f64::from)
    }

    #[test]
    fn what_is_far_from_all_others_is_told_and_what_is_among_them_is_not() {
        assert_eq!(far(usual().chain([-999.0, -999.0])), [(-999.0, 2)]);
        assert_eq!(far(usual().chain([999.0; 3])), [(999.0, 3)]);
        assert_eq!(far(usual().chain([99_999.0])), [], "one may be true");
        assert_eq!(far((0..2000_u16).map(f64::from)), [], "among them");
        assert_eq!(far((-500..500_i16).map(f64::from).chain([-99.0; 5])), []);
        assert_eq!(far([-999.0, -999.0, 1.0]), [], "too few others");
        assert_eq!(far([]), []);
    }

    #[test]
    fn several_do_not_hide_each_other() {
        let both = usual()
            .chain([-999.0; 4])
            .chain([-998.0; 4])
            .chain([-997.0; 4]);
        assert_eq!(far(both), [(-999.0, 4), (-998.0, 4), (-997.0, 4)]);
        let signs = usual()
            .chain([-999.0; 4])
            .chain([777.0; 4])
            .chain([888.0; 4]);
        assert_eq!(far(signs), [(-999.0, 4), (888.0, 4), (777.0, 4)]);
        let ages = || (0..300_u32).map(|row| f64::from(18 + row * 7 % 73));
        let codes = of(ages().chain([97.0; 30]).chain([98.0; 20]).chain([99.0; 40]));
        assert_eq!(codes.found().far, [(99.0, 40), (98.0, 20), (97.0, 30)]);
        let told = codes.told("age", 390).unwrap_or_default();
        assert!(
            told.starts_with(
                "'age': 40 of 390 values are 99, 20 are 98, 30 are 97, many times more than the numbers near them (18 to 90)"
            ),
            "{told}"
        );
        let marks = (0..400_u32).map(|row| f64::from(50 + row * 7 % 50));
        assert_eq!(far(marks), [], "as frequent as all others");
    }

    #[test]
    fn instruments_and_files_have_other_ones() {
        for number in [
            1e20,
            1e10,
            -999.25,
            255.0,
            -3.4e38,
            9.969_209_968_386_869e36,
            -200.0,
            -999.9,
            -99.99,
            999.9,
            65_535.0,
            777.0,
            888.0,
            -88.0,
            -7777.0,
            -6999.0,
            -1.0,
        ] {
            let rows = (40..90_u8).map(f64::from).chain([number; 5]);
            assert_eq!(far(rows), [(number, 5)], "{number}");
        }
        for number in [999.99, 100.0, 1999.0, 120.0] {
            let rows = (40..90_u8).map(f64::from).chain([number; 5]);
            assert_eq!(far(rows), [], "{number}");
        }
        let told = of(usual().chain([-3.4e38; 5]))
            .told("p", 55)
            .unwrap_or_default();
        assert!(told.ends_with("--missing=-3.4e38 says so"), "{told}");
    }

    #[test]
    fn zeros_apart_from_all_others_are_told() {
        let years = || (0..300_u32).map(|row| f64::from(1990 + row * 7 % 32));
        let ages = || (0..300_u32).map(|row| f64::from(20 + row * 7 % 60));
        let degrees = || (0..300_u32).map(|row| 48.0 + f64::from(row) / 900.0);
        assert_eq!(far(years().chain([0.0; 40])), [(0.0, 40)]);
        assert_eq!(far(ages().chain([0.0; 37])), [(0.0, 37)]);
        assert_eq!(far(degrees().chain([0.0; 50])), [(0.0, 50)]);
        assert_eq!(far(years().chain([0.0])), [], "one");
        let counts = (0..300_u32).map(|row| f64::from(1 + row * 7 % 60));
        assert_eq!(far(counts.chain([0.0; 90])), [], "near");
        let few = (0..300_u32).map(|row| f64::from(50 + row % 5));
        assert_eq!(far(few.chain([0.0; 90])), [], "few others");
    }

    #[test]
    fn ordinary_columns_are_not_told() {
        let few = |values: &[f64]| {
            let rows: Vec<_> = (0..300).map(|row| values[row * 7 % values.len()]).collect();
            far(rows)
        };
        assert_eq!(few(&[-1.0, 1.0]), []);
        assert_eq!(few(&[-1.0, 0.0, 1.0, 2.0]), []);
        let signed = (0..300_i32).map(|row| f64::from(row * 7 % 61 - 20));
        assert_eq!(far(signed), []);
        let rain = usual().chain([0.0; 200]);
        assert_eq!(far(rain), []);
        let changes = (0..300_i32).map(|row| f64::from(row * 7 % 61 - 1));
        assert_eq!(far(changes), []);
        let tail = (0..300_i32).map(|row| f64::from(row * 7 % 61).exp());
        assert_eq!(far(tail), []);
    }

    #[test]
    fn dates_in_digits_are_told_with_all_of_their_digits() {
        let days = (20_241_101..20_241_129).chain([99_991_231; 3]);
        let told = of(days.map(f64::from))
            .told("until", 31)
            .unwrap_or_default();
        assert!(
            told.starts_with(
                "'until': 3 of 31 values are 99991231, far from all others (20241101 to 20241128)"
            ),
            "{told}"
        );
    }
}
