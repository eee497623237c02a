//! The transaction: what every command does between the wire and the journal.
//!
//! ```text
//!   command --> plan ----> claim ----> append ~~~ durable ~~~> apply --> reply
//!               published  a turn at   one        group        journal   watermark
//!               free       each actor  record     commit       order
//! ```
//! A command plans on what it can see, claims what it needs from the actors
//! concerned, writes one event, and the event, once durable, is applied to those
//! actors in journal order. Refused or dropped before its event is written, it
//! lets go of everything it claimed.

pub mod admission;
pub mod asked;
pub mod attempts;
pub mod begin;
pub mod bells;
pub mod claims;
pub mod command;
pub mod edits;
pub mod effective;
pub mod error;
pub mod find;
pub mod give_back;
mod hand;
pub mod in_flight;
pub mod kernel;
pub mod minting;
pub mod rests;
pub mod settled;
pub mod written;
