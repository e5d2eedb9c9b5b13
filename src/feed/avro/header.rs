//! The beginning of a file: its schema, its codec, and the marker that ends each block.

use super::bytes::{Cursor, Fault};

/// The largest header that is read, in bytes. The service's have about 3,000.
pub const LARGEST_HEADER: usize = 1 << 20;

const MAGIC: &[u8; 4] = b"Obj\x01";

/// The marker after each block.
pub(in crate::feed) type Sync = [u8; 16];

/// How the blocks of a file are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::feed) enum Codec {
    /// Not at all.
    Null,
    /// RFC 1951.
    Deflate,
}

/// What a file begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::feed) struct Header<'a> {
    /// JSON.
    pub(in crate::feed) schema: &'a [u8],
    pub(in crate::feed) codec: Codec,
    pub(in crate::feed) sync: Sync,
    /// Bytes: the first block begins here.
    pub(in crate::feed) length: usize,
}

/// Reads the header that `bytes` begin with.
///
/// # Errors
/// [`Fault::Cut`] when it may be right and does not end within `bytes`.
pub(in crate::feed) fn read(bytes: &[u8]) -> Result<Header<'_>, Fault> {
    let bytes = bytes.get(..LARGEST_HEADER).unwrap_or(bytes);
    match header(bytes) {
        Err(Fault::Cut) if bytes.len() == LARGEST_HEADER => {
            Err(Fault::wrong("its header has more than 1 MiB"))
        }
        outcome => outcome,
    }
}

fn header(bytes: &[u8]) -> Result<Header<'_>, Fault> {
    if bytes.iter().zip(MAGIC).any(|(found, due)| found != due) {
        return Err(Fault::wrong("it does not begin as an Avro file does"));
    }
    let mut cursor = Cursor::new(bytes);
    cursor.take(MAGIC.len())?;
    let (mut schema, mut codec) = (None, Codec::Null);
    // A map: blocks of pairs, and a count of 0. Before a negative count's pairs stands how many bytes they have.
    loop {
        let count = cursor.long()?;
        if count == 0 {
            break;
        }
        if count < 0 {
            cursor.length(LARGEST_HEADER, "the size of a part of the header")?;
        }
        for _ in 0..count.unsigned_abs() {
            match (text(&mut cursor)?, text(&mut cursor)?) {
                (b"avro.schema", json) => schema = Some(json),
                (b"avro.codec", name) => codec = codec_of(name)?,
                _ => {}
            }
        }
    }
    let sync = cursor.take(size_of::<Sync>())?;
    Ok(Header {
        schema: schema.ok_or_else(|| Fault::wrong("its header has no `avro.schema`"))?,
        codec,
        sync: sync.try_into().map_err(|_| Fault::Cut)?,
        length: cursor.at(),
    })
}

fn text<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Fault> {
    let length = cursor.length(LARGEST_HEADER, "the length of a text of the header")?;
    cursor.take(length)
}

fn codec_of(name: &[u8]) -> Result<Codec, Fault> {
    match name {
        b"null" | b"" => Ok(Codec::Null),
        b"deflate" => Ok(Codec::Deflate),
        _ => {
            let honest = |it: &u8| it.is_ascii_alphanumeric() || b"-_".contains(it);
            let name = match std::str::from_utf8(name) {
                Ok(name) if name.len() <= 32 && name.as_bytes().iter().all(honest) => name,
                _ => "something else",
            };
            Err(Fault::wrong(format!(
                "its codec is `{name}`, and only `null` and `deflate` can be read"
            )))
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    /// A header with these pairs.
    fn with(pairs: &[(&str, &str)]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        if !pairs.is_empty() {
            bytes.push(pairs.len() as u8 * 2);
        }
        for text in pairs.iter().flat_map(|(key, value)| [key, value]) {
            bytes.push(text.len() as u8 * 2);
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes.push(0);
        bytes.extend_from_slice(&[7; 16]);
        bytes
    }

    #[test]
    fn it_has_schema_codec_and_marker() {
        let bytes = with(&[("avro.codec", "deflate"), ("x", "y"), ("avro.schema", "{}")]);
        let header = Header {
            schema: b"{}",
            codec: Codec::Deflate,
            sync: [7; 16],
            length: bytes.len(),
        };
        assert_eq!(read(&bytes).unwrap(), header);
        let longer = [&bytes[..], b"block"].concat();
        assert_eq!(read(&longer).unwrap(), header);
        for end in 0..bytes.len() {
            assert_eq!(read(&bytes[..end]), Err(Fault::Cut), "{end}");
        }
        assert_eq!(
            read(&with(&[("avro.schema", "{}")])).unwrap().codec,
            Codec::Null
        );
    }

    #[test]
    fn a_part_may_say_how_long_it_is() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(b"\x01\x1e\x16avro.schema\x04{}\x00");
        bytes.extend_from_slice(&[7; 16]);
        assert_eq!(read(&bytes).unwrap().schema, b"{}");
    }

    #[test]
    fn what_is_wrong_is_told() {
        let message = |bytes: &[u8]| match read(bytes) {
            Err(Fault::Wrong(what)) => what.into_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(message(b"PK"), "it does not begin as an Avro file does");
        assert_eq!(message(&with(&[])), "its header has no `avro.schema`");
        let codec = message(&with(&[("avro.codec", "zstandard")]));
        assert_eq!(
            codec,
            "its codec is `zstandard`, and only `null` and `deflate` can be read"
        );
        let codec = message(&with(&[("avro.codec", "a\nb")]));
        assert!(codec.contains("`something else`"));
        let huge = message(b"Obj\x01\x02\xff\xff\xff\xff\x0f");
        assert!(
            huge.contains("the length of a text of the header is"),
            "{huge}"
        );
        let mut endless = b"Obj\x01".to_vec();
        while endless.len() <= LARGEST_HEADER {
            endless.extend_from_slice(b"\x02\x00\x00");
        }
        assert_eq!(message(&endless), "its header has more than 1 MiB");
    }
}
