//! The allocation engine of Backstock.

pub mod actor;
pub mod calendar;
pub mod disk;
pub mod engine;
pub mod geo;
pub mod journal;
pub mod limits;
pub mod model;
mod panics;
mod progress;
pub mod service;
pub mod snapshot;
pub mod sourcing;
