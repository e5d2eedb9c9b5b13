//! Which of what was given up is meant, and what is to happen to it.

use crate::cli::args::LettersArgs;

/// What is to happen to what was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is sent again, or goes back to where it came from.
    Retry,
    /// It is removed.
    Drop,
}

/// Which of what was given up is meant.
pub(super) enum Which<'a> {
    All,
    /// By ids, the first digits of ids, or names of blobs.
    These(Vec<&'a str>),
}

impl<'a> Which<'a> {
    pub(super) fn of(args: &'a LettersArgs) -> Self {
        match args.all {
            true => Self::All,
            false => Self::These(args.ids.iter().map(String::as_str).collect()),
        }
    }
}
