//! All that prices are made of, as it is in memory: one value, swapped whole.
//!
//! A change makes a new value, which shares with the one before all that it leaves. Its hash moves with it,
//! so that a change of a few prices does not cost a look at all of them.

use std::sync::Arc;

use super::uses::PromotionUses;
use crate::model::digest::{Part, PartHash, hash_encoded};
use crate::model::{
    CustomerId, Lsn, PriceListId, PriceListNo, PromotionId, PromotionNo, SkuNo, StateHash, Text,
    UsesOf,
};
use crate::pricing::{
    Book, Categories, Pages, PriceList, PriceListDefinition, PriceRow, PricingChange, Promotion,
    ShippingRate, ShippingTable, SkuCategory, SkuPrices, TaxRates, TaxTable,
};

/// All that prices are made of.
#[derive(Clone, Debug, Default)]
pub struct Pricing {
    book: Book,
    /// The event that changed a list last, or a price in it.
    lists: Vec<Lsn>,
    /// The event that defined a promotion last.
    promotions: Vec<Lsn>,
    /// The event that stated the tax rates.
    taxes: Lsn,
    /// The event that stated the shipping rates.
    shipping: Lsn,
    /// The event that stated a tax category last.
    categories: Lsn,
    hash: StateHash,
}

impl Pricing {
    /// What prices are made of.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    /// Whether a promotion may be used only so often.
    pub fn is_limited(&self, no: PromotionNo) -> bool {
        self.book.promotion(no).is_some_and(|promotion| promotion.is_limited())
    }

    /// The promotions that may be used only so often, ascending.
    pub fn limited(&self) -> impl Iterator<Item = PromotionNo> {
        let all = (0..).map(PromotionNo).zip(self.book.promotions());
        all.filter(|(_, promotion)| promotion.is_limited()).map(|(no, _)| no)
    }

    /// How often one may use a promotion, if there is a limit.
    pub fn limit_of(&self, of: &UsesOf) -> Option<u32> {
        let promotion = self.book.promotion(of.promotion)?;
        if of.customer.is_some() { promotion.limit_per_customer } else { promotion.limit }
    }

    /// The promotions that a customer cannot use any more, ascending. One that is limited by customer is
    /// none for an order without one.
    pub fn used_up(&self, uses: &PromotionUses, customer: Option<&CustomerId>) -> Vec<PromotionNo> {
        let is_used_up = |no: PromotionNo| {
            let mut counts = UsesOf::of(no, customer);
            counts.any(|of| self.limit_of(&of).is_some_and(|most| uses.counted(&of).times >= most))
        };
        let is_unknown = |no: PromotionNo| {
            let promotion = self.book.promotion(no);
            customer.is_none() && promotion.is_some_and(|of| of.limit_per_customer.is_some())
        };
        self.limited().filter(|no| is_unknown(*no) || is_used_up(*no)).collect()
    }

    /// The number of a list.
    pub fn list_no(&self, id: &PriceListId) -> Option<PriceListNo> {
        let at = self.book.lists().iter().position(|list| list.definition.id == *id)?;
        u32::try_from(at).ok().map(PriceListNo)
    }

    /// The number of a promotion.
    pub fn promotion_no(&self, id: &PromotionId) -> Option<PromotionNo> {
        let at = self.book.promotions().iter().position(|promotion| promotion.id == *id)?;
        u32::try_from(at).ok().map(PromotionNo)
    }

    /// The event that changed a list last, or a price in it.
    pub fn list_lsn(&self, no: PriceListNo) -> Lsn {
        self.lists.get(no.0 as usize).copied().unwrap_or(Lsn::NONE)
    }

    /// The event that defined a promotion last.
    pub fn promotion_lsn(&self, no: PromotionNo) -> Lsn {
        self.promotions.get(no.0 as usize).copied().unwrap_or(Lsn::NONE)
    }

    /// The events that stated tax rates, shipping rates, and a tax category last.
    pub const fn rates_lsns(&self) -> [Lsn; 3] {
        [self.taxes, self.shipping, self.categories]
    }

    /// The hash of all of it, as changes moved it.
    pub const fn hash(&self) -> StateHash {
        self.hash
    }

    /// The same after an event; none where the part is as of that event, or a later one, already.
    #[must_use]
    pub fn with(&self, change: PricingChange, lsn: Lsn) -> Option<Self> {
        (self.last_lsn(&change) < lsn).then(|| {
            let mut changed = self.clone();
            changed.change(change, lsn);
            changed
        })
    }

    fn last_lsn(&self, change: &PricingChange) -> Lsn {
        match change {
            PricingChange::List(no, _) | PricingChange::Prices(no, _) => self.list_lsn(*no),
            PricingChange::Promotion(no, _) => self.promotion_lsn(*no),
            PricingChange::Taxes(_) => self.taxes,
            PricingChange::Shipping(_) => self.shipping,
            PricingChange::Categories(_) => self.categories,
        }
    }

    /// Changes a part, whichever event it is of.
    pub fn change(&mut self, change: PricingChange, lsn: Lsn) {
        match change {
            PricingChange::List(no, definition) => self.define_list(no, definition, lsn),
            PricingChange::Prices(no, prices) => self.set_prices(no, prices, lsn),
            PricingChange::Promotion(no, promotion) => self.define_promotion(no, *promotion, lsn),
            PricingChange::Taxes(rates) => self.set_taxes(rates, lsn),
            PricingChange::Shipping(rates) => self.set_shipping(rates, lsn),
            PricingChange::Categories(of) => self.set_categories(&of, lsn),
        }
    }

    fn define_list(&mut self, no: PriceListNo, definition: PriceListDefinition, lsn: Lsn) {
        let known = self.book.list(no).cloned();
        let rows = known.as_ref().map_or_else(Pages::default, |known| known.rows.clone());
        self.put_list(no, known.as_deref(), PriceList { definition, rows }, lsn);
    }

    /// A list that is not there has no prices: events come after its definition.
    fn set_prices(&mut self, no: PriceListNo, prices: Vec<SkuPrices>, lsn: Lsn) {
        let Some(known) = self.book.list(no).cloned() else { return };
        let mut list = PriceList::clone(&known);
        for SkuPrices { sku, rows } in prices {
            self.hash.merge(hash_prices(no, sku, &rows));
            let before = list.rows.set(sku, rows.into_iter().collect());
            self.take_out(hash_prices(no, sku, &before));
        }
        self.put_list(no, Some(&known), list, lsn);
    }

    fn put_list(&mut self, no: PriceListNo, known: Option<&PriceList>, list: PriceList, lsn: Lsn) {
        if let Some(known) = known {
            self.hash.remove(hash_list(no, &known.definition, self.list_lsn(no)));
        }
        self.hash.add(hash_list(no, &list.definition, lsn));
        self.book.set_list(no, Arc::new(list));
        put(&mut self.lists, no.0, lsn);
    }

    fn define_promotion(&mut self, no: PromotionNo, promotion: Promotion, lsn: Lsn) {
        if let Some(known) = self.book.promotion(no) {
            self.hash.remove(hash_promotion(no, known, self.promotion_lsn(no)));
        }
        self.hash.add(hash_promotion(no, &promotion, lsn));
        self.book.set_promotion(no, Arc::new(promotion));
        put(&mut self.promotions, no.0, lsn);
    }

    fn set_taxes(&mut self, rates: TaxRates, lsn: Lsn) {
        if let Some(known) = self.book.taxes() {
            self.hash.remove(hash_taxes(known.rates(), self.taxes));
        }
        self.hash.add(hash_taxes(&rates, lsn));
        self.book.set_taxes(Arc::new(TaxTable::new(rates)));
        self.taxes = lsn;
    }

    fn set_shipping(&mut self, rates: Vec<ShippingRate>, lsn: Lsn) {
        if let Some(known) = self.book.shipping() {
            self.hash.remove(hash_shipping(known.rates(), self.shipping));
        }
        self.hash.add(hash_shipping(&rates, lsn));
        self.book.set_shipping(Arc::new(ShippingTable::new(rates)));
        self.shipping = lsn;
    }

    fn set_categories(&mut self, of: &[SkuCategory], lsn: Lsn) {
        for SkuCategory { sku, category } in of {
            let before = self.book.categories_mut().set(*sku, category.as_ref());
            self.take_out(hash_category(*sku, before.as_ref()));
            self.hash.merge(hash_category(*sku, category.as_ref()));
        }
        self.categories = lsn;
    }

    /// Whether a part may be put back: it is none that is there, and follows those that are.
    pub fn takes(&self, change: &PricingChange) -> bool {
        let next = |no: u32, len: usize| no as usize == len;
        match change {
            PricingChange::List(no, _) => next(no.0, self.lists.len()),
            PricingChange::Promotion(no, _) => next(no.0, self.promotions.len()),
            PricingChange::Prices(no, _) => self.book.list(*no).is_some(),
            PricingChange::Taxes(_) => self.book.taxes().is_none(),
            PricingChange::Shipping(_) => self.book.shipping().is_none(),
            PricingChange::Categories(_) => true,
        }
    }

    /// The hash of all of it, computed from its parts.
    pub fn hash_anew(&self) -> StateHash {
        let mut hash = StateHash::default();
        self.parts().for_each(|(_, change, lsn)| hash.merge(hash_part(&change, lsn)));
        hash
    }

    fn take_out(&mut self, part: StateHash) {
        self.hash = StateHash::from_value(self.hash.value().wrapping_sub(part.value()));
    }

    /// All parts, as changes of a value that has none, in the order in which they are to be made; with the event that
    /// each is of. Prices and categories come in parts of the items of a block.
    pub fn parts(&self) -> impl Iterator<Item = (PartNo, PricingChange, Lsn)> {
        let rates = self.rates().into_iter();
        let categories = blocks(categories(self.book.categories()), |of| of.sku);
        let categories = categories.map(|(block, of)| {
            (PartNo::Categories(block), PricingChange::Categories(of), self.categories)
        });
        let promotions = (0..).map(PromotionNo).zip(self.book.promotions());
        let promotions = promotions.map(|(no, promotion)| {
            let change = PricingChange::Promotion(no, Box::new(Promotion::clone(promotion)));
            (PartNo::Promotion(no), change, self.promotion_lsn(no))
        });
        let lists = (0..).map(PriceListNo).zip(self.book.lists());
        let lists = lists.flat_map(|(no, list)| self.parts_of(no, list));
        rates.chain(categories).chain(promotions).chain(lists)
    }

    fn rates(&self) -> Vec<(PartNo, PricingChange, Lsn)> {
        let taxes = self
            .book
            .taxes()
            .map(|table| (PartNo::Taxes, PricingChange::Taxes(table.rates().clone()), self.taxes));
        let shipping = self.book.shipping().map(|table| {
            (PartNo::Shipping, PricingChange::Shipping(table.rates().to_vec()), self.shipping)
        });
        taxes.into_iter().chain(shipping).collect()
    }

    fn parts_of<'p>(
        &self,
        no: PriceListNo,
        list: &'p PriceList,
    ) -> impl Iterator<Item = (PartNo, PricingChange, Lsn)> + use<'p> {
        let lsn = self.list_lsn(no);
        let definition = PricingChange::List(no, list.definition.clone());
        let prices = list.rows.iter().map(|(sku, rows)| SkuPrices { sku, rows: rows.to_vec() });
        let prices = blocks(prices, |of| of.sku).map(move |(block, prices)| {
            (PartNo::Prices(no, block), PricingChange::Prices(no, prices), lsn)
        });
        std::iter::once((PartNo::List(no), definition, lsn)).chain(prices)
    }
}

/// Which part it is. Parts are put back in the order of their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PartNo {
    /// The tax rates.
    Taxes,
    /// The shipping rates.
    Shipping,
    /// The tax categories of a block of items.
    Categories(u32),
    /// A promotion.
    Promotion(PromotionNo),
    /// A list without its prices.
    List(PriceListNo),
    /// The prices of a block of items in a list.
    Prices(PriceListNo, u32),
}

impl PartNo {
    /// Its number among all parts. It never changes: snapshots have it.
    pub fn number(self) -> u64 {
        let of = |kind: u64, list: u32, no: u32| kind << 60 | u64::from(list) << 32 | u64::from(no);
        match self {
            Self::Taxes => of(1, 0, 0),
            Self::Shipping => of(2, 0, 0),
            Self::Categories(block) => of(3, 0, block),
            Self::Promotion(no) => of(4, 0, no.0),
            Self::List(no) => of(5, no.0, 0),
            Self::Prices(no, block) => of(5, no.0, block + 1),
        }
    }

    /// The number of the part that a change is.
    pub fn of(change: &PricingChange) -> Self {
        match change {
            PricingChange::Taxes(_) => Self::Taxes,
            PricingChange::Shipping(_) => Self::Shipping,
            PricingChange::Categories(of) => {
                Self::Categories(of.first().map_or(0, |of| of.sku.0 / BLOCK))
            }
            PricingChange::Promotion(no, _) => Self::Promotion(*no),
            PricingChange::List(no, _) => Self::List(*no),
            PricingChange::Prices(no, prices) => {
                Self::Prices(*no, prices.first().map_or(0, |of| of.sku.0 / BLOCK))
            }
        }
    }
}

/// The hash of a part that is a change of a value without any.
pub fn hash_part(change: &PricingChange, lsn: Lsn) -> StateHash {
    let mut hash = StateHash::default();
    match change {
        PricingChange::List(no, definition) => hash.add(hash_list(*no, definition, lsn)),
        PricingChange::Promotion(no, promotion) => hash.add(hash_promotion(*no, promotion, lsn)),
        PricingChange::Taxes(rates) => hash.add(hash_taxes(rates, lsn)),
        PricingChange::Shipping(rates) => hash.add(hash_shipping(rates, lsn)),
        PricingChange::Prices(no, prices) => {
            for of in prices {
                hash.merge(hash_prices(*no, of.sku, &of.rows));
            }
        }
        PricingChange::Categories(of) => {
            for of in of {
                hash.merge(hash_category(of.sku, of.category.as_ref()));
            }
        }
    }
    hash
}

/// Items of one part: some ten kilobytes of prices.
const BLOCK: u32 = 256;

/// Things of items, by number, in blocks.
fn blocks<T>(
    all: impl Iterator<Item = T>,
    sku: impl Fn(&T) -> SkuNo,
) -> impl Iterator<Item = (u32, Vec<T>)> {
    let mut all = all.peekable();
    std::iter::from_fn(move || {
        let block = sku(all.peek()?).0 / BLOCK;
        let mut of = Vec::new();
        while let Some(next) = all.next_if(|next| sku(next).0 / BLOCK == block) {
            of.push(next);
        }
        Some((block, of))
    })
}

fn categories(of: &Categories) -> impl Iterator<Item = SkuCategory> {
    of.iter().map(|(sku, category)| SkuCategory { sku, category: Some(category.clone()) })
}

fn hash_list(no: PriceListNo, definition: &PriceListDefinition, lsn: Lsn) -> PartHash {
    hash_encoded(Part::PriceList, &(no, definition, lsn))
}

/// No rows are no part.
fn hash_prices(no: PriceListNo, sku: SkuNo, rows: &[PriceRow]) -> StateHash {
    let mut hash = StateHash::default();
    if !rows.is_empty() {
        hash.add(hash_encoded(Part::Prices, &(no, sku, rows)));
    }
    hash
}

fn hash_promotion(no: PromotionNo, promotion: &Promotion, lsn: Lsn) -> PartHash {
    hash_encoded(Part::Promotion, &(no, promotion, lsn))
}

fn hash_taxes(rates: &TaxRates, lsn: Lsn) -> PartHash {
    hash_encoded(Part::TaxRates, &(rates, lsn))
}

fn hash_shipping(rates: &[ShippingRate], lsn: Lsn) -> PartHash {
    hash_encoded(Part::ShippingRates, &(rates, lsn))
}

fn hash_category(sku: SkuNo, category: Option<&Text>) -> StateHash {
    let mut hash = StateHash::default();
    if let Some(category) = category {
        hash.add(hash_encoded(Part::TaxCategory, &(sku, category)));
    }
    hash
}

/// Puts a thing in its place. Numbers follow each other.
fn put<T>(all: &mut Vec<T>, no: u32, thing: T) {
    match all.get_mut(no as usize) {
        Some(place) => *place = thing,
        None => all.push(thing),
    }
}
