//! The test suite, one binary.

mod cli;
mod crash;
mod engine;
mod grpc;
mod loom;
mod sourcing;
