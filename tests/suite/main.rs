//! The test suite, one binary.

mod loom;
mod sourcing;
