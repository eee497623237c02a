//! Workloads shared by benches, load generator and tests.
