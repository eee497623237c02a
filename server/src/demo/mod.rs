//! The embedded demo: a retailer's real orders over a network made for them,
//! played against a server of its own over a real connection.
//!
//! ```text
//!   data, network, stocking: plain data, the same at every start
//!          |
//!   play --+--> setup ----> server process (child), killed and started again
//!          +--> life -----> shipments in, parcels out, day by day
//!          |      fate, promises: what comes otherwise, and what is told anew
//!          +--> fulfilment --> the last weeks, as nodes, customers and the desk say them
//!          +--> orders ---> one stream, in the order of the shop's clock
//!          |      ledger: what was acknowledged --> recovery: is it there?
//!          +--> sale ----> more buyers than units, carts, and a line
//!          +--> paid ----> prices, a payment provider, a return centre, and the books
//!          +--> summary, report: what happened
//! ```
//! The data knows neither the engine's model nor the wire format, and nothing
//! here draws at random: each run has the same outcome.

mod ask;
mod child;
mod clock;
pub mod data;
mod dirt;
mod error;
mod fate;
mod fulfilment;
mod hash;
mod holidays;
mod ledger;
mod life;
mod narrator;
pub mod network;
mod orders;
mod paid;
mod play;
mod policy;
mod promises;
mod recovery;
mod report;
mod sale;
mod setup;
pub mod stocking;
mod store;
mod summary;

pub use dirt::{DirtReport, PostalReplacement, PostalRestored, RepeatedProduct, SharedProductId};
pub use error::DemoError;
pub use play::play;
