//! Blob names that have broken clients, parsers and URLs somewhere.

/// Names that the service takes and that must come back exactly as they were written.
pub fn odd() -> Vec<String> {
    let mut names: Vec<String> = [
        "plain.csv",
        // What XML gives a meaning to, and what looks like it had been escaped already.
        "xml/a&b<c>d\"e'f.csv",
        "xml/&amp;&lt;&#65;.csv",
        "xml/<![CDATA[x]]>",
        "xml/]]>",
        // What URLs give a meaning to, and what looks like it had been encoded already.
        "url/100%.csv",
        "url/%25%2F%41.csv",
        "url/a+b.csv",
        "url/a#b?c=d&e;f,g:h@i!$*().csv",
        "url/[a]{b}|c^d`e~f.csv",
        // White space, which parsers like to trim.
        " leading",
        "trailing ",
        "in side  twice.csv",
        "space/ /space",
        "\u{a0}no-break\u{2003}em\u{200b}zero",
        // The same word in two forms, which are two names.
        "unicode/caf\u{e9}",
        "unicode/cafe\u{301}",
        "unicode/Ωmega/日本語/עברית.csv",
        "unicode/\u{1f600}\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}.csv",
        "unicode/\u{202e}evil.csv",
        // What looks like a path but is a name.
        "/leading-slash",
        "double//slash",
        "trailing/",
        "dots/...",
        "dots/.hidden",
        "dots/a..b",
        "-rf",
        "~",
    ]
    .map(str::to_owned)
    .into();
    names.push(longest('x'));
    names.push(longest('é'));
    names
}

/// Names that the service's documentation advises against, but takes. They must come back exactly
/// as well.
pub fn ill_advised() -> Vec<String> {
    [
        "segment/./dot",
        "segment/../dotdot",
        "..",
        "dot-at-end.",
        "dot/at-end./x",
        "control/\u{7f}\u{85}",
        "control/tab\tnewline\nreturn\r",
        "nonchar/\u{fdd0}",
        "private/\u{e000}",
    ]
    .map(str::to_owned)
    .into()
}

/// Names that Azurite 3.35 cannot keep: it turns a backslash into a slash, and after one name with
/// a character that XML 1.0 has not, every listing of the container that meets it is answered with 500.
pub fn beyond_azurite() -> Vec<String> {
    [
        "back\\slash",
        "control/\u{1}\u{1f}",
        "nonchar/\u{fffe}\u{ffff}",
        "nonchar/\u{1}100%/&<>.csv",
    ]
    .map(str::to_owned)
    .into()
}

/// A name of 1,024 characters, which is the most.
fn longest(c: char) -> String {
    let mut name = "long/".to_owned();
    name.extend(std::iter::repeat_n(c, 1024 - name.len()));
    name
}
