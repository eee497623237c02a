//! The feed: the journal, read by others.
//!
//! ```text
//!   journal --cursor--> records --filter--> events --names--> told, by callers' ids
//!            up to what is applied         by type            filter by subject
//! ```
//! - **Invariant, as the journal.** What is told is every record from a version on, in the
//!   order of the journal, each once.
//! - **Invariant, shown.** Nothing is told that is not durable and applied: a caller who reads
//!   after he was told of an event sees what it did.
//!
//! It knows no event: what an event says of itself (`describe`) and its effects are all that is
//! used, so that a new one needs nothing here.

pub mod consumers;
pub mod endpoints;
mod filter;
mod kept;
mod names;
mod position;
mod reader;
mod readers;
pub mod retention;
mod subjects;
mod threads;
mod times;

pub use self::filter::{Filter, SubjectFilter};
pub use self::kept::KeptError;
pub use self::position::Position;
pub use self::reader::{Feed, Told};
pub use self::readers::{Consumer, Readers};
