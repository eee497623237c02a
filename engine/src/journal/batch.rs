//! A batch: what one write and one sync make durable.

use super::frame::{self, Payload};
use super::lsn::Lsn;

/// Encoded records with consecutive LSNs.
///
/// **Invariant.** `bytes` holds exactly the frames of the records `first` to
/// `first + records - 1`, in order.
#[derive(Debug)]
pub struct Batch {
    first: Lsn,
    records: u64,
    bytes: Vec<u8>,
}

impl Batch {
    /// An empty batch whose first record will be `first`.
    pub const fn starting_at(first: Lsn) -> Self {
        Self { first, records: 0, bytes: Vec::new() }
    }

    /// Empties the batch, keeps its memory, and lets it start at `first`.
    pub fn restart_at(&mut self, first: Lsn) {
        self.first = first;
        self.records = 0;
        self.bytes.clear();
    }

    /// Adds a record and answers its LSN.
    ///
    /// # Panics
    /// When the batch would be longer than 4 GiB, which [`super::limits`]
    /// rules out.
    pub fn push(&mut self, payload: Payload<'_>) -> Lsn {
        let lsn = self.next();
        let place = u32::try_from(self.bytes.len()).expect("a batch far below 4 GiB");
        frame::encode_record(&mut self.bytes, lsn, place, payload);
        self.records += 1;
        lsn
    }

    /// The LSN of the first record, there or to come.
    pub const fn first(&self) -> Lsn {
        self.first
    }

    /// The LSN of the last record; that before [`Batch::first`] when empty.
    pub const fn last(&self) -> Lsn {
        self.next().previous()
    }

    /// The LSN that the next record gets.
    pub const fn next(&self) -> Lsn {
        self.first.plus(self.records)
    }

    /// How many records there are.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// Whether there is no record.
    pub const fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// The frames.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
