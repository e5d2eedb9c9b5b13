//! The URL of a blob, for any name that the service accepts.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters and `/`, which separates directories.
const NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

const CONTAINER: &AsciiSet = &NAME.add(b'/').remove(b'$');

/// The URL of the blob `name` in `container`, below `endpoint` (which has no trailing slash).
///
/// Each byte of the name's UTF-8 is percent-encoded unless it is unreserved (RFC 3986, section 2.3)
/// or `/`, so `#`, `?`, `%`, spaces, tabs and newlines stand for themselves. A leading `/` is kept:
/// the blob `/a` is at `<container>//a`.
///
/// # What a URL parser does with it
/// Names with a segment that is `.` or `..` are exact in this string, but a parser that follows the
/// WHATWG URL standard (the `url` crate, browsers, most HTTP clients) removes such segments, even
/// when they are written `%2e`. Keep the text for people and payloads; to reach such a blob, a
/// client must send the path as it stands.
///
/// ```
/// use azure_blob_eventsource::blob::url::blob_url;
/// assert_eq!(
///     blob_url("https://store.blob.core.windows.net", "datasets", "raw/50% done.csv"),
///     "https://store.blob.core.windows.net/datasets/raw/50%25%20done.csv",
/// );
/// ```
pub fn blob_url(endpoint: &str, container: &str, name: &str) -> String {
    let name = utf8_percent_encode(name, NAME);
    format!("{}/{name}", container_url(endpoint, container))
}

/// The URL of `container` below `endpoint`. The containers `$root`, `$web` and `$logs` keep their `$`.
pub fn container_url(endpoint: &str, container: &str) -> String {
    format!("{endpoint}/{}", utf8_percent_encode(container, CONTAINER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_names_are_written_out_exactly() {
        let url = |name: &str| blob_url("https://h", "c", name);
        assert_eq!(url("a b"), "https://h/c/a%20b");
        assert_eq!(url("a+b&c=d"), "https://h/c/a%2Bb%26c%3Dd");
        assert_eq!(url("a?b#c%20"), "https://h/c/a%3Fb%23c%2520");
        assert_eq!(url("/lead//double/"), "https://h/c//lead//double/");
        assert_eq!(url("../a/./b"), "https://h/c/../a/./b");
        assert_eq!(url("tab\tnl\n"), "https://h/c/tab%09nl%0A");
        assert_eq!(
            url("größe-✓_~."),
            "https://h/c/gr%C3%B6%C3%9Fe-%E2%9C%93_~."
        );
        assert_eq!(url("back\\slash"), "https://h/c/back%5Cslash");
        assert_eq!(blob_url("https://h", "$web", "i"), "https://h/$web/i");
        assert_eq!(container_url("https://h", "a/b?c"), "https://h/a%2Fb%3Fc");
    }

    proptest! {
        #[test]
        fn decoding_gives_the_name_back(name in any::<String>()) {
            let url = blob_url("https://h", "c", &name);
            let path = url.strip_prefix("https://h/c/").map(str::as_bytes).unwrap_or_default();
            prop_assert_eq!(percent_encoding::percent_decode(path).collect::<Vec<_>>(), name.as_bytes());
        }
    }
}
