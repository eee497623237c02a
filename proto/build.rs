//! Compiles the `.proto` files without `protoc`, so that a fresh machine needs
//! nothing but a Rust toolchain.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

const PACKAGE_DIR: &str = "backstock/v1";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PACKAGE_DIR}");
    let out_dir = PathBuf::from(std::env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(["."])?;
    // Reflection clients get the comments, and a test reads them.
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(proto_files(Path::new(PACKAGE_DIR))?)?;

    fs::write(out_dir.join("backstock.v1.fds"), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .bytes(".")
        .emit_rerun_if_changed(false)
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// Every `.proto` file of `dir`, sorted, so that the output does not depend on
/// the file system.
fn proto_files(dir: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
