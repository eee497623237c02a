//! The gRPC services as their callers see them: a real server, a real
//! connection.

mod connections;
mod encoding;
mod errors;
mod methods;
mod metrics;
mod opening;
mod orders;
mod reasons;
mod server;
mod serving;
