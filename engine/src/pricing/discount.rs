//! What a promotion takes off.

use minicbor::{Decode, Encode};

use crate::limits::{AMOUNT_MAX, BASIS_POINTS_WHOLE, PROMOTION_SKUS_MAX, SET_UNITS_MAX, SETS_MAX};
use crate::model::check::in_range;
use crate::model::{Minor, Rule, SkuNo, Violation};

/// What a promotion takes off the lines that it is for, which it knows by `S`, or off the shipping
/// charge. It never takes more than there is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Discount<S = SkuNo> {
    /// Basis points of each line.
    #[n(0)]
    Percent(#[n(0)] u32),
    /// An amount off the order, shared by the lines.
    #[n(1)]
    Amount(#[n(0)] Minor),
    /// An amount off each unit.
    #[n(2)]
    EachUnit(#[n(0)] Minor),
    /// Something off some units, for others that are bought.
    #[n(3)]
    BuyGet(#[n(0)] BuyGet<S>),
    /// Something off units, for as many units of other items in the order.
    #[n(4)]
    Companion(#[n(0)] Companion<S>),
    /// Basis points of the shipping charge: 10,000 for free shipping.
    #[n(5)]
    ShippingPercent(#[n(0)] u32),
    /// An amount off the shipping charge.
    #[n(6)]
    ShippingAmount(#[n(0)] Minor),
}

/// Such as 3 for 2. Each unit is of one set, whatever promotion makes the set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct BuyGet<S = SkuNo> {
    /// Units to buy for a set, the dearest first, of the items that the promotion is for.
    #[n(0)]
    pub buy: u32,
    /// Units of a set that get the discount, the cheapest first.
    #[n(1)]
    pub get: u32,
    /// The items of which these are, by number and none twice; the same as are to be bought, if
    /// there are none.
    #[n(2)]
    pub get_skus: Vec<S>,
    /// Basis points off these units: 10,000 where they are free.
    #[n(3)]
    pub basis_points: u32,
    /// Most sets in an order.
    #[n(4)]
    pub sets_max: u32,
}

/// Such as 10% off a scarf with that blouse: as many scarfs as there are blouses.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Companion<S = SkuNo> {
    /// The items that must be in the order, by number and none twice. They are other ones than
    /// those that the promotion is for.
    #[n(0)]
    pub with: Vec<S>,
    /// Basis points off.
    #[n(1)]
    pub basis_points: u32,
}

impl<S: Ord> Discount<S> {
    /// The same with items by another name.
    ///
    /// # Errors
    /// What `name` says of the first item that has none.
    pub fn named<T: Ord, E>(
        self,
        mut name: impl FnMut(S) -> Result<T, E>,
    ) -> Result<Discount<T>, E> {
        Ok(match self {
            Self::Percent(basis_points) => Discount::Percent(basis_points),
            Self::Amount(amount) => Discount::Amount(amount),
            Self::EachUnit(amount) => Discount::EachUnit(amount),
            Self::BuyGet(BuyGet { buy, get, get_skus, basis_points, sets_max }) => {
                let get_skus = all_named(get_skus, &mut name)?;
                Discount::BuyGet(BuyGet { buy, get, get_skus, basis_points, sets_max })
            }
            Self::Companion(Companion { with, basis_points }) => {
                let with = all_named(with, &mut name)?;
                Discount::Companion(Companion { with, basis_points })
            }
            Self::ShippingPercent(basis_points) => Discount::ShippingPercent(basis_points),
            Self::ShippingAmount(amount) => Discount::ShippingAmount(amount),
        })
    }

    /// Whether it is on the shipping charge.
    pub const fn is_of_shipping(&self) -> bool {
        matches!(self, Self::ShippingPercent(_) | Self::ShippingAmount(_))
    }

    /// Whether it is on each line by itself, whatever the other lines are.
    pub const fn is_of_each_line(&self) -> bool {
        matches!(self, Self::Percent(_) | Self::EachUnit(_))
    }

    /// Whether it has an amount, which is of a currency.
    pub const fn has_amount(&self) -> bool {
        matches!(self, Self::Amount(_) | Self::EachUnit(_) | Self::ShippingAmount(_))
    }

    /// Notes all that is wrong. The promotion is for the items of `skus`.
    pub fn check(&self, skus: &[S], found: &mut Vec<Violation>) {
        match self {
            Self::Percent(bp) | Self::ShippingPercent(bp) => {
                check_rate(found, "discount.basis_points", *bp);
            }
            Self::Amount(amount) | Self::EachUnit(amount) | Self::ShippingAmount(amount) => {
                in_range(found, "discount.amount".into(), amount.0, 1, AMOUNT_MAX);
            }
            Self::BuyGet(buy_get) => buy_get.check(found),
            Self::Companion(companion) => companion.check(skus, found),
        }
    }
}

/// Items by another name, and in its order.
pub(super) fn all_named<S, T: Ord, E>(
    items: Vec<S>,
    name: impl FnMut(S) -> Result<T, E>,
) -> Result<Vec<T>, E> {
    let mut named = items.into_iter().map(name).collect::<Result<Vec<T>, E>>()?;
    named.sort_unstable();
    Ok(named)
}

/// More than all would go below nothing.
fn check_rate(found: &mut Vec<Violation>, field: &str, basis_points: u32) {
    in_range(found, field.into(), basis_points.into(), 1, BASIS_POINTS_WHOLE.into());
}

impl<S: Ord> BuyGet<S> {
    fn check(&self, found: &mut Vec<Violation>) {
        for (field, units) in [("buy_units", self.buy), ("get_units", self.get)] {
            in_range(found, format!("discount.{field}"), units.into(), 1, SET_UNITS_MAX.into());
        }
        in_range(found, "discount.sets_max".into(), self.sets_max.into(), 1, SETS_MAX.into());
        check_rate(found, "discount.basis_points", self.basis_points);
        check_items(found, "discount.get_skus", &self.get_skus);
    }
}

impl<S: Ord> Companion<S> {
    fn check(&self, skus: &[S], found: &mut Vec<Violation>) {
        check_rate(found, "discount.basis_points", self.basis_points);
        check_items(found, "discount.with", &self.with);
        if self.with.is_empty() {
            found.push(Violation::new("discount.with", "", Rule::Required));
        }
        if skus.is_empty() || self.with.iter().any(|sku| skus.contains(sku)) {
            let rule = Rule::Malformed(
                "has items that the promotion is for: no item comes with itself".into(),
            );
            found.push(Violation::new("discount.with", self.with.len(), rule));
        }
    }
}

fn check_items<S: Ord>(found: &mut Vec<Violation>, field: &str, skus: &[S]) {
    if skus.len() > PROMOTION_SKUS_MAX {
        let rule = Rule::TooMany { max: PROMOTION_SKUS_MAX };
        found.push(Violation::new(field, skus.len(), rule));
    }
    let mut seen: Vec<&S> = skus.iter().collect();
    seen.sort_unstable();
    if seen.windows(2).any(|two| two[0] == two[1]) {
        found.push(Violation::new(field, skus.len(), Rule::Duplicate));
    }
}
