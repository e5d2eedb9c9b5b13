//! What was probably meant by a word that nobody knows.

/// Of the known words the one that was probably meant.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    if is_long(found) {
        return None;
    }
    let lower = found.to_lowercase();
    close(found, known).or_else(|| {
        // `blobPrefix`, `containerName`
        known
            .iter()
            .copied()
            .find(|word| word.len() > 2 && lower.contains(&word.to_lowercase()))
    })
}

/// Of the known words the one that this is a slip of the pen of.
pub(crate) fn close<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    if is_long(found) {
        return None;
    }
    let lower = found.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&lower, &word.to_lowercase());
    let (distance, word) = known.iter().map(|word| (distance(word), *word)).min()?;
    (distance <= 1 + word.len() / 4).then_some(word)
}

// Longer ones are no slips of the pen, and comparing takes time.
fn is_long(found: &str) -> bool {
    found.chars().count() > 40
}
