//! The manifest of a batch: which blob versions it has.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
    str::FromStr,
};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::{failure::told, many::Member};
use crate::{
    azure::{Account, DownloadError},
    blob::is_name,
    event::encoded::decoded,
    text::plain::Plain,
};

/// How large a manifest may be: a quarter of the memory that `fetch` has in a Workflow.
const LIMIT: u64 = 64 << 20;

/// Where a manifest is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    container: String,
    name: String,
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((container, name)) if !container.is_empty() && !name.is_empty() => Ok(Self {
                container: container.to_owned(),
                name: decoded(name).into_owned(),
            }),
            _ => Err(
                "a manifest is CONTAINER/NAME, such as eventsource-state/datasets/batches/ID.ndjson",
            ),
        }
    }
}

/// One of some parts of a batch, about equally large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: usize,
    of: usize,
}

impl FromStr for Part {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/');
        let numbers = numbers.and_then(|(n, of)| Some((n.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if 0 < number && number <= of && of <= Self::MOST => {
                Ok(Self { number, of })
            }
            _ => Err("a part is K/N, such as 3/8: K from 1 to N, N at most 1000000"),
        }
    }
}

impl Part {
    const MOST: usize = 1_000_000;

    /// Its share of a list: those that follow on each other, so that no two parts share one.
    fn share<T>(self, all: &[T]) -> &[T] {
        let end = |number: usize| (all.len() as u128 * number as u128 / self.of as u128) as usize;
        &all[end(self.number - 1)..end(self.number)]
    }
}

#[derive(Deserialize)]
struct Line {
    name: String,
    #[serde(rename = "eTag")]
    etag: String,
}

/// What a part of a manifest lists, and what all of it does. It stays beside the directory `out`, for the steps that
/// want to know more than names.
pub(super) async fn members(
    account: &Account,
    place: &Place,
    part: Option<Part>,
    out: &Path,
) -> anyhow::Result<(Vec<Member>, Vec<Member>)> {
    let Place { container, name } = place;
    let file = out.with_added_extension("ndjson");
    let downloaded = account.download(container, name, None, &file).await;
    let size = downloaded.map_err(|error| unread(error, &file))?.bytes;
    let all = read(&file, size).with_context(|| {
        let (container, name) = (Plain(container), Plain(name));
        format!("the manifest `{name}` in container `{container}` cannot be used")
    })?;
    let some = match part {
        Some(part) => part.share(&all).to_vec(),
        None => all.clone(),
    };
    Ok((some, all))
}

fn read(file: &Path, size: u64) -> anyhow::Result<Vec<Member>> {
    ensure!(
        size <= LIMIT,
        "it has {size} bytes; at most {LIMIT} are allowed"
    );
    parse(File::open(file)?)
}

fn unread(error: DownloadError, file: &Path) -> anyhow::Error {
    let shown = told(&error, file);
    match error {
        DownloadError::Gone(_) => anyhow::anyhow!(
            "{shown}. It is the manifest of a batch, which is kept for as long as `batch.keep` says, or --manifest names \
             another container than the event source's `state.container`."
        ),
        _ => anyhow::anyhow!("{shown}"),
    }
}

fn parse(manifest: impl Read) -> anyhow::Result<Vec<Member>> {
    let mut members = Vec::new();
    for (at, line) in BufReader::new(manifest).lines().enumerate() {
        let number = at + 1;
        let line = line.with_context(|| format!("line {number} cannot be read"))?;
        let blob: Line = match serde_json::from_str(&line) {
            Ok(blob) => blob,
            Err(error) => bail!("line {number} is not a blob of a batch: {error}"),
        };
        ensure!(
            is_name(&blob.name) && !blob.etag.is_empty(),
            "line {number} has no name or no eTag that a blob can have"
        );
        members.push(Member {
            number,
            name: blob.name,
            etag: Some(blob.etag),
        });
    }
    Ok(members)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_line_is_a_blob_version() {
        let text = concat!(
            r#"{"name":"a b.csv","eTag":"0x1","size":3,"lastModified":"2026-11-28T12:00:00Z","url":"https://x/a%20b.csv"}"#,
            "\n",
            r#"{"name":"{{=1}}\n.csv","eTag":"0x2"}"#,
        );
        let members = parse(text.as_bytes()).unwrap();
        let found: Vec<_> = members
            .iter()
            .map(|it| (it.number, it.name.as_str(), it.etag.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                (1, "a b.csv", Some("0x1")),
                (2, "{{=1}}\n.csv", Some("0x2"))
            ]
        );
        assert!(parse(&b""[..]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_manifest_is_told_with_the_line() {
        let good = r#"{"name":"a","eTag":"0x1"}"#;
        for (line, problem) in [
            ("", "line 2 is not a blob of a batch: EOF"),
            (
                r#"{"name":"a"}"#,
                "line 2 is not a blob of a batch: missing field `eTag`",
            ),
            (
                r#"{"name":"","eTag":"0x1"}"#,
                "line 2 has no name or no eTag",
            ),
            (r#"{"name":"a","eTag":""}"#, "line 2 has no name or no eTag"),
        ] {
            let error = parse(format!("{good}\n{line}\n{good}").as_bytes()).unwrap_err();
            assert!(error.to_string().starts_with(problem), "{error}");
        }
    }

    #[test]
    fn places_and_parts_are_read_or_refused() {
        let place: Place = "state/a/b%25.ndjson".parse().unwrap();
        assert_eq!(
            (place.container.as_str(), place.name.as_str()),
            ("state", "a/b%.ndjson")
        );
        for text in ["", "state", "state/", "/a"] {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
        assert_eq!("3/8".parse(), Ok(Part { number: 3, of: 8 }));
        for text in ["", "3", "0/8", "9/8", "-1/8", "1/1000001", "a/b"] {
            assert!(text.parse::<Part>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_have_each_blob_once_and_are_about_equally_large(len in 0_usize..500, of in 1_usize..40) {
            let all: Vec<_> = (0..len).collect();
            let parts: Vec<_> = (1..=of).map(|number| Part { number, of }.share(&all)).collect();
            prop_assert_eq!(parts.concat(), all.clone());
            prop_assert!(parts.iter().all(|part| part.len().abs_diff(len / of) <= 1));
        }
    }
}
