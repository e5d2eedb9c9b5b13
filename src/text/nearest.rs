//! What was probably meant by a word that nobody knows.

/// Of the known words the one that was probably meant.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    // Longer ones are no slips of the pen, and comparing takes time.
    if found.chars().count() > 40 {
        return None;
    }
    let lower = found.to_lowercase();
    let distance = |word: &str| strsim::damerau_levenshtein(&lower, &word.to_lowercase());
    let close = known.iter().map(|word| (distance(word), *word)).min()?;
    if close.0 <= 1 + close.1.len() / 4 {
        return Some(close.1);
    }
    // `blobPrefix`, `containerName`
    known
        .iter()
        .copied()
        .find(|word| word.len() > 2 && lower.contains(&word.to_lowercase()))
}
