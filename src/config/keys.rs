//! The keys that a configuration may have, section by section.

/// The keys of a section, which is a mapping.
#[derive(Debug)]
pub(super) struct Keys {
    /// Where the section is; empty for the document itself.
    pub(super) path: &'static str,
    /// Those it may have, in the order in which they are read.
    pub(super) known: &'static [&'static str],
    /// What somebody may write there, for those who wrote no mapping. `NAME` and `TIME` stand for a text of theirs.
    pub(super) form: &'static str,
}

pub(super) const ROOT: Keys = Keys {
    path: "",
    known: &[
        "account",
        "endpoint",
        "container",
        "prefix",
        "pattern",
        "credential",
        "source",
        "existing",
        "minAge",
        "skipEmpty",
        "version",
        "state",
        "confirm",
        "batch",
        "redelivery",
        "limits",
        "id",
    ],
    form: "",
};
pub(super) const SINCE: Keys = Keys {
    path: "existing",
    known: &["since"],
    form: "{since: 2026-01-01T00:00:00Z}",
};
pub(super) const STATE: Keys = Keys {
    path: "state",
    known: &["container"],
    form: "{container: NAME}",
};
pub(super) const SOURCE: Keys = Keys {
    path: "source",
    known: &["listing", "queue", "changeFeed"],
    form: "{listing: {interval: 30s}}",
};
pub(super) const LISTING: Keys = Keys {
    path: "source.listing",
    known: &["interval", "parallelism"],
    form: "{interval: TIME}",
};
pub(super) const QUEUE: Keys = Keys {
    path: "source.queue",
    known: &["name", "account", "endpoint", "credential", "maxDeliveries"],
    form: "{name: NAME}",
};
pub(super) const CHANGE_FEED: Keys = Keys {
    path: "source.changeFeed",
    known: &[],
    form: "{}",
};
pub(super) const WORKFLOWS: Keys = Keys {
    path: "confirm.workflows",
    known: &["namespace", "selector"],
    form: "{}",
};
pub(super) const CONFIRM: Keys = Keys {
    path: "confirm",
    known: &[
        "workflows",
        "group",
        "version",
        "kind",
        "namespace",
        "selector",
    ],
    form: "{workflows: {}}",
};
pub(super) const BATCH: Keys = Keys {
    path: "batch",
    known: &["by", "maxBlobs", "maxBytes", "maxWait", "quiet", "keep"],
    form: "{by: folder, quiet: 5m}",
};
pub(super) const BY: Keys = Keys {
    path: "batch.by",
    known: &["depth"],
    form: "{depth: 2}",
};
pub(super) const REDELIVERY: Keys = Keys {
    path: "redelivery",
    known: &["deadline", "maxAttempts", "giveUpAfter"],
    form: "{deadline: 60s}",
};
pub(super) const LIMITS: Keys = Keys {
    path: "limits",
    known: &["inFlight", "activeWorkflows", "settle"],
    form: "{activeWorkflows: 20}",
};

/// All sections. Where a key is in several, the first one is where it is wanted most often.
pub(super) const ALL: &[&Keys] = &[
    &ROOT,
    &STATE,
    &SOURCE,
    &LISTING,
    &QUEUE,
    &CHANGE_FEED,
    &SINCE,
    &WORKFLOWS,
    &CONFIRM,
    &BATCH,
    &BY,
    &REDELIVERY,
    &LIMITS,
];

impl Keys {
    /// The section at a path, in which the index of a list does not count.
    pub(super) fn at(path: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|section| section.path == path)
    }

    /// Whether an empty mapping says something: that there is to be one, with its defaults.
    pub(super) fn may_be_empty(&self) -> bool {
        let sections = [&LISTING, &CHANGE_FEED, &WORKFLOWS, &BATCH];
        sections.iter().any(|section| section.path == self.path)
    }

    /// How this section is written in a configuration, with `inside` as what is in it.
    pub(super) fn around(&self, inside: &str) -> String {
        nested(self.path, inside)
    }
}

/// What is at a path, as it is written at the top level: `source: {listing: {interval: 30s}}`.
pub(super) fn nested(path: &str, value: &str) -> String {
    let mut keys = path.rsplit('.');
    let innermost = keys.next().unwrap_or_default();
    keys.fold(format!("{innermost}: {value}"), |inside, key| {
        format!("{key}: {{{inside}}}")
    })
}
