//! The partners of one item: what is bought with it, the most frequent ones.
//!
//! The algorithm is Space-Saving (Metwally, Agrawal and El Abbadi, 2005): a partner that is met takes the
//! place of the least one where there is no room, and goes on from its count. So none that is met often is
//! ever missing, and a new one may count for more than it was met. A reader takes no more than was
//! bought of it at all.

use super::epoch::Epoch;
use crate::limits::PARTNERS_MAX;
use crate::model::SkuNo;

/// One order, as counts have it: four bits behind the point, so that halving keeps some of it.
pub const ORDER: u32 = 16;

/// The most that a partner counts before all of an item's are made smaller.
pub const COUNT_MAX: u32 = 60_000;

/// How often counts are halved before they are of whole orders.
const SCALE_MAX: u8 = 4;

/// What is bought with an item, and how often. Eight bytes: there are 32 for each item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Partner {
    /// The item.
    pub sku: SkuNo,
    /// How often, in 16ths of an order times the scale of the list, as of its epoch. There is no partner
    /// where it is 0.
    pub count: u16,
    /// When it was met last.
    pub epoch: Epoch,
}

const _: () = assert!(size_of::<Partner>() == 8);

/// How often an item was bought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bought {
    /// Orders, in 16ths, as of its epoch.
    pub orders: u32,
    /// When it was bought last.
    pub epoch: Epoch,
    /// How often the counts of its partners were halved to stay below [`COUNT_MAX`]. From the fourth time
    /// on, a list gets older by it instead.
    pub scale: u8,
}

const _: () = assert!(size_of::<Bought>() == 8);

/// The partners of an item, in no order that means anything. All of them stay where they are.
pub type Partners = [Partner; PARTNERS_MAX];

impl Partner {
    /// One that counts so much, or none.
    fn counting(sku: SkuNo, count: u32, epoch: Epoch) -> Self {
        match u16::try_from(count).unwrap_or(u16::MAX) {
            0 => Self::default(),
            count => Self { sku, count, epoch },
        }
    }

    /// Whether it is this item, and counts for something still.
    #[inline]
    pub fn is(self, sku: SkuNo, now: Epoch) -> bool {
        self.sku == sku && self.decayed(now) > 0
    }

    /// What it counts now.
    #[inline]
    pub fn decayed(self, now: Epoch) -> u32 {
        u32::try_from(now.decayed(self.count.into(), self.epoch)).unwrap_or(0)
    }
}

impl Bought {
    /// In how many orders it was, in 16ths, as that counts now.
    #[inline]
    pub fn decayed(self, now: Epoch) -> u32 {
        u32::try_from(now.decayed(self.orders.into(), self.epoch)).unwrap_or(0)
    }

    /// It was bought, or it was not after all.
    pub fn count(&mut self, now: Epoch, by: i64) {
        let orders = i64::from(self.decayed(now)) + by;
        self.orders = u32::try_from(orders.max(0)).unwrap_or(u32::MAX);
        self.epoch = now;
    }

    /// How often it was bought with a partner, in 16ths of an order, as that counts now.
    #[inline]
    pub fn together(self, partner: Partner, now: Epoch) -> u32 {
        partner.decayed(now) << self.scale
    }

    /// It was bought with another item.
    pub fn meet(&mut self, partners: &mut Partners, other: SkuNo, now: Epoch) {
        let at = place_for(partners, other, now);
        // One that takes another's place goes on from its count.
        let met = partners[at].decayed(now) + (ORDER >> self.scale);
        partners[at] = Partner::counting(other, met, now);
        if met > COUNT_MAX {
            self.shrink(partners, now);
        }
    }

    /// It was not bought with another item after all: an order of so many 16ths is taken back.
    pub fn part(&mut self, partners: &mut Partners, other: SkuNo, (now, by): (Epoch, u32)) {
        let Some(partner) = partners.iter_mut().find(|of| of.is(other, now)) else {
            return;
        };
        let left = partner.decayed(now).saturating_sub(by >> self.scale);
        *partner = Partner::counting(other, left, now);
    }

    fn shrink(&mut self, partners: &mut Partners, now: Epoch) {
        for partner in &mut *partners {
            *partner = Partner::counting(partner.sku, partner.decayed(now) / 2, now);
        }
        self.scale = (self.scale + 1).min(SCALE_MAX);
    }
}

/// Where an item is, or else where there is room, or else the least partner: of several, the first.
#[inline]
fn place_for(partners: &Partners, other: SkuNo, now: Epoch) -> usize {
    let known = partners.iter().position(|of| of.is(other, now));
    known.unwrap_or_else(|| {
        let least = partners.iter().enumerate().min_by_key(|(_, of)| of.decayed(now));
        least.map_or(0, |(at, _)| at)
    })
}
