//! The backlog: units of orders that wait, or rest on what is on its way.

pub mod repeg;
