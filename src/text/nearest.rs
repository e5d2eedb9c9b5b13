//! What was probably meant by a word that nobody knows.

/// Of the known words the one that was probably meant.
pub(crate) fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    if is_long(found) {
        return None;
    }
    close(found, known).or_else(|| {
        // `blobPrefix`, `containerName`
        known
            .iter()
            .copied()
            .find(|word| word.len() > 2 && has_word(found, &word.to_lowercase()))
    })
}

/// Whether `found` has `word`, which is in lower case, as a word of its own: `resourceGroup` does not have `source`.
fn has_word(found: &str, word: &str) -> bool {
    let lower = found.to_lowercase();
    // Without capitals and hyphens, nobody sees where a word within begins.
    if lower.starts_with(word) || lower.ends_with(word) && lower == found {
        return true;
    }
    words(found).any(|it| it == word)
}

/// The words of `resourceGroup`, `resource_group` and `resource-group`, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    for c in text.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.into_iter()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_within_another_is_meant_only_where_it_is_a_word() {
        let known = ["source", "prefix", "container"];
        for (found, meant) in [
            ("blobPrefix", Some("prefix")),
            ("blob_prefix", Some("prefix")),
            ("blobprefix", Some("prefix")),
            ("containerName", Some("container")),
            ("containername", Some("container")),
            ("the-source-name", Some("source")),
            ("sorce", Some("source")),
            ("resourceGroup", None),
            ("resource_group_name", None),
        ] {
            assert_eq!(nearest(found, &known), meant, "{found}");
        }
    }
}
