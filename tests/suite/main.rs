//! The test suite, one binary.

mod cli;
mod engine;
mod loom;
mod sourcing;
