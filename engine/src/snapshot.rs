//! stub
#![allow(missing_docs)]
#[derive(Clone, Debug)]
pub struct SnapshotTaken;
#[derive(Clone, Debug, thiserror::Error)]
#[error("x")]
pub struct SnapshotError;
