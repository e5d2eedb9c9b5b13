//! The name of a source: where its ledger is kept, and what logs and metrics call it.

use sha2::{Digest, Sha256};

use crate::{config::SourceConfig, text::hex::hex};

const SLUG_CHARS: usize = 24;
const HASH_BYTES: usize = 8;

/// The source's name: the configured `id`, or one that follows from what is watched.
///
/// It is the same after any restart, and changes when the event's name, the endpoint, the container
/// or the prefix does: then it is another source, with a ledger of its own.
pub fn source_id(config: &SourceConfig, event_name: &str, endpoint: &str) -> String {
    if let Some(id) = &config.id {
        return id.clone();
    }
    let prefix = &config.filter.spec().prefix;
    derived(event_name, endpoint, &config.container, prefix)
}

/// The event's name in a source's name that follows from it, in its short form (`Datasets` is `datasets`). `None` of a
/// configured `id`.
pub fn event_of(source_id: &str) -> Option<&str> {
    let (slug, hash) = source_id.rsplit_once('-')?;
    let is_hash = hash.len() == 2 * HASH_BYTES && hash.bytes().all(|it| it.is_ascii_hexdigit());
    is_hash.then_some(slug)
}

fn derived(event_name: &str, endpoint: &str, container: &str, prefix: &str) -> String {
    let mut hash = Sha256::new();
    for field in [event_name, endpoint, container, prefix] {
        // The length goes first, so that ("ab", "c") and ("a", "bc") are not the same.
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    let digest = hash.finalize();
    format!("{}-{}", slug(event_name), hex(&digest[..HASH_BYTES]))
}

fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        if slug.len() == SLUG_CHARS {
            break;
        }
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "source" } else { slug }.to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use crate::config::source_id::*;
    use crate::testing::config;

    #[test]
    fn a_configured_id_wins() {
        let mut config = config();
        config.id = Some("datasets-raw".to_owned());
        assert_eq!(source_id(&config, "any", "https://a"), "datasets-raw");
    }

    #[test]
    fn a_derived_id_never_changes() {
        // Written down: another value here would make every source forget its ledger.
        let id = derived("Datasets", "https://a.example", "datasets", "raw/");
        assert_eq!(id, "datasets-d3913658004e6dde");
    }

    #[test]
    fn a_derived_id_tells_its_event() {
        let id = derived("My Datasets", "https://a.example", "datasets", "raw/");
        assert_eq!(event_of(&id), Some("my-datasets"));
        for id in [
            "datasets",
            "datasets-raw",
            "d3913658004e6dde",
            "a-d3913658004e6ddg",
        ] {
            assert_eq!(event_of(id), None);
        }
    }

    #[test]
    fn every_field_counts_and_none_runs_into_the_next() {
        let ids = [
            derived("e", "https://a", "cc", "p"),
            derived("e2", "https://a", "cc", "p"),
            derived("e", "https://b", "cc", "p"),
            derived("e", "https://a", "c", "cp"),
            derived("e", "https://a", "cc", ""),
            derived("E", "https://a", "cc", "p"),
        ];
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
    }

    #[test]
    fn a_slug_is_short_and_plain() {
        assert_eq!(slug("My Data_Sets!"), "my-data-sets");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("数据"), "source");
        assert_eq!(slug(""), "source");
        let long = slug("a-very-long-event-name-that-goes-on-and-on");
        assert_eq!(long, "a-very-long-event-name-t");
        assert!(slug("abcdefghijklmnopqrstuvw-xyz").len() <= SLUG_CHARS);
    }
}
