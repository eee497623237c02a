//! Memory that threads write all the time, kept apart from what others only read.

use std::ops::Deref;

/// Something that threads write all the time, in cache lines of its own: beside it, what
/// others only read would leave their caches with each write. Processors fetch lines in
/// pairs.
#[derive(Default)]
#[repr(align(128))]
pub struct Apart<T>(T);

impl<T> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
