//! When a step ran and how long it took, for people who read the results later.

use std::time::Instant;

use serde::{Deserialize, Serialize};
use time::{UtcDateTime, format_description::well_known::Rfc3339};

/// The run of a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Took {
    /// When it began, in UTC, as RFC 3339 has it.
    pub started: String,
    /// How long it took, in seconds; without a part below a tenth.
    pub seconds: f64,
}

/// Measures a step from its beginning.
pub struct Stopwatch {
    started: UtcDateTime,
    /// None where the same input shall give the same bytes.
    since: Option<Instant>,
}

impl Stopwatch {
    /// Begins. With `SOURCE_DATE_EPOCH` (reproducible-builds.org, "SOURCE_DATE_EPOCH specification"), seconds since
    /// 1970, that is the time, and each step takes no time.
    pub fn start() -> Self {
        let fixed = std::env::var("SOURCE_DATE_EPOCH").ok();
        let fixed = fixed.and_then(|it| UtcDateTime::from_unix_timestamp(it.parse().ok()?).ok());
        Stopwatch {
            started: fixed.unwrap_or_else(UtcDateTime::now),
            since: fixed.is_none().then(Instant::now),
        }
    }

    /// What there is to tell so far.
    pub fn took(&self) -> Took {
        let whole = self.started.replace_nanosecond(0).unwrap_or(self.started);
        let seconds = self
            .since
            .map_or(0.0, |since| since.elapsed().as_secs_f64());
        Took {
            started: whole.format(&Rfc3339).unwrap_or_default(),
            seconds: (seconds * 10.0).round() / 10.0,
        }
    }
}
