//! What the process tells of itself: log lines and metrics.

pub mod exposition;
pub mod logs;
pub mod names;
