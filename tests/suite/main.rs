//! The test suite, one binary.

mod crash;
mod engine;
mod grpc;
mod loom;
mod sourcing;
