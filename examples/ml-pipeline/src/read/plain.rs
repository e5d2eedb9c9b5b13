//! Rewrites unusual ways of writing rows into the usual one, byte by byte: fields between blanks, other quotes, blanks
//! before quotes, backslashes, comments. Lines stay what they are, so that messages count them right.

use std::io::{Read, Result};

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// How the fields of a row are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Shape {
    /// What stands between two fields; any number of blanks and tabs if it is a blank.
    pub delimiter: u8,
    /// What stands around a field that has delimiters in it.
    pub(super) quote: u8,
    /// Whether a backslash takes the meaning from what follows it.
    pub(super) is_escaped: bool,
    /// Whether blanks may stand between a delimiter and a quote.
    pub(super) is_spaced: bool,
    /// Whether lines that begin with `#` are no rows.
    pub(super) has_comments: bool,
}

impl Shape {
    /// The usual way of writing (RFC 4180), but for the delimiter.
    pub(super) fn usual(delimiter: u8) -> Self {
        Shape {
            delimiter,
            quote: b'"',
            is_escaped: false,
            is_spaced: false,
            has_comments: false,
        }
    }

    pub(super) fn is_usual(self) -> bool {
        self == Shape::usual(self.delimiter) && !self.is_blank()
    }

    fn is_blank(self) -> bool {
        self.delimiter == b' '
    }

    fn is_between(self, byte: u8) -> bool {
        byte == self.delimiter || (self.is_blank() && byte == b'\t')
    }
}

/// A reader that rewrites.
pub(super) struct Plain<R> {
    inner: R,
    shape: Shape,
    place: Place,
    chunk: Vec<u8>,
    written: Vec<u8>,
    taken: usize,
    /// How often something follows a quote that should end its field.
    pub(super) strays: usize,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Place {
    RowStart,
    FieldStart,
    /// After a field that blanks follow.
    Gap,
    Field,
    Quoted,
    /// After a quote within quotes: the end of them, or half of an escaped one.
    QuoteInQuoted,
    /// After a backslash, within quotes or not.
    Escaped(bool),
    Comment,
    Ended,
}

impl<R: Read> Plain<R> {
    pub(super) fn new(inner: R, shape: Shape) -> Self {
        Plain {
            inner,
            shape,
            place: Place::RowStart,
            chunk: vec![0; CHUNK],
            written: Vec::new(),
            taken: 0,
            strays: 0,
        }
    }

    fn put(&mut self, byte: u8) {
        if byte == b'"' {
            self.written.push(byte);
        }
        self.written.push(byte);
    }

    fn pass(&mut self, byte: u8) {
        let shape = self.shape;
        let is_end = byte == b'\n' || byte == b'\r';
        self.place = match self.place {
            Place::RowStart if shape.has_comments && byte == b'#' => Place::Comment,
            Place::Comment if !is_end => Place::Comment,
            Place::RowStart | Place::FieldStart | Place::Gap | Place::Comment if is_end => {
                self.written.push(byte);
                Place::RowStart
            }
            Place::RowStart | Place::Gap if shape.is_blank() && shape.is_between(byte) => {
                self.place
            }
            Place::Gap => {
                self.written.push(shape.delimiter);
                self.begin(byte)
            }
            Place::RowStart | Place::FieldStart
                if shape.is_spaced && b" \t".contains(&byte) && !shape.is_between(byte) =>
            {
                Place::FieldStart
            }
            Place::RowStart | Place::FieldStart => self.begin(byte),
            Place::Quoted if byte == shape.quote => Place::QuoteInQuoted,
            Place::QuoteInQuoted if byte == shape.quote => {
                self.put(byte);
                Place::Quoted
            }
            Place::Field | Place::QuoteInQuoted if is_end || shape.is_between(byte) => {
                self.written.push(b'"');
                self.after(byte, is_end)
            }
            Place::Field | Place::Quoted if shape.is_escaped && byte == b'\\' => {
                Place::Escaped(self.place == Place::Quoted)
            }
            Place::Escaped(is_quoted) => {
                let is_special = is_end || shape.is_between(byte) || b"\\\"'`".contains(&byte);
                if !is_special {
                    self.put(b'\\');
                }
                self.put(byte);
                if is_quoted {
                    Place::Quoted
                } else {
                    Place::Field
                }
            }
            Place::QuoteInQuoted => {
                self.strays += usize::from(!shape.is_spaced || byte != b' ');
                self.put(byte);
                Place::Field
            }
            other => {
                self.put(byte);
                other
            }
        };
    }

    /// What follows on a field that this byte ends.
    fn after(&mut self, byte: u8, is_end: bool) -> Place {
        if is_end {
            self.written.push(byte);
            Place::RowStart
        } else if self.shape.is_blank() {
            Place::Gap
        } else {
            self.written.push(byte);
            Place::FieldStart
        }
    }

    /// The first byte of a field.
    fn begin(&mut self, byte: u8) -> Place {
        if self.shape.is_between(byte) {
            self.written.push(byte);
            return Place::FieldStart;
        }
        self.written.push(b'"');
        if byte == self.shape.quote {
            Place::Quoted
        } else if byte == b'\\' && self.shape.is_escaped {
            Place::Escaped(false)
        } else {
            self.put(byte);
            Place::Field
        }
    }

    fn end(&mut self) {
        if let Place::Escaped(_) = self.place {
            self.put(b'\\');
        }
        if let Place::Field | Place::QuoteInQuoted | Place::Escaped(false) = self.place {
            self.written.push(b'"');
        }
        self.place = Place::Ended;
    }
}

impl<R: Read> Read for Plain<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        while self.taken == self.written.len() && self.place != Place::Ended {
            self.written.clear();
            self.taken = 0;
            let mut chunk = std::mem::take(&mut self.chunk);
            let held = self.inner.read(&mut chunk)?;
            chunk[..held].iter().for_each(|byte| self.pass(*byte));
            self.chunk = chunk;
            if held == 0 {
                self.end();
            }
        }
        let count = buffer.len().min(self.written.len() - self.taken);
        buffer[..count].copy_from_slice(&self.written[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails so")]
mod tests {
    use super::*;

    fn plain(text: &str, shape: Shape) -> String {
        let mut found = String::new();
        Plain::new(text.as_bytes(), shape)
            .read_to_string(&mut found)
            .unwrap();
        found
    }

    #[test]
    fn blanks_end_fields_whatever_their_number() {
        let shape = Shape::usual(b' ');
        assert_eq!(
            plain("  a   b\tc  \n\n1 \"x  y\" 3", shape),
            "\"a\" \"b\" \"c\"\n\n\"1\" \"x  y\" \"3\""
        );
    }

    #[test]
    fn other_quotes_and_backslashes_become_the_usual_quotes() {
        let quoted = Shape {
            quote: b'\'',
            ..Shape::usual(b',')
        };
        assert_eq!(
            plain("'a,b','it''s',\"c\r\n,x,\n", quoted),
            "\"a,b\",\"it's\",\"\"\"c\"\r\n,\"x\",\n"
        );
        let both = Shape {
            is_escaped: true,
            ..quoted
        };
        assert_eq!(
            plain("'it\\'s here, ok','b'", both),
            "\"it's here, ok\",\"b\""
        );
        let ticked = Shape {
            quote: b'`',
            ..Shape::usual(b',')
        };
        assert_eq!(plain("`a,b`,it's\n", ticked), "\"a,b\",\"it's\"\n");
        let escaped = Shape {
            is_escaped: true,
            ..Shape::usual(b',')
        };
        assert_eq!(
            plain("\"say \\\"hi\\\", ok\",a\\,b,\\N,C:\\new\\\\,z\\", escaped),
            "\"say \"\"hi\"\", ok\",\"a,b\",\"\\N\",\"C:\\new\\\",\"z\\\""
        );
    }

    #[test]
    fn blanks_before_quotes_are_left_out() {
        let spaced = Shape {
            is_spaced: true,
            ..Shape::usual(b',')
        };
        assert_eq!(
            plain("  \"a, b\" , 5,  , c d\n \n \"e\"", spaced),
            "\"a, b \",\"5\",,\"c d\"\n\n\"e\""
        );
    }

    #[test]
    fn comments_become_empty_lines() {
        let shape = Shape {
            has_comments: true,
            ..Shape::usual(b',')
        };
        assert_eq!(
            plain("# it's \"so\n1,#2\n#\n3,4", shape),
            "\n\"1\",\"#2\"\n\n\"3\",\"4\""
        );
    }

    #[test]
    fn a_quote_that_is_not_closed_stays_open() {
        let shape = Shape {
            quote: b'\'',
            ..Shape::usual(b',')
        };
        assert_eq!(plain("1,'a", shape), "\"1\",\"a");
    }
}
