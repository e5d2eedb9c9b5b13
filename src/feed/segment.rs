//! A segment's `meta.json`: whether it is final, and which shards it has.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{
    CONTAINER,
    hour::Hour,
    manifest::{self, ManifestError, shortened},
    shard::Shard,
};

/// The most shards that a segment may have. Recorded segments of the service have one or three.
pub const MOST_SHARDS: usize = 4096;

/// The longest that a segment may last, in seconds: a week. It is an hour today.
const LONGEST: u32 = 7 * 24 * 3600;

/// What a segment's `meta.json` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentManifest {
    /// Whether more may come.
    pub status: Status,
    /// How long the segment lasts, in seconds (`intervalSecs`). Events within 15 minutes of its ends may be in its
    /// neighbours.
    pub interval_secs: u32,
    /// Its shards (`chunkFilePaths`), in the order of their numbers, each once. A shard may have no chunk yet, or
    /// never. Other segments may have others.
    pub shards: Vec<Shard>,
}

/// Whether a segment is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Chunks still grow, and new ones may come.
    Publishing,
    /// Nothing is added any more.
    Finalized,
}

#[derive(Deserialize)]
struct Document {
    status: String,
    #[serde(rename = "intervalSecs")]
    interval_secs: u64,
    #[serde(rename = "chunkFilePaths")]
    chunk_file_paths: Vec<String>,
}

impl SegmentManifest {
    /// Reads the content of the file of `segment`.
    ///
    /// # Errors
    /// [`ManifestError`] when a field that we need is missing or is not what the service writes. Fields that we do
    /// not know are passed over.
    pub fn parse(segment: Hour, bytes: &[u8]) -> Result<Self, ManifestError> {
        let file = segment.name();
        let document: Document = manifest::read(&file, bytes)?;
        read(&document).map_err(|problem| manifest::wrong(&file, problem))
    }
}

fn read(document: &Document) -> Result<SegmentManifest, String> {
    let interval = u32::try_from(document.interval_secs);
    let interval = interval.ok().filter(|it| (1..=LONGEST).contains(it));
    Ok(SegmentManifest {
        status: status(&document.status)?,
        interval_secs: interval.ok_or_else(|| {
            let found = document.interval_secs;
            format!("`intervalSecs` is {found}, and should be 1 to {LONGEST}")
        })?,
        shards: shards(&document.chunk_file_paths)?,
    })
}

fn status(text: &str) -> Result<Status, String> {
    match text {
        "Publishing" => Ok(Status::Publishing),
        "Finalized" => Ok(Status::Finalized),
        _ => {
            let found = shortened(text);
            Err(format!(
                "`status` is `{found}`, and should be `Publishing` or `Finalized`"
            ))
        }
    }
}

fn shards(paths: &[String]) -> Result<Vec<Shard>, String> {
    if paths.len() > MOST_SHARDS {
        let found = paths.len();
        return Err(format!(
            "`chunkFilePaths` has {found} entries, and {MOST_SHARDS} are the most"
        ));
    }
    let shards: Result<BTreeSet<Shard>, String> = paths.iter().map(|path| shard(path)).collect();
    let mut shards: Vec<Shard> = shards?.into_iter().collect();
    shards.sort_by_key(|shard| shard.number);
    match shards.windows(2).find(|two| two[0].number == two[1].number) {
        Some(two) => Err(format!(
            "`chunkFilePaths` has both {} and {}",
            two[0], two[1]
        )),
        None => Ok(shards),
    }
}

// The name of the container stands before each folder.
fn shard(path: &str) -> Result<Shard, String> {
    let folder = path
        .strip_prefix(CONTAINER)
        .and_then(|it| it.strip_prefix('/'));
    folder.and_then(Shard::from_folder).ok_or_else(|| {
        let found = shortened(path);
        format!(
            "`chunkFilePaths` has `{found}`, and should have folders such as `{CONTAINER}/log/00/2026/11/29/1400/`"
        )
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SegmentManifest, ManifestError> {
        SegmentManifest::parse(Hour::parse("2026/11/29/1400").unwrap(), text.as_bytes())
    }

    fn document(status: &str, interval: &str, paths: &str) -> String {
        format!(
            r#"{{"version":0,"begin":"2026-11-29T14:00:00.000Z","intervalSecs":{interval},"status":{status},
            "config":{{"version":1,"configVersionEtag":"0x8dad189bd5c84f6","numShards":3,"recordsFormat":"avro",
            "formatSchemaVersion":5,"shardDistFnVersion":1,"streamAppendType":3}},"chunkFilePaths":{paths},
            "storageDiagnostics":{{"version":0,"lastModifiedTime":"2026-11-29T14:26:53.186Z","data":{{"aid":"x"}}}}}}"#
        )
    }

    const PATHS: &str =
        r#"["$blobchangefeed/log/02/2026/11/29/1400/","$blobchangefeed/log/00/2026/11/29/1400/"]"#;

    #[test]
    fn it_says_whether_more_comes_and_where() {
        let manifest = parse(&document("\"Publishing\"", "3600", PATHS)).unwrap();
        assert_eq!(
            (manifest.status, manifest.interval_secs),
            (Status::Publishing, 3600)
        );
        let folders: Vec<_> = manifest.shards.iter().map(Shard::to_string).collect();
        assert_eq!(
            folders,
            ["log/00/2026/11/29/1400/", "log/02/2026/11/29/1400/"]
        );
        let manifest = parse(&document("\"Finalized\"", "900", "[]")).unwrap();
        assert_eq!(
            (manifest.status, manifest.shards),
            (Status::Finalized, Vec::new())
        );
        let twice = r#"["$blobchangefeed/log/02/2026/11/29/1400/","$blobchangefeed/log/02/2026/11/29/1400/"]"#;
        assert_eq!(
            parse(&document("\"Finalized\"", "900", twice))
                .unwrap()
                .shards
                .len(),
            1
        );
    }

    #[test]
    fn what_is_wrong_is_told_in_one_sentence() {
        let both = r#"["$blobchangefeed/log/02/2026/11/29/1400/","$blobchangefeed/log/02/2026/11/29/1500/"]"#;
        for (status, interval, paths, part) in [
            (
                "\"Open\"",
                "3600",
                PATHS,
                "`status` is `Open`, and should be `Publishing` or `Finalized`",
            ),
            ("7", "3600", PATHS, "invalid type: integer `7`"),
            ("\"Finalized\"", "0", PATHS, "`intervalSecs` is 0"),
            ("\"Finalized\"", "-1", PATHS, "invalid value: integer `-1`"),
            ("\"Finalized\"", "1e99", PATHS, "invalid type"),
            (
                "\"Finalized\"",
                "18446744073709551615",
                PATHS,
                "`intervalSecs` is 18446744073709551615",
            ),
            ("\"Finalized\"", "3600", "null", "invalid type: null"),
            ("\"Finalized\"", "3600", "[7]", "invalid type: integer `7`"),
            (
                "\"Finalized\"",
                "3600",
                r#"["log/00/2026/11/29/1400/"]"#,
                "`log/00/2026/11/29/1400/`, and should",
            ),
            (
                "\"Finalized\"",
                "3600",
                r#"["$blobchangefeed/../x/"]"#,
                "`$blobchangefeed/../x/`, and should",
            ),
            (
                "\"Finalized\"",
                "3600",
                both,
                "has both log/02/2026/11/29/1400/ and log/02/2026/11/29/1500/",
            ),
        ] {
            let text = document(status, interval, paths);
            let message = parse(&text).unwrap_err().to_string();
            let start =
                "`idx/segments/2026/11/29/1400/meta.json` of the change feed cannot be read: ";
            assert!(
                message.starts_with(start) && message.contains(part),
                "{part}: {message}"
            );
        }
        let paths: Vec<_> = (0..=MOST_SHARDS)
            .map(|it| format!("\"$blobchangefeed/log/{it:02}/2026/11/29/1400/\""))
            .collect();
        let many = document("\"Finalized\"", "3600", &format!("[{}]", paths.join(",")));
        assert!(
            parse(&many)
                .unwrap_err()
                .to_string()
                .contains("has 4097 entries")
        );
    }
}
