//! What goes with a basket, and what may take an item's place: each promised, dated and priced.
//!
//! ```text
//!   basket --companions--> candidates, the best first --plan--> those that arrive in time --price--> suggestions
//!                          none of them --what sells--^
//! ```
//! A suggestion is planned as an order of it would be, so that nothing is suggested that cannot be had.

use std::sync::Arc;

use tokio::task::coop::consume_budget;

use crate::command::PlaceOrder;
use crate::companions::{
    Assortment, Companion, Counts, Instead, Substitute, Why, companions, substitutes, what_sells,
};
use crate::limits::{SUGGESTIONS_MAX, SUGGESTIONS_TRIED_MAX};
use crate::model::check::{bound, finish, in_range};
use crate::model::{CouponCode, Day, Lsn, Minor, PromotionNo, Sku, SkuNo, Violation};
use crate::placing::basket::{Basket, buyer};
use crate::placing::one_of::plan_one_of;
use crate::placing::resolve::resolve;
use crate::planning::Draft;
use crate::pricing::{BasketLine, Buyer, Priced, price};
use crate::state::pricing::Pricing;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Suggest {
    /// The basket, where it goes, and by when it is wanted. It is placed under no id.
    pub basket: PlaceOrder,
    /// The item that is to be replaced, if one is.
    pub instead_of: Option<Sku>,
    /// The most suggestions of each kind.
    pub most: u32,
    /// For whom prices are, if any are asked for. It has no lines.
    pub buyer: Option<Box<Basket>>,
}

/// What is suggested.
#[derive(Clone, Debug)]
pub struct Suggestions {
    /// What goes with the basket, the best first.
    pub companions: Vec<Suggestion<Why>>,
    /// What may take the item's place, the best first.
    pub substitutes: Vec<Suggestion<Instead>>,
    /// What it was priced by, if it was.
    pub by: Option<Arc<Pricing>>,
    /// The last event that was learnt from, and from how many orders.
    pub learnt: (Lsn, u64),
    /// A version that the rest includes.
    pub version: Lsn,
}

/// An item that is suggested.
#[derive(Clone, Debug)]
pub struct Suggestion<W> {
    /// Which.
    pub sku: Sku,
    /// Why.
    pub why: W,
    /// The item because of which it is; none for what sells.
    pub because_of: Option<Sku>,
    /// How much is said for it; of a substitute, how far it is from the item.
    pub score: i64,
    /// How often it was bought, where that is why.
    pub counts: Option<Counts>,
    /// When the last of it leaves.
    pub ship_by: Day,
    /// When all of it is there.
    pub deliver_by: Day,
    /// What it would cost, if that was asked for and there is a price.
    pub price: Option<Box<Priced>>,
}

impl Suggest {
    /// Checks what the order does not say.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        in_range(&mut found, "most".into(), self.most.into(), 1, bound(SUGGESTIONS_MAX));
        finish(found)
    }
}

/// Suggests.
///
/// # Errors
/// What is wrong with the basket, an item that is not defined, and what stopped the engine.
pub async fn suggest(kernel: &Kernel, asked: &Suggest) -> Result<Suggestions, EngineError> {
    asked.validate()?;
    let basket = basket(kernel, asked)?;
    let version = kernel.watermark.applied();
    let assorted = kernel.state.assortment.load_full();
    let by = asked.buyer.is_some().then(|| kernel.state.pricing.load_full());
    let look = Look { kernel, asked, basket: &basket, by: by.as_deref() };
    let (learnt, candidates) = look.candidates(assorted.assortment());
    let mut companions = look.companions(candidates).await?;
    if companions.is_empty() {
        let best = look.bestsellers(assorted.assortment());
        companions = look.companions(best).await?;
    }
    let substitutes = look.substitutes(assorted.assortment()).await?;
    Ok(Suggestions { companions, substitutes, by, learnt, version })
}

/// The items of the basket, each once, in their order. All that is wrong with the order is told.
fn basket(kernel: &Kernel, asked: &Suggest) -> Result<Vec<SkuNo>, EngineError> {
    match resolve(&kernel.state, &*kernel.postal, &asked.basket) {
        // What is in a basket may be had no more: that is when substitutes are asked for.
        Ok(_) | Err(EngineError::Refused(_)) => {}
        Err(error) => return Err(error),
    }
    let mut skus = Vec::new();
    for line in &asked.basket.order.lines.0 {
        let sku = kernel.state.catalogue.named(&line.sku)?;
        if !skus.contains(&sku) {
            skus.push(sku);
        }
    }
    Ok(skus)
}

/// What a look at suggestions knows.
struct Look<'a> {
    kernel: &'a Kernel,
    asked: &'a Suggest,
    basket: &'a [SkuNo],
    by: Option<&'a Pricing>,
}

impl Look<'_> {
    /// What was learnt up to when, from how many orders, and what goes with the basket.
    fn candidates(&self, assortment: &Assortment) -> ((Lsn, u64), Vec<Companion>) {
        let known = self.kernel.state.companions.read();
        let learnt = (known.upto, known.learnt.tally().learnt);
        let all = companions(&known.learnt, assortment, self.basket);
        drop(known);
        (learnt, all.take(SUGGESTIONS_TRIED_MAX).collect())
    }

    fn bestsellers(&self, assortment: &Assortment) -> Vec<Companion> {
        let pricing = self.kernel.state.pricing.load();
        let categories = pricing.book().categories();
        let known = self.kernel.state.companions.read();
        let all = what_sells(&known.learnt, (assortment, categories), self.basket);
        all.take(SUGGESTIONS_TRIED_MAX).collect()
    }

    async fn companions(
        &self,
        candidates: Vec<Companion>,
    ) -> Result<Vec<Suggestion<Why>>, EngineError> {
        let mut all = Vec::new();
        for Companion { sku, score, why } in candidates {
            if all.len() >= self.most() {
                break;
            }
            let Some(promised) = self.promised(sku, 1).await? else { continue };
            let (because_of, counts) = match why {
                Why::Learnt(item, counts) => (Some(item), Some(counts)),
                Why::Curated(item) | Why::SellsInCategory(item) => (Some(item), None),
                Why::Sells => (None, None),
            };
            let because_of = because_of.map(|item| self.sku(item));
            let price = self.price_beside(sku).map(Box::new);
            all.push(promised.suggestion(self.sku(sku), (why, because_of), (score, counts, price)));
        }
        Ok(all)
    }

    /// Of what is as near, the one comes first whose price is nearest, and then the one that comes first.
    async fn substitutes(
        &self,
        assortment: &Assortment,
    ) -> Result<Vec<Suggestion<Instead>>, EngineError> {
        let Some(of) = &self.asked.instead_of else { return Ok(Vec::new()) };
        let of_no = self.kernel.state.catalogue.named(of)?;
        let units = self.units_of(of);
        let before = self.price_alone(of_no, units).map(|priced| priced.lines[0].net);
        let mut all = Vec::new();
        for substitute in substitutes(assortment, of_no).into_iter().take(SUGGESTIONS_TRIED_MAX) {
            let Some(promised) = self.promised(substitute.sku, units).await? else { continue };
            let price = self.price_alone(substitute.sku, units).map(Box::new);
            let gap = gap(before, price.as_deref());
            all.push((substitute, gap, promised, price));
        }
        all.sort_by_key(|(Substitute { why, distance, place, sku }, gap, promised, _)| {
            (*why, *distance, *place, *gap, promised.deliver_by, *sku)
        });
        all.truncate(self.most());
        let told = |(substitute, _, promised, price): (Substitute, _, Promised, _)| {
            let score = i64::from(substitute.distance);
            let why = (substitute.why, Some(of.clone()));
            promised.suggestion(self.sku(substitute.sku), why, (score, None, price))
        };
        Ok(all.into_iter().map(told).collect())
    }

    fn most(&self) -> usize {
        self.asked.most as usize
    }

    fn sku(&self, no: SkuNo) -> Sku {
        self.kernel.state.catalogue.entry(no).sku().clone()
    }

    fn units_of(&self, sku: &Sku) -> u32 {
        let mut lines = self.asked.basket.order.lines.0.iter();
        lines.find(|line| line.sku == *sku).map_or(1, |line| line.quantity)
    }

    /// When so many units would leave and be there; none where they are not to be had, or come too late.
    async fn promised(&self, sku: SkuNo, units: u32) -> Result<Option<Promised>, EngineError> {
        consume_budget().await;
        let order = &self.asked.basket;
        let draft = plan_one_of(self.kernel, order, (self.sku(sku), units)).await?;
        let promised = draft.and_then(|draft| Promised::of(&draft));
        let by = order.order.deliver_by;
        Ok(promised.filter(|promised| by.is_none_or(|by| promised.deliver_by <= by)))
    }

    /// The basket with one unit of an item, of which the line of that item alone is kept; the item alone, where the
    /// basket has no price.
    fn price_beside(&self, sku: SkuNo) -> Option<Priced> {
        let (by, buyer) = (self.by?, self.asked.buyer.as_deref()?);
        let used_up = by.used_up(&self.kernel.state.uses, buyer.customer.as_ref());
        let lines = &self.asked.basket.order.lines.0;
        let mut all: Vec<_> = (1_u16..)
            .zip(lines)
            .filter_map(|(line, of)| {
                let no = self.kernel.state.catalogue.named(&of.sku).ok()?;
                Some(BasketLine { line, sku: no, id: of.sku.as_str(), units: of.quantity })
            })
            .collect();
        let id = self.sku(sku);
        all.push(BasketLine { line: 0, sku, id: id.as_str(), units: 1 });
        let coupons: Vec<_> = buyer.coupons.iter().map(CouponCode::as_str).collect();
        let mut priced = price(&all, &in_goods(buyer, &coupons, &used_up), by.book()).ok();
        if let Some(priced) = &mut priced {
            priced.lines.retain(|line| line.line == 0);
            priced.discounts.retain(|of| of.line == 0);
        }
        priced.or_else(|| self.price_alone(sku, 1))
    }

    fn price_alone(&self, sku: SkuNo, units: u32) -> Option<Priced> {
        let (by, buyer) = (self.by?, self.asked.buyer.as_deref()?);
        let used_up = by.used_up(&self.kernel.state.uses, buyer.customer.as_ref());
        let id = self.sku(sku);
        let coupons: Vec<_> = buyer.coupons.iter().map(CouponCode::as_str).collect();
        let line = BasketLine { line: 0, sku, id: id.as_str(), units };
        price(&[line], &in_goods(buyer, &coupons, &used_up), by.book()).ok()
    }
}

/// A buyer of goods alone: what shipping costs depends on all that is shipped.
fn in_goods<'b>(of: &'b Basket, coupons: &'b [&'b str], used_up: &'b [PromotionNo]) -> Buyer<'b> {
    Buyer { service: None, ..buyer(of, coupons, used_up) }
}

/// How far a price is from another one; where there is none, as far as can be.
fn gap(before: Option<Minor>, after: Option<&Priced>) -> u64 {
    let after = after.map(|priced| priced.lines[0].net);
    before.zip(after).map_or(u64::MAX, |(before, after)| before.0.abs_diff(after.0))
}

/// When something leaves and is there.
struct Promised {
    ship_by: Day,
    deliver_by: Day,
}

impl Promised {
    /// None where a part of it has no day.
    fn of(draft: &Draft) -> Option<Self> {
        let days = draft.shipments.iter().map(|of| Some((of.ship_by?, of.deliver_by?)));
        let days = days.collect::<Option<Vec<_>>>()?;
        let ship_by = days.iter().map(|(ship_by, _)| *ship_by).max()?;
        let deliver_by = days.iter().map(|(_, deliver_by)| *deliver_by).max()?;
        Some(Self { ship_by, deliver_by })
    }

    fn suggestion<W>(
        self,
        sku: Sku,
        (why, because_of): (W, Option<Sku>),
        (score, counts, price): (i64, Option<Counts>, Option<Box<Priced>>),
    ) -> Suggestion<W> {
        let Self { ship_by, deliver_by } = self;
        Suggestion { sku, why, because_of, score, counts, ship_by, deliver_by, price }
    }
}
