//! The `backstock` binary.
fn main() {}
