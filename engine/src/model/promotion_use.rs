//! Uses of promotions that may be used only so often.

use minicbor::{Decode, Encode};

use super::ids::{CustomerId, PromotionNo};

/// Whose uses of a promotion are counted: everybody's together, or those of one customer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct UsesOf {
    /// The promotion.
    #[n(0)]
    pub promotion: PromotionNo,
    /// The customer; none for everybody.
    #[n(1)]
    pub customer: Option<CustomerId>,
}

/// Uses that an order takes, or gives back; mostly none.
pub type UsesTaken = Option<Box<[UsesOf]>>;

impl UsesOf {
    /// What counts a use by a customer: that of everybody, and then his own.
    pub fn of(promotion: PromotionNo, customer: Option<&CustomerId>) -> impl Iterator<Item = Self> {
        let own = customer.map(|customer| Some(customer.clone()));
        [Some(None), own].into_iter().flatten().map(move |customer| Self { promotion, customer })
    }
}
