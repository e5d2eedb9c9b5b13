//! How people name what was given up.

/// How many digits of an id are enough to name it.
pub(super) const DIGITS: usize = 6;

/// Whether `asked` is the id, or enough of its beginning.
pub(super) fn is_id(id: &str, asked: &str) -> bool {
    asked.len() >= DIGITS && id.starts_with(&asked.to_ascii_lowercase())
}
