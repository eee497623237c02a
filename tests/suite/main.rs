//! The test suite, one binary.

mod cli;
mod crash;
mod engine;
mod floors;
mod grpc;
mod loom;
mod sourcing;
