//! Whether the content of a blob can be read.

/// Whether the content of a blob can be read now, as its listing says.
///
/// Facts: "List Blobs", "Copy Blob" and "Set Blob Tier", Azure Storage REST API, version 2026-02-06.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Access {
    /// It can.
    #[default]
    Readable,
    /// It is the destination of a copy that is under way: its content is not whole.
    Copying,
    /// It is the destination of a copy that failed or was aborted: it has no content, or a part.
    CopyFailed,
    /// It is in the Archive tier: a read is answered with 409 until it is rehydrated.
    Archived,
    /// It is being rehydrated from the Archive tier, which takes hours.
    Rehydrating,
}

impl Access {
    /// What the properties `CopyStatus`, `AccessTier` and `ArchiveStatus` say together; each is empty
    /// when the listing does not have it.
    pub fn of(copy_status: &str, access_tier: &str, archive_status: &str) -> Self {
        match copy_status {
            "pending" => Self::Copying,
            "failed" | "aborted" => Self::CopyFailed,
            _ if !archive_status.is_empty() => Self::Rehydrating,
            _ if access_tier == "Archive" => Self::Archived,
            _ => Self::Readable,
        }
    }

    /// Whether a copy has left it without its whole content: then there is no dataset yet, whatever
    /// its time says.
    pub fn is_unfinished(self) -> bool {
        matches!(self, Self::Copying | Self::CopyFailed)
    }
}

/// How many blobs cannot be read, by why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unreadable {
    /// See [`Access::Copying`].
    pub copying: u64,
    /// See [`Access::CopyFailed`].
    pub copy_failed: u64,
    /// See [`Access::Archived`].
    pub archived: u64,
    /// See [`Access::Rehydrating`].
    pub rehydrating: u64,
}

impl Unreadable {
    /// Counts one more blob.
    pub fn add(&mut self, access: Access) {
        match access {
            Access::Readable => {}
            Access::Copying => self.copying += 1,
            Access::CopyFailed => self.copy_failed += 1,
            Access::Archived => self.archived += 1,
            Access::Rehydrating => self.rehydrating += 1,
        }
    }

    /// Adds those of another part of the same listing.
    pub fn merge(&mut self, other: Self) {
        self.copying += other.copying;
        self.copy_failed += other.copy_failed;
        self.archived += other.archived;
        self.rehydrating += other.rehydrating;
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.copying + self.copy_failed + self.archived + self.rehydrating
    }

    /// How many there are of each kind, in words; `None` when there are none.
    pub fn described(&self) -> Option<String> {
        let kinds = [
            (self.copying, "being copied"),
            (self.copy_failed, "whose copy failed"),
            (self.archived, "in the Archive tier"),
            (self.rehydrating, "being rehydrated"),
        ];
        let parts = kinds.into_iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_told_by_copy_and_tier() {
        for (properties, access) in [
            (["", "", ""], Access::Readable),
            (["success", "Hot", ""], Access::Readable),
            (["", "Cold", ""], Access::Readable),
            (["", "P10", ""], Access::Readable),
            (["pending", "Hot", ""], Access::Copying),
            (["failed", "", ""], Access::CopyFailed),
            (["aborted", "", ""], Access::CopyFailed),
            (["", "Archive", ""], Access::Archived),
            (
                ["", "Archive", "rehydrate-pending-to-hot"],
                Access::Rehydrating,
            ),
            // A copy out of the Archive tier.
            (
                ["pending", "Archive", "rehydrate-pending-to-cool"],
                Access::Copying,
            ),
        ] {
            let [copy, tier, archive] = properties;
            assert_eq!(Access::of(copy, tier, archive), access, "{properties:?}");
        }
    }

    #[test]
    fn each_kind_is_counted_and_told() {
        let mut unreadable = Unreadable::default();
        assert_eq!(unreadable.described(), None);
        for access in [
            Access::Archived,
            Access::Copying,
            Access::Archived,
            Access::Readable,
        ] {
            unreadable.add(access);
        }
        assert_eq!(unreadable.count(), 3);
        let told = unreadable.described();
        assert_eq!(
            told.as_deref(),
            Some("1 being copied, 2 in the Archive tier")
        );
    }
}
