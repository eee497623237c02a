//! What the price of units is made of.

use minicbor::{Decode, Encode};

use crate::model::money::Minor;

/// One part of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PriceComponent {
    /// What it is.
    #[n(0)]
    pub kind: ComponentKind,
    /// What it is named after: its place in [`names`](super::OrderMoney::names). Of no meaning for a
    /// price.
    #[n(1)]
    pub name: u16,
    /// How much: below zero where it is taken off.
    #[n(2)]
    pub amount: Minor,
}

/// What a part of a price is. The numbers are those of packed orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum ComponentKind {
    /// Units by the price of one.
    #[n(1)]
    Price,
    /// What a promotion takes off.
    #[n(2)]
    Discount,
    /// Tax that is put on it.
    #[n(3)]
    Tax,
    /// Tax that is within it: said, and not counted.
    #[n(4)]
    TaxIncluded,
}

impl ComponentKind {
    /// Whether taxes are on it.
    pub const fn is_net(self) -> bool {
        matches!(self, Self::Price | Self::Discount)
    }
}

impl PriceComponent {
    /// What it adds to what is paid.
    pub fn counted(&self) -> Minor {
        match self.kind {
            ComponentKind::TaxIncluded => Minor::ZERO,
            ComponentKind::Price | ComponentKind::Discount | ComponentKind::Tax => self.amount,
        }
    }
}

/// What components come to.
pub fn value_of(components: &[PriceComponent]) -> Minor {
    components.iter().map(PriceComponent::counted).sum()
}

/// The place of something in an order's money, from 0, as it is written.
///
/// # Panics
/// When there are more than the bounds of an order allow.
pub(super) fn place(at: usize) -> u16 {
    u16::try_from(at).expect("an order's money is bounded")
}
