//! Why a blob is not there as a file, and what to do about it. Pure.

use std::path::Path;

use crate::{
    azure::DownloadError,
    cli::blob_name::{blob_name, is_url},
    text::plain::Plain,
};

/// What is said of a download to the file `to` that failed.
pub(super) fn told(error: &DownloadError, to: &Path) -> String {
    match error {
        DownloadError::File(error) => format!(
            "the file {} cannot be written: {}",
            to.display(),
            Plain(&error.to_string())
        ),
        error => Plain(&error.to_string()).to_string(),
    }
}

/// What to do about one blob that is not there, which was asked for as `name` of the container at `endpoint`.
pub(super) fn advice(error: &DownloadError, endpoint: &str, container: &str, name: &str) -> String {
    match error {
        DownloadError::Overwritten { .. } => {
            ". The present version has its own event and its own Workflow; this Workflow has nothing to do."
                .to_owned()
        }
        DownloadError::Gone(_) => mistyped(endpoint, container, name).unwrap_or_else(|| {
            ". It was deleted after its event, or --endpoint or --container is not that of the event source."
                .to_owned()
        }),
        DownloadError::Storage(_) | DownloadError::File(_) => String::new(),
    }
}

// Only of what is not there: a blob may have any name, also one like a URL.
fn mistyped(endpoint: &str, container: &str, name: &str) -> Option<String> {
    let endpoint = endpoint.trim_end_matches('/');
    if let Some(account) = endpoint
        .strip_suffix(container)
        .and_then(|it| it.strip_suffix('/'))
    {
        return Some(format!(
            ". The endpoint ends in the container's name, which --container adds: write `--endpoint {account}`."
        ));
    }
    let bare = match is_url(name) {
        true => blob_name(name, &format!("{endpoint}/{container}")).ok()?,
        false => name.trim_start_matches('/').to_owned(),
    };
    (bare != name && !bare.is_empty())
        .then(|| format!(". Write the blob's name alone: `{}`.", Plain(&bare)))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_was_probably_typed_wrong_is_told() {
        const ENDPOINT: &str = "https://a.example";
        for (endpoint, name, told) in [
            (
                "https://a.example/datasets/",
                "raw/a.csv",
                Some("write `--endpoint https://a.example`."),
            ),
            (ENDPOINT, "/raw/a.csv", Some("alone: `raw/a.csv`.")),
            (
                ENDPOINT,
                "https://a.example/datasets/raw/a%20b.csv",
                Some("alone: `raw/a b.csv`."),
            ),
            (ENDPOINT, "https://b.example/datasets/raw/a.csv", None),
            (ENDPOINT, "raw/a.csv", None),
        ] {
            let found = mistyped(endpoint, "datasets", name);
            match told {
                Some(told) => assert!(found.is_some_and(|it| it.ends_with(told)), "{name}"),
                None => assert_eq!(found, None),
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let error = DownloadError::File(io::Error::other("full"));
        let told = told(&error, Path::new("/data/a.csv"));
        assert_eq!(told, "the file /data/a.csv cannot be written: full");
    }
}
