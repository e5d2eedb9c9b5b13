//! The name of a blob as people give it: alone, or within its URL. Pure.

use percent_encoding::percent_decode_str;

/// The name in the container at `container` (a URL) that a name or a URL means.
///
/// # Errors
/// A sentence about what was typed.
pub(super) fn blob_name(asked: &str, container: &str) -> Result<String, String> {
    if asked.is_empty() {
        return Err("give the blob's name or its URL".to_owned());
    }
    if !is_url(asked) {
        return Ok(asked.to_owned());
    }
    let container = format!("{}/", container.trim_end_matches('/'));
    // A SAS is no part of the name, and not to be shown.
    let path = asked.split('?').next().unwrap_or_default();
    let name = path
        .strip_prefix(&container)
        .filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| {
        format!("the URL is not of a blob of this container, whose blobs are at {container}")
    })?;
    let name = percent_decode_str(name).decode_utf8();
    name.map(|name| name.into_owned())
        .map_err(|_| "the URL is not percent-encoded UTF-8".to_owned())
}

/// Whether this is a URL and no name.
pub(super) fn is_url(asked: &str) -> bool {
    asked.starts_with("http://") || asked.starts_with("https://")
}

/// What was probably meant by the beginning of names that no name has, in the container of this name.
pub(super) fn meant_by_prefix(asked: &str, container: &str) -> Option<String> {
    let bare = asked.trim().replace('\\', "/");
    let bare = bare.strip_prefix("./").unwrap_or(&bare);
    let bare = bare.trim_start_matches('/');
    let within = bare
        .strip_prefix(container)
        .and_then(|it| it.strip_prefix('/'));
    let bare = within.unwrap_or(bare);
    let plain = bare.split(['*', '?', '[', '{']).next().unwrap_or_default();
    (plain != asked && !plain.is_empty()).then(|| plain.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_named_or_pointed_at() {
        let name = |asked: &str| blob_name(asked, "https://a.example/datasets");
        assert_eq!(name("raw/a b.csv").unwrap(), "raw/a b.csv");
        assert_eq!(
            name("https://a.example/datasets/raw/a%20b.csv?sv=1&sig=x").unwrap(),
            "raw/a b.csv"
        );
        for other in [
            "https://a.example/datasets/",
            "https://a.example/other/a.csv",
            "https://b.example/datasets/a.csv?sig=secret",
        ] {
            let problem = name(other).unwrap_err();
            assert!(problem.contains("https://a.example/datasets/") && !problem.contains("secret"));
        }
        assert!(name("").is_err());
    }

    #[test]
    fn the_beginning_of_names_is_guessed() {
        for (asked, meant) in [
            ("/raw/", Some("raw/")),
            ("raw/*", Some("raw/")),
            ("raw/2026-*.csv", Some("raw/2026-")),
            ("datasets/raw/", Some("raw/")),
            ("/datasets/raw/*", Some("raw/")),
            (r"raw\2026", Some("raw/2026")),
            ("./raw/", Some("raw/")),
            (" raw/", Some("raw/")),
            ("raw/", None),
            ("*.csv", None),
            ("/", None),
        ] {
            let found = meant_by_prefix(asked, "datasets");
            assert_eq!(found.as_deref(), meant, "{asked}");
        }
    }
}
