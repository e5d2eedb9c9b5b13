//! The frame around the records of a chunk: header and blocks.
//!
//! Numbers of the header are as short as they can be. Those before a block's bytes have ten bytes each, as the
//! service was seen to write them.

use super::schema;

/// The marker that ends each block. The service's own is not random either.
const SYNC: [u8; 16] = [
    0x0d, 0x07, 0x0f, 0x0c, 0x04, 0x04, 0x0c, 0x00, 0x01, 0x09, 0x01, 0x07, 0x0b, 0x0f, 0x0e, 0x09,
];

/// How blocks are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all, as the service writes them.
    Null,
    /// As `deflate`, which a reader of Avro must know.
    Deflate,
}

/// The beginning of a chunk with this version of the schema.
pub(super) fn header(version: u32, packing: Packing) -> Vec<u8> {
    let codec = match packing {
        Packing::Null => "null",
        Packing::Deflate => "deflate",
    };
    let schema = schema::text(version);
    let mut bytes = b"Obj\x01".to_vec();
    bytes.extend(short(2));
    for text in ["avro.codec", codec, "avro.schema", &schema] {
        bytes.extend(short(text.len()));
        bytes.extend(text.bytes());
    }
    bytes.extend(short(0));
    bytes.extend(SYNC);
    bytes
}

/// A block of these records.
pub(super) fn block(records: impl Iterator<Item = Vec<u8>>, packing: Packing) -> Vec<u8> {
    let (mut count, mut data) = (0, Vec::new());
    for record in records {
        count += 1;
        data.extend(record);
    }
    if packing == Packing::Deflate {
        data = miniz_oxide::deflate::compress_to_vec(&data, 6);
    }
    let mut bytes = long(count).to_vec();
    bytes.extend(long(data.len()));
    bytes.extend(data);
    bytes.extend(SYNC);
    bytes
}

// Zigzag, seven bits a byte.
fn short(number: usize) -> Vec<u8> {
    let mut left = number << 1;
    let mut bytes = Vec::new();
    while left > 0x7f {
        bytes.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    bytes.push(left as u8);
    bytes
}

fn long(number: usize) -> [u8; 10] {
    let mut bytes = [0x80; 10];
    for (byte, part) in bytes.iter_mut().zip(short(number)) {
        *byte = part | 0x80;
    }
    bytes[9] = 0;
    bytes
}
