//! The workloads: what there is in stock, and what is ordered.
//!
//! Orders are drawn beforehand into a [`ring::Ring`] of a few bytes each, and made
//! into commands one by one with a fresh id: what offers the load shares its two
//! cores with what is measured.

pub mod holiday;
pub mod hot;
pub mod names;
pub mod network;
pub mod priced;
pub mod problem;
pub mod ring;
pub mod superstore;
