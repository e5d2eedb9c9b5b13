//! What a file comes to when it is read in one encoding.

use std::io::Read;

use anyhow::Result;
use encoding_rs::DecoderResult;

use super::{
    Encoding,
    detect::{CHUNK, fill},
};

/// From how many wrong places on no more are counted, where they are more than the right ones.
const ENOUGH: u64 = 1000;

/// The longest example of a text, in characters.
const EXAMPLE: usize = 30;

/// How many characters fit an encoding, and how many do not.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// How many characters beyond ASCII there are.
    pub(super) right: u64,
    /// How many places are no character.
    pub(super) wrong: u64,
    /// How many of the characters are controls beyond ASCII, which are in no text.
    pub(super) controls: u64,
    /// The line of the first wrong place, and its byte.
    first: Option<(u64, u8)>,
    /// The first text beyond ASCII, and its line.
    pub(super) example: Option<(u64, String)>,
    /// Whether there is what switches the character set in ISO-2022.
    pub(super) has_shifts: bool,
    /// Whether there is a NUL byte, which no table has: whoever reads the rows refuses it.
    has_nul: bool,
}

impl Scan {
    /// Reads a file whole, unless it is certain before that it is no text in this encoding.
    pub(super) fn of(file: &mut dyn Read, encoding: Encoding) -> Result<Self> {
        let mut scan = Scan::default();
        let mut decoder = encoding.0.new_decoder_with_bom_removal();
        let (mut chunk, mut text) = (vec![0; CHUNK], vec![0; 2 * CHUNK]);
        // The end of the chunk before: a character may have begun there.
        let (mut line, mut before) = (1, Vec::new());
        loop {
            let held = fill(file, &mut chunk)?;
            let is_last = held == 0;
            let bytes = &chunk[..held];
            scan.has_shifts |= bytes.windows(2).any(|pair| pair == b"\x1b$");
            let mut at = 0;
            loop {
                let (result, read, written) =
                    decoder.decode_to_utf8_without_replacement(&bytes[at..], &mut text, is_last);
                at += read;
                scan.pass(&text[..written], &mut line);
                match result {
                    DecoderResult::InputEmpty => break,
                    DecoderResult::OutputFull => {}
                    DecoderResult::Malformed(length, after) => {
                        let back = usize::from(length) + usize::from(after);
                        let place = (before.len() + at).saturating_sub(back);
                        let byte = before.iter().chain(bytes).nth(place);
                        scan.wrong += 1;
                        scan.first
                            .get_or_insert((line, byte.copied().unwrap_or_default()));
                    }
                }
            }
            let is_enough = scan.wrong >= ENOUGH && scan.wrong > scan.right;
            if is_last || is_enough || scan.has_nul {
                return Ok(scan);
            }
            before = bytes[held.saturating_sub(8)..].to_vec();
        }
    }

    fn pass(&mut self, text: &[u8], line: &mut u64) {
        if !text.is_ascii() {
            let beyond = text.iter().position(|byte| !byte.is_ascii());
            if let Some(at) = beyond.filter(|_| self.example.is_none()) {
                self.example = Some((*line + newlines(&text[..at]), example(text, at)));
            }
            self.right += text.iter().filter(|byte| **byte >= 0xc0).count() as u64;
            let is_control = |pair: &&[u8]| pair[0] == 0xc2 && pair[1] < 0xa0;
            self.controls += text.windows(2).filter(is_control).count() as u64;
        }
        self.has_nul |= text.contains(&0);
        *line += newlines(text);
    }

    /// Where the first wrong place is.
    pub(super) fn place(&self) -> String {
        let (line, byte) = self.first.unwrap_or_default();
        format!("line {line} has the byte 0x{byte:02x}")
    }

    /// How many wrong places there are, in words.
    pub(super) fn places(&self) -> String {
        match self.wrong {
            ENOUGH.. => format!("more than {ENOUGH} places"),
            wrong => format!("{wrong} places"),
        }
    }
}

fn newlines(text: &[u8]) -> u64 {
    text.iter().filter(|byte| **byte == b'\n').count() as u64
}

/// The word around a place.
fn example(text: &[u8], at: usize) -> String {
    let is_end = |byte: &u8| byte.is_ascii() && !byte.is_ascii_alphanumeric() && *byte != b' ';
    let start = text[..at].iter().rposition(is_end).map_or(0, |it| it + 1);
    let end = text[at..].iter().position(is_end);
    let word = &text[start..end.map_or(text.len(), |it| at + it)];
    let word = String::from_utf8_lossy(word);
    word.trim().chars().take(EXAMPLE).collect()
}
