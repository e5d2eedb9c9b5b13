//! The frame of a block: how many records it has, its bytes, and the marker at its end.

use super::{
    bytes::{Cursor, Fault},
    header::Sync,
};

/// The largest block that is read, in bytes, packed and unpacked: 32 MiB. A whole chunk that was recorded from the service
/// has 301,124.
pub const LARGEST_BLOCK: usize = 32 << 20;

/// A block that is there as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::feed) struct Frame {
    /// How many records it says that it has.
    pub(in crate::feed) records: u64,
    /// Where its bytes begin, from its own beginning.
    pub(in crate::feed) start: usize,
    /// Where they end, and the marker begins.
    pub(in crate::feed) end: usize,
    /// How long all of it is.
    pub(in crate::feed) length: usize,
}

/// The frame that `bytes` begin with.
///
/// # Errors
/// [`Fault::Cut`] when it may be right and does not end within `bytes`.
pub(in crate::feed) fn read(bytes: &[u8], sync: &Sync) -> Result<Frame, Fault> {
    let mut cursor = Cursor::new(bytes);
    let records = cursor.long()?;
    let records = u64::try_from(records)
        .map_err(|_| Fault::wrong(format!("a block has {records} records")))?;
    let size = cursor.length(LARGEST_BLOCK, "the size of a block")?;
    let start = cursor.at();
    cursor.take(size)?;
    let end = cursor.at();
    if cursor.take(sync.len())? != sync {
        return Err(Fault::wrong(
            "a block does not end with the marker of its file",
        ));
    }
    Ok(Frame {
        records,
        start,
        end,
        length: cursor.at(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_whole_or_cut() {
        let bytes = [&b"\x8e\x00\x06abc"[..], &[9; 16], b"more"].concat();
        let frame = Frame {
            records: 7,
            start: 3,
            end: 6,
            length: 22,
        };
        assert_eq!(read(&bytes, &[9; 16]), Ok(frame));
        for end in 0..22 {
            assert_eq!(read(&bytes[..end], &[9; 16]), Err(Fault::Cut), "{end}");
        }
    }

    #[test]
    fn another_marker_or_size_is_refused_at_once() {
        let bytes = [&b"\x02\x06abc"[..], &[9; 16]].concat();
        let wrong = |bytes: &[u8]| matches!(read(bytes, &[8; 16]), Err(Fault::Wrong(_)));
        assert!(wrong(&bytes));
        assert!(wrong(b"\x01"));
        assert!(wrong(b"\x02\x01"));
        assert!(wrong(b"\x02\xff\xff\xff\xff\x7f"));
    }
}
