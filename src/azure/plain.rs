//! The plain form of an XML element, which nearly all of a listing is in.
//!
//! `<Name>text</Name>` or `<Name />`, without attributes, entities, comments, CDATA or children. A
//! general parser takes three times as long over these as a look at their bytes does. Whatever is
//! not in plain form is none of ours: the caller asks the general parser, from the same place.

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
    pub(super) fn tag(&mut self, tag: &str) -> Option<()> {
        self.0 = self.0.trim_ascii_start().strip_prefix(tag)?;
        Some(())
    }

    /// Passes over the next element, which is in plain form, else `None`. Then the place is of no
    /// further use.
    pub(super) fn element(&mut self) -> Option<Plain<'a>> {
        let rest = self.0.trim_ascii_start().strip_prefix('<')?;
        let end = rest.bytes().position(|byte| !is_in_name(byte))?;
        let (name, rest) = rest.split_at(end);
        if name.is_empty() {
            return None;
        }
        let Some(rest) = rest.strip_prefix('>') else {
            self.0 = rest.trim_ascii_start().strip_prefix("/>")?;
            return Some(Plain { name, text: None });
        };
        // A reference or a line end would make another text of it.
        let end = rest.bytes().position(|byte| b"<&\r".contains(&byte))?;
        let (text, rest) = rest.split_at(end);
        let rest = rest.strip_prefix("</")?.strip_prefix(name)?;
        self.0 = rest.strip_prefix('>')?;
        Some(Plain {
            name,
            text: Some(text),
        })
    }
}

fn is_in_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
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
