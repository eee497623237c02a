//! The load generator: offers a workload, measures, and checks what it measured.
//!
//! ```text
//!   set up --> warm up --> measure --> audit, numbers add up --> figures
//!                                          \--> or an error, and no figure
//! ```

mod alarm;
mod answers;
mod beside;
mod changes;
mod check;
mod data;
mod drive;
mod error;
mod facts;
mod feed;
mod figures;
mod follow;
mod holding;
mod in_process;
mod machine;
mod options;
mod phase;
mod plot;
mod progress;
mod recorder;
mod report;
mod schedule;
mod server;
mod session;
mod stream;
mod sync;
mod terms;
mod text;
mod unary;
mod wire_answer;

pub use error::LoadError;
pub use facts::Facts;
pub use options::{Args, Rate, Target, Workload};
pub use report::page;
pub use session::run;
