//! The load generator; `--help` says what it takes.

use std::path::Path;
use std::process::ExitCode;

use backstock_benches::load::{Args, Facts, LoadError, page, run};
use backstock_benches::run::runtime;
use clap::Parser as _;

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let args = Args::parse();
    let (json, report) = (args.json.clone(), args.report.clone());
    let shown = runtime().block_on(run(args)).and_then(|facts| {
        println!("{}", facts.summary());
        write(json.as_deref(), &json_of(&facts))?;
        write(report.as_deref(), &page(&facts))
    });
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn json_of(facts: &Facts) -> String {
    serde_json::to_string_pretty(facts).expect("facts are plain data") + "\n"
}

fn write(path: Option<&Path>, text: &str) -> Result<(), LoadError> {
    let Some(path) = path else {
        return Ok(());
    };
    std::fs::write(path, text).map_err(|source| LoadError::File { path: path.to_owned(), source })
}

/// An error and what it comes from, in one line.
fn with_causes(error: &LoadError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
