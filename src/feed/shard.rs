//! The folders and files that a segment's changes are in.

use std::fmt;

use super::hour::Hour;

/// What the names of all chunks begin with.
const LOG: &str = "log/";

/// A part of a segment: a folder of chunks, `log/03/2026/11/29/1400/`. No blob has changes in two shards of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard {
    /// The time in the folder's name: that of its segment.
    pub hour: Hour,
    /// Which of the segment's shards.
    pub number: u32,
}

/// A file of a shard, as its folder's listing shows it: an append blob that grows until its segment is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkFile {
    /// Its place in the shard, from 0 on: chunks are read in this order.
    pub number: u32,
    /// Its bytes when it was listed.
    pub size: u64,
}

impl Shard {
    /// The shard whose folder is called `log/03/2026/11/29/1400/`.
    pub fn from_folder(folder: &str) -> Option<Self> {
        let rest = folder.strip_prefix(LOG)?;
        let (number, hour) = rest.split_once('/')?;
        Some(Self {
            hour: Hour::parse(hour.strip_suffix('/')?)?,
            number: padded(number, 2)?,
        })
    }

    /// The name of a chunk, `log/03/2026/11/29/1400/00001.avro`.
    pub fn chunk(&self, number: u32) -> String {
        format!("{self}{number:05}.avro")
    }

    /// The number of the chunk that is called so. `None`: this is no chunk of the shard.
    pub fn number_of(&self, name: &str) -> Option<u32> {
        let rest = name.strip_prefix(&self.to_string())?;
        padded(rest.strip_suffix(".avro")?, 5)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LOG}{:02}/{}/", self.number, self.hour)
    }
}

// A number that is written with at least so many digits, and with no more zeros than that needs.
fn padded(digits: &str, width: usize) -> Option<u32> {
    let is_number = digits.len() >= width && digits.bytes().all(|it| it.is_ascii_digit());
    let is_shortest = digits.len() == width || !digits.starts_with('0');
    (is_number && is_shortest).then(|| digits.parse().ok())?
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_files_are_read_as_they_are_written() {
        for (folder, number) in [
            ("log/00/2026/11/29/1400/", 0),
            ("log/07/2026/11/29/1400/", 7),
            ("log/123/2026/11/29/1400/", 123),
        ] {
            let shard = Shard::from_folder(folder).unwrap();
            assert_eq!((shard.number, shard.to_string().as_str()), (number, folder));
            let chunk = shard.chunk(1);
            assert_eq!(chunk, format!("{folder}00001.avro"));
            assert_eq!(shard.number_of(&chunk), Some(1));
            assert_eq!(shard.number_of(&shard.chunk(1_234_567)), Some(1_234_567));
        }
    }

    #[test]
    fn what_is_called_otherwise_is_neither() {
        for wrong in [
            "",
            "log/0/2026/11/29/1400/",
            "log/007/2026/11/29/1400/",
            "log/-1/2026/11/29/1400/",
            "log/00/2026/11/29/1400",
            "log/00/2026/11/29/",
            "$blobchangefeed/log/00/2026/11/29/1400/",
            "log/99999999999/2026/11/29/1400/",
            "log/../secrets/2026/11/29/1400/",
        ] {
            assert_eq!(Shard::from_folder(wrong), None, "{wrong}");
        }
        let shard = Shard::from_folder("log/00/2026/11/29/1400/").unwrap();
        for wrong in [
            "0.avro",
            "00001.avro.tmp",
            "000001.avro",
            "99999999999.avro",
            "a.avro",
            "",
        ] {
            assert_eq!(shard.number_of(&format!("{shard}{wrong}")), None, "{wrong}");
        }
        assert_eq!(shard.number_of("log/01/2026/11/29/1400/00001.avro"), None);
    }
}
