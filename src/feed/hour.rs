//! The time of a segment, as the names of the feed's files have it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{Date, Duration, Month, OffsetDateTime, Time};

/// What the names of all segments begin with.
pub const SEGMENTS: &str = "idx/segments/";

/// The file of a segment, below its folder.
const META: &str = "/meta.json";

/// When a segment begins, to the minute, in UTC: `2026/11/29/1400`.
///
/// Segments are of an hour today (`intervalSecs` 3600), and their names have minutes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hour {
    /// Minutes since 1970.
    minutes: i64,
}

impl Hour {
    /// The segment that the service makes when the feed is switched on. It never has an event, and nobody reads it.
    pub const INITIAL: Self = Self {
        minutes: -194_074_560,
    };

    /// Before all segments that have events: 1970.
    pub const FIRST: Self = Self { minutes: 0 };

    /// The whole hour that `time` is in.
    pub fn of(time: OffsetDateTime) -> Self {
        Self {
            minutes: time.unix_timestamp().div_euclid(3600) * 60,
        }
    }

    /// The whole minute that `time` is in: no segment that begins at `time` or before is later.
    pub fn up_to(time: OffsetDateTime) -> Self {
        Self {
            minutes: time.unix_timestamp().div_euclid(60),
        }
    }

    /// The minute before: no segment that begins before this one is later.
    pub fn before(self) -> Self {
        Self {
            minutes: self.minutes - 1,
        }
    }

    /// The time that is written `2026/11/29/1400`, and nothing else than that.
    pub fn parse(text: &str) -> Option<Self> {
        let text: &[u8; 15] = text.as_bytes().try_into().ok()?;
        if [text[4], text[7], text[10]] != *b"///" {
            return None;
        }
        let month = u8::try_from(number(&text[5..7])?).ok()?;
        let date = Date::from_calendar_date(
            i32::from(number(&text[..4])?),
            Month::try_from(month).ok()?,
            u8::try_from(number(&text[8..10])?).ok()?,
        );
        let (hour, minute) = (number(&text[11..13])?, number(&text[13..])?);
        let time = Time::from_hms(u8::try_from(hour).ok()?, u8::try_from(minute).ok()?, 0);
        let start = date.ok()?.with_time(time.ok()?).assume_utc();
        Some(Self {
            minutes: start.unix_timestamp() / 60,
        })
    }

    /// The segment whose file is called `idx/segments/2026/11/29/1400/meta.json`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::parse(name.strip_prefix(SEGMENTS)?.strip_suffix(META)?)
    }

    /// The name of the segment's file.
    pub fn name(self) -> String {
        format!("{SEGMENTS}{self}{META}")
    }

    /// When the segment begins.
    pub fn start(self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + Duration::minutes(self.minutes)
    }

    /// What the names of all segments from `self` to `last` begin with: `idx/segments/2026/11/29/1` for two of one
    /// afternoon.
    pub fn prefix_to(self, last: Self) -> String {
        let [first, last] = [self, last].map(|it| format!("{SEGMENTS}{it}"));
        let same = first.chars().zip(last.chars()).take_while(|(a, b)| a == b);
        same.map(|(a, _)| a).collect()
    }
}

impl TryFrom<String> for Hour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a segment's time is written as 2026/11/29/1400")
    }
}

impl From<Hour> for String {
    fn from(hour: Hour) -> Self {
        hour.to_string()
    }
}

impl fmt::Display for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start();
        let (year, month, day) = start.to_calendar_date();
        let (month, hour, minute) = (u8::from(month), start.hour(), start.minute());
        write!(f, "{year:04}/{month:02}/{day:02}/{hour:02}{minute:02}")
    }
}

impl fmt::Debug for Hour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u16::from(digit - b'0'))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    #[test]
    fn a_segments_name_is_its_time() {
        let name = "idx/segments/2026/11/29/1400/meta.json";
        let hour = Hour::from_name(name).unwrap();
        assert_eq!(hour.start(), datetime!(2026-11-29 14:00 UTC));
        assert_eq!(hour.name(), name);
        assert_eq!(hour, Hour::of(datetime!(2026-11-29 14:59:59.9 UTC)));
        assert_eq!(
            Hour::of(datetime!(1969-12-31 23:59 UTC)).to_string(),
            "1969/12/31/2300"
        );
        let initial = "idx/segments/1601/01/01/0000/meta.json";
        assert_eq!(Hour::from_name(initial), Some(Hour::INITIAL));
        assert_eq!(
            Hour::parse("2026/11/29/1415").unwrap().to_string(),
            "2026/11/29/1415"
        );
    }

    #[test]
    fn anything_else_is_no_segment() {
        for wrong in [
            "",
            "2026/11/29/14:00",
            "2026/11/29/140",
            "2026/11/29/14000",
            "2026/13/29/1400",
            "2026/02/30/1400",
            "2026/11/29/2400",
            "2026/11/29/1460",
            "2026-11-29-1400",
            "+026/11/29/1400",
            " 2026/11/29/1400",
            "２026/11/29/1400",
        ] {
            assert_eq!(Hour::parse(wrong), None, "{wrong}");
            let name = format!("idx/segments/{wrong}/meta.json");
            assert_eq!(Hour::from_name(&name), None, "{name}");
        }
        for wrong in ["idx/segments/2026/11/29/1400/", "2026/11/29/1400/meta.json"] {
            assert_eq!(Hour::from_name(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_range_has_one_prefix() {
        let prefix = |a, b| Hour::parse(a).unwrap().prefix_to(Hour::parse(b).unwrap());
        assert_eq!(
            prefix("2026/11/29/1400", "2026/11/29/1400"),
            "idx/segments/2026/11/29/1400"
        );
        assert_eq!(
            prefix("2026/11/29/1400", "2026/11/29/2300"),
            "idx/segments/2026/11/29/"
        );
        assert_eq!(
            prefix("2026/11/29/2300", "2026/12/01/0000"),
            "idx/segments/2026/1"
        );
        assert_eq!(
            prefix("1999/12/31/2300", "2000/01/01/0000"),
            "idx/segments/"
        );
    }

    proptest! {
        #[test]
        fn all_between_have_the_prefix(a in 0_i64..40_000_000, b in 0_i64..10_000_000, c in 0_i64..10_000_000) {
            let [first, between, last] = [a, a + b, a + b + c].map(|minutes| Hour { minutes });
            prop_assert!(between.name().starts_with(&first.prefix_to(last)));
        }

        #[test]
        fn texts_and_times_are_in_the_same_order(a in -194_074_560_i64..4_000_000_000, b in -194_074_560_i64..4_000_000_000) {
            let [a, b] = [a, b].map(|minutes| Hour { minutes });
            prop_assert_eq!(Hour::parse(&a.to_string()), Some(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
            prop_assert_eq!(a.cmp(&b), a.start().cmp(&b.start()));
        }

        #[test]
        fn no_text_is_a_panic(text in any::<String>()) {
            let _ = (Hour::parse(&text), Hour::from_name(&text));
        }
    }
}
