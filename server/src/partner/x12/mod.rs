//! X12 files, version 004010: the warehouse sets, read into messages of the contract and written from
//! them.
//!
//! ```text
//!   bytes --syntax--> segments --envelope--> sets --read--> messages, or faults --ack--> 997
//!                                                messages --write--> bytes
//! ```
//! The table of which segment has which field is in `CONTRACT.md`. Of the libraries for Rust, `edi` 0.4
//! panics on a file that ends within a trailer, and `x12-types` 0.12 knows neither 943, 944, 846, 947
//! nor 180 and takes one separator only: this is small, and bounded.

mod ack;
mod envelope;
mod fault;
mod file;
mod read;
mod sets;
mod syntax;
#[cfg(test)]
mod tests;
mod walk;
mod write;

pub use ack::acknowledge;
pub use fault::{FileFault, SetCode, SetFault};
pub use file::{GroupRead, InterchangeRead, SetRead, read};
pub use write::{Party, write};

use super::contract::{Body, Kind};

/// The version that is read and written.
const VERSION: &str = "004010";

/// The sets, with the code of their functional group and the type of message that each is read into. A
/// 940 may be a cancellation as well, and a 180 a return that came.
const SETS: [(&str, &str, Kind); 9] = [
    ("940", "OW", Kind::Order),
    ("945", "SW", Kind::Shipment),
    ("943", "AR", Kind::Inbound),
    ("944", "RE", Kind::Receipt),
    ("947", "AW", Kind::Adjustment),
    ("846", "IB", Kind::Count),
    ("180", "AN", Kind::Return),
    ("214", "QM", Kind::Tracking),
    ("997", "FA", Kind::Ack),
];

/// The set in which a type of message is written, and its group's code. None: X12 is not mapped for it.
fn set_of(kind: Kind) -> Option<(&'static str, &'static str)> {
    let kind = match kind {
        Kind::Cancel => Kind::Order,
        Kind::ReturnReceipt => Kind::Return,
        other => other,
    };
    SETS.iter().find(|(_, _, of)| *of == kind).map(|(set, group, _)| (*set, *group))
}

/// Whether X12 has a set for this message.
pub fn is_mapped(body: &Body) -> bool {
    set_of(body.kind()).is_some()
}
