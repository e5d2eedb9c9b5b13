//! Moments as people type and read them: `2026-01-31T12:00:00Z`, `2026-01-31`, or `2h` and `7d` ago.

use time::{
    Date, Duration, OffsetDateTime, Time, UtcOffset, format_description::well_known::Rfc3339,
    macros::format_description,
};

use crate::event::rfc3339;

/// A moment for people, who need no parts of seconds.
pub(super) fn to_the_second(moment: OffsetDateTime) -> String {
    rfc3339(moment.replace_nanosecond(0).unwrap_or(moment))
}

/// The moment that a text says, as of `now`.
///
/// # Errors
/// What is allowed.
pub(super) fn parse(text: &str, now: OffsetDateTime) -> Result<OffsetDateTime, String> {
    let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
    moment
        .or_else(|| day(text))
        .or_else(|| ago(text, now))
        // What RFC 3339 can say, as requests do.
        .and_then(|moment| moment.checked_to_offset(UtcOffset::UTC))
        .filter(|moment| (0..=9999).contains(&moment.year()))
        .ok_or_else(|| {
            format!(
                "found `{}`; allowed is a moment such as 2026-01-31T12:00:00Z, a day such as 2026-01-31, \
                 or how long ago, such as 90m, 2h or 7d",
                text.escape_debug()
            )
        })
}

fn day(text: &str) -> Option<OffsetDateTime> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    Some(day.with_time(Time::MIDNIGHT).assume_utc())
}

fn ago(text: &str, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let (at, unit) = text.char_indices().next_back()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let count: u32 = text[..at].parse().ok()?;
    now.checked_sub(Duration::seconds(i64::from(count) * seconds))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn moments_are_read_as_people_type_them() {
        let now = datetime!(2026-02-01 0:00 UTC);
        for (text, moment) in [
            ("2026-01-31T12:00:00Z", datetime!(2026-01-31 12:00 UTC)),
            ("2026-01-31T12:00:00+02:00", datetime!(2026-01-31 10:00 UTC)),
            ("2026-01-31", datetime!(2026-01-31 0:00 UTC)),
            ("2h", datetime!(2026-01-31 22:00 UTC)),
            ("90m", datetime!(2026-01-31 22:30 UTC)),
            ("7d", datetime!(2026-01-25 0:00 UTC)),
        ] {
            assert_eq!(parse(text, now).unwrap(), moment, "{text}");
        }
        for bad in [
            "",
            "yesterday",
            "2026-13-01",
            "-2h",
            "2",
            "h",
            "99999999999d",
            "1000000d",
            "-0001-01-01",
            "9999-12-31T23:59:59-23:00",
            "2026-01-31 12:00",
        ] {
            assert!(
                parse(bad, now).unwrap_err().contains("allowed is a moment"),
                "{bad}"
            );
        }
    }
}
