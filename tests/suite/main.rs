//! The test suite, one binary.

mod engine;
mod loom;
mod sourcing;
