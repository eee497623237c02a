//! Where an order goes: to a customer's address, or to a node where the customer collects it.

use minicbor::data::Type;
use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::ids::{NodeId, NodeNo, PostalCode};

/// Where an order goes. Nodes are known by `N`: by number in the state, by id to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination<N = NodeNo> {
    /// To an address.
    Address(PostalCode),
    /// The customer collects it at a node.
    Pickup(Pickup<N>),
}

/// Where the customer collects an order. Units that are there wait for the customer. Units at
/// other nodes are shipped there first (ship-to-store), and to nobody's home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pickup<N = NodeNo> {
    /// The node.
    pub node: N,
    /// Whether units of that node alone may serve it: nothing is shipped there.
    pub only_there: bool,
}

impl<N> Destination<N> {
    /// Where the customer collects it, if he does.
    pub const fn pickup(&self) -> Option<&Pickup<N>> {
        match self {
            Self::Address(_) => None,
            Self::Pickup(pickup) => Some(pickup),
        }
    }

    /// The postal code that it is shipped to; none where the customer collects it.
    pub const fn address(&self) -> Option<&PostalCode> {
        match self {
            Self::Address(code) => Some(code),
            Self::Pickup(_) => None,
        }
    }
}

impl<N> From<PostalCode> for Destination<N> {
    fn from(code: PostalCode) -> Self {
        Self::Address(code)
    }
}

impl From<NodeId> for Destination<NodeId> {
    fn from(node: NodeId) -> Self {
        Self::Pickup(Pickup { node, only_there: false })
    }
}

/// An address is as it was when there was nothing else.
impl<C, N: Encode<C>> Encode<C> for Destination<N> {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, c: &mut C) -> Result<(), EncodeError<W::Error>> {
        match self {
            Self::Address(code) => code.encode(e, c),
            Self::Pickup(Pickup { node, only_there }) => {
                node.encode(e.array(2)?, c)?;
                e.bool(*only_there)?.ok()
            }
        }
    }
}

impl<'b, C, N: Decode<'b, C>> Decode<'b, C> for Destination<N> {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, DecodeError> {
        let at = d.position();
        if d.datatype()? == Type::String {
            return Ok(Self::Address(Decode::decode(d, c)?));
        }
        if d.array()? != Some(2) {
            return Err(DecodeError::message("a node and a flag are an array of two").at(at));
        }
        Ok(Self::Pickup(Pickup { node: Decode::decode(d, c)?, only_there: d.bool()? }))
    }
}
