//! Refuses what no CSV file has, before it fills the memory: NUL bytes, a quote that is never
//! closed, a record without end.

use std::io::{Error, Read, Result};

/// How long a record may be, in bytes of UTF-8.
pub const RECORD_LIMIT: usize = 4 * 1024 * 1024;

/// A reader that passes bytes on as long as they may be part of a CSV file.
///
/// It follows the quotes as RFC 4180 and the `csv` crate do: one opens only at the start of a field.
pub(super) struct Guard<R> {
    inner: R,
    delimiter: u8,
    place: Place,
    /// The line of the byte that comes next, from 1.
    line: u64,
    /// The line in which the last quote was opened.
    opened: u64,
    /// The line in which the record began, and how long it is so far.
    began: u64,
    length: usize,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Place {
    FieldStart,
    Plain,
    Quoted,
    /// After a quote within quotes: the end of them, or half of an escaped one.
    QuoteInQuoted,
}

impl<R: Read> Guard<R> {
    /// Begins in this line of the file.
    pub(super) fn new(inner: R, delimiter: u8, line: u64) -> Self {
        Guard {
            inner,
            delimiter,
            place: Place::FieldStart,
            line,
            opened: line,
            began: line,
            length: 0,
        }
    }

    fn pass(&mut self, byte: u8) -> Result<()> {
        self.length += 1;
        if self.length > RECORD_LIMIT {
            return Err(self.too_long());
        }
        let quoted = self.place == Place::Quoted;
        self.place = match (self.place, byte) {
            (_, 0) => {
                return Err(Error::other(format!(
                    "line {} has a NUL byte: this is no text",
                    self.line
                )));
            }
            (Place::FieldStart, b'"') => {
                self.opened = self.line;
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::QuoteInQuoted,
            (Place::QuoteInQuoted, b'"') | (Place::Quoted, _) => Place::Quoted,
            (_, byte) if byte == self.delimiter || byte == b'\n' || byte == b'\r' => {
                Place::FieldStart
            }
            _ => Place::Plain,
        };
        self.line += u64::from(byte == b'\n');
        if !quoted && (byte == b'\n' || byte == b'\r') {
            self.length = 0;
            self.began = self.line;
        }
        Ok(())
    }

    fn too_long(&self) -> Error {
        let limit = RECORD_LIMIT / (1024 * 1024);
        Error::other(if self.place == Place::Quoted && self.line > self.opened {
            format!(
                "line {}: a quote opens here that is not closed within {limit} MiB",
                self.opened
            )
        } else {
            format!(
                "the record that begins in line {} is longer than {limit} MiB",
                self.began
            )
        })
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.inner.read(buffer)?;
        if count == 0 && !buffer.is_empty() && self.place == Place::Quoted {
            return Err(Error::other(format!(
                "line {}: a quote opens here that is never closed",
                self.opened
            )));
        }
        for &byte in &buffer[..count] {
            self.pass(byte)?;
        }
        Ok(count)
    }
}
