//! Durations as Kubernetes and Go write them: `30s`, `5m`, `1h30m`, `250ms`; and days, which they do not have: `2d`.

use std::time::Duration;

use super::{
    bounds::Span,
    mistake::{one_line, shown},
    raw::Value,
};

const UNITS: [(&str, u128); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("ms", 1_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
];

/// The duration that a node says, if it is in the bounds.
pub(super) fn read(value: &Value, bounds: Span) -> Result<Duration, String> {
    let text = match value {
        Value::Text(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            return Err(format!(
                "found {}; write a unit, such as {}s",
                value.described(),
                one_line(digits, 40)
            ));
        }
        Value::Text(text) => text,
        Value::Number(digits) => {
            let unsigned = digits.trim_start_matches('-');
            return Err(format!(
                "found {}; write a unit, such as {unsigned}s",
                value.described()
            ));
        }
        other => return Err(format!("found {}; {ALLOWED}", other.described())),
    };
    let duration = parse(text).ok_or_else(|| format!("found {}; {ALLOWED}", value.described()))?;
    if (bounds.least..=bounds.most).contains(&duration) {
        return Ok(duration);
    }
    Err(format!(
        "found {}; allowed are {}",
        shown(text),
        between(bounds)
    ))
}

const ALLOWED: &str = "allowed is a duration such as 30s, 5m, 1h30m, 2d or 250ms";

/// Bounds as messages and the schema have them: `1s to 24h`.
pub(super) fn between(bounds: Span) -> String {
    format!("{} to {}", write(bounds.least), write(bounds.most))
}

/// Whether a text is a duration.
pub(super) fn is_one(text: &str) -> bool {
    parse(text).is_some()
}

/// One or more numbers, each with a unit. `None` also for what no [`Duration`] can hold.
fn parse(text: &str) -> Option<Duration> {
    let mut nanos: u128 = 0;
    let mut rest = text;
    while !rest.is_empty() || nanos == 0 && text.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let (unit, length) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        nanos = nanos.checked_add(decimal(number, *length)?)?;
        rest = after.get(unit.len()..)?;
    }
    let seconds = u64::try_from(nanos / 1_000_000_000).ok()?;
    let below = u32::try_from(nanos % 1_000_000_000).ok()?;
    Some(Duration::new(seconds, below))
}

/// `number` times `unit`, which is exact for up to nine places after the point.
fn decimal(number: &str, unit: u128) -> Option<u128> {
    let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || places.is_empty() || places.len() > 9 {
        return None;
    }
    let scale = 10_u128.checked_pow(u32::try_from(places.len()).ok()?)?;
    let part = unit.checked_mul(places.parse().ok()?)?.checked_div(scale)?;
    unit.checked_mul(whole.parse().ok()?)?.checked_add(part)
}

/// The duration in its shortest exact form.
pub(super) fn write(duration: Duration) -> String {
    let (seconds, nanos) = (duration.as_secs(), duration.subsec_nanos());
    let mut text = String::new();
    for (count, unit) in [(seconds / 3600, "h"), (seconds / 60 % 60, "m")] {
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    match (seconds % 60, nanos) {
        (0, 0) if !text.is_empty() => {}
        (seconds, 0) => text.push_str(&format!("{seconds}s")),
        (0, nanos) if nanos % 1_000_000 == 0 => {
            text.push_str(&format!("{}ms", nanos / 1_000_000));
        }
        (seconds, nanos) => {
            let places = format!("{nanos:09}");
            text.push_str(&format!("{seconds}.{}s", places.trim_end_matches('0')));
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        let millis = |text| parse(text).map(|duration| duration.as_millis());
        assert_eq!(millis("30s"), Some(30_000));
        assert_eq!(millis("5m"), Some(300_000));
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("250ms"), Some(250));
        assert_eq!(millis("24h"), Some(86_400_000));
        assert_eq!(millis("1.5h"), Some(5_400_000));
        assert_eq!(millis("1d"), Some(86_400_000));
        assert_eq!(millis("1d12h"), Some(129_600_000));
        assert_eq!(millis("0s"), Some(0));
        for bad in [
            "",
            "30",
            "s",
            "1w",
            "1day",
            "-5s",
            "+5s",
            "1h30",
            "1 s",
            ".5s",
            "5.s",
            "1..5s",
            "NaN",
            "1e3s",
            "٣s",
            "1.0000000001s",
            "99999999999999999999999h",
            "184467440737095516160s",
        ] {
            assert_eq!(millis(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_written_as_people_do() {
        let of = |millis| write(Duration::from_millis(millis));
        assert_eq!(of(0), "0s");
        assert_eq!(of(250), "250ms");
        assert_eq!(of(1_500), "1.5s");
        assert_eq!(of(30_000), "30s");
        assert_eq!(of(5_400_000), "1h30m");
        assert_eq!(of(86_400_000), "24h");
        assert_eq!(of(3_600_001), "1h1ms");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(seconds in any::<u64>(), nanos in 0..1_000_000_000_u32) {
            let duration = Duration::new(seconds, nanos);
            prop_assert_eq!(parse(&write(duration)), Some(duration));
        }

        #[test]
        fn any_text_never_panics(text in "[0-9.dhms-]{0,30}|\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}
