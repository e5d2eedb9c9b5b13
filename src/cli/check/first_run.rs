//! What becomes of the blobs that exist when a source runs for the first time. Pure.

use time::OffsetDateTime;

use crate::{
    blob::BlobRef,
    cli::{counts::counted, report::Step},
    event::rfc3339,
    gate::rules::Existing,
};

/// Counts blobs that match, one after the other.
pub(super) struct FirstRun {
    existing: Existing,
    now: OffsetDateTime,
    /// How many are done without an event, and how many are announced.
    passed_over: u64,
    announced: u64,
}

impl FirstRun {
    pub(super) fn new(existing: Existing, now: OffsetDateTime) -> Self {
        Self {
            existing,
            now,
            passed_over: 0,
            announced: 0,
        }
    }

    /// Looks at a blob that matches.
    pub(super) fn look(&mut self, blob: &BlobRef<'_>) {
        let is_announced = match self.existing {
            Existing::Emit => true,
            Existing::Skip => false,
            Existing::Since(moment) => {
                moment <= self.now && blob.last_modified >= moment.unix_timestamp()
            }
        };
        match is_announced {
            true => self.announced += 1,
            false => self.passed_over += 1,
        }
    }

    /// What is said of them; `None` where there are none to speak of.
    pub(super) fn step(&self) -> Option<Step> {
        if let Existing::Since(moment) = self.existing
            && moment > self.now
        {
            let text = format!("`existing.since` is in the future: {}", rfc3339(moment));
            let advice = "write a moment that has passed; as it is, blobs that exist at the first start are done without an event";
            return Some(Step::warn("existing", text, advice));
        }
        let (passed_over, announced) = (self.passed_over, self.announced);
        if passed_over + announced == 0 {
            return None;
        }
        let text = format!(
            "at the first start, {} of those that exist {} done without an event, and {announced} {} announced",
            counted(passed_over, "matching blob"),
            are(passed_over),
            are(announced)
        );
        let text = match self.existing {
            Existing::Skip => text + "; `existing: emit` announces them all",
            _ => text,
        };
        Some(Step::ok("existing", text))
    }
}

fn are(count: u64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn told(existing: Existing, modified: &[i64]) -> String {
        let now = OffsetDateTime::from_unix_timestamp(1_000).unwrap();
        let mut first = FirstRun::new(existing, now);
        for last_modified in modified {
            first.look(&BlobRef {
                last_modified: *last_modified,
                ..BlobRef::default()
            });
        }
        let step = first.step();
        step.map_or_else(String::new, |it| it.to_json().to_string())
    }

    fn since(seconds: i64) -> Existing {
        Existing::Since(OffsetDateTime::from_unix_timestamp(seconds).unwrap())
    }

    #[test]
    fn what_exists_is_announced_or_not_as_the_configuration_says() {
        for (existing, words) in [
            (
                Existing::Skip,
                "2 matching blobs of those that exist are done without an event, and 0 are announced; `existing: emit`",
            ),
            (
                Existing::Emit,
                "0 matching blobs of those that exist are done without an event, and 2 are announced",
            ),
            (
                since(500),
                "1 matching blob of those that exist is done without an event, and 1 is announced",
            ),
        ] {
            let told = told(existing, &[400, 600]);
            assert!(told.contains(words), "{told}");
        }
        assert_eq!(told(Existing::Skip, &[]), "");
    }

    #[test]
    fn a_moment_in_the_future_is_a_mistake() {
        let told = told(since(2_000), &[400]);
        assert!(
            told.contains("is in the future: 1970-01-01T00:33:20Z"),
            "{told}"
        );
    }
}
