//! Lines above a table: titles, comments, what a user wants skipped.

use std::io::{Read, Result};

/// The text below so many lines.
pub(super) fn below(text: &str, lines: u64) -> &str {
    let mut rest = text;
    for _ in 0..lines {
        let Some(at) = rest.find(['\n', '\r']) else {
            return "";
        };
        let is_pair = rest[at..].starts_with("\r\n");
        rest = &rest[at + 1 + usize::from(is_pair)..];
    }
    rest
}

/// The lines of a text, whatever ends them.
pub(super) fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split('\r')
    })
}

/// A reader that leaves out what is above a table.
pub(super) struct Below<R> {
    inner: R,
    lines: u64,
    was_return: bool,
    /// Whether the mark of a comment and the blanks after it are left out as well.
    has_mark: bool,
}

impl<R: Read> Below<R> {
    /// Without so many lines.
    pub(super) fn new(inner: R, lines: u64, has_mark: bool) -> Self {
        Below {
            inner,
            lines,
            was_return: false,
            has_mark,
        }
    }

    /// How many bytes at the beginning are left out.
    fn left_out(&mut self, bytes: &[u8]) -> usize {
        for (at, &byte) in bytes.iter().enumerate() {
            let is_pair = self.was_return && byte == b'\n';
            self.was_return = byte == b'\r';
            if is_pair {
                continue;
            }
            if self.lines > 0 {
                self.lines -= u64::from(byte == b'\n' || byte == b'\r');
            } else if !(self.has_mark && b"# \t".contains(&byte)) {
                self.has_mark = false;
                return at;
            }
        }
        bytes.len()
    }
}

impl<R: Read> Read for Below<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            let held = self.inner.read(buffer)?;
            if held == 0 || (self.lines == 0 && !self.was_return && !self.has_mark) {
                return Ok(held);
            }
            let from = self.left_out(&buffer[..held]);
            self.was_return &= from == held;
            if from < held {
                buffer.copy_within(from..held, 0);
                return Ok(held - from);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails so")]
mod tests {
    use super::*;

    /// Hands out a few bytes at a time.
    struct Drop<'a>(&'a [u8], usize);

    impl Read for Drop<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let count = self.1.min(buffer.len()).min(self.0.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn lines_are_left_out_whatever_ends_them() {
        for text in [
            "a\nb\n\nc\nd\n",
            "a\r\nb\r\n\r\nc\r\nd\r\n",
            "a\rb\r\rc\rd\r",
        ] {
            for (count, first) in [
                (0, "a"),
                (1, "b"),
                (2, ""),
                (3, "c"),
                (4, "d"),
                (5, ""),
                (9, ""),
            ] {
                for size in [1, 2, 100] {
                    let mut found = String::new();
                    Below::new(Drop(text.as_bytes(), size), count, false)
                        .read_to_string(&mut found)
                        .unwrap();
                    assert_eq!(found, below(text, count), "{text:?} {count} {size}");
                    assert_eq!(lines(&found).next(), Some(first), "{text:?} {count} {size}");
                }
            }
        }
    }

    #[test]
    fn the_mark_of_a_header_is_left_out() {
        let mut found = String::new();
        Below::new(Drop(b"x\n# a,#b\n#1", 3), 1, true)
            .read_to_string(&mut found)
            .unwrap();
        assert_eq!(found, "a,#b\n#1");
    }
}
