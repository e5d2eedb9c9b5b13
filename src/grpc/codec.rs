//! Messages as they come: each event is a piece of the answer of its own.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

/// The protobuf codec, without gathering messages.
///
/// tonic's own gathers up to 32 KiB of ready messages before it hands them on. A session takes an
/// event that the transport has asked for as on its way, so dozens of them would count as sent
/// while they wait for a slow client in our own memory.
#[derive(Debug, Clone, Copy)]
pub struct PromptCodec<T, U>(PhantomData<(T, U)>);

const FIRST_BUFFER: usize = 1024;
const HAND_ON_AT: usize = 1;

impl<T, U> Default for PromptCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for PromptCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(FIRST_BUFFER, HAND_ON_AT))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::default())
    }
}
