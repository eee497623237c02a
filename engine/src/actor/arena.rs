//! Cells at addresses that never change, found by number.
//!
//! ```text
//! octaves   64 cells     128 cells     256 cells        ...  65,536 cells
//!             |             |              |                     |
//! chunks    4 of 16      4 of 32       4 of 64          ...  4 of 16,384   8 of ...
//! ```
//! Append-only. The space of numbers doubles octave by octave. An octave is made of
//! chunks. The first thread that needs a cell of a chunk makes the whole chunk: a
//! tiny engine stays tiny, a large one has at most one chunk of cells to spare, and
//! no thread waits for more than one chunk to be made. Readers take no lock.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use crate::limits::ARENA_CELLS_MAX;

/// The first octave has this power of two of cells.
const FIRST_BITS: u32 = 6;
/// An octave has at least this power of two of chunks.
const PARTS_BITS: u32 = 2;
/// A chunk has at most this power of two of cells: a megabyte or two of them, which
/// are made within a millisecond.
const CHUNK_BITS_MAX: u32 = 14;
/// As many as the greatest number needs.
const OCTAVES: usize = place(ARENA_CELLS_MAX - 1).octave + 1;

/// Cells in the order of their numbers, all of them made alike.
pub struct Arena<T> {
    len: AtomicU32,
    /// How many of them can be found in rows.
    found: AtomicU32,
    octaves: [OnceLock<Octave<T>>; OCTAVES],
}

type Octave<T> = Box<[Chunk<T>]>;
type Chunk<T> = OnceLock<Box<[T]>>;

/// Where a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    octave: usize,
    chunk: usize,
    cell: usize,
}

/// The place of a number. Counted from the first octave's size on, the top bit says
/// which octave it is in, and the bits below it where in the octave.
#[inline]
const fn place(index: u32) -> Place {
    let at = index as usize + (1 << FIRST_BITS);
    let bits = at.ilog2();
    let within = at & !(1 << bits);
    let chunk_bits = chunk_bits(bits);
    Place {
        octave: (bits - FIRST_BITS) as usize,
        chunk: within >> chunk_bits,
        cell: within & ((1 << chunk_bits) - 1),
    }
}

/// The power of two of cells in each chunk of an octave of `bits`.
#[inline]
const fn chunk_bits(bits: u32) -> u32 {
    let bits = bits - PARTS_BITS;
    if bits < CHUNK_BITS_MAX { bits } else { CHUNK_BITS_MAX }
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Self {
            len: AtomicU32::new(0),
            found: AtomicU32::new(0),
            octaves: [const { OnceLock::new() }; OCTAVES],
        }
    }
}

impl<T> Arena<T> {
    /// The cell of that number, if its chunk was made.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&T> {
        let Place { octave, chunk, cell } = place(index);
        let chunks = self.octaves.get(octave)?.get()?;
        chunks[chunk].get().map(|cells| &cells[cell])
    }

    /// The cell of that number; with all others of its chunk it is made by `make` if
    /// it was not there.
    ///
    /// # Panics
    /// From [`ARENA_CELLS_MAX`] on.
    #[inline]
    pub fn at_with(&self, index: u32, make: impl FnMut() -> T) -> &T {
        match self.get(index) {
            Some(cell) => cell,
            None => self.grow(index, make),
        }
    }

    /// How many numbers were given out.
    pub fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// How many cells can be found in the rows of the arena. A row that is looked at after this shows
    /// its part of them.
    pub fn found(&self) -> u32 {
        self.found.load(Ordering::Acquire)
    }

    /// A row shows one more.
    pub(super) fn note_found(&self) {
        self.found.fetch_add(1, Ordering::Release);
    }

    /// Whether no number was given out.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cold]
    fn grow(&self, index: u32, mut make: impl FnMut() -> T) -> &T {
        assert!(index < ARENA_CELLS_MAX, "ARENA_CELLS_MAX: no room for a cell of number {index}");
        let Place { octave, chunk, cell } = place(index);
        let bits = FIRST_BITS + u32::try_from(octave).expect("OCTAVES is small");
        let chunk_bits = chunk_bits(bits);
        let chunks = self.octaves[octave].get_or_init(|| {
            let vacant = |_| OnceLock::new();
            (0..1_u32 << (bits - chunk_bits)).map(vacant).collect()
        });
        let cells =
            chunks[chunk].get_or_init(|| (0..1_u32 << chunk_bits).map(|_| make()).collect());
        &cells[cell]
    }
}

impl<T: Default> Arena<T> {
    /// The cell of that number, made with all others of its chunk if it was not there.
    ///
    /// # Panics
    /// From [`ARENA_CELLS_MAX`] on.
    #[inline]
    pub fn at(&self, index: u32) -> &T {
        self.at_with(index, T::default)
    }

    /// A number that was never given out before. Its cell is there.
    ///
    /// # Panics
    /// When [`ARENA_CELLS_MAX`] numbers were given out.
    pub fn add(&self) -> u32 {
        let index = self.len.fetch_add(1, Ordering::AcqRel);
        self.at(index);
        index
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn places_follow_each_other_without_a_gap() {
        let mut before = Place { octave: 0, chunk: 0, cell: 0 };
        assert_eq!(place(0), before);
        for index in 1..200_000 {
            let here = place(index);
            let next_cell = Place { cell: before.cell + 1, ..before };
            let next_chunk = Place { chunk: before.chunk + 1, cell: 0, ..before };
            let next_octave = Place { octave: before.octave + 1, chunk: 0, cell: 0 };
            assert!([next_cell, next_chunk, next_octave].contains(&here), "{here:?} at {index}");
            before = here;
        }
    }

    #[test]
    fn chunks_start_small_and_have_an_upper_bound() {
        assert_eq!(chunk_bits(FIRST_BITS), 4);
        assert_eq!(chunk_bits(31), CHUNK_BITS_MAX);
        let last = place(ARENA_CELLS_MAX - 1);
        assert_eq!(last.octave, OCTAVES - 1);
    }

    #[test]
    fn a_cell_is_there_once_a_cell_of_its_chunk_is() {
        let arena = Arena::<AtomicU32>::default();
        assert!(arena.get(0).is_none());
        arena.at(17).store(7, Ordering::Relaxed);
        assert!(arena.get(0).is_none(), "of the chunk before");
        assert_eq!(arena.get(17).expect("made").load(Ordering::Relaxed), 7);
        assert_eq!(arena.get(16).expect("made with it").load(Ordering::Relaxed), 0);
        assert_eq!(arena.len(), 0, "no number was given out");
    }

    #[test]
    #[should_panic(expected = "ARENA_CELLS_MAX")]
    fn there_is_no_cell_beyond_the_last() {
        Arena::<u8>::default().at(ARENA_CELLS_MAX);
    }

    #[test]
    fn numbers_are_given_once_and_their_cells_stay() {
        const EACH: u32 = 40_000;
        let arena = Arena::<AtomicU32>::default();
        let start = Barrier::new(2);
        let add = || {
            start.wait();
            let put = |_| {
                let index = arena.add();
                let cell = arena.at(index);
                assert_eq!(cell.swap(index + 1, Ordering::Relaxed), 0, "given once");
                (index, std::ptr::from_ref(cell).addr())
            };
            (0..EACH).map(put).collect::<Vec<_>>()
        };
        let given = thread::scope(|scope| {
            [scope.spawn(add), scope.spawn(add)].map(thread::ScopedJoinHandle::join)
        });
        assert_eq!(arena.len(), 2 * EACH);
        for (index, address) in given.into_iter().flat_map(|t| t.expect("no panic")) {
            let cell = arena.get(index).expect("made");
            assert_eq!(std::ptr::from_ref(cell).addr(), address);
            assert_eq!(cell.load(Ordering::Relaxed), index + 1);
        }
    }
}
