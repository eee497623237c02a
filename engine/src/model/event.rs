//! What the journal holds: one record for each command that changed something.

use minicbor::{Decode, Encode};
use serde_json::Value;

use super::ids::{RequestId, Text};
use super::time::Timestamp;

/// One journal record, of an event that is an `E`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Record<E> {
    /// When the engine took the command.
    #[n(0)]
    pub at: Timestamp,
    /// The idempotency key of the command.
    #[n(1)]
    pub request: Option<Request>,
    /// The actor that sent it, the channel and the reason.
    #[n(2)]
    pub origin: Option<Box<Origin>>,
    /// What happened.
    #[n(3)]
    pub event: E,
}

/// An idempotency key with the fingerprint of what came under it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Request {
    /// The caller's key.
    #[n(0)]
    pub id: RequestId,
    /// Tells the same command sent again from another one.
    #[n(1)]
    pub fingerprint: u64,
}

/// Actor, channel and reason of a command: what a timeline shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Origin {
    /// The person or system.
    #[n(0)]
    pub actor: Text,
    /// The channel.
    #[n(1)]
    pub channel: Text,
    /// The reason.
    #[n(2)]
    pub reason: Text,
}

/// What one command made happen. Its number and its name stand in the list of all events.
pub trait Event: Encode<()> {
    /// What happened, for a person or a script: an object of ids, numbers of items and
    /// nodes, and units.
    fn describe(&self) -> Value;

    /// What it may be called where its kind does not say what happened; empty where it does.
    const CALLED: &'static [&'static str] = &[];

    /// What it is called, of these; none if there are none.
    fn called(&self) -> Option<&'static str> {
        None
    }

    /// Whether it has a field that an older version would pass over without a word, and come
    /// to another state.
    fn is_extended(&self) -> bool {
        false
    }

    /// Which of its numbers it is written under, the first being 0. The later ones are of
    /// fields that came later.
    fn extension(&self) -> usize {
        usize::from(self.is_extended())
    }
}

/// An event that stands in the list of all events.
pub trait Listed: Event {
    /// They stand for the event in the journal, and are never reused: the first one, and one
    /// for each [extension](Event::extension) of it, so that older versions refuse that.
    const NUMBERS: &'static [u32];
    /// What the journal's inspection calls it, such as `order_placed`.
    const NAME: &'static str;
}

/// An event as the journal has it: its number, and its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered<E>(pub E);

impl<C, E: Listed> Encode<C> for Numbered<E> {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encode_numbered(&self.0, e)
    }
}

/// Encodes an event as the journal has it.
///
/// # Errors
/// What the writer answers.
pub fn encode_numbered<E: Listed, W: minicbor::encode::Write>(
    event: &E,
    e: &mut minicbor::Encoder<W>,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    event.encode(e.array(2)?.u32(E::NUMBERS[event.extension()])?, &mut ())
}
