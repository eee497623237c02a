//! Workloads shared by benches, load generator and tests: one definition of
//! each, so that figures can be compared.

pub mod asks;
pub mod holiday;
pub mod process;
pub mod random;
pub mod run;
pub mod transport;
pub mod wire;
