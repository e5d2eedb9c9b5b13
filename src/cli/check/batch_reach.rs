//! Which bounds of batches can never be reached, because of what the pattern lets through. Pure.

use crate::{
    batch::rules::{BatchRules, By},
    cli::counts::counted,
    filter::FilterSpec,
};

/// Why a batch can never fill, and what to do, if that is so.
pub(super) fn problem(rules: &BatchRules, filter: &FilterSpec) -> Option<String> {
    let patterns: Vec<_> = filter
        .patterns
        .iter()
        .map(String::as_str)
        .filter(|it| !it.starts_with('!'))
        .collect();
    if patterns.is_empty() {
        return None;
    }
    let literal = |text: &str| !text.contains(['*', '?', '[', '{', '\\']);
    if patterns.iter().all(|it| literal(it)) && patterns.len() < rules.max_blobs {
        return Some(format!(
            "only {} can match, so a batch never has {} blobs: write a `*` into `pattern`, or remove \
             `batch` to get an event for each blob",
            names(patterns.len()),
            rules.max_blobs
        ));
    }
    let file = |pattern: &str| pattern.rsplit('/').next().is_some_and(literal);
    if rules.by == By::Folder
        && patterns.iter().all(|it| file(it))
        && patterns.len() < rules.max_blobs
    {
        return Some(format!(
            "the pattern matches {} of each folder, so a batch never has {} blobs and only waits: \
             remove `batch`, because the event of such a blob has its folder (`dirname`); or let `pattern` match all files of the \
             folder",
            names(patterns.len()),
            rules.max_blobs
        ));
    }
    let deepest = patterns
        .iter()
        .map(|it| folders(it))
        .try_fold(0, |most, it| Some(most.max(it?)))?;
    match rules.by {
        By::Depth(depth) if depth > deepest => Some(format!(
            "a matching name has at most {}, so each folder is a group, as with `by: folder`. Set a \
             smaller `depth`, or use `**` in `pattern`",
            counted(deepest as u64, "folder")
        )),
        _ => None,
    }
}

fn names(count: usize) -> String {
    match count {
        1 => "one name".to_owned(),
        _ => format!("{count} names"),
    }
}

// How many folders a name has at most that matches; `None` where there is no bound.
fn folders(pattern: &str) -> Option<usize> {
    (!pattern.contains("**")).then(|| pattern.matches('/').count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn told(by: By, max_blobs: usize, patterns: &[&str]) -> String {
        let rules = BatchRules {
            by,
            max_blobs,
            max_bytes: None,
            max_wait: Some(Duration::from_secs(60)),
            quiet: None,
            keep: Duration::ZERO,
        };
        let filter = FilterSpec {
            prefix: String::new(),
            patterns: patterns.iter().map(|it| (*it).to_owned()).collect(),
        };
        problem(&rules, &filter).unwrap_or_default()
    }

    #[test]
    fn a_pattern_that_cannot_fill_a_batch_is_told() {
        for (by, patterns, words) in [
            (By::All, &["raw/a.csv", "!x"][..], "only one name can match"),
            (By::All, &["a.csv", "b.csv"], "only 2 names can match"),
            (
                By::Folder,
                &["**/_SUCCESS"],
                "the pattern matches one name of each folder",
            ),
            (
                By::Folder,
                &["**/a.csv", "**/b.csv"],
                "the pattern matches 2 names of each folder",
            ),
            (By::Depth(2), &["raw/*.csv"], "at most 1 folder, so"),
            (
                By::Depth(3),
                &["*/*/*.csv", "*.csv"],
                "at most 2 folders, so",
            ),
        ] {
            let told = told(by, 1000, patterns);
            assert!(told.contains(words), "{by:?} {patterns:?}: {told}");
        }
    }

    #[test]
    fn a_pattern_that_can_fill_a_batch_is_not_told() {
        for (by, max_blobs, patterns) in [
            (By::Folder, 1000, &[][..]),
            (By::Folder, 1000, &["**/*.csv"]),
            (By::All, 1000, &["**/_SUCCESS"]),
            (By::Depth(1), 1000, &["**/_SUCCESS"]),
            (By::Folder, 2, &["**/a.csv", "**/b.csv"]),
            (By::Depth(2), 1000, &["*/*/*.csv"]),
            (By::Folder, 1000, &["raw/[ab].csv"]),
        ] {
            assert_eq!(told(by, max_blobs, patterns), "", "{by:?} {patterns:?}");
        }
    }
}
