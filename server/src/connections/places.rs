//! The places that connections take.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::files;

/// The connections that there may be at a time. Clones share their places.
#[derive(Debug, Clone)]
pub struct Places(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    max: usize,
    taken: AtomicUsize,
}

/// A connection's place, free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place(Arc<Shared>);

impl Places {
    /// So many, or as many as the limit of open files leaves room for.
    pub fn new(max: usize) -> Self {
        Self(Arc::new(Shared { max, taken: AtomicUsize::new(0) }))
    }

    /// How many there are just now, taken or free.
    pub(super) fn bound(&self) -> usize {
        self.0.max.min(files::left_for_connections())
    }

    /// How many are taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.taken.load(Ordering::Relaxed)
    }

    /// Takes a place, if one is free.
    pub(super) fn take(&self) -> Option<Place> {
        let bound = self.bound();
        let taken = self.0.taken.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(&self.0));
        (taken < bound).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_connection_has_gone() {
        let places = Places::new(2);
        let (one, two) = (places.take(), places.take());
        assert!(one.is_some() && two.is_some());
        assert!(places.take().is_none());
        assert_eq!(places.taken(), 2);
        drop(one);
        assert!(places.take().is_some());
    }
}
