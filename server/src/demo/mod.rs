//! The embedded demo: a retailer's real orders over a network made for them.
//!
//! Everything here is plain data, the same at every start: no clock and no
//! randomness. It knows neither the engine's model nor the wire format.

pub mod data;
mod dirt;
mod hash;
mod holidays;
pub mod network;
pub mod stocking;

pub use dirt::{DirtReport, PostalReplacement, PostalRestored, RepeatedProduct, SharedProductId};
