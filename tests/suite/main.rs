//! The test suite, one binary.

mod sourcing;
