//! Character encodings, and the names that people give them.

use encoding_rs::{
    BIG5, EUC_KR, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_874, WINDOWS_1252,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// How a file's characters are stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Encoding(pub(super) &'static encoding_rs::Encoding);

/// Windows' code pages that the standard of the web has no such name for.
const CODE_PAGES: [(&str, &encoding_rs::Encoding); 7] = [
    ("874", WINDOWS_874),
    ("932", SHIFT_JIS),
    ("936", GBK),
    ("949", EUC_KR),
    ("950", BIG5),
    ("65001", UTF_8),
    ("1200", UTF_16LE),
];

impl Encoding {
    /// UTF-8.
    pub const UTF_8: Encoding = Encoding(UTF_8);
    pub(super) const UTF_16_LE: Encoding = Encoding(UTF_16LE);
    pub(super) const UTF_16_BE: Encoding = Encoding(UTF_16BE);
    pub(super) const ISO_2022_JP: Encoding = Encoding(ISO_2022_JP);

    /// The encoding with a name such as `Shift-JIS`, `latin1` or `cp1251`.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase().replace(' ', "-");
        let page = ["windows-", "windows", "cp-", "cp", "ms"]
            .iter()
            .find_map(|prefix| name.strip_prefix(prefix))
            .unwrap_or(&name);
        let pages = CODE_PAGES.iter().find(|(number, _)| *number == page);
        let spellings = [
            name.clone(),
            name.replace('-', "_"),
            name.replace('_', "-"),
            name.replace(['_', '-'], ""),
            format!("windows-{page}"),
        ];
        spellings
            .iter()
            .find_map(|name| encoding_rs::Encoding::for_label_no_replacement(name.as_bytes()))
            .or(pages.map(|(_, encoding)| *encoding))
            .map(Encoding)
    }

    /// The name that people know it by.
    pub fn name(self) -> &'static str {
        // ISO 8859-1 is read in its usual form, windows-1252 (WHATWG Encoding, section 4.2).
        if self.0 == WINDOWS_1252 {
            "Latin-1"
        } else {
            self.0.name()
        }
    }
}

impl Serialize for Encoding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Encoding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Encoding::named(&name).ok_or_else(|| D::Error::custom(format!("no encoding '{name}'")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_has_many_names() {
        for (name, expected) in [
            ("utf-8", "UTF-8"),
            ("UTF8", "UTF-8"),
            ("utf-16", "UTF-16LE"),
            ("Latin-1", "Latin-1"),
            ("iso-8859-1", "Latin-1"),
            ("ISO 8859-2", "ISO-8859-2"),
            ("iso8859_15", "ISO-8859-15"),
            ("cp1252", "Latin-1"),
            ("CP-1251", "windows-1251"),
            ("windows1250", "windows-1250"),
            ("1251", "windows-1251"),
            ("shift-jis", "Shift_JIS"),
            ("SJIS", "Shift_JIS"),
            ("cp932", "Shift_JIS"),
            ("gb2312", "GBK"),
            ("GB18030", "gb18030"),
            ("cp936", "GBK"),
            ("big5", "Big5"),
            ("euc-kr", "EUC-KR"),
            ("euc_jp", "EUC-JP"),
            ("koi8-r", "KOI8-R"),
        ] {
            let found = Encoding::named(name).map(Encoding::name);
            assert_eq!(found, Some(expected), "{name}");
            assert_eq!(
                Encoding::named(expected).map(Encoding::name),
                found,
                "{name}"
            );
        }
        for name in ["", "klingon", "replacement", "iso-2022-kr", "cp437"] {
            assert_eq!(Encoding::named(name), None, "{name}");
        }
    }
}
