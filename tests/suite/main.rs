//! The test suite, one binary.

mod engine;
mod grpc;
mod loom;
mod sourcing;
