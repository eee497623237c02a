//! What changes of an assortment.

use minicbor::{Decode, Encode};

use super::association::Associations;
use super::style::Style;
use crate::model::{SkuNo, StyleNo};

/// A part of an assortment, as it is from now on. Snapshots hold parts in this form as well.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AssortmentChange {
    /// Styles, by their numbers. Others stay.
    #[n(0)]
    Styles(#[n(0)] Vec<NumberedStyle>),
    /// All that is said of these items. What is said of others stays.
    #[n(1)]
    Associations(#[n(0)] Vec<SkuAssociations>),
}

/// A style, by its number.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct NumberedStyle {
    /// Its number.
    #[n(0)]
    pub no: StyleNo,
    /// What it is.
    #[n(1)]
    pub style: Style,
}

/// What other items are to an item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SkuAssociations {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// The others.
    #[n(1)]
    pub associated: Associations,
}
