//! A page of List Blobs: XML in, a [`ListPage`] out.
//!
//! Facts: "List Blobs", Azure Storage REST API, version 2026-02-06.
//!
//! A sweep over a million blobs reads 700 MB of this XML, so this is the hottest code of the whole
//! program: nothing is allocated per blob, and what is not asked for is passed over unread. One
//! function per element keeps a metadata key called `Name` from being taken for the blob's name.
//!
//! A blob whose elements are all in [plain](super::plain) form, as nearly every one is, is read
//! without the general parser; a property test holds the two ways to the same answer.

use quick_xml::events::BytesStart;
use time::OffsetDateTime;

use super::{
    date,
    plain::{Cursor, Plain},
    xml::{self, Child, Xml, foreign},
    xml_text::XmlText,
};
use crate::blob::{Access, BlobRef, BlobType, Continuation, ListPage};

pub use super::xml::PageError;

/// Reads the whole of `xml`, the body of an answer whose `Date` was `service_time`.
///
/// # Errors
/// An answer cut at any byte is [`PageError::Cut`] or [`PageError::Foreign`], never a shorter page:
/// the closing `</EnumerationResults>` must be there.
pub fn parse(xml: &[u8], service_time: OffsetDateTime) -> Result<ListPage, PageError> {
    let text = xml::text(xml)?;
    let mut page = ListPage::new(service_time);
    // A blob takes about 700 bytes of XML, of which we keep its name, ETag, content type and MD5.
    page.reserve(text.len() / 640, text.len() / 8);
    Parser {
        xml: Xml::new(text),
        page,
        fields: Fields::default(),
    }
    .document()
}

struct Parser<'a> {
    xml: Xml<'a>,
    page: ListPage,
    fields: Fields<'a>,
}

/// What is known of the blob that is being read; one of them serves all blobs of a page.
#[derive(Default)]
struct Fields<'a> {
    name: XmlText<'a>,
    etag: XmlText<'a>,
    content_type: XmlText<'a>,
    content_md5: XmlText<'a>,
    copy_status: XmlText<'a>,
    access_tier: XmlText<'a>,
    archive_status: XmlText<'a>,
    scratch: XmlText<'a>,
    named: bool,
    last_modified: Option<i64>,
    size: u64,
    blob_type: BlobType,
    /// `ResourceType` says so.
    is_directory: bool,
    /// Its metadata say so, as those of a file with bytes may, too.
    is_folder: bool,
}

impl<'a> Fields<'a> {
    fn clear(&mut self) {
        self.name.clear();
        self.etag.clear();
        self.content_type.clear();
        self.content_md5.clear();
        self.copy_status.clear();
        self.access_tier.clear();
        self.archive_status.clear();
        self.named = false;
        self.last_modified = None;
        self.size = 0;
        self.blob_type = BlobType::default();
        self.is_directory = false;
        self.is_folder = false;
    }

    /// The property that is kept as a text under this name.
    fn text_property(&mut self, name: &str) -> Option<&mut XmlText<'a>> {
        Some(match name {
            "Etag" => &mut self.etag,
            "Content-Type" => &mut self.content_type,
            "Content-MD5" => &mut self.content_md5,
            "CopyStatus" => &mut self.copy_status,
            "AccessTier" => &mut self.access_tier,
            "ArchiveStatus" => &mut self.archive_status,
            _ => return None,
        })
    }
}

/// Elements in plain form. `None`: what it says has to be looked at more closely.
impl<'a> Fields<'a> {
    fn part(&mut self, element: Plain<'a>) -> Option<()> {
        match (element.name, element.text) {
            ("Name", Some(_)) if self.named => return None,
            ("Name", Some(name)) => {
                self.named = true;
                self.name.set(name);
            }
            ("Properties" | "Metadata", Some(_)) => return None,
            _ => {}
        }
        Some(())
    }

    fn property(&mut self, element: Plain<'a>) -> Option<()> {
        let Some(text) = element.text else {
            return Some(());
        };
        match element.name {
            "Last-Modified" => self.last_modified = Some(date::parse(text.trim())?),
            "Content-Length" => self.size = text.trim().parse().ok()?,
            "BlobType" => self.blob_type = blob_type(text.trim()),
            "ResourceType" => self.is_directory |= text.trim() == "directory",
            name => {
                if let Some(property) = self.text_property(name) {
                    property.set(text);
                }
            }
        }
        Some(())
    }

    fn metadatum(&mut self, element: Plain<'a>) {
        if element.name.eq_ignore_ascii_case("hdi_isfolder") {
            let value = element.text.unwrap_or_default();
            self.is_folder |= value.trim().eq_ignore_ascii_case("true");
        }
    }
}

impl<'a> Parser<'a> {
    fn document(mut self) -> Result<ListPage, PageError> {
        match self.xml.child()? {
            Child::Full(root) if root.name().as_ref() == "EnumerationResults" => self.results()?,
            Child::Empty(root) if root.name().as_ref() == "EnumerationResults" => {}
            Child::Full(root) | Child::Empty(root) => {
                return Err(foreign(format!("its root is {}", shown(&root))));
            }
            Child::End => return Err(foreign("it begins with an end tag".to_owned())),
        }
        self.xml.nothing_more()?;
        Ok(self.page)
    }

    fn results(&mut self) -> Result<(), PageError> {
        loop {
            match self.xml.child()? {
                Child::Full(element) => match element.name().as_ref() {
                    "Blobs" => self.blobs()?,
                    "NextMarker" => self.next_marker()?,
                    _ => self.xml.skip()?,
                },
                Child::Empty(_) => {}
                Child::End => return Ok(()),
            }
        }
    }

    fn next_marker(&mut self) -> Result<(), PageError> {
        let mut marker = XmlText::default();
        self.xml.text(&mut marker)?;
        let marker = marker.as_str().trim();
        self.page.next = (!marker.is_empty()).then(|| Continuation(marker.to_owned()));
        Ok(())
    }

    fn blobs(&mut self) -> Result<(), PageError> {
        loop {
            while let Some(rest) = self.plain_blob() {
                self.keep()?;
                self.xml.go_on_at(rest);
            }
            match self.xml.child()? {
                Child::Full(element) if element.name().as_ref() == "Blob" => self.blob()?,
                // `BlobPrefix` stands for many blobs in a listing with a delimiter, which we never ask for.
                Child::Full(_) => self.xml.skip()?,
                Child::Empty(_) => {}
                Child::End => return Ok(()),
            }
        }
    }

    // The blob that is next, if all of it is in plain form and makes sense, is known; what follows it
    // is returned. Otherwise nothing has happened.
    fn plain_blob(&mut self) -> Option<&'a str> {
        let mut at = Cursor(self.xml.rest());
        at.tag("<Blob>")?;
        self.fields.clear();
        while !at.is_at_an_end() {
            if at.tag("<Properties>").is_some() {
                while !at.is_at_an_end() {
                    self.fields.property(at.element()?)?;
                }
                at.tag("</Properties>")?;
            } else if at.tag("<Metadata>").is_some() {
                while !at.is_at_an_end() {
                    self.fields.metadatum(at.element()?);
                }
                at.tag("</Metadata>")?;
            } else {
                self.fields.part(at.element()?)?;
            }
        }
        at.tag("</Blob>")?;
        Some(at.0)
    }

    fn blob(&mut self) -> Result<(), PageError> {
        self.fields.clear();
        loop {
            match self.xml.child()? {
                Child::Full(element) => match element.name().as_ref() {
                    "Name" => self.name(&element)?,
                    "Properties" => self.properties()?,
                    "Metadata" => self.metadata()?,
                    _ => self.xml.skip()?,
                },
                Child::Empty(_) => {}
                Child::End => return self.keep(),
            }
        }
    }

    fn name(&mut self, element: &BytesStart<'a>) -> Result<(), PageError> {
        if std::mem::replace(&mut self.fields.named, true) {
            return Err(foreign("a blob has two names".to_owned()));
        }
        let mut name = std::mem::take(&mut self.fields.name);
        self.xml.text(&mut name)?;
        if !element.attributes_raw().is_empty() && is_encoded(element) {
            name.percent_decode()
                .map_err(|_| foreign("an encoded name is not UTF-8".to_owned()))?;
        }
        self.fields.name = name;
        Ok(())
    }

    fn properties(&mut self) -> Result<(), PageError> {
        loop {
            let element = match self.xml.child()? {
                Child::Full(element) => element,
                Child::Empty(_) => continue,
                Child::End => return Ok(()),
            };
            match element.name().as_ref() {
                "Last-Modified" => self.fields.last_modified = Some(self.value(date::parse)?),
                "Content-Length" => self.fields.size = self.value(|text| text.parse().ok())?,
                "BlobType" => self.fields.blob_type = self.value(|text| Some(blob_type(text)))?,
                "ResourceType" => {
                    self.fields.is_directory |= self.value(|text| Some(text == "directory"))?;
                }
                name => match self.fields.text_property(name) {
                    Some(property) => self.xml.text(property)?,
                    None => self.xml.skip()?,
                },
            }
        }
    }

    fn metadata(&mut self) -> Result<(), PageError> {
        loop {
            match self.xml.child()? {
                Child::Full(key) if key.name().as_ref().eq_ignore_ascii_case("hdi_isfolder") => {
                    self.fields.is_folder |=
                        self.value(|text| Some(text.eq_ignore_ascii_case("true")))?;
                }
                Child::Full(_) => self.xml.skip()?,
                Child::Empty(_) => {}
                Child::End => return Ok(()),
            }
        }
    }

    fn keep(&mut self) -> Result<(), PageError> {
        let fields = &self.fields;
        let etag = fields.etag.as_str().trim();
        let lacks = |what: &str| foreign(format!("a blob has no {what}"));
        if fields.name.as_str().is_empty() {
            return Err(lacks("name"));
        }
        let is_directory = is_directory(fields.is_directory, fields.is_folder, fields.size);
        // Directories are not announced, so nobody misses what the service does not say of them.
        if etag.is_empty() && !is_directory {
            return Err(lacks("ETag"));
        }
        if fields.last_modified.is_none() && !is_directory {
            return Err(lacks("Last-Modified"));
        }
        self.page.push(BlobRef {
            name: fields.name.as_str(),
            etag: etag.trim_matches('"'),
            last_modified: fields.last_modified.unwrap_or_default(),
            size: fields.size,
            content_type: fields.content_type.as_str(),
            blob_type: fields.blob_type,
            content_md5: fields.content_md5.as_str().trim(),
            access: Access::of(
                fields.copy_status.as_str().trim(),
                fields.access_tier.as_str().trim(),
                fields.archive_status.as_str().trim(),
            ),
            is_directory,
        });
        Ok(())
    }

    /// The text of the element that was just opened, as a value.
    fn value<T>(&mut self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, PageError> {
        let mut scratch = std::mem::take(&mut self.fields.scratch);
        self.xml.text(&mut scratch)?;
        let value = read(scratch.as_str().trim());
        self.fields.scratch = scratch;
        value.ok_or_else(|| foreign("a property of a blob has an unknown value".to_owned()))
    }
}

// An element's name is short and of letters on every honest page; anything else is not repeated.
fn shown(element: &BytesStart<'_>) -> String {
    let name = element.name().as_ref().to_owned();
    let honest = name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if honest {
        format!("<{name}>")
    } else {
        "another element".to_owned()
    }
}

/// Whether a blob is a directory, by its `ResourceType` and by its metadata. What has bytes is a file, whatever
/// somebody wrote into its metadata.
pub(super) fn is_directory(by_type: bool, by_metadata: bool, size: u64) -> bool {
    by_type || by_metadata && size == 0
}

// A type that we do not know is no reason to lose the blob.
pub(super) fn blob_type(text: &str) -> BlobType {
    match text {
        "AppendBlob" => BlobType::AppendBlob,
        "PageBlob" => BlobType::PageBlob,
        _ => BlobType::BlockBlob,
    }
}

// Names with characters that XML cannot hold (U+FFFE, controls) come percent-encoded, since version 2021-02-12.
fn is_encoded(name: &BytesStart<'_>) -> bool {
    name.attributes().flatten().any(|attribute| {
        attribute.key.as_ref() == "Encoded" && attribute.value.eq_ignore_ascii_case("true")
    })
}

#[cfg(test)]
mod tests;
