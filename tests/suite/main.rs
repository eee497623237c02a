//! The test suite, one binary.

mod crash;
mod engine;
mod loom;
mod sourcing;
