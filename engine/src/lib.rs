//! The allocation engine of Backstock.

pub mod actor;
mod apart;
mod apply;
mod blocking;
pub mod calendar;
pub mod command;
pub mod disk;
pub mod engine;
pub mod feed;
pub mod geo;
pub mod journal;
pub mod limits;
pub mod model;
mod panics;
mod paths;
mod placing;
pub mod planning;
pub mod pricing;
mod progress;
pub mod random;
mod read;
mod recovery;
pub mod service;
pub mod snapshot;
pub mod sourcing;
pub mod state;
mod transaction;
