//! From when to when a shared access signature is valid, as it says itself.
//!
//! Facts: "Create a service SAS" (`st`, `se` and their formats), Azure Storage documentation.

use time::{
    Date, Duration, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset,
    format_description::well_known::Rfc3339, macros::format_description,
};

/// The clock here may be wrong by so much: the service has the last word then.
const SLACK: Duration = Duration::minutes(15);

/// Why the SAS `query` is refused `now`: it has expired, or is not valid yet.
pub(super) fn out_of_date(query: &str, now: OffsetDateTime) -> Option<String> {
    let expiry = moment(query, "se").filter(|expiry| *expiry <= now - SLACK);
    if let Some(expiry) = expiry {
        return Some(format!(
            "its SAS expired on {}: make a new SAS, and write it into the file",
            written(expiry)
        ));
    }
    let start = moment(query, "st").filter(|start| *start > now + SLACK)?;
    Some(format!(
        "its SAS is valid only from {} on: wait until then, or make a SAS without a start (`st`) and write it into the file",
        written(start)
    ))
}

/// The moment of a field of the query; `None` also for one that only the service can read.
fn moment(query: &str, field: &str) -> Option<OffsetDateTime> {
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let (_, text) = pairs.find(|(name, _)| name == field)?;
    // In a query a bare `+` is a space; in these moments it begins the zone.
    let text = text.replace(' ', "+");
    let moment = OffsetDateTime::parse(&text, &Rfc3339).ok();
    let moment = moment.or_else(|| minute(&text)).or_else(|| day(&text))?;
    moment.checked_to_offset(UtcOffset::UTC)
}

fn written(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

/// `2026-01-31T12:00Z`
fn minute(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]Z");
    let moment = PrimitiveDateTime::parse(text, format).ok()?;
    Some(moment.assume_utc())
}

fn day(text: &str) -> Option<OffsetDateTime> {
    let day = Date::parse(text, format_description!("[year]-[month]-[day]")).ok()?;
    Some(day.with_time(Time::MIDNIGHT).assume_utc())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_sas_says_itself_when_it_expires_and_begins() {
        let now = datetime!(2026-01-31 12:00 UTC);
        let expired = |moment: &str| {
            Some(format!(
                "its SAS expired on {moment}: make a new SAS, and write it into the file"
            ))
        };
        for (query, told) in [
            (
                "sv=1&se=2024-01-01T00:00:00Z&sig=x",
                expired("2024-01-01T00:00:00Z"),
            ),
            (
                "se=2024-01-01T00%3A00%3A00Z",
                expired("2024-01-01T00:00:00Z"),
            ),
            ("se=2024-01-01T00:00Z", expired("2024-01-01T00:00:00Z")),
            ("se=2024-01-01", expired("2024-01-01T00:00:00Z")),
            (
                "se=2024-01-01T00:00:00+01:00",
                expired("2023-12-31T23:00:00Z"),
            ),
            ("se=2026-01-31T11:45:00Z", expired("2026-01-31T11:45:00Z")),
            // Within what a clock may be wrong by.
            ("se=2026-01-31T11:46:00Z", None),
            ("st=2026-01-31T12:14:00Z&se=2026-02-01", None),
            ("se=2027-01-01T00:00:00Z", None),
            // Its end is in a stored policy, or in words of the future.
            ("si=policy&sig=x", None),
            ("se=soon", None),
        ] {
            assert_eq!(out_of_date(query, now), told, "{query}");
        }
        let told = out_of_date("st=2026-02-01&se=2026-03-01", now).unwrap_or_default();
        assert!(
            told.contains("is valid only from 2026-02-01T00:00:00Z on"),
            "{told}"
        );
    }
}
