//! What a dataset says of itself: a target of its own, columns to ignore. So one Workflow serves a container with
//! datasets of many kinds.
//!
//! There are two places: the metadata of the blob, and a file beside the dataset, called as it with
//! `.pipeline.json` at its end. Both go before the options of the command, which are for all datasets.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::{Wishes, target::Wanted};
use crate::{read::Encoding, value::Missing};

/// What the name of the file beside a dataset has at its end.
const BESIDE: &str = "pipeline.json";

/// What the keys of the metadata begin with; all other metadata is not ours.
const PREFIX: &str = "pipeline_";

/// How large the file may be, in bytes.
const LIMIT: u64 = 64 * 1024;

/// What can be set. A `-` is a `_` in metadata, whose keys have no `-`.
const KEYS: [&str; 8] = [
    "target",
    "task",
    "ignore",
    "split-by",
    "group",
    "missing",
    "encoding",
    "skip-lines",
];

/// The wishes, as far as a dataset has none of its own; and what it has, in words.
///
/// # Errors
///
/// If a file cannot be read, or has what cannot be set.
pub fn with_own(data: &Path, wishes: &Wishes) -> Result<(Wishes, Vec<String>)> {
    let (mut wishes, mut told) = (wishes.clone(), Vec::new());
    let (beside, metadata) = (beside(data), wishes.metadata.clone());
    let both = [
        beside.is_file().then_some((beside, "")),
        metadata.map(|file| (file, PREFIX)),
    ];
    for (file, prefix) in both.into_iter().flatten() {
        let place = file.display();
        let own = read(&file, prefix).with_context(|| place.to_string())?;
        for (key, value) in own {
            apply(&mut wishes, key, &value).with_context(|| format!("{place}: {prefix}{key}"))?;
            told.push(format!("{key} {value}, from {place}"));
        }
    }
    Ok((wishes, told))
}

/// `data.csv.pipeline.json`
fn beside(data: &Path) -> PathBuf {
    data.with_added_extension(BESIDE)
}

/// The keys that are set, with `-` as options have it. Of keys with a prefix, others are left alone.
fn read(file: &Path, prefix: &str) -> Result<BTreeMap<&'static str, Value>> {
    let size = fs::metadata(file).context("cannot be read")?.len();
    ensure!(
        size <= LIMIT,
        "it has {size} bytes, and at most {LIMIT} are allowed"
    );
    let text = fs::read(file).context("cannot be read")?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let found: BTreeMap<String, Value> = serde_json::from_slice(text)
        .context("it is no JSON object, such as {\"target\": \"price\", \"ignore\": [\"id\"]}")?;
    let mut own = BTreeMap::new();
    for (name, value) in found {
        // Storage services may give the keys of metadata in other letters.
        let small = name.to_lowercase();
        let Some(key) = small.strip_prefix(prefix) else {
            continue;
        };
        let plain = key.replace('_', "-");
        let known = KEYS.into_iter().find(|it| *it == plain);
        let Some(known) = known else {
            let written = |it: &str| match prefix {
                "" => it.to_owned(),
                _ => format!("{prefix}{}", it.replace('-', "_")),
            };
            bail!(
                "`{name}` is not known{}; there are {}",
                near(&plain).map_or(String::new(), |it| format!(
                    ", did you mean `{}`?",
                    written(it)
                )),
                KEYS.map(written).join(", ")
            );
        };
        own.insert(known, value);
    }
    Ok(own)
}

fn near(name: &str) -> Option<&'static str> {
    let close = |key: &&str| strsim::damerau_levenshtein(key, name) <= 2;
    KEYS.into_iter().find(close)
}

fn apply(wishes: &mut Wishes, key: &str, value: &Value) -> Result<()> {
    match key {
        "target" => wishes.target = Some(text(value)?),
        "split-by" => wishes.split_by = Some(text(value)?),
        "group" => wishes.group = Some(text(value)?),
        "task" => wishes.task = Some(Wanted::of(&text(value)?)?),
        "missing" => wishes.missing = Missing::of(&texts(value)?),
        "encoding" => wishes.hints.encoding = Some(encoding(&text(value)?)?),
        "skip-lines" => wishes.hints.skip_lines = Some(whole(value)?),
        _ => wishes.ignore = texts(value)?,
    }
    Ok(())
}

fn text(value: &Value) -> Result<String> {
    match value {
        Value::String(text) if !text.is_empty() => Ok(text.clone()),
        _ => bail!("it is {value}, and has to be a text"),
    }
}

fn encoding(name: &str) -> Result<Encoding> {
    let known = Encoding::named(name);
    known.with_context(|| {
        format!("'{name}' is no encoding such as UTF-8, windows-1252 or Shift_JIS")
    })
}

/// A whole number, which is a text in metadata.
fn whole(value: &Value) -> Result<u64> {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let number = text.parse().ok();
    number.with_context(|| format!("it is {value}, and has to be a whole number"))
}

/// A list of texts, or one text, in which commas may stand between several.
fn texts(value: &Value) -> Result<Vec<String>> {
    match value {
        Value::Array(all) => all.iter().map(text).collect(),
        _ => Ok(vec![text(value)?]),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails so")]
mod tests {
    use super::*;

    fn dir() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data.csv");
        (dir, data)
    }

    fn beside_with(text: &str) -> Result<(Wishes, Vec<String>)> {
        let (_dir, data) = dir();
        fs::write(beside(&data), text).unwrap();
        with_own(&data, &Wishes::default())
    }

    #[test]
    fn the_dataset_goes_before_the_options_and_metadata_before_the_file() {
        let (dir, data) = dir();
        let metadata = dir.path().join("metadata.json");
        fs::write(
            &metadata,
            r#"{"pipeline_target": "price", "pipeline_split_by": "day", "author": "x"}"#,
        )
        .unwrap();
        fs::write(
            beside(&data),
            r#"{"target": "cost", "ignore": ["a", "b"], "task": "regression"}"#,
        )
        .unwrap();
        let general = Wishes {
            target: Some("last".to_owned()),
            group: Some("shop".to_owned()),
            metadata: Some(metadata),
            ..Wishes::default()
        };
        let (found, told) = with_own(&data, &general).unwrap();
        assert_eq!(found.target.as_deref(), Some("price"));
        assert_eq!(found.split_by.as_deref(), Some("day"));
        assert_eq!(found.group.as_deref(), Some("shop"));
        assert_eq!(found.ignore, ["a", "b"]);
        assert_eq!(found.task, Some(Wanted::Regression));
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(
            told[0].starts_with("ignore [\"a\",\"b\"], from "),
            "{told:?}"
        );
    }

    #[test]
    fn a_directory_has_its_file_beside_it() {
        assert_eq!(beside(Path::new("data/")), Path::new("data.pipeline.json"));
        let (_dir, data) = dir();
        let (found, told) = with_own(&data, &Wishes::default()).unwrap();
        assert_eq!((found.target, told.len()), (None, 0));
    }

    #[test]
    fn a_byte_order_mark_and_other_letters_make_no_difference() {
        let (dir, data) = dir();
        let metadata = dir.path().join("metadata.json");
        fs::write(&metadata, r#"{"Pipeline_Target": "price"}"#).unwrap();
        fs::write(beside(&data), "\u{feff}{\"Task\": \"regression\"}").unwrap();
        let general = Wishes {
            metadata: Some(metadata),
            ..Wishes::default()
        };
        let (found, _) = with_own(&data, &general).unwrap();
        assert_eq!(found.target.as_deref(), Some("price"));
        assert_eq!(found.task, Some(Wanted::Regression));
    }

    #[test]
    fn what_cannot_be_set_is_told() {
        for (text, problem) in [
            ("target: price", "is no JSON object, such as {\"target\""),
            ("[]", "is no JSON object"),
            (
                r#"{"tagret": "x"}"#,
                "`tagret` is not known, did you mean `target`?; there are target, task",
            ),
            (r#"{"colour": "x"}"#, "`colour` is not known; there are"),
            (r#"{"target": 3}"#, "target: it is 3, and has to be a text"),
            (
                r#"{"task": "cluster"}"#,
                "task: 'cluster' is not a valid task",
            ),
            (
                r#"{"encoding": "klingon"}"#,
                "encoding: 'klingon' is no encoding such as",
            ),
            (r#"{"skip-lines": "x"}"#, "has to be a whole number"),
            (
                r#"{"ignore": ["a", 1]}"#,
                "ignore: it is 1, and has to be a text",
            ),
        ] {
            let error = format!("{:#}", beside_with(text).unwrap_err());
            assert!(error.contains(problem), "{error}");
        }
        let (dir, data) = dir();
        let metadata = dir.path().join("m.json");
        fs::write(&metadata, r#"{"pipeline_spilt_by": "day"}"#).unwrap();
        let wishes = Wishes {
            metadata: Some(metadata),
            ..Wishes::default()
        };
        let error = with_own(&data, &wishes).unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains("did you mean `pipeline_split_by`?"),
            "{error}"
        );
    }
}
