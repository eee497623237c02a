//! How a stock actor is addressed: by SKU and node, both interned.

/// The number of an interned SKU: dense, in order of interning, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SkuNo(u32);

impl SkuNo {
    /// The SKU that was interned `index`-th, counted from 0.
    pub const fn new(index: u32) -> Self {
        Self(index)
    }

    /// Position in the order of interning, from 0.
    pub const fn get(self) -> u32 {
        self.0
    }
}

/// The number of an interned node: dense, in order of interning, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeNo(u16);

impl NodeNo {
    /// The node that was interned `index`-th, counted from 0.
    pub const fn new(index: u16) -> Self {
        Self(index)
    }

    /// Position in the order of interning, from 0.
    pub const fn get(self) -> u16 {
        self.0
    }
}
