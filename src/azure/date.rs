//! The dates of HTTP and of List Blobs.

use azure_core::http::headers::{HeaderName, Headers};
use time::{Date, Month, OffsetDateTime};

const DATE: HeaderName = HeaderName::from_static("date");

/// Seconds since 1970 of `Fri, 09 Oct 2009 21:04:30 GMT`, the one form that the service writes
/// (RFC 1123; RFC 9110 calls it IMF-fixdate). `None` for anything else.
///
/// By hand, because every blob of a listing has one and a general parser costs as much as all the
/// rest of the blob.
pub(super) fn parse(text: &str) -> Option<i64> {
    let text: &[u8; 29] = text.as_bytes().try_into().ok()?;
    let punctuation = [
        text[3], text[4], text[7], text[11], text[16], text[19], text[22],
    ];
    if punctuation != *b",    ::" || text[25..] != *b" GMT" {
        return None;
    }
    let date = Date::from_calendar_date(
        i32::from(number(&text[12..16])?),
        month(&text[8..11])?,
        u8::try_from(number(&text[5..7])?).ok()?,
    );
    let (hour, minute, second) = (
        number(&text[17..19])?,
        number(&text[20..22])?,
        number(&text[23..25])?,
    );
    // 60 is a leap second, which the count of seconds since 1970 does not know.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = i64::from(date.ok()?.to_julian_day() - UNIX_EPOCH_JULIAN_DAY);
    Some(days * 86_400 + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second))
}

/// The same as a moment.
pub(super) fn parse_moment(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(parse(text)?).ok()
}

/// When an answer was made, by the service's clock (its `Date`).
pub(super) fn of(headers: &Headers) -> Option<OffsetDateTime> {
    headers.get_optional_str(&DATE).and_then(parse_moment)
}

const UNIX_EPOCH_JULIAN_DAY: i32 = 2_440_588;

fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0_u16, |sum, digit| {
        digit
            .is_ascii_digit()
            .then(|| sum * 10 + u16::from(digit - b'0'))
    })
}

fn month(name: &[u8]) -> Option<Month> {
    Some(match name {
        b"Jan" => Month::January,
        b"Feb" => Month::February,
        b"Mar" => Month::March,
        b"Apr" => Month::April,
        b"May" => Month::May,
        b"Jun" => Month::June,
        b"Jul" => Month::July,
        b"Aug" => Month::August,
        b"Sep" => Month::September,
        b"Oct" => Month::October,
        b"Nov" => Month::November,
        b"Dec" => Month::December,
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use azure_core::time::to_rfc7231;
    use proptest::prelude::*;

    #[test]
    fn only_the_one_form_is_a_date() {
        assert_eq!(parse("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(parse("Fri, 09 Oct 2009 21:04:30 GMT"), Some(1_255_122_270));
        for wrong in [
            "",
            "Fri, 09 Oct 2009 21:04:30 UTC",
            "Fri, 9 Oct 2009 21:04:30 GMT",
            "Fri, 31 Feb 2009 21:04:30 GMT",
            "Fri, 09 Okt 2009 21:04:30 GMT",
            "Fri, 09 Oct 2009 24:04:30 GMT",
            "Fri, 09 Oct 2009 21-04-30 GMT",
            "2009-10-09T21:04:30Z",
            "Fri, 09 Oct 20\u{e9}9 21:04:30 GMT",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_general_formatter(seconds in 0_i64..253_402_300_800) {
            let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            prop_assert_eq!(parse(&to_rfc7231(&moment)), Some(seconds));
        }

        #[test]
        fn any_text_never_panics(text in ".{0,40}") {
            let _ = parse(&text);
        }
    }
}
