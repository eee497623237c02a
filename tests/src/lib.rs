//! Helpers shared by the test suite.

pub mod fixture;
pub mod naive;
pub mod seed;
pub mod single;
pub mod workload;
