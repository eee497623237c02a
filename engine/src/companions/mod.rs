//! What goes with an item, and what may take its place. Pure: values in, values out.
//!
//! ```text
//!   orders --learnt--> how often items are bought, and with what --score--\
//!   styles: items that differ by size and colour alone -------------------+--> suggestions, each with why
//!   curated by a merchandiser: substitutes, complements, upgrades --------/
//! ```
//! - **Companions** are counted item by item: of each item the 32 partners that it is bought with most
//!   (`partners`), halved every four weeks (`epoch`), scored by how much oftener that is than by chance (`score`).
//!   There is no model that is trained somewhere else, and no session of anybody: what was ordered is all that counts.
//! - **Substitutes** are what a merchandiser says, and then other items of the style, the nearest first (`style`).
//! - **Invariant.** What is learnt is a pure function of the orders shown, in their order; of two that are as
//!   good, the one that was defined first comes first. There is no float.

mod association;
mod assortment;
mod bestsellers;
mod change;
mod epoch;
mod learnt;
mod log2;
mod pages;
mod partners;
mod rank;
mod score;
mod style;
#[cfg(test)]
mod tests;

pub use association::{Associated, Association, Associations};
pub use assortment::Assortment;
pub use change::{AssortmentChange, NumberedStyle, SkuAssociations};
pub use epoch::Epoch;
pub use learnt::{Learnt, Scored, Tally};
pub use pages::{LearntPage, PageError};
pub use rank::{Companion, Instead, Substitute, Why, companions, substitutes, what_sells};
pub use score::Counts;
pub use style::{Attribute, Style, StyleValue, Variant};
