//! How a file's characters are stored.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

/// An encoding that we tell from a file's bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub enum Encoding {
    /// UTF-8, with a byte order mark or without.
    #[serde(rename = "UTF-8")]
    Utf8,
    /// UTF-16, the lower byte first.
    #[serde(rename = "UTF-16LE")]
    Utf16Le,
    /// UTF-16, the upper byte first.
    #[serde(rename = "UTF-16BE")]
    Utf16Be,
    /// ISO 8859-1 in its usual form, windows-1252 (WHATWG Encoding, section 4.2).
    #[serde(rename = "Latin-1")]
    Latin1,
}

/// What some files are that people give instead of a CSV file, by their first bytes.
const OTHERS: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"BZh", "compressed with bzip2"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"%PDF-", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
];

impl Encoding {
    /// Reads a file, whole if need be, and tells its encoding.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not a text at all.
    pub fn of(path: &Path) -> Result<Self> {
        let named = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(named)?;
        let mut buffer = vec![0; 64 * 1024];
        let mut held = fill(&mut file, &mut buffer).with_context(named)?;
        if let Some((_, what)) = OTHERS
            .iter()
            .find(|(magic, _)| buffer[..held].starts_with(magic))
        {
            bail!(
                "{} is {what}, not a CSV file: unpack or export it first",
                path.display()
            );
        }
        if let Some(encoding) = marked(&buffer[..held]).or_else(|| utf16(&buffer[..held])) {
            return Ok(encoding);
        }
        while held > 0 {
            let kept = match std::str::from_utf8(&buffer[..held]) {
                Ok(_) => 0,
                Err(error) if error.error_len().is_some() => return Ok(Encoding::Latin1),
                Err(error) => held - error.valid_up_to(),
            };
            buffer.copy_within(held - kept..held, 0);
            let more = fill(&mut file, &mut buffer[kept..]).with_context(named)?;
            if more == 0 {
                return Ok(if kept == 0 {
                    Encoding::Utf8
                } else {
                    Encoding::Latin1
                });
            }
            held = kept + more;
        }
        Ok(Encoding::Utf8)
    }

    pub(super) fn label(self) -> &'static encoding_rs::Encoding {
        match self {
            Encoding::Utf8 => encoding_rs::UTF_8,
            Encoding::Utf16Le => encoding_rs::UTF_16LE,
            Encoding::Utf16Be => encoding_rs::UTF_16BE,
            Encoding::Latin1 => encoding_rs::WINDOWS_1252,
        }
    }

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16Le => "UTF-16LE",
            Encoding::Utf16Be => "UTF-16BE",
            Encoding::Latin1 => "Latin-1",
        }
    }
}

fn fill(file: &mut File, mut buffer: &mut [u8]) -> std::io::Result<usize> {
    let room = buffer.len();
    while !buffer.is_empty() {
        match file.read(buffer)? {
            0 => break,
            n => buffer = &mut buffer[n..],
        }
    }
    Ok(room - buffer.len())
}

fn marked(bytes: &[u8]) -> Option<Encoding> {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => Some(Encoding::Utf8),
        [0xff, 0xfe, ..] => Some(Encoding::Utf16Le),
        [0xfe, 0xff, ..] => Some(Encoding::Utf16Be),
        _ => None,
    }
}

/// UTF-16 without a mark: in the text of a table most characters have an upper byte of 0.
fn utf16(bytes: &[u8]) -> Option<Encoding> {
    let pairs = bytes.len() / 2;
    if pairs == 0 {
        return None;
    }
    let zeros = |at: usize| bytes.chunks_exact(2).filter(|pair| pair[at] == 0).count();
    let (upper_first, upper_last) = (zeros(0), zeros(1));
    if upper_last * 2 > pairs && upper_first == 0 {
        Some(Encoding::Utf16Le)
    } else if upper_first * 2 > pairs && upper_last == 0 {
        Some(Encoding::Utf16Be)
    } else {
        None
    }
}
