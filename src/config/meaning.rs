//! What a word of another tool is called here.

/// What a foreign word means.
#[derive(Debug, Clone, Copy)]
pub(super) enum Meaning {
    /// The key at this path.
    Key(&'static str),
    /// The key at this path, whose value is of another kind: what to know about it.
    Other(&'static str, &'static str),
    /// No key: why, and what to do.
    None(&'static str),
}

/// Words, each with what it means.
pub(super) type Words = &'static [(&'static [&'static str], Meaning)];
