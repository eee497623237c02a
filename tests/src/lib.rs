//! Helpers shared by the test suite.

pub mod fixture;
