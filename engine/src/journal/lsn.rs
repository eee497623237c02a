//! The position in the log; see [`crate::model::Lsn`].

pub use crate::model::Lsn;
