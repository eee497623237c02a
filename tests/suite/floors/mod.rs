//! The floors of the engine: no file needs one of a floor above its own, and no files need
//! each other in a circle. Compilers take both, so the sources are read for it.
//!
//! ```text
//!   text --tokens--> names and punctuation --source--> imports, paths, modules
//!        --graph--> which file needs which --rules--> faults
//! ```
//! A name is needed of the file that defines it: `pub use` is followed, and handing a name
//! on is no need of it. Files and items that only tests see are not read.
//!
//! What is not seen: calls of inherent methods, and uses of fields. They name no path, so
//! that a file may need the one in which the method is written without a word of it.

mod graph;
mod rules;
mod source;
#[cfg(test)]
mod tests;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use graph::{Graph, Module};
use rules::Rules;

/// The rules of the engine.
const ENGINE: Rules<'_> = Rules {
    floors: &[
        &["sourcing", "limits", "apart", "blocking", "panics", "progress", "paths", "random"],
        &["model", "pricing", "companions"],
        &["disk"],
        &["calendar", "geo"],
        &["journal"],
        &["actor"],
        &["state"],
        &["planning"],
        &["snapshot"],
        &["service"],
        &["transaction"],
        &["placing"],
        &["apply"],
        &["command"],
        &["learning"],
        &["read"],
        &["feed"],
        &["recovery"],
        &["engine"],
    ],
    no_rooms: &["command", "command/events"],
    shared: &[
        "command/hold/ended",
        "command/hold/prolonged",
        "command/hold/replaced",
        // An exchange is a return, a change and a payment, and cancels what falls through.
        "command/order/cancel",
        "command/order/change",
        "command/order/payment",
        // What a payment provider told waits for its order, and time attaches it.
        "command/order/payment_event",
        "command/order/returns",
        "command/order/cancelled",
        "command/order/handled",
        "command/order/on_hold",
        "command/order/released",
        "command/order/returned",
        "command/order/secured",
        "command/partner/goods",
        "command/pricing/items",
        "command/pricing/rates",
    ],
    lent: &[
        ("command/order/progress", "command/partner"),
        ("command/order/returned", "command/partner"),
    ],
};

/// The text of a module of the engine.
fn text_of(module: &Module) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/src");
    let path: PathBuf = module.names().iter().collect();
    let file = match module.names() {
        [] => root.join("lib.rs"),
        _ => root.join(&path).with_extension("rs"),
    };
    let file = if file.exists() { file } else { root.join(path).join("mod.rs") };
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn the_engine_has_no_circle_of_files_and_no_upward_import() {
    let faults = ENGINE.faults(&Graph::read(text_of)).into_iter();
    let list: Vec<_> = faults.map(|fault| fault.to_string()).collect();
    assert!(list.is_empty(), "{} faults\n{}", list.len(), list.join("\n"));
}
