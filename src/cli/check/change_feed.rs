//! Whether the change feed can be read.

use time::OffsetDateTime;

use crate::{
    cli::report::Step,
    feed::segments::Segments,
    ports::error::{StorageError, StorageErrorKind},
    text::age::Age,
};

/// A feed whose last segment began so long ago stands still, in seconds: a segment is an hour, and may be read some time
/// after its end.
const STILL: u64 = 4 * 3600;

/// What the feed says of how far it may be read, at `now`.
pub(super) fn step(looked: Result<Option<Segments>, StorageError>, now: OffsetDateTime) -> Step {
    let segments = match looked {
        Ok(Some(segments)) => segments,
        Ok(None) => {
            return Step::fail(
                "feed",
                "the storage account has no change feed".to_owned(),
                "switch it on: `az storage account blob-service-properties update --account-name NAME --enable-change-feed \
                 true`; an account with a hierarchical namespace has none: use `source.queue` or `source.listing` there",
            );
        }
        Err(error) => return Step::fail("feed", error.to_string(), advice(error.kind)),
    };
    let age = (now - segments.last_consumable).whole_seconds();
    let age = u64::try_from(age).unwrap_or(0);
    let text = format!(
        "the change feed can be read; its last segment began {} ago",
        Age(age)
    );
    match age > STILL {
        false => Step::ok("feed", text),
        true => Step::warn(
            "feed",
            text,
            "it stands still, or nothing happened in the account: check whether it is still switched on with `az storage \
             account blob-service-properties show --account-name NAME`",
        ),
    }
}

fn advice(kind: StorageErrorKind) -> &'static str {
    match kind {
        StorageErrorKind::Forbidden | StorageErrorKind::Unauthenticated => {
            "the feed is the container `$blobchangefeed`: give the identity the role Storage Blob Data Reader on the storage \
             account, not only on the container; a SAS of one container cannot read it"
        }
        _ => "check whether the container `$blobchangefeed` of the account can be read from here",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_feed_is_there_or_stands_still_or_is_missing_with_the_cure() {
        let now = datetime!(2026-11-29 14:30 UTC);
        let told = |last| {
            let segments = Segments {
                last_consumable: last,
            };
            step(Ok(Some(segments)), now)
        };
        let fine = told(datetime!(2026-11-29 13:00 UTC));
        assert!(fine.is_ok());
        assert!(
            format!("{fine:?}").contains("began 1 h 30 min ago"),
            "{fine:?}"
        );
        let still = told(datetime!(2026-11-28 13:00 UTC));
        assert!(format!("{still:?}").contains("stands still"), "{still:?}");
        let off = step(Ok(None), now);
        assert!(format!("{off:?}").contains("--enable-change-feed"));
        let refused = StorageError::new(StorageErrorKind::Forbidden, "403");
        assert!(format!("{:?}", step(Err(refused), now)).contains("on the storage account"));
    }
}
