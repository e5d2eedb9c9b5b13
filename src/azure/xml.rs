//! A pull parser's events as elements and texts.

use quick_xml::{
    Error, Reader,
    errors::IllFormedError,
    events::{BytesStart, Event},
};

use super::xml_text::XmlText;

/// Why an answer is not a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The text ends before the page does. The same call may well succeed.
    #[error("the page is incomplete after {0} bytes")]
    Cut(usize),
    /// The text is something else than List Blobs describes.
    #[error("the answer is not a List Blobs page: {0}")]
    Foreign(String),
}

/// A document that is read once from its start to its end.
pub(super) struct Xml<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    // Bytes that somebody else read, of which the reader's position does not know.
    passed: usize,
}

/// The text of a document, without its byte order mark.
///
/// # Errors
/// [`PageError`] when it is not UTF-8 or ends within a character.
pub(super) fn text(bytes: &[u8]) -> Result<&str, PageError> {
    let text = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
        None => PageError::Cut(bytes.len()),
        Some(_) => foreign("it is not UTF-8".to_owned()),
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// What follows inside an element.
pub(super) enum Child<'a> {
    /// An element that has content, whose end is yet to come.
    Full(BytesStart<'a>),
    /// `<Name/>`: an element without content or end.
    Empty(BytesStart<'a>),
    /// The end of the element that we are in.
    End,
}

impl<'a> Xml<'a> {
    /// A document without byte order mark.
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            reader: Reader::from_str(text),
            passed: 0,
        }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        let left = self.reader.get_ref().len();
        &self.text[self.text.len() - left..]
    }

    /// Goes on at `rest`, an end of what was not read yet. What lies between must be whole elements.
    pub(super) fn go_on_at(&mut self, rest: &'a str) {
        self.passed += self.reader.get_ref().len() - rest.len();
        *self.reader.get_mut() = rest.as_bytes();
    }

    /// The next element in the one that we are in. The caller reads a [`Child::Full`] to its end.
    #[inline]
    pub(super) fn child(&mut self) -> Result<Child<'a>, PageError> {
        loop {
            match self.event()? {
                Event::Start(element) => return Ok(Child::Full(element)),
                Event::Empty(element) => return Ok(Child::Empty(element)),
                Event::End(_) => return Ok(Child::End),
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(foreign("there is text where elements belong".to_owned()));
                }
                Event::DocType(_) => return Err(foreign("it has a document type".to_owned())),
                _ => {}
            }
        }
    }

    /// The text of the element that was just opened, up to and with its end.
    #[inline]
    pub(super) fn text(&mut self, into: &mut XmlText<'a>) -> Result<(), PageError> {
        into.clear();
        loop {
            match self.event()? {
                Event::Text(text) => into.push(text.into_inner()),
                Event::CData(text) => into.push(text.into_inner()),
                Event::GeneralRef(entity) => into
                    .push_reference(&entity)
                    .ok_or_else(|| foreign("it has an unknown entity".to_owned()))?,
                Event::End(_) => return Ok(()),
                Event::Start(_) | Event::Empty(_) => {
                    return Err(foreign("there is an element inside a text".to_owned()));
                }
                _ => {}
            }
        }
    }

    /// Passes over the element that was just opened, with all that is in it.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<(), PageError> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.event()? {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                _ => {}
            }
        }
        Ok(())
    }

    /// That nothing but white space and comments follows.
    pub(super) fn nothing_more(&mut self) -> Result<(), PageError> {
        loop {
            match self.reader.read_event() {
                Ok(Event::Eof) => return Ok(()),
                Ok(Event::Comment(_)) => {}
                Ok(Event::Text(text)) if text.trim_ascii().is_empty() => {}
                Ok(_) => return Err(foreign("there is something after its end".to_owned())),
                Err(error) => return Err(self.fault(&error)),
            }
        }
    }

    #[inline]
    fn event(&mut self) -> Result<Event<'a>, PageError> {
        match self.reader.read_event() {
            Ok(Event::Eof) => Err(PageError::Cut(self.text.len())),
            Ok(event) => Ok(event),
            Err(error) => Err(self.fault(&error)),
        }
    }

    // A construct that never ends is found at the end of the text only.
    fn fault(&self, error: &Error) -> PageError {
        let length = self.text.len();
        let position = self.reader.buffer_position() + self.passed as u64;
        match error {
            Error::Syntax(_) => PageError::Cut(length),
            Error::IllFormed(IllFormedError::UnclosedReference) if position >= length as u64 => {
                PageError::Cut(length)
            }
            _ => foreign(format!("it is not well-formed XML at byte {position}")),
        }
    }
}

/// The error that the document is not a page, in the words of `problem`.
pub(super) fn foreign(problem: String) -> PageError {
    PageError::Foreign(problem)
}
