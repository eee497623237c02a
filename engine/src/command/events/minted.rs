//! That an event had orders ask payment providers for something, as the journal has it.

use minicbor::{Decode, Encode};
use serde_json::Value;

use super::AnyEvent;
use crate::model::event::Event;
use crate::model::{OrderMinted, Request, Unpackable, describe_minted};
use crate::transaction::command::{Replay, Replayed};
use crate::transaction::minting::minted;
use crate::transaction::written::Written;

/// An event of any kind, and what it had orders ask of payment providers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EventMinted {
    /// The event.
    #[n(0)]
    pub event: Box<AnyEvent>,
    /// What orders of it asked for.
    #[n(1)]
    pub orders: Vec<OrderMinted>,
}

impl Replay for EventMinted {
    fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable> {
        let (written, placed) = self.event.replay(request)?;
        let Written::Other(mut recorded) = written else {
            // What is placed says by itself what it asks for.
            return Err(Unpackable { at: "minted" });
        };
        recorded.effects = minted(recorded.effects, self.orders);
        Ok((Written::Other(recorded), placed))
    }
}

impl Event for EventMinted {
    fn called(&self) -> Option<&'static str> {
        Some(self.event.name())
    }

    fn describe(&self) -> Value {
        describe_minted(self.event.describe(), &self.orders)
    }
}
