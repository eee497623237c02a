//! The server: transport, conversion, limits. No rules.
