//! Whom a node serves: the channels whose orders it may ship, and by which services.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::ids::{ServiceName, Text};

/// Whom a node serves. Whatever is not said is not restricted; by default nothing is, and
/// an event does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Eligibility {
    /// The channels whose orders it may ship, none twice; empty for all. An order without a
    /// channel is of none of them.
    pub channels: Vec<Text>,
    /// The services by which it may ship, none twice; empty for all.
    pub services: Vec<ServiceName>,
}

impl Eligibility {
    /// Whether it serves everybody, by every service.
    pub const fn is_everybody(&self) -> bool {
        self.channels.is_empty() && self.services.is_empty()
    }

    /// Whether it serves orders of that channel, or those without one.
    pub fn serves_channel(&self, channel: Option<&str>) -> bool {
        let is_it = |known: &Text| Some(known.as_str()) == channel;
        self.channels.is_empty() || self.channels.iter().any(is_it)
    }

    /// Whether it ships by the service of that name.
    pub fn serves_service(&self, name: &ServiceName) -> bool {
        self.services.is_empty() || self.services.contains(name)
    }
}

impl<C> Encode<C> for Eligibility {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, c: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.array(2)?;
        self.channels.encode(e, c)?;
        self.services.encode(e, c)
    }

    fn is_nil(&self) -> bool {
        self.is_everybody()
    }
}

impl<'b, C> Decode<'b, C> for Eligibility {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, DecodeError> {
        let at = d.position();
        if d.array()? != Some(2) {
            return Err(DecodeError::message("channels and services are an array of two").at(at));
        }
        Ok(Self { channels: Decode::decode(d, c)?, services: Decode::decode(d, c)? })
    }

    fn nil() -> Option<Self> {
        Some(Self::default())
    }
}
