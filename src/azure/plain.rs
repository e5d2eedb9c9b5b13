//! The plain form of an XML element, which nearly all of a listing is in.
//!
//! `<Name>text</Name>` or `<Name />`, without attributes, entities, comments, CDATA or children. A
//! general parser takes three times as long over these as a look at their bytes does. Whatever is
//! not in plain form is none of ours: the caller asks the general parser, from the same place.

use memchr::memchr3;

/// An element in plain form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plain<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its text as it stands; `None` for `<Name />`.
    pub(super) text: Option<&'a str>,
}

/// A place in a document from which elements in plain form are taken, one after the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a str);

impl<'a> Cursor<'a> {
    /// Passes over `tag`, white space before it included. `None`, and stays, when something else is next.
    // With the tag known to the compiler, it is compared in one or two instructions instead of a call.
    #[inline(always)]
    pub(super) fn tag(&mut self, tag: &str) -> Option<()> {
        self.0 = self.0.trim_ascii_start().strip_prefix(tag)?;
        Some(())
    }

    /// Whether an end tag is next.
    #[inline(always)]
    pub(super) fn is_at_an_end(&self) -> bool {
        self.0.trim_ascii_start().starts_with("</")
    }

    /// Passes over the next element, which is in plain form, else `None`. Then the place is of no
    /// further use.
    #[inline]
    pub(super) fn element(&mut self) -> Option<Plain<'a>> {
        let rest = self.0.trim_ascii_start().strip_prefix('<')?;
        let end = rest.bytes().position(|byte| !IN_NAME[usize::from(byte)])?;
        let (name, rest) = rest.split_at(end);
        if name.is_empty() {
            return None;
        }
        let Some(rest) = rest.strip_prefix('>') else {
            self.0 = rest.trim_ascii_start().strip_prefix("/>")?;
            return Some(Plain { name, text: None });
        };
        // A reference or a line end would make another text of it.
        let end = memchr3(b'<', b'&', b'\r', rest.as_bytes())?;
        let (text, rest) = rest.split_at(end);
        let rest = rest.strip_prefix("</")?;
        let (end, rest) = rest.split_at_checked(name.len())?;
        if !same(end.as_bytes(), name.as_bytes()) {
            return None;
        }
        self.0 = rest.strip_prefix('>')?;
        Some(Plain {
            name,
            text: Some(text),
        })
    }
}

/// The bytes that a name may have.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        let letter = byte as u8;
        table[byte] = letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_';
        byte += 1;
    }
    table
};

/// Whether two texts of the same length are the same. Names have 4 to 16 bytes, as nearly all of a listing have: two words,
/// which may overlap, are compared faster than the library's function is called.
#[inline]
fn same(one: &[u8], other: &[u8]) -> bool {
    fn word<const N: usize>(bytes: &[u8]) -> Option<(&[u8; N], &[u8; N])> {
        Some((bytes.first_chunk()?, bytes.last_chunk()?))
    }
    match one.len() {
        8..=16 => word::<8>(one) == word::<8>(other),
        4..=7 => word::<4>(one) == word::<4>(other),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(xml: &str) -> Option<(Plain<'_>, &str)> {
        let mut cursor = Cursor(xml);
        cursor.element().map(|plain| (plain, cursor.0))
    }

    #[test]
    fn plain_elements_are_taken() {
        let plain = |name, text| Plain { name, text };
        assert_eq!(
            element("<A-b>x > y</A-b><C>"),
            Some((plain("A-b", Some("x > y")), "<C>"))
        );
        assert_eq!(element("\n <A></A>"), Some((plain("A", Some("")), "")));
        assert_eq!(element("<A />b"), Some((plain("A", None), "b")));
        assert_eq!(element("<A/>"), Some((plain("A", None), "")));
    }

    #[test]
    fn names_of_any_length_have_to_end_as_they_began() {
        for length in 1..40 {
            let name = "N".repeat(length);
            let xml = format!("<{name}>x</{name}>");
            assert!(element(&xml).is_some(), "{xml}");
            for at in 0..length {
                let mut other = name.clone();
                other.replace_range(at..=at, "M");
                assert_eq!(element(&format!("<{name}>x</{other}>")), None);
            }
        }
    }

    #[test]
    fn anything_else_is_left() {
        for xml in [
            "",
            "<",
            "<A",
            "<A>",
            "<A>x",
            "<A>x<",
            "<A>x</",
            "<A>x</A",
            "<A>x</AB>",
            "<A>x</A >",
            "<A>x</B>",
            "<A b=\"c\">x</A>",
            "<A><B/></A>",
            "<A>&amp;</A>",
            "<A>\r\n</A>",
            "<A><![CDATA[x]]></A>",
            "<A><!-- c --></A>",
            "<!-- c -->",
            "<?p?>",
            "</A>",
            "<>x</>",
            "text",
            "text<A/>",
            "<A/ >",
        ] {
            assert_eq!(element(xml), None, "{xml}");
        }
    }
}
