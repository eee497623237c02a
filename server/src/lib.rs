//! The server: transport, conversion, limits. No rules.

pub mod reference;
