//! Who has what of a pair with segments: derived, from the channels of the orders that have units
//! here. The applier introduces each order before it is given units.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use crate::limits::SEGMENTS_MAX;
use crate::model::{Audience, OrderNo, PairTerms, Shares, Stock, StockEffect, Text};

/// What the segments of a pair have, by the orders that have it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sharing {
    /// The channels of orders that have units on hand, or are about to; of those that have one.
    channels: BTreeMap<OrderNo, Text>,
    /// Units on hand that the orders of each segment have, by its place.
    used: [u32; SEGMENTS_MAX],
}

impl Sharing {
    /// What the segments are shares of, and what of them is used.
    pub(super) const fn shares(&self, good: u32) -> Shares {
        Shares { good, used: self.used }
    }

    /// The channel of an order, as far as it is known here.
    pub(super) fn channel(&self, no: OrderNo) -> Option<&str> {
        self.channels.get(&no).map(Text::as_str)
    }

    /// The channel of an order that has units here, or is about to.
    pub(super) fn introduce(&mut self, stock: &Stock, no: OrderNo, channel: Option<Text>) {
        self.uncount(stock, &[no]);
        match channel {
            Some(channel) => self.channels.insert(no, channel),
            None => self.channels.remove(&no),
        };
        self.count(stock, &[no]);
    }

    /// What these orders have is not counted.
    pub(super) fn uncount(&mut self, stock: &Stock, orders: &[OrderNo]) {
        self.add(stock, orders, Shares::give_back);
    }

    /// What these orders have is counted.
    pub(super) fn count(&mut self, stock: &Stock, orders: &[OrderNo]) {
        self.add(stock, orders, Shares::take);
    }

    /// The same, of orders that units may have come off: who has none any more is forgotten.
    pub(super) fn recount(&mut self, stock: &Stock, orders: &[OrderNo]) {
        self.count(stock, orders);
        for no in orders {
            if stock.there_of(*no) == 0 {
                self.channels.remove(no);
            }
        }
    }

    /// All that orders have is counted anew.
    pub(super) fn count_all(&mut self, stock: &Stock) {
        self.used = [0; SEGMENTS_MAX];
        let all: Vec<OrderNo> = self.channels.keys().copied().collect();
        self.recount(stock, &all);
    }

    fn add(
        &mut self,
        stock: &Stock,
        orders: &[OrderNo],
        count: impl Fn(&mut Shares, Audience, u32),
    ) {
        let Some(terms) = stock.terms().filter(|terms| has_segments(terms)) else { return };
        let mut shares = self.shares(0);
        for no in orders {
            if let Some(channel) = self.channels.get(no) {
                count(&mut shares, terms.audience(Some(channel.as_str())), stock.there_of(*no));
            }
        }
        self.used = shares.used;
    }
}

/// Whether terms have segments.
pub(super) fn has_segments(terms: &PairTerms) -> bool {
    !terms.segments.0.is_empty()
}

/// The orders that an effect gives units, or takes units from; none where it may be any.
pub(super) fn touched(effect: &StockEffect) -> Option<SmallVec<[OrderNo; 2]>> {
    Some(match effect {
        StockEffect::Change { .. } => return None,
        StockEffect::Reserve { order, .. }
        | StockEffect::Release { order, .. }
        | StockEffect::Ship { order, .. } => SmallVec::from_iter([*order]),
        StockEffect::ReserveLines(reserved) => SmallVec::from_iter([reserved.order]),
        StockEffect::Handle(handled) => SmallVec::from_iter([handled.order]),
        StockEffect::Prioritise { .. } => SmallVec::new(),
        StockEffect::Repeg(repeg) => {
            let all = repeg.off.iter().chain(&repeg.on).map(|peg| peg.order);
            let mut orders: SmallVec<[OrderNo; 2]> = all.collect();
            orders.sort_unstable();
            orders.dedup();
            orders
        }
    })
}
