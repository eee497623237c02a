//! The server: transport, conversion, limits. No rules.

pub mod cli;
pub mod config;
pub mod observability;
pub mod shutdown;
pub mod status;
