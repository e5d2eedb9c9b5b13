//! Finds out in which encoding a file is, from all of its bytes.
//!
//! UTF-8 and UTF-16 can be told for sure. All others are a guess, which people are told with an example.

use std::io::{self, Read};

use anyhow::{Result, bail};
use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};

use super::{Encoding, scan::Scan};

/// How much is read at once.
pub(super) const CHUNK: usize = 64 * 1024;

/// How many bytes around characters beyond ASCII the guess is made from.
const GUESSED: usize = 4 * 1024 * 1024;

/// How many characters must be right for each wrong one, so that an encoding is believed.
const RIGHT: u64 = 20;

/// Begins to read a file.
pub(super) type Open<'a> = &'a dyn Fn() -> Result<Box<dyn Read>>;

/// How a file's characters are stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Found {
    pub(super) encoding: Encoding,
    /// What people should know of it.
    pub(super) note: Option<String>,
}

/// Reads a file whole, more than once if need be. `wanted` is the encoding that the user names.
///
/// # Errors
///
/// If the file cannot be read, or is in no encoding that can be told.
pub(super) fn encoding(open: Open<'_>, wanted: Option<Encoding>) -> Result<Found> {
    let mut head = vec![0; CHUNK];
    let held = fill(&mut *open()?, &mut head)?;
    let head = &head[..held];
    let sure = wanted.or_else(|| marked(head)).or_else(|| utf16(head));
    if let Some(encoding) = sure {
        return known(encoding, &Scan::of(&mut *open()?, encoding)?);
    }
    let scan = Scan::of(&mut *open()?, Encoding::UTF_8)?;
    // One wrong byte alone says nothing of another encoding.
    if scan.wrong == 1 || (scan.wrong > 0 && scan.right >= scan.wrong) {
        return Ok(damaged(Encoding::UTF_8, &scan));
    }
    if scan.wrong > 0 || scan.has_shifts {
        let guess = guess(&mut *open()?)?;
        if scan.wrong > 0 || guess == Encoding::ISO_2022_JP {
            return guessed(guess, &scan, &Scan::of(&mut *open()?, guess)?);
        }
    }
    Ok(Found {
        encoding: Encoding::UTF_8,
        note: None,
    })
}

/// What a file comes to in an encoding that is known.
fn known(encoding: Encoding, scan: &Scan) -> Result<Found> {
    if scan.wrong > 1 && scan.right < scan.wrong * RIGHT {
        bail!(
            "{}, which is not valid {}: name the right encoding with --encoding",
            scan.place(),
            encoding.name()
        );
    }
    if scan.wrong > 0 {
        return Ok(damaged(encoding, scan));
    }
    let note = None;
    Ok(Found { encoding, note })
}

/// What a file comes to in an encoding that was guessed, and how it looked as UTF-8.
fn guessed(guess: Encoding, utf8: &Scan, scan: &Scan) -> Result<Found> {
    if scan.right < (scan.wrong + scan.controls) * RIGHT {
        bail!(
            "{}, which is not valid UTF-8, and the encoding cannot be told from the bytes: name it with --encoding, or convert \
             the file to UTF-8",
            utf8.place()
        );
    }
    let why = match utf8.wrong {
        0 => String::new(),
        _ => format!("{}, which is not valid UTF-8: ", utf8.place()),
    };
    let example = scan
        .example
        .as_ref()
        .map(|(line, text)| format!(", such as '{text}' in line {line}"));
    let damage = (scan.wrong > 0).then(|| format!("; {}", damage(guess, scan)));
    let note = format!(
        "{why}the file is read as {}{}; if that is wrong, name its encoding with --encoding{}",
        guess.name(),
        example.unwrap_or_default(),
        damage.unwrap_or_default()
    );
    Ok(Found {
        encoding: guess,
        note: Some(note),
    })
}

fn damaged(encoding: Encoding, scan: &Scan) -> Found {
    let note = format!(
        "{}; if the file is in another encoding, name it with --encoding",
        damage(encoding, scan)
    );
    Found {
        encoding,
        note: Some(note),
    }
}

/// What is wrong with the bytes of a file.
fn damage(encoding: Encoding, scan: &Scan) -> String {
    let (place, name) = (scan.place(), encoding.name());
    match scan.wrong {
        1 => format!("{place}, which is not valid {name}: it is read as '\u{fffd}'"),
        _ => format!(
            "bytes in {} are no {name} and are read as '\u{fffd}': {place}",
            scan.places()
        ),
    }
}

/// The encoding that fits best.
fn guess(file: &mut dyn Read) -> Result<Encoding> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    let mut chunk = vec![0; CHUNK];
    let (mut fed, mut was_ascii) = (0, true);
    while fed < GUESSED {
        let held = fill(file, &mut chunk)?;
        if held == 0 {
            break;
        }
        let is_ascii = chunk[..held].is_ascii() && !chunk[..held].contains(&0x1b);
        // A character may end in the next chunk.
        if !is_ascii || !was_ascii {
            detector.feed(&chunk[..held], false);
            fed += held;
        }
        was_ascii = is_ascii;
    }
    detector.feed(&[], true);
    Ok(Encoding(detector.guess(None, Utf8Detection::Deny)))
}

/// Reads until the buffer is full or the file ends.
pub(super) fn fill(file: &mut dyn Read, mut buffer: &mut [u8]) -> io::Result<usize> {
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
        [0xef, 0xbb, 0xbf, ..] => Some(Encoding::UTF_8),
        [0xff, 0xfe, ..] => Some(Encoding::UTF_16_LE),
        [0xfe, 0xff, ..] => Some(Encoding::UTF_16_BE),
        _ => None,
    }
}

/// UTF-16 without a mark: in the text of a table many characters have an upper byte of 0, and nearly none a
/// lower one.
fn utf16(bytes: &[u8]) -> Option<Encoding> {
    let pairs = bytes.len() / 2;
    let zeros = |at: usize| bytes.chunks_exact(2).filter(|pair| pair[at] == 0).count();
    let (upper_first, upper_last) = (zeros(0), zeros(1));
    let is_upper = |zeros: usize, others: usize| zeros * 5 > pairs && others * 20 < zeros;
    if is_upper(upper_last, upper_first) {
        Some(Encoding::UTF_16_LE)
    } else if is_upper(upper_first, upper_last) {
        Some(Encoding::UTF_16_BE)
    } else {
        None
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails so")]
mod tests {
    use super::*;

    #[test]
    fn a_guess_that_does_not_fit_is_no_encoding() {
        let scan = |bytes: &[u8], encoding| Scan::of(&mut &*bytes, encoding).unwrap();
        let bytes = b"a,\x91\xe5\n\x91\xff\n\x91\xff";
        let utf8 = scan(bytes, Encoding::UTF_8);
        let guess = Encoding::named("shift_jis").unwrap();
        let refused = guessed(guess, &utf8, &scan(bytes, guess)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "line 1 has the byte 0x91, which is not valid UTF-8, and the encoding cannot be told from the bytes: name it with \
             --encoding, or convert the file to UTF-8"
        );
        // Controls are no letters.
        let bytes = b"a\x81\x8d\x90\xe9";
        let guess = Encoding::named("windows-1252").unwrap();
        assert!(guessed(guess, &utf8, &scan(bytes, guess)).is_err());
    }

    #[test]
    fn the_first_byte_of_what_is_wrong_is_told_across_chunks() {
        for before in [CHUNK - 3, CHUNK - 2, CHUNK - 1, CHUNK] {
            let mut bytes = vec![b'\n'; before];
            bytes.extend_from_slice(b"\xe6\x97x");
            let scan = Scan::of(&mut bytes.as_slice(), Encoding::UTF_8).unwrap();
            let place = format!("line {} has the byte 0xe6", before + 1);
            assert_eq!((scan.wrong, scan.place()), (1, place));
        }
    }
}
