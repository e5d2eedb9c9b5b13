//! The word that blobs are announced again and again while their content stays the same: on the status
//! page, and a blob in the source's folder for those who ask from outside of the process that streams.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::text::plain::Plain;

/// How many looping blobs are kept by name.
pub const NAMED: usize = 20;
/// A loop is told of for as long after it was last seen, in seconds.
const TOLD_FOR: i64 = 24 * 3600;

/// A blob that was announced again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loop {
    /// Its whole name.
    pub name: String,
    /// How often, by the stream that says so.
    pub times: u32,
    /// Its size in bytes, the same each time.
    pub size: u64,
    /// Whether it has a Content-MD5 that [tells its content](crate::blob::BlobRef::tells_content), the same each time.
    pub has_md5: bool,
    /// When it was last announced, by the service's clock.
    #[serde(with = "time::serde::rfc3339")]
    pub last: OffsetDateTime,
}

/// The blobs of a source that were announced again and again lately.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loops {
    /// How many blobs, at least.
    pub count: u64,
    /// Some of them by name, at most [`NAMED`].
    pub blobs: Vec<Loop>,
}

impl Loop {
    /// Whether it was seen not long before `now`, in seconds since 1970.
    pub fn is_told(&self, now: i64) -> bool {
        now - self.last.unix_timestamp() < TOLD_FOR
    }

    /// What was seen, in one sentence.
    pub fn seen(&self) -> String {
        let Self { times, size, .. } = self;
        let stayed = match self.has_md5 {
            true => format!("its size ({size} bytes) and its Content-MD5 stayed the same"),
            false => format!("its size ({size} bytes) stayed the same, and it has no Content-MD5"),
        };
        format!("announced {times} times while {stayed}")
    }

    /// What ends it.
    pub fn cure(&self) -> &'static str {
        match self.has_md5 {
            true => CURE,
            false => CURE_WITHOUT_MD5,
        }
    }
}

const CURE: &str = "a program writes its metadata or properties, or the same bytes, again and again, \
    and each write changes the ETag; perhaps the pipeline itself does it. Set `version: content`, or let the pipeline set blob index \
    tags instead of metadata (tags do not change the ETag)";

const CURE_WITHOUT_MD5: &str = "a program writes its metadata or properties, or new content of the same size, again \
    and again, and each write changes the ETag; perhaps the pipeline itself does it. Let the pipeline set blob index tags \
    instead of metadata (tags do not change the ETag), or set `version: name` to announce each name only once";

impl Loops {
    /// What to tell people, with the cure; `None` when there is no loop.
    pub fn complaint(&self) -> Option<String> {
        let first = self.blobs.first()?;
        let others = match self.count.saturating_sub(1) {
            0 => String::new(),
            1 => ", and one other blob too".to_owned(),
            more => format!(", and {more} other blobs too"),
        };
        let (name, seen, cure) = (Plain(&first.name), first.seen(), first.cure());
        Some(format!("loop: {name} was {seen}{others}: {cure}"))
    }

    /// The blob, indented for people.
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of texts, numbers and moments of our time always has a JSON form.
        serde_json::to_vec_pretty(self).unwrap_or_default()
    }

    /// What the blob says; `None` when it is not ours.
    pub fn from_json(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }
}

#[cfg(test)]
mod tests {
    use crate::state::loops::*;

    fn looping(name: &str, has_md5: bool) -> Loop {
        Loop {
            name: name.to_owned(),
            times: 7,
            size: 525,
            has_md5,
            last: OffsetDateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_loop_is_told_with_its_cure() {
        let loops = Loops {
            count: 3,
            blobs: vec![looping("raw/a.csv", true), looping("raw/b.csv", false)],
        };
        let told = loops.complaint().unwrap_or_default();
        for part in [
            "loop: raw/a.csv was announced 7 times while its size (525 bytes) and its Content-MD5 stayed the same",
            "and 2 other blobs too",
            "Set `version: content`",
        ] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        assert!(looping("b", false).cure().contains("`version: name`"));
        assert_eq!(Loops::default().complaint(), None);
        assert_eq!(Loops::from_json(&loops.to_json()), Some(loops));
    }
}
