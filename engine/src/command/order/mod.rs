//! Commands on orders.

pub mod cancel;
pub mod place;
pub mod ship;
