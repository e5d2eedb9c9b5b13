//! Bytes read one value after the other.

use std::borrow::Cow;

/// Why a value could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::feed) enum Fault {
    /// The bytes end before the value does.
    Cut,
    /// No further bytes would make it right.
    Wrong(Cow<'static, str>),
}

impl Fault {
    /// As [`Fault::Wrong`], in these words.
    pub(in crate::feed) fn wrong(what: impl Into<Cow<'static, str>>) -> Self {
        Self::Wrong(what.into())
    }
}

/// Some bytes, and how far they were read.
#[derive(Debug, Clone, Copy)]
pub(in crate::feed) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(in crate::feed) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(in crate::feed) fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(in crate::feed) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next `count` bytes.
    #[inline]
    pub(in crate::feed) fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..count).ok_or(Fault::Cut)?;
        self.at += count;
        Ok(taken)
    }

    /// An `int` or a `long`: zigzag, seven bits a byte, at most ten bytes and not always as few as would do.
    #[inline]
    pub(in crate::feed) fn long(&mut self) -> Result<i64, Fault> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Fault::Cut)?;
            self.at += 1;
            // Of the tenth byte there is room for one bit.
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(Fault::wrong("a number has more than 64 bits"))
    }

    /// A length or a count, which is not negative and at most `most`.
    #[inline]
    pub(in crate::feed) fn length(&mut self, most: usize, what: &str) -> Result<usize, Fault> {
        let value = self.long()?;
        match usize::try_from(value) {
            Ok(length) if length <= most => Ok(length),
            _ => Err(Fault::wrong(format!(
                "{what} is {value}, and should be 0 to {most}"
            ))),
        }
    }

    /// `bytes` or a `string`: a length, and so many bytes. It cannot be longer than what is left, and is cut if it
    /// seems to be.
    #[inline]
    pub(in crate::feed) fn text(&mut self) -> Result<&'a [u8], Fault> {
        match usize::try_from(self.long()?) {
            Ok(length) => self.take(length),
            Err(_) => Err(Fault::wrong("a text has a negative length")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(bytes: &[u8]) -> Result<i64, Fault> {
        Cursor::new(bytes).long()
    }

    #[test]
    fn numbers_are_read_in_any_length() {
        for (bytes, value) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[2], 1),
            (&[0x7f], -64),
            (&[0x80, 1], 64),
            (
                &[0x8e, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0],
                7,
            ),
            (
                &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                i64::MAX,
            ),
            (
                &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
                i64::MIN,
            ),
        ] {
            assert_eq!(long(bytes), Ok(value));
            for end in 0..bytes.len() {
                assert_eq!(long(&bytes[..end]), Err(Fault::Cut));
            }
        }
        for wrong in [
            [0xff; 10],
            [0x80; 10],
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2],
        ] {
            assert!(matches!(long(&wrong), Err(Fault::Wrong(_))), "{wrong:?}");
        }
    }

    #[test]
    fn lengths_have_bounds() {
        let length = |bytes: &[u8]| Cursor::new(bytes).length(3, "the size");
        assert_eq!(length(&[6]), Ok(3));
        let wrong = |value| {
            Err(Fault::wrong(format!(
                "the size is {value}, and should be 0 to 3"
            )))
        };
        assert_eq!(length(&[8]), wrong(4));
        assert_eq!(length(&[1]), wrong(-1));
        let text = |bytes: &'static [u8]| Cursor::new(bytes).text();
        assert_eq!(text(b"\x04abc"), Ok(&b"ab"[..]));
        assert_eq!(text(b"\x08abc"), Err(Fault::Cut));
        assert!(matches!(text(b"\x01abc"), Err(Fault::Wrong(_))));
    }
}
