//! The messages of the contract, and how JSON has them.
//!
//! All errors of a message are told at once, each with the path of its field. Keys that the contract
//! does not know are refused, because a misspelt quantity would count as 0; keys that begin with `x_`
//! are the partner's own and are passed over.

mod check;
mod message;
mod number;
mod object;
mod read;
mod tree;
mod write;

pub use message::{
    Ack, AckFault, Address, Adjusted, Adjustment, Body, Cancel, Count, Counted, Expected, Inbound,
    ItemLine, Items, Kind, Message, Ordered, Receipt, Received, Return, ReturnDocument,
    ReturnReceipt, Returned, ShipOrder, Shipment, ShipmentDocument, Shipped, Tracking,
    TrackingStatus, Verdict,
};
pub use read::read;
pub use write::write;

pub(crate) use check::check;
pub(crate) use number::{difference, revision, seq, seq_seen, units};

#[cfg(test)]
pub(crate) mod tests;
