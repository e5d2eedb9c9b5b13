//! Which whole numbers are codes, such as postal codes and the ids of shops: neither their order nor their
//! size says anything, so they are words. Decisions alone.

use super::{names::words, profile::Profile};

/// From how many digits on a zero in front says that a number is a code: hours and months have two.
const CODE_WIDTH: usize = 3;

/// Which part of the values has a zero in front at least, in percent, where not all are equally long.
const ZEROS_PERCENT: u64 = 5;

/// The part of the values that must be whole numbers, in percent.
const PURITY: u64 = 95;

/// How many different values are more than a yes or no, where no zero in front tells that they are codes.
const LEAST: u64 = 3;

/// From how many digits on a number that is called a number is a code: there are fewer of what is counted.
const NUMBERED_WIDTH: usize = 3;

/// How a column's digits are written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Digits {
    /// How many values are digits alone, or such with `.0` behind them.
    whole: u64,
    /// How many of these have a zero in front, and enough digits.
    zeros: u64,
    /// The least and the greatest length of these.
    widths: Option<(usize, usize)>,
}

impl Digits {
    /// Takes the next value.
    pub fn add(&mut self, field: &str) {
        let digits = field.strip_suffix(".0").unwrap_or(field);
        let width = digits.len();
        if width == 0 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        self.whole += 1;
        self.zeros += u64::from(width >= CODE_WIDTH && digits.starts_with('0'));
        let (least, most) = self.widths.unwrap_or((width, width));
        self.widths = Some((least.min(width), most.max(width)));
    }

    fn have_zeros(&self, values: u64) -> bool {
        let is_constant = self.widths.is_some_and(|(least, most)| least == most);
        self.zeros > 0 && (is_constant || self.zeros * 100 >= values * ZEROS_PERCENT)
    }
}

/// Why a column of numbers has codes, if it does. Codes that hardly recur are of no use as words, and stay
/// what they were.
pub(super) fn because(name: &str, profile: &Profile) -> Option<&'static str> {
    let different = profile.distinct.count();
    let digits = &profile.digits;
    let is_whole = digits.whole * 100 >= profile.values * PURITY;
    let recur = different * 2 <= profile.values;
    let is_long = digits
        .widths
        .is_some_and(|(least, _)| least >= NUMBERED_WIDTH);
    if !is_whole || !recur {
        None
    } else if digits.have_zeros(profile.values) {
        Some("some begin with 0")
    } else if different < LEAST {
        None
    } else if is_code(name) || (is_numbered(name) && is_long) {
        Some("its name says so")
    } else {
        None
    }
}

/// A warning, if a column has codes.
pub(super) fn told(name: &str, profile: &Profile) -> Option<String> {
    let because = because(name, profile)?;
    Some(format!(
        "'{name}': its whole numbers look like codes, as {because}: they are treated as categories"
    ))
}

/// A warning of a column whose values begin with 0 as codes do, and hardly recur: they stay numbers.
pub(super) fn doubt(name: &str, profile: &Profile) -> Option<String> {
    let digits = &profile.digits;
    let is_whole = digits.whole * 100 >= profile.values * PURITY;
    (is_whole && digits.have_zeros(profile.values)).then(|| {
        format!(
            "'{name}': some of its numbers begin with 0, as codes do; they are read as numbers, as most come once or twice: if \
             they are codes, leave the column out with --ignore"
        )
    })
}

/// What a code is called wherever it stands in a name.
const CODES: [&str; 30] = [
    "zip",
    "postcode",
    "postal",
    "plz",
    "postleitzahl",
    "cep",
    "pincode",
    "zcta",
    "fips",
    "geoid",
    "naics",
    "sic",
    "isic",
    "nace",
    "sku",
    "gtin",
    "ean",
    "upc",
    "isbn",
    "iata",
    "icao",
    "icd",
    "barcode",
    "codigo",
    "zipcode",
    "storeid",
    "userid",
    "productid",
    "customerid",
    "itemid",
];

/// What a code is called at the end of a name.
const LAST: [&str; 33] = [
    "id",
    "code",
    "codes",
    "key",
    "uuid",
    "type",
    "category",
    "cat",
    "class",
    "cluster",
    "segment",
    "region",
    "district",
    "dept",
    "department",
    "store",
    "shop",
    "branch",
    "brand",
    "genre",
    "channel",
    "route",
    "ward",
    "county",
    "state",
    "country",
    "city",
    "station",
    "sector",
    "industry",
    "supplier",
    "vendor",
    "warehouse",
];

fn is_code(name: &str) -> bool {
    let words = words(name);
    let first = words.first().map_or("", String::as_str);
    let last = words.last().map_or("", String::as_str);
    words.iter().any(|word| CODES.contains(&word.as_str()))
        || LAST.contains(&last)
        // `id_store`, `code_postal`.
        || matches!(first, "id" | "code")
        || last.ends_with("code")
}

/// Whether a column's name is one like `article number`, and not `number of rooms`.
fn is_numbered(name: &str) -> bool {
    let words = words(name);
    let is = |word: &str| matches!(word, "number" | "no" | "nr" | "num");
    words.len() > 1 && words.last().is_some_and(|last| is(last))
        || words.len() == 1
            && ["nummer", "nr"]
                .iter()
                .any(|end| words[0].len() > 6 && words[0].ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Missing, Numerals};

    fn of(name: &str, values: &[&str]) -> Option<&'static str> {
        let mut profile = Profile::new(64);
        for _ in 0..10 {
            values
                .iter()
                .for_each(|it| profile.add(it, Numerals::Point, &Missing::default()));
        }
        because(name, &profile)
    }

    #[test]
    fn zeros_in_front_and_names_tell_codes_from_numbers() {
        let zips = ["60601", "00501", "94103"];
        assert_eq!(of("a", &zips), Some("some begin with 0"));
        assert_eq!(of("a", &["007", "12", "9"]), Some("some begin with 0"));
        assert_eq!(of("a", &["00501", "10001"]), Some("some begin with 0"));
        assert_eq!(of("zip", &["10115", "20095"]), None, "two without a zero");
        let plain = ["10115", "20095", "80331"];
        for name in [
            "zip",
            "ZipCode",
            "plz",
            "code postal",
            "storeId",
            "PULocationID",
            "store",
            "naics_2017",
            "id_shop",
            "article no",
            "Kundennummer",
        ] {
            assert_eq!(of(name, &plain), Some("its name says so"), "{name}");
        }
        for name in [
            "a",
            "price",
            "paid",
            "citric acid",
            "number of sales",
            "year",
            "nr",
        ] {
            assert_eq!(of(name, &plain), None, "{name}");
        }
        for (name, values) in [
            ("hour", ["00", "07", "23"]),
            ("zip", ["1.5", "2", "3"]),
            ("zip", ["-1", "2", "3"]),
            ("code", ["0", "1", "1"]),
            ("room no", ["1", "2", "3"]),
            ("a", ["0.5", "0.25", "0"]),
        ] {
            assert_eq!(of(name, &values), None, "{name}");
        }
    }

    #[test]
    fn codes_that_hardly_recur_are_no_words() {
        let mut profile = Profile::new(64);
        for zip in 10_000..10_040 {
            profile.add(&zip.to_string(), Numerals::Point, &Missing::default());
        }
        assert_eq!(because("zip", &profile), None);
        assert_eq!(doubt("zip", &profile), None);
        for code in 0..40 {
            profile.add(
                &format!("00{code:03}"),
                Numerals::Point,
                &Missing::default(),
            );
        }
        assert_eq!(because("zip", &profile), None);
        let told = doubt("zip", &profile).unwrap_or_default();
        assert!(
            told.starts_with("'zip': some of its numbers begin with 0"),
            "{told}"
        );
    }
}
