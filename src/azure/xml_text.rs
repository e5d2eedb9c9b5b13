//! The text of an XML element, put together from the pieces in which a parser finds it.

use std::{borrow::Cow, str::Utf8Error};

use quick_xml::events::BytesRef;

/// A text that borrows from the document as long as it is one plain piece, which nearly every text
/// is, and otherwise uses a buffer that lives on from text to text.
#[derive(Debug, Default)]
pub(super) struct XmlText<'a> {
    plain: &'a str,
    built: String,
    is_built: bool,
}

impl<'a> XmlText<'a> {
    /// Makes it empty and keeps the buffer.
    pub(super) fn clear(&mut self) {
        self.plain = "";
        self.built.clear();
        self.is_built = false;
    }

    /// Makes it this text, which stands in the document as it is.
    pub(super) fn set(&mut self, plain: &'a str) {
        self.plain = plain;
        self.is_built = false;
    }

    /// The text so far.
    pub(super) fn as_str(&self) -> &str {
        if self.is_built {
            &self.built
        } else {
            self.plain
        }
    }

    /// Adds characters as the document holds them; line ends become `\n`, as XML 1.0 wants it (section 2.11).
    pub(super) fn push(&mut self, piece: Cow<'a, str>) {
        match piece {
            Cow::Borrowed(piece) if self.as_str().is_empty() && !piece.contains('\r') => {
                self.plain = piece;
                self.is_built = false;
            }
            piece => self.build_on(&piece),
        }
    }

    /// Adds what an entity or a character reference stands for. `None` for an entity that XML does not define.
    pub(super) fn push_reference(&mut self, reference: &BytesRef<'_>) -> Option<()> {
        let character = match &**reference {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => reference.resolve_char_ref().ok()??,
        };
        self.build().push(character);
        Some(())
    }

    /// Takes the text as percent-encoded. An incomplete escape stands for itself.
    pub(super) fn percent_decode(&mut self) -> Result<(), Utf8Error> {
        let decoded = percent_encoding::percent_decode_str(self.as_str())
            .decode_utf8()?
            .into_owned();
        self.built = decoded;
        self.is_built = true;
        Ok(())
    }

    fn build_on(&mut self, piece: &str) {
        let built = self.build();
        let mut lines = piece.split('\r');
        built.push_str(lines.next().unwrap_or_default());
        for line in lines {
            built.push('\n');
            built.push_str(line.strip_prefix('\n').unwrap_or(line));
        }
    }

    fn build(&mut self) -> &mut String {
        if !self.is_built {
            self.built.clear();
            self.built.push_str(self.plain);
            self.is_built = true;
        }
        &mut self.built
    }
}
