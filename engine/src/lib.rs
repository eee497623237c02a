//! The allocation engine of Backstock.

pub mod actor;
pub mod calendar;
pub mod engine;
pub mod geo;
pub mod journal;
pub mod limits;
pub mod model;
pub mod snapshot;
pub mod sourcing;
