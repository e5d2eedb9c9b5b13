//! What happened to a blob, and which of it is worth a look.

/// What an event is about, as its type and `data.api` tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A blob was written, by whatever operation but those of [`Kind::Opened`].
    Created,
    /// A blob of an account with hierarchical namespace has another name now: there is a blob of that name.
    Renamed,
    /// A file was opened and is empty, or holds a part: `CreateFile`, `SftpCreate`, `SftpWrite`. The event that says
    /// that it is whole follows (`FlushWithClose`, `SftpCommit`).
    Opened,
    /// A blob was deleted.
    Deleted,
    /// A directory came to be.
    DirectoryCreated,
    /// A directory has another name now. Of the files in it there are no events.
    DirectoryRenamed,
    /// A directory was deleted.
    DirectoryDeleted,
    /// A blob is in another access tier now.
    TierChanged,
    /// Metadata or properties were set, and the content stayed.
    PropertiesUpdated,
    /// An inventory or a lifecycle rule has run.
    PolicyCompleted,
    /// A blob begins to leave the Archive tier.
    OperationInitiated,
    /// Event Grid asks whether whoever answers wants its events. A queue is not asked.
    Validation,
    /// Anything else.
    Other,
}

impl Kind {
    /// The kind of an event of this type that this operation caused.
    pub(super) fn of(event_type: &str, api: &str) -> Self {
        match event_type {
            "Microsoft.Storage.BlobCreated" if is_opening(api) => Self::Opened,
            "Microsoft.Storage.BlobCreated" => Self::Created,
            "Microsoft.Storage.BlobRenamed" => Self::Renamed,
            "Microsoft.Storage.BlobDeleted" => Self::Deleted,
            "Microsoft.Storage.DirectoryCreated" => Self::DirectoryCreated,
            "Microsoft.Storage.DirectoryRenamed" => Self::DirectoryRenamed,
            "Microsoft.Storage.DirectoryDeleted" => Self::DirectoryDeleted,
            "Microsoft.Storage.BlobTierChanged" => Self::TierChanged,
            "Microsoft.Storage.BlobPropertiesUpdated" => Self::PropertiesUpdated,
            "Microsoft.Storage.BlobInventoryPolicyCompleted"
            | "Microsoft.Storage.LifecyclePolicyCompleted" => Self::PolicyCompleted,
            "Microsoft.Storage.AsyncOperationInitiated" => Self::OperationInitiated,
            "Microsoft.EventGrid.SubscriptionValidationEvent" => Self::Validation,
            _ => Self::Other,
        }
    }

    /// Whether there may be a new blob, or a new version of one, that is whole.
    pub fn announces(self) -> bool {
        matches!(self, Self::Created | Self::Renamed)
    }

    /// Its name where it is counted: short, and never more of them than kinds.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Renamed => "renamed",
            Self::Opened => "opened",
            Self::Deleted => "deleted",
            Self::DirectoryCreated => "directory_created",
            Self::DirectoryRenamed => "directory_renamed",
            Self::DirectoryDeleted => "directory_deleted",
            Self::TierChanged => "tier_changed",
            Self::PropertiesUpdated => "properties_updated",
            Self::PolicyCompleted => "policy_completed",
            Self::OperationInitiated => "operation_initiated",
            Self::Validation => "validation",
            Self::Other => "other",
        }
    }

    // Under which key of `data` the URL stands.
    pub(super) fn url_key(self) -> &'static str {
        match self {
            Self::Renamed | Self::DirectoryRenamed => "destinationUrl",
            _ => "url",
        }
    }
}

// SftpWrite comes in the middle of an upload that can be resumed.
fn is_opening(api: &str) -> bool {
    matches!(api, "CreateFile" | "SftpCreate" | "SftpWrite")
}
