//! Whether the feed tells all that happens: it may be off, stand still, or have a gap. Pure.

use time::{Duration, OffsetDateTime};

use crate::feed::{hour::Hour, segments::Segments};

/// How long a segment lasts.
const SEGMENT: Duration = Duration::HOUR;
/// A feed is some minutes late, and a segment may be read once it is over. One that is later than this stands still.
const STILL: Duration = Duration::hours(3);
/// Between two segments that follow each other no more time passes, unless nothing happened in the account, or the feed
/// was switched off meanwhile, or segments were removed.
const GAP: Duration = Duration::hours(4);

/// How the feed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    /// There is none.
    Off,
    /// It was just switched on, and nothing of it may be read yet.
    New,
    /// Nothing was added for long.
    Still(OffsetDateTime),
    /// It goes on.
    Fine,
}

/// How a feed is that may be read so far, at `now`.
pub(super) fn of(segments: Option<Segments>, now: OffsetDateTime) -> Health {
    match segments {
        None => Health::Off,
        Some(it) if it.last_consumable <= Hour::INITIAL.start() => Health::New,
        Some(it) if now - it.last_consumable > SEGMENT + STILL => Health::Still(it.last_consumable),
        Some(_) => Health::Fine,
    }
}

/// Whether changes may be missing between the latest segment that was read and the next.
pub(super) fn is_gap(latest: Hour, next: Hour) -> bool {
    next.start() - latest.start() > GAP
}

impl Health {
    /// What is wrong and what to do, for people.
    pub(super) fn trouble(self) -> Option<String> {
        match self {
            Self::Fine => None,
            Self::Off => Some(
                "the storage account has no change feed, so nothing is found by it: switch it on with `az storage account \
                 blob-service-properties update --account-name NAME --enable-change-feed true`; the container is then \
                 listed once for what came before; an account with a hierarchical namespace has no change feed: use \
                 `source.queue` or `source.listing` there"
                    .to_owned(),
            ),
            Self::New => Some(
                "the change feed was just switched on, and nothing of it can be read yet: the container is listed once \
                 when it can"
                    .to_owned(),
            ),
            Self::Still(last) => {
                let (date, hour) = (last.date(), last.hour());
                Some(format!(
                    "the change feed stands still: it ends with the segment of {date} {hour:02}:00 UTC; check whether it is still \
                     switched on (`az storage account blob-service-properties show --account-name NAME`); when it goes on, \
                     the container is listed once for what it may have missed"
                ))
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_feed_is_off_or_stands_still_or_goes_on() {
        let segments = |last| {
            Some(Segments {
                last_consumable: last,
            })
        };
        let now = datetime!(2026-11-29 14:30 UTC);
        assert_eq!(of(None, now), Health::Off);
        assert_eq!(of(segments(Hour::INITIAL.start()), now), Health::New);
        let late = datetime!(2026-11-29 11:00 UTC);
        assert_eq!(of(segments(late), now), Health::Fine);
        let still = datetime!(2026-11-29 10:00 UTC);
        assert_eq!(of(segments(still), now), Health::Still(still));
        let told = Health::Still(still).trouble().unwrap();
        assert!(told.contains("2026-11-29 10:00 UTC"), "{told}");
        assert!(
            Health::Off
                .trouble()
                .unwrap()
                .contains("--enable-change-feed true")
        );
    }

    #[test]
    fn the_alerts_take_the_same_feeds_for_still() {
        let rules = include_str!("../../../manifests/components/monitoring/prometheus-rule.yaml");
        let limits = rules.split("_change_feed_end_seconds > ").skip(1);
        let limits = limits.map(|it| it.split_once(' ').unwrap().0);
        let limit = (SEGMENT + STILL).whole_seconds().to_string();
        assert_eq!(limits.collect::<Vec<_>>(), [&limit, &limit]);
    }

    #[test]
    fn hours_without_a_segment_may_be_a_gap() {
        let hour = |text| Hour::parse(text).unwrap();
        let latest = hour("2026/11/29/1400");
        assert!(!is_gap(latest, hour("2026/11/29/1500")));
        assert!(!is_gap(latest, hour("2026/11/29/1800")));
        assert!(is_gap(latest, hour("2026/11/29/1900")));
        assert!(
            !is_gap(latest, hour("2026/11/29/1000")),
            "a late one is none"
        );
    }
}
