//! The gRPC services as their callers see them: a real server, a real
//! connection.

mod errors;
mod orders;
mod server;
mod serving;
