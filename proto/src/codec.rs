//! How messages of `backstock.v1` go to and from the transport.
//!
//! Protobuf is read from and written to plain memory, and copied once between there
//! and tonic's buffers: those are slow to step through byte by byte. On the
//! server's side a message may also stay [`Encoded`].

use std::fmt;
use std::marker::PhantomData;

use prost::bytes::{Buf, BufMut, Bytes};
use prost::{DecodeError, Message};
use tonic::Status;
use tonic::codec::{BufferSettings, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// What tonic allocates for each direction of each call: most single requests and
/// answers fit, and larger ones grow it.
const BUFFER_BYTES: usize = 1 << 10;

/// Bytes of a stream that are ready and are sent in one go.
const YIELD_BYTES: usize = 32 << 10;

/// The bytes of a message: not decoded yet, or encoded already. A reader that needs
/// only some fields of a message reads only these, and a writer that has the
/// content in another form writes it without making the message.
pub struct Encoded<M> {
    bytes: Bytes,
    message: PhantomData<fn() -> M>,
}

impl<M> Encoded<M> {
    /// The message whose encoding `bytes` is.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), message: PhantomData }
    }

    /// The encoding.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Bytes of the encoding.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<M: Message + Default> Encoded<M> {
    /// The message.
    ///
    /// # Errors
    /// When the bytes are no such message.
    pub fn decode(&self) -> Result<M, DecodeError> {
        M::decode(&*self.bytes)
    }
}

impl<M: Message> From<M> for Encoded<M> {
    fn from(message: M) -> Self {
        Self::new(message.encode_to_vec())
    }
}

impl<M> fmt::Debug for Encoded<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Encoded").field(&self.bytes).finish()
    }
}

/// What can be sent.
pub trait Outgoing: Send + 'static {
    /// Writes the encoding; `memory` is empty, and kept between the messages of a
    /// stream.
    fn write(self, memory: &mut Vec<u8>, out: &mut EncodeBuf<'_>);
}

impl<M: Message + 'static> Outgoing for M {
    fn write(self, memory: &mut Vec<u8>, out: &mut EncodeBuf<'_>) {
        self.encode(memory).expect("memory grows");
        out.put_slice(memory);
    }
}

impl<M: 'static> Outgoing for Encoded<M> {
    fn write(self, _: &mut Vec<u8>, out: &mut EncodeBuf<'_>) {
        out.put_slice(&self.bytes);
    }
}

/// What can be received.
pub trait Incoming: Sized + Send + 'static {
    /// Reads the encoding.
    ///
    /// # Errors
    /// When the bytes are no such message.
    fn read(bytes: Bytes) -> Result<Self, DecodeError>;
}

impl<M: Message + Default + 'static> Incoming for M {
    fn read(bytes: Bytes) -> Result<Self, DecodeError> {
        M::decode(&*bytes)
    }
}

impl<M: 'static> Incoming for Encoded<M> {
    fn read(bytes: Bytes) -> Result<Self, DecodeError> {
        Ok(Self::new(bytes))
    }
}

/// The status of a message that cannot be decoded, as tonic's own codec has it.
pub fn undecodable(error: &DecodeError) -> Status {
    Status::internal(error.to_string())
}

/// The codec of every method.
#[derive(Debug)]
pub struct Codec<T, U>(PhantomData<fn(T) -> U>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Outgoing, U: Incoming> tonic::codec::Codec for Codec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = Writer<T>;
    type Decoder = Reader<U>;

    fn encoder(&mut self) -> Writer<T> {
        Writer { memory: Vec::new(), message: PhantomData }
    }

    fn decoder(&mut self) -> Reader<U> {
        Reader(PhantomData)
    }
}

/// Writes messages.
#[derive(Debug)]
pub struct Writer<T> {
    memory: Vec<u8>,
    message: PhantomData<fn(T)>,
}

impl<T: Outgoing> Encoder for Writer<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        self.memory.clear();
        item.write(&mut self.memory, out);
        Ok(())
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, YIELD_BYTES)
    }
}

/// Reads messages.
#[derive(Debug)]
pub struct Reader<U>(PhantomData<fn() -> U>);

impl<U: Incoming> Decoder for Reader<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        let bytes = source.copy_to_bytes(source.remaining());
        U::read(bytes).map(Some).map_err(|error| undecodable(&error))
    }

    fn buffer_settings(&self) -> BufferSettings {
        BufferSettings::new(BUFFER_BYTES, YIELD_BYTES)
    }
}
