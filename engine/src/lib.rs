//! The allocation engine of Backstock.

pub mod model;
pub mod sourcing;
