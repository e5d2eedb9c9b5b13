//! What is said of a text that is no glob: the problem, or what it was meant to be. Pure.

use super::{
    glob::{self, AS_IN},
    mixed, regex,
    rewrites::several,
    slips::{QUOTES, unspaced_item, with_slashes},
};

/// What the pattern is or has that is wrong. `sign` stands before the text: `!` or nothing.
pub(super) fn told(sign: &str, text: &str, problem: String) -> String {
    let is_glob = |text: &str| glob::parse(text).is_ok();
    let line = text.trim_end_matches(['\n', '\r']);
    if line.len() < text.len() && is_glob(line) {
        return format!(
            "ends in a line break; write it on the line of its key, without `|` and `>`: `\"{sign}{line}\"`"
        );
    }
    if let Some(item) = unspaced_item(text) {
        return format!(
            "begins with `-`, because an item of a list needs a space after its `-`; write `- \"{item}\"`"
        );
    }
    let trimmed = text.trim();
    if trimmed.len() < text.len() && is_glob(trimmed) {
        return format!("has a blank at its start or end; write `\"{sign}{trimmed}\"`");
    }
    let slashes = with_slashes(text);
    let has_star = text.contains("*\\") || text.contains("\\*");
    if slashes != text && has_star && !regex::is_regex(text) && is_glob(&slashes) {
        return format!(
            "has a `\\` where folders are separated by `/`; write `\"{sign}{slashes}\"`"
        );
    }
    let bare = text.trim_matches(QUOTES);
    if bare.len() < text.len() && is_glob(bare) {
        return format!(
            "has quotes that YAML does not know; write straight ones: `\"{sign}{bare}\"`"
        );
    }
    let parts = several(text);
    let is_part = |part: &String| is_glob(part) && part.contains(['*', '/', '.']);
    if parts.len() > 1 && parts.iter().all(is_part) {
        let quoted: Vec<_> = parts.iter().map(|it| format!("\"{sign}{it}\"")).collect();
        return format!(
            "is several globs in one text; write a list: `[{}]`",
            quoted.join(", ")
        );
    }
    if regex::is_regex(text) {
        let meant = regex::glob_of(text);
        if is_glob(&meant) {
            return format!(
                "is a regular expression; a pattern is a glob over the whole name: write `\"{sign}{meant}\"`"
            );
        }
    }
    let plain = mixed::as_glob(text);
    if plain != text && is_glob(&plain) {
        return format!("has signs that globs do not have; write `\"{sign}{plain}\"`");
    }
    let segments = whole_segments(text);
    match problem.strip_suffix(AS_IN) {
        Some(start) if is_glob(&segments) => format!("{start}write `{sign}{segments}`"),
        _ => problem,
    }
}

/// The text with each `**` as a segment of its own.
fn whole_segments(text: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("**") {
        let (before, stars) = rest.split_at(at);
        whole.push_str(before);
        if !whole.is_empty() && !whole.ends_with(['/', '{', ',']) {
            whole.push('/');
        }
        whole.push_str("**");
        rest = stars.trim_start_matches('*');
        if !rest.is_empty() && !rest.starts_with(['/', '}', ',']) {
            whole.push_str("/*");
        }
    }
    whole + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_glob_is_told_with_the_glob_that_was_meant() {
        for (text, words) in [
            ("**.csv", "segment; write `**/*.csv`"),
            ("raw/**.csv", "write `raw/**/*.csv`"),
            ("raw**", "write `raw/**`"),
            ("raw/**csv/**x", "write `raw/**/*csv/**/*x`"),
            (
                "**/*.csv,**/*.parquet",
                "a list: `[\"!**/*.csv\", \"!**/*.parquet\"]`",
            ),
            ("**/*.csv|**/*.tsv", "write a list"),
            ("raw/**/*.csv **/x", "write a list"),
            ("“**/*.csv”", "straight ones: `\"!**/*.csv\"`"),
            ("**/*.csv\n", "ends in a line break"),
            ("a/**\nb/**\n", "write a list"),
            (
                "raw/[\\d]+\\.csv",
                "is a regular expression; a pattern is a glob",
            ),
            (" **/*.csv", "has a blank at its start or end"),
            ("**\\*.csv", "where folders are separated by `/`"),
            ("-\"**/*.csv\"", "a space after its `-`; write"),
            ("-\"**/*.csv\" -\"b/**\"", "a space after its `-`"),
            ("a\tb", "no idea"),
            ("{a,**}", "no idea"),
        ] {
            let problem = match text.contains("**") && !text.contains('{') {
                true => {
                    format!("has a `**` at character 1 that is not a whole path segment; {AS_IN}")
                }
                false => "no idea".to_owned(),
            };
            let told = told("!", text, problem);
            assert!(
                told.contains(&words.replace("write `", "write `!")),
                "{text}: {told}"
            );
        }
    }
}
