//! The server: transport, conversion, limits. No rules.

pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
mod connections;
mod dates;
pub mod demo;
mod documents;
pub mod export_file;
pub mod grpc;
mod health;
mod housekeeping;
pub mod import;
pub mod observability;
pub mod offline;
pub mod partner;
pub mod reference;
pub mod serve;
pub mod shutdown;
pub mod status;
mod terms_text;
pub mod webhooks;
