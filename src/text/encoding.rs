//! Whether bytes are text in the encoding that is expected.

/// Whether these bytes are text in UTF-16, as Windows PowerShell and Notepad write it.
pub(crate) fn is_utf16(bytes: &[u8]) -> bool {
    // With or without its mark: every other byte of ASCII is zero.
    let zeros = bytes.iter().filter(|byte| **byte == 0).count();
    bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || (bytes.len() >= 4 && zeros * 3 >= bytes.len())
}
