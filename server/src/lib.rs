//! The server: transport, conversion, limits. No rules.

pub mod cli;
pub mod config;
pub mod demo;
pub mod observability;
pub mod offline;
pub mod reference;
pub mod shutdown;
pub mod status;
