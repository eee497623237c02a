//! All that prices are made of: lists, promotions, shipping rates and taxes.

use std::sync::Arc;

use smallvec::SmallVec;

use super::categories::Categories;
use super::list::{PriceList, Scope};
use super::promotion::Promotion;
use super::row::price_at;
use super::shipping::ShippingTable;
use super::tax::TaxTable;
use crate::model::{Currency, Day, PriceListNo, PromotionNo, SkuNo, UnitPrice};

/// All that prices are made of. A copy shares its parts with the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// By number.
    lists: Vec<Arc<PriceList>>,
    /// Numbers of the lists by scope, currency and id: how they are found.
    by_scope: Vec<PriceListNo>,
    /// By number.
    promotions: Vec<Arc<Promotion>>,
    /// Numbers of the promotions by lane, priority and id: the order in which they are gone
    /// through.
    in_turn: Vec<PromotionNo>,
    /// The tax rates.
    taxes: Option<Arc<TaxTable>>,
    /// The shipping rates.
    shipping: Option<Arc<ShippingTable>>,
    /// The tax categories of items.
    categories: Categories,
}

impl Book {
    /// A list by number.
    pub fn list(&self, no: PriceListNo) -> Option<&Arc<PriceList>> {
        self.lists.get(no.0 as usize)
    }

    /// All lists, by number.
    pub fn lists(&self) -> &[Arc<PriceList>] {
        &self.lists
    }

    /// A promotion by number.
    pub fn promotion(&self, no: PromotionNo) -> Option<&Arc<Promotion>> {
        self.promotions.get(no.0 as usize)
    }

    /// All promotions, by number.
    pub fn promotions(&self) -> &[Arc<Promotion>] {
        &self.promotions
    }

    /// The tax rates, if there are any.
    pub fn taxes(&self) -> Option<&Arc<TaxTable>> {
        self.taxes.as_ref()
    }

    /// The shipping rates, if there are any.
    pub fn shipping(&self) -> Option<&Arc<ShippingTable>> {
        self.shipping.as_ref()
    }

    /// The tax categories of items.
    pub const fn categories(&self) -> &Categories {
        &self.categories
    }

    /// The tax categories of items, to be changed.
    pub const fn categories_mut(&mut self) -> &mut Categories {
        &mut self.categories
    }

    /// Puts a list at a number: that of an older version of it, or the next one.
    pub fn set_list(&mut self, no: PriceListNo, list: Arc<PriceList>) {
        let known = self.list(no).map(|known| &known.definition);
        let is_found_as_before = known == Some(&list.definition);
        put(&mut self.lists, no.0, list);
        if !is_found_as_before {
            let lists = &self.lists;
            self.by_scope = (0..).take(lists.len()).map(PriceListNo).collect();
            self.by_scope.sort_by(|one, other| key(lists, *one).cmp(&key(lists, *other)));
        }
    }

    /// Puts a promotion at a number: that of an older version of it, or the next one.
    pub fn set_promotion(&mut self, no: PromotionNo, promotion: Arc<Promotion>) {
        put(&mut self.promotions, no.0, promotion);
        let promotions = &self.promotions;
        self.in_turn = (0..).take(promotions.len()).map(PromotionNo).collect();
        self.in_turn.sort_by_key(|no| {
            let of = &promotions[no.0 as usize];
            (of.lane, of.priority, of.id.as_str())
        });
    }

    /// States the tax rates.
    pub fn set_taxes(&mut self, taxes: Arc<TaxTable>) {
        self.taxes = Some(taxes);
    }

    /// States the shipping rates.
    pub fn set_shipping(&mut self, shipping: Arc<ShippingTable>) {
        self.shipping = Some(shipping);
    }

    /// The promotions with their numbers, in the order in which they are gone through: by lane,
    /// priority and id.
    pub fn in_turn(&self) -> impl Iterator<Item = (PromotionNo, &Promotion)> {
        self.in_turn.iter().map(|no| (*no, &*self.promotions[no.0 as usize]))
    }

    /// The lists that a buyer of this contract, group and channel has prices from, in the order in
    /// which they are asked.
    pub fn lists_for(&self, currency: Currency, buyer: [Option<&str>; 3]) -> ListsAsked {
        let scopes = (0..).zip(buyer).filter_map(|(kind, name)| Some((kind, name?)));
        let scopes = scopes.chain([(3, "")]);
        scopes.flat_map(|(kind, name)| self.of_scope(kind, name, &currency)).collect()
    }

    /// What one unit of an item costs where the order has so many of it, and which list says so:
    /// the first of these that has a price for so many on that day.
    pub fn unit_price(
        &self,
        lists: &[PriceListNo],
        sku: SkuNo,
        units: u32,
        day: Day,
    ) -> Option<(PriceListNo, UnitPrice)> {
        let price = |no: &PriceListNo| {
            let rows = self.lists[no.0 as usize].rows_of(sku);
            price_at(rows, units, day).map(|price| (*no, price))
        };
        lists.iter().find_map(price)
    }

    /// The lists of a scope and a currency, by id.
    fn of_scope<'b>(
        &'b self,
        kind: u8,
        name: &'b str,
        currency: &'b Currency,
    ) -> impl Iterator<Item = PriceListNo> + use<'b> {
        let scope = move |no: PriceListNo| {
            let (of_kind, of_name, of_currency, _) = key(&self.lists, no);
            (of_kind, of_name, of_currency).cmp(&(kind, name, currency.as_str()))
        };
        let from = self.by_scope.partition_point(|no| scope(*no).is_lt());
        self.by_scope[from..].iter().copied().take_while(move |no| scope(*no).is_eq())
    }
}

/// Numbers of lists.
pub type ListsAsked = SmallVec<[PriceListNo; 4]>;

type Key<'b> = (u8, &'b str, &'b str, &'b str);

fn key(lists: &[Arc<PriceList>], no: PriceListNo) -> Key<'_> {
    let of = &lists[no.0 as usize].definition;
    let kind = match &of.scope {
        Scope::Contract(_) => 0,
        Scope::Group(_) => 1,
        Scope::Channel(_) => 2,
        Scope::Everybody => 3,
    };
    (kind, of.scope.name(), of.currency.as_str(), of.id.as_str())
}

/// Puts a thing in its place. Numbers follow each other, so that there is no other than the next
/// one.
fn put<T>(all: &mut Vec<T>, no: u32, thing: T) {
    match all.get_mut(no as usize) {
        Some(place) => *place = thing,
        None => all.push(thing),
    }
}
