//! What is learnt from orders: how often items are bought, and with what.

use super::bestsellers::Bestsellers;
use super::epoch::Epoch;
use super::partners::{Bought, ORDER, Partner, Partners};
use super::score::{Counts, score};
use crate::limits::{LEARNT_LINES_MAX, PARTNERS_MAX};
use crate::model::SkuNo;

/// Items of one block. A block is there once an item of it was bought.
pub const BLOCK: usize = 64;

/// How often items were bought, and with what. It is a pure function of the orders that were shown to it, in
/// their order. Some 264 bytes for each item of a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Learnt {
    pub(super) tally: Tally,
    pub(super) blocks: Vec<Option<Box<Block>>>,
    pub(super) bestsellers: Bestsellers,
}

/// What is counted of all items together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All orders, in 16ths, as of the epoch.
    pub orders: u64,
    /// The newest epoch that was met. An order that says it is older counts as of this one.
    pub epoch: Epoch,
    /// Orders that were ever learnt from.
    pub learnt: u64,
}

/// What there is of the items of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// How often each was bought.
    pub bought: [Bought; BLOCK],
    /// And with what.
    pub partners: [Partners; BLOCK],
}

/// One that is bought with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// Which.
    pub sku: SkuNo,
    /// How much the item says for it.
    pub score: i64,
    /// What that follows from.
    pub counts: Counts,
}

impl Learnt {
    /// Learns from an order of these items, each named once, that was placed then. Larger orders are
    /// those of businesses and of people who try the system: they say nothing of what goes together, and
    /// are passed over.
    pub fn place(&mut self, skus: &[SkuNo], at: Epoch) {
        if skus.is_empty() || skus.len() > LEARNT_LINES_MAX {
            return;
        }
        self.pass_to(at);
        let now = self.tally.epoch;
        self.tally.orders += u64::from(ORDER);
        self.tally.learnt += 1;
        for sku in skus {
            let (bought, partners) = self.of_mut(*sku);
            bought.count(now, ORDER.into());
            for other in skus.iter().filter(|other| *other != sku) {
                bought.meet(partners, *other, now);
            }
        }
        if Bestsellers::are_due(self.tally.learnt) {
            self.bestsellers = Bestsellers::of(self.sales());
        }
    }

    /// Forgets an order of these items that was placed then, and of which nothing was wanted after all. No count
    /// goes below 0.
    pub fn take_back(&mut self, skus: &[SkuNo], (placed, at): (Epoch, Epoch)) {
        if skus.is_empty() || skus.len() > LEARNT_LINES_MAX {
            return;
        }
        self.pass_to(at);
        let now = self.tally.epoch;
        let left = u32::try_from(now.decayed(ORDER.into(), placed)).unwrap_or(0);
        self.tally.orders = self.tally.orders.saturating_sub(left.into());
        for sku in skus {
            let (bought, partners) = self.of_mut(*sku);
            bought.count(now, -i64::from(left));
            for other in skus.iter().filter(|other| *other != sku) {
                bought.part(partners, *other, (now, left));
            }
        }
    }

    /// What is counted of all items together.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// Whether nothing was learnt yet.
    pub const fn is_empty(&self) -> bool {
        self.tally.learnt == 0
    }

    /// In how many orders an item was, in 16ths, as that counts now.
    #[inline]
    pub fn orders_of(&self, sku: SkuNo) -> u32 {
        self.block(sku).map_or(0, |block| block.bought[place(sku).1].decayed(self.tally.epoch))
    }

    /// How often an item was bought with another one, in 16ths of an order, as that counts now: never less
    /// than it was, and more where the other one took a place.
    pub fn together(&self, one: SkuNo, other: SkuNo) -> u32 {
        let now = self.tally.epoch;
        let Some(block) = self.block(one) else { return 0 };
        let at = place(one).1;
        let known = block.partners[at].iter().find(|of| of.is(other, now));
        known.map_or(0, |partner| block.bought[at].together(*partner, now))
    }

    /// What is bought with an item, as far as that says anything.
    pub fn partners_of(&self, sku: SkuNo) -> impl Iterator<Item = Scored> {
        let now = self.tally.epoch;
        let of = self.block(sku).map(|block| {
            let at = place(sku).1;
            (&block.bought[at], &block.partners[at])
        });
        let all = of.into_iter().flat_map(|(bought, partners)| {
            let met = partners.iter().filter(|partner| partner.count > 0);
            met.map(move |partner| (bought, partner))
        });
        all.filter_map(move |(bought, partner)| {
            let counts = Counts {
                together: bought.together(*partner, now),
                one: bought.decayed(now),
                other: self.orders_of(partner.sku),
                all: self.tally.orders,
            };
            score(counts).map(|score| Scored { sku: partner.sku, score, counts })
        })
    }

    /// What is bought most, by how often: as of some of the last thousand orders.
    pub fn bestsellers(&self) -> &[SkuNo] {
        self.bestsellers.skus()
    }

    /// How often each item that was ever bought was, as that counts now.
    fn sales(&self) -> impl Iterator<Item = (SkuNo, u32)> {
        let now = self.tally.epoch;
        let blocks = self.blocks.iter().enumerate();
        let blocks = blocks.filter_map(|(no, block)| Some((no, block.as_deref()?)));
        let all = blocks.flat_map(|(no, block)| {
            block.bought.iter().enumerate().map(move |(at, bought)| (sku_at(no, at), bought))
        });
        all.map(move |(sku, bought)| (sku, bought.decayed(now)))
    }

    /// Time passes to an epoch, and never back.
    fn pass_to(&mut self, at: Epoch) {
        if at > self.tally.epoch {
            self.tally.orders = at.decayed(self.tally.orders, self.tally.epoch);
            self.tally.epoch = at;
        }
    }

    #[inline]
    fn block(&self, sku: SkuNo) -> Option<&Block> {
        self.blocks.get(place(sku).0)?.as_deref()
    }

    fn of_mut(&mut self, sku: SkuNo) -> (&mut Bought, &mut Partners) {
        let (block, at) = place(sku);
        if self.blocks.len() <= block {
            self.blocks.resize(block + 1, None);
        }
        let block = self.blocks[block].get_or_insert_with(Block::boxed);
        (&mut block.bought[at], &mut block.partners[at])
    }
}

impl Block {
    /// One of items that were never bought.
    pub fn boxed() -> Box<Self> {
        Box::new(Self {
            bought: [Bought::default(); BLOCK],
            partners: [[Partner::default(); PARTNERS_MAX]; BLOCK],
        })
    }
}

/// The block of an item, and its place there.
const fn place(sku: SkuNo) -> (usize, usize) {
    (sku.0 as usize / BLOCK, sku.0 as usize % BLOCK)
}

fn sku_at(block: usize, at: usize) -> SkuNo {
    SkuNo(u32::try_from(block * BLOCK + at).unwrap_or(u32::MAX))
}
