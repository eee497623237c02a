//! The server: transport, conversion, limits. No rules.

pub mod demo;
pub mod reference;
