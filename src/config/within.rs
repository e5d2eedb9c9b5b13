//! Short words that only say something within their section.

use super::meaning::{
    Meaning::{Key, Other},
    Words,
};

/// Each section with its words, which are in lower case and without `_` and `-`.
pub(super) const WITHIN: &[(&str, Words)] = &[
    (
        "batch",
        &[
            (
                &[
                    "size", "count", "max", "maxcount", "maxsize", "maxfiles", "limit", "length",
                    "number", "files", "blobs", "items", "events",
                ],
                Other("batch.maxBlobs", "a number of blobs"),
            ),
            (
                &["bytes", "maxmb", "volume"],
                Other("batch.maxBytes", "a size such as 500Mi or 10Gi"),
            ),
            (
                &[
                    "wait", "timeout", "window", "interval", "delay", "period", "every",
                    "maxdelay", "maxtime", "maxage", "linger", "time", "after",
                ],
                Other("batch.maxWait", "a duration such as 5m"),
            ),
            (
                &[
                    "idle",
                    "pause",
                    "silence",
                    "debounce",
                    "settle",
                    "inactivity",
                ],
                Other("batch.quiet", "a duration such as 5m"),
            ),
            (
                &["retention", "ttl", "keepfor"],
                Other("batch.keep", "a duration such as 7d"),
            ),
            (
                &["group", "key", "folder", "depth", "per"],
                Other("batch.by", "`all`, `folder` or `{depth: 2}`"),
            ),
        ],
    ),
    (
        "batch.by",
        &[(
            &[
                "folder",
                "folders",
                "level",
                "levels",
                "directory",
                "directories",
                "segments",
                "prefix",
            ],
            Other("batch.by.depth", "how many folders of a name make a group"),
        )],
    ),
    (
        "redelivery",
        &[
            (
                &[
                    "max",
                    "tries",
                    "count",
                    "limit",
                    "times",
                    "number",
                    "deliveries",
                ],
                Other("redelivery.maxAttempts", "a whole number"),
            ),
            (
                &[
                    "interval", "wait", "delay", "backoff", "after", "every", "time", "period",
                ],
                Other("redelivery.deadline", "a duration such as 60s"),
            ),
            (
                &["maxage", "ttl", "expiry", "expires", "giveup", "maxtime"],
                Other("redelivery.giveUpAfter", "a duration such as 24h"),
            ),
        ],
    ),
    (
        "limits",
        &[
            (
                &[
                    "max",
                    "count",
                    "events",
                    "pending",
                    "maxevents",
                    "maxinflight",
                    "unconfirmed",
                ],
                Other("limits.inFlight", "a whole number"),
            ),
            (
                &["workflows", "active", "running", "parallel", "maxactive"],
                Other("limits.activeWorkflows", "a whole number"),
            ),
            (
                &["wait", "delay", "settletime"],
                Other("limits.settle", "a duration such as 10s"),
            ),
        ],
    ),
    (
        "source.listing",
        &[
            (
                &["seconds", "time", "wait", "delay"],
                Other("source.listing.interval", "a duration such as 30s or 5m"),
            ),
            (
                &["threads", "workers", "concurrency", "parallel", "ranges"],
                Other("source.listing.parallelism", "a whole number"),
            ),
        ],
    ),
    (
        "source.queue",
        &[
            (&["queue"], Key("source.queue.name")),
            (
                &[
                    "max",
                    "attempts",
                    "tries",
                    "retries",
                    "maxattempts",
                    "maxretries",
                    "deliveries",
                ],
                Other("source.queue.maxDeliveries", "a whole number"),
            ),
        ],
    ),
    (
        "state",
        &[(&["name", "path", "blob", "in"], Key("state.container"))],
    ),
    (
        "existing",
        &[(
            &["from", "after", "date", "start", "time", "moment", "begin"],
            Other(
                "existing.since",
                "a date and time with zone such as 2026-01-01T00:00:00Z",
            ),
        )],
    ),
];
