//! From a SKU to the row of its actors.

use super::{Actor, Row, SkuNo};

/// The rows of all SKUs, by SKU number. Append-only: a row never moves, and
/// reading takes no lock.
pub struct Table<A: Actor> {
    rows: boxcar::Vec<Row<A>>,
}

impl<A: Actor> Default for Table<A> {
    fn default() -> Self {
        Self { rows: boxcar::Vec::new() }
    }
}

impl<A: Actor> Table<A> {
    /// The row of `sku`, or `None` if it was never added.
    pub fn row(&self, sku: SkuNo) -> Option<&Row<A>> {
        self.rows.get(sku.get() as usize)
    }

    /// Adds the row of the next SKU, empty.
    ///
    /// # Panics
    /// If there are 2^32 SKUs already; the catalogue's limit is far below.
    pub fn add_row(&self) -> SkuNo {
        let index = self.rows.push(Row::default());
        SkuNo::new(u32::try_from(index).expect("fewer than 2^32 SKUs"))
    }

    /// All rows, in the order of their SKU numbers.
    pub fn rows(&self) -> impl Iterator<Item = &Row<A>> {
        self.rows.iter().map(|(_, row)| row)
    }

    /// Number of SKUs.
    pub fn len(&self) -> usize {
        self.rows.count()
    }

    /// Whether no SKU was added yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
