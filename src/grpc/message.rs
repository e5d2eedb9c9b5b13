//! An event as it goes over the wire, filled up if it must be large.

use prost::{
    DecodeError, Message,
    bytes::{Buf, BufMut},
    encoding::{
        DecodeContext, WireType, bytes, encode_key, encode_varint, encoded_len_varint, key_len,
        skip_field, string,
    },
};

/// So many bytes an event takes of its stream when it is filled up: more than half of the window of
/// Argo's client, 65,535 bytes. So the client's flow control shows each single event that it reads.
pub const FILLED: usize = 33 * 1024;
/// What gRPC puts before a message.
const PREFIX: usize = 5;

const NAME: u32 = 1;
const PAYLOAD: u32 = 2;
/// Not in the contract: whoever reads it skips it, as Protocol Buffers demand of unknown fields.
const FILLER: u32 = 15;

/// `generic.Event` of the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Event {
    /// The name that the request bore.
    pub name: String,
    /// A CloudEvents 1.0 event as JSON.
    pub payload: Vec<u8>,
    filler: usize,
}

impl Event {
    /// An event that is as large as it is.
    pub fn new(name: String, payload: Vec<u8>) -> Self {
        Self {
            name,
            payload,
            filler: 0,
        }
    }

    /// Filled up to [`FILLED`] bytes of the stream, or about that.
    pub fn filled(mut self) -> Self {
        let most = FILLED - PREFIX;
        let overhead = key_len(FILLER) + encoded_len_varint(most as u64);
        self.filler = most.saturating_sub(self.encoded_len() + overhead);
        self
    }

    /// How many bytes of the stream it takes.
    pub fn bytes(&self) -> u64 {
        (self.encoded_len() + PREFIX) as u64
    }
}

impl Message for Event {
    fn encode_raw(&self, out: &mut impl BufMut) {
        if !self.name.is_empty() {
            string::encode(NAME, &self.name, out);
        }
        if !self.payload.is_empty() {
            bytes::encode(PAYLOAD, &self.payload, out);
        }
        if self.filler > 0 {
            encode_key(FILLER, WireType::LengthDelimited, out);
            encode_varint(self.filler as u64, out);
            out.put_bytes(0, self.filler);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        from: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        match tag {
            NAME => string::merge(wire_type, &mut self.name, from, context),
            PAYLOAD => bytes::merge(wire_type, &mut self.payload, from, context),
            _ => skip_field(wire_type, tag, from, context),
        }
    }

    fn encoded_len(&self) -> usize {
        let length = |number, bytes: usize| match bytes {
            0 => 0,
            bytes => key_len(number) + encoded_len_varint(bytes as u64) + bytes,
        };
        length(NAME, self.name.len())
            + length(PAYLOAD, self.payload.len())
            + length(FILLER, self.filler)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::*;

    /// The contract as prost makes it.
    #[derive(Clone, PartialEq, Message)]
    struct Contract {
        #[prost(string, tag = "1")]
        name: String,
        #[prost(bytes = "vec", tag = "2")]
        payload: Vec<u8>,
    }

    #[test]
    fn it_is_the_contracts_event_and_is_read_as_that_when_it_is_filled_up() {
        for size in [0, 1, 127, 128, 700, 33_000, 33_780, 33_792, 50_000] {
            let (name, payload) = ("dataset".to_owned(), vec![7; size]);
            let plain = Event::new(name.clone(), payload.clone());
            let contract = Contract { name, payload };
            assert_eq!(plain.encode_to_vec(), contract.encode_to_vec());
            let filled = plain.clone().filled();
            let bytes = filled.encode_to_vec();
            assert_eq!(bytes.len() as u64 + 5, filled.bytes());
            assert_eq!(Contract::decode(&bytes[..]).unwrap(), contract);
            assert_eq!(Event::decode(&bytes[..]).unwrap(), plain);
        }
    }

    #[test]
    fn an_event_that_is_filled_up_is_larger_than_half_the_usual_window() {
        for size in [0, 100, 128, 700, 16_000, 33_000, 40_000] {
            let bytes = Event::new("e".to_owned(), vec![7; size]).filled().bytes();
            assert!(bytes > 65_535 / 2 + 1, "{size}: {bytes}");
            assert!(size > 33_000 || bytes <= FILLED as u64, "{size}: {bytes}");
        }
    }
}
