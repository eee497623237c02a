//! The program, built beside its tests: Cargo tells a test where the binaries
//! of its own package are, and of no other.

use std::process::ExitCode;

fn main() -> ExitCode {
    backstock::cli::run()
}
