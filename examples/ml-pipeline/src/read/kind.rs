//! What some files are that people give instead of a table, and what to do with them.

use std::io::Read;

use anyhow::{Result, bail};

use super::detect::fill;

/// What is done with a file that is no table.
const EXPORT: &str = "export its table as CSV first";
const UNPACK: &str = "unpack it first";
const CONVERT: &str = "write its table as CSV or Parquet first";
const NO_TABLE: &str = "give the file that has the table";

/// Files that are no text, by their first bytes: what they are, and what to do.
const BINARIES: [(&[u8], &str, &str); 45] = [
    (b"\x1f\x8b", "a file compressed twice", UNPACK),
    (b"\x28\xb5\x2f\xfd", "a file compressed twice", UNPACK),
    (b"BZh", "a file compressed with bzip2", UNPACK),
    (b"\xfd7zXZ\0", "a file compressed with xz", UNPACK),
    (b"\x04\x22\x4d\x18", "a file compressed with lz4", UNPACK),
    (
        b"\xff\x06\0\0sNaPpY",
        "a file compressed with Snappy",
        UNPACK,
    ),
    (b"\x1f\x9d", "a file compressed with compress", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"PAR1", "a compressed Parquet file", UNPACK),
    (b"PARE", "an encrypted Parquet file", CONVERT),
    (b"ARROW1\0\0", "an Arrow (Feather) file", CONVERT),
    (b"FEA1", "a Feather file", CONVERT),
    (b"\xff\xff\xff\xff\x10\0\0\0", "an Arrow stream", CONVERT),
    (b"Obj\x01", "an Avro file", CONVERT),
    (b"ORC", "an ORC file", CONVERT),
    (b"\x89HDF\r\n", "an HDF5 file", CONVERT),
    (b"CDF\x01", "a NetCDF file", CONVERT),
    (b"\x93NUMPY", "a NumPy array", CONVERT),
    (b"MATLAB 5.0 MAT", "a MATLAB file", CONVERT),
    (b"RDX2\n", "an R data file", CONVERT),
    (b"RDX3\n", "an R data file", CONVERT),
    (b"$FL2@(#)", "an SPSS file", CONVERT),
    (b"<stata_dta>", "a Stata file", CONVERT),
    (b"SQLite format 3\0", "an SQLite database", EXPORT),
    (b"\0\x01\0\0Standard ", "an Access database", EXPORT),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1",
        "an old Excel workbook or another old Office file",
        EXPORT,
    ),
    (b"%PDF-", "a PDF document", EXPORT),
    (b"{\\rtf", "an RTF document", EXPORT),
    (b"%!PS", "a PostScript document", EXPORT),
    (b"\x89PNG\r\n", "a PNG image", NO_TABLE),
    (b"\xff\xd8\xff", "a JPEG image", NO_TABLE),
    (b"GIF8", "a GIF image", NO_TABLE),
    (b"II*\0", "a TIFF image", NO_TABLE),
    (b"MM\0*", "a TIFF image", NO_TABLE),
    (b"RIFF", "an image, a sound or a video (RIFF)", NO_TABLE),
    (b"ID3\x03", "a sound (MP3)", NO_TABLE),
    (b"ID3\x04", "a sound (MP3)", NO_TABLE),
    (b"OggS", "a sound or a video (Ogg)", NO_TABLE),
    (b"fLaC", "a sound (FLAC)", NO_TABLE),
    (b"\x7fELF", "a program", NO_TABLE),
    (b"MZ\x90\0", "a program for Windows", NO_TABLE),
    (b"\0asm", "a WebAssembly program", NO_TABLE),
    (b"\xff\xfe\0\0", "text in UTF-32", "store it in UTF-8"),
    (b"\0\0\xfe\xff", "text in UTF-32", "store it in UTF-8"),
];

/// Refuses files that are no text.
///
/// # Errors
///
/// With what the file is.
pub(super) fn binary(file: &mut dyn Read) -> Result<()> {
    let mut head = vec![0; 1024];
    let held = fill(file, &mut head)?;
    let head = &head[..held];
    if let Some((what, todo)) = known(head) {
        bail!("this is {what}, not a table: {todo}");
    }
    Ok(())
}

fn known(head: &[u8]) -> Option<(&'static str, &'static str)> {
    // A header may begin with the same letters, but no text has such bytes.
    let is_binary = head.iter().any(|byte| *byte < b'\t');
    let is_word = |magic: &[u8]| magic.len() < 5 && magic.iter().all(u8::is_ascii_graphic);
    let by_start = BINARIES
        .iter()
        .filter(|(magic, ..)| is_binary || !is_word(magic))
        .find(|(magic, ..)| head.starts_with(magic))
        .map(|&(_, what, todo)| (what, todo));
    by_start.or_else(|| zip(head)).or_else(|| others(head))
}

/// What is in a ZIP archive, by the name and the content of its first file.
fn zip(head: &[u8]) -> Option<(&'static str, &'static str)> {
    if head.starts_with(b"PK\x05\x06") {
        return Some(("an empty ZIP archive", NO_TABLE));
    }
    if !head.starts_with(b"PK\x03\x04") {
        return None;
    }
    let has = |text: &[u8]| head.windows(text.len()).any(|it| it == text);
    let first = head.get(30..).unwrap_or_default();
    let office: [&[u8]; 4] = [b"[Content_Types].xml", b"_rels/", b"xl/", b"docProps/"];
    Some(if first.starts_with(b"mimetype") && has(b"spreadsheet") {
        ("a LibreOffice spreadsheet", EXPORT)
    } else if office.iter().any(|name| first.starts_with(name)) {
        ("an Excel workbook or another Office file", EXPORT)
    } else if first.windows(4).take(64).any(|it| it == b".npy") {
        ("a NumPy archive", CONVERT)
    } else {
        ("a ZIP archive", UNPACK)
    })
}

/// What the first bytes alone do not tell.
fn others(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let at = |from: usize, text: &[u8]| head.get(from..).is_some_and(|it| it.starts_with(text));
    if at(257, b"ustar") {
        return Some(("a tar archive", UNPACK));
    }
    if at(4, b"ftyp") {
        return Some(("an image or a video (MP4)", NO_TABLE));
    }
    if at(0, b"BM") && at(6, b"\0\0\0\0") {
        return Some(("a BMP image", NO_TABLE));
    }
    if let [0x80, 2..=5, ..] = head {
        return Some(("a Python pickle", CONVERT));
    }
    let is_control = |byte: &&u8| matches!(byte, 1..=8 | 14..=25 | 28..=31 | 127);
    let controls = head.iter().filter(is_control).count();
    (controls > 3 && controls * 20 > head.len()).then_some(("a binary file", CONVERT))
}
