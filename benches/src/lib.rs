//! Workloads shared by benches, load generator and tests: one definition of
//! each, so that figures can be compared.

pub mod asks;
pub mod load;
pub mod process;
pub mod random;
pub mod run;
pub mod transport;
pub mod wire;
pub mod workload;

pub use workload::holiday;
