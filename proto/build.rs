//! Compiles the `.proto` files without `protoc`, so that a fresh machine needs
//! nothing but a Rust toolchain.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use prost_build::{Config, Service, ServiceGenerator};

const PACKAGE_DIR: &str = "backstock/v1";

/// Methods whose messages stay encoded on the server's side: orders come in by the
/// hundred thousand, and pairs go out by the million, and making their messages costs
/// more than reading or writing them.
const ENCODED: [&str; 5] =
    ["PlaceOrder", "PlaceOrders", "GetAvailability", "BatchGetAvailability", "WatchAvailability"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={PACKAGE_DIR}");
    let out_dir = PathBuf::from(std::env::var("OUT_DIR")?);

    let mut compiler = protox::Compiler::new(["."])?;
    // Reflection clients get the comments, and a test reads them.
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(proto_files(Path::new(PACKAGE_DIR))?)?;

    fs::write(out_dir.join("backstock.v1.fds"), compiler.encode_file_descriptor_set())?;
    Config::new()
        .bytes(["."])
        .service_generator(Box::new(Services::new()))
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// Makes the client and the server of each service.
struct Services {
    clients: Box<dyn ServiceGenerator>,
    servers: Box<dyn ServiceGenerator>,
}

impl Services {
    fn new() -> Self {
        let both = tonic_prost_build::configure().codec_path("crate::Codec");
        Self {
            clients: both.clone().build_server(false).service_generator(),
            servers: both.build_client(false).service_generator(),
        }
    }
}

impl ServiceGenerator for Services {
    fn generate(&mut self, mut service: Service, code: &mut String) {
        self.clients.generate(service.clone(), code);
        for method in &mut service.methods {
            if ENCODED.contains(&method.proto_name.as_str()) {
                method.input_type = encoded(&method.input_type);
                method.output_type = encoded(&method.output_type);
            }
        }
        self.servers.generate(service, code);
    }
}

/// The Rust type of a message that stays encoded.
fn encoded(message: &str) -> String {
    format!("crate::Encoded<crate::v1::{message}>")
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
