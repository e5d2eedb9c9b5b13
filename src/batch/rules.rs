//! What a configuration says of batches. Pure.

use std::time::Duration;

/// Which blobs are announced together, and for how long they are waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRules {
    /// Blobs of different groups are never in one batch.
    pub by: By,
    /// A batch closes when it has so many blobs.
    pub max_blobs: usize,
    /// A batch closes before it has more bytes than this; a blob that has more is alone.
    pub max_bytes: Option<u64>,
    /// A batch closes so long after its first blob.
    pub max_wait: Option<Duration>,
    /// A batch closes when no blob of its group came for so long.
    pub quiet: Option<Duration>,
    /// For how long a manifest is kept once its batch is done.
    pub keep: Duration,
}

/// For how long a manifest is kept where no configuration says it.
pub const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

/// What makes a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// All blobs are one group.
    All,
    /// Each folder is a group of its own.
    Folder,
    /// Blobs whose first so many folders are the same are a group.
    Depth(usize),
}

/// The most groups that may be open at once. One more closes the one that has waited longest.
pub const MOST_GROUPS: usize = 10_000;
/// The most blobs that open batches may hold together. As above.
pub const MOST_BLOBS: usize = 100_000;

impl By {
    /// The group of a blob: what its name starts with, without the `/` behind it. Empty at the top.
    pub fn group_of(self, name: &str) -> &str {
        let folder = name.rfind('/').map_or("", |at| &name[..at]);
        match self {
            Self::All => "",
            Self::Folder => folder,
            Self::Depth(depth) => {
                let mut ends = folder.match_indices('/').map(|(at, _)| at);
                let end = ends.nth(depth.saturating_sub(1));
                end.map_or(folder, |at| &folder[..at])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_group_is_the_folder_or_its_beginning_or_nothing() {
        for (by, name, group) in [
            (By::All, "a/b/c.csv", ""),
            (By::Folder, "a/b/c.csv", "a/b"),
            (By::Folder, "c.csv", ""),
            (By::Folder, "a//c.csv", "a/"),
            (By::Folder, "/c.csv", ""),
            (By::Depth(1), "a/b/c.csv", "a"),
            (By::Depth(2), "a/b/c/d.csv", "a/b"),
            (By::Depth(2), "a/d.csv", "a"),
            (By::Depth(9), "a/b/c/d.csv", "a/b/c"),
            (By::Depth(1), "d.csv", ""),
        ] {
            assert_eq!(by.group_of(name), group, "{by:?} {name}");
        }
    }

    proptest! {
        #[test]
        fn a_group_begins_the_name_and_ends_at_a_folder(name in "[a-c/é]{0,12}", depth in 1..4_usize) {
            for by in [By::All, By::Folder, By::Depth(depth)] {
                let group = by.group_of(&name);
                let rest = name.strip_prefix(group);
                prop_assert!(group.is_empty() || rest.is_some_and(|rest| rest.starts_with('/')));
                if let By::Depth(depth) = by {
                    prop_assert!(group.matches('/').count() < depth);
                }
            }
        }
    }
}
