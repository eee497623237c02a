//! What it does to a pair that its node does not ship units of an order.

use super::Stock;
use super::declined::{Decline, Declined, Found, LineDeclined, ShipmentLine};
use crate::limits::STOCK_UNITS_MAX;
use crate::model::answer::DeclineReason;
use crate::model::ids::OrderNo;
use crate::model::reservations::Supply;

/// What a reason says of the goods at the node. It decides what becomes of the pair, and the table in
/// ARCHITECTURE is written from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goods {
    /// Nothing: they are there.
    There,
    /// None of them are on the shelf.
    Gone,
    /// They are not there. Others are.
    Missing,
    /// They are there, and cannot be sold.
    Unsellable,
}

/// What is known of the goods, by reason.
const TABLE: [(DeclineReason, Goods); DeclineReason::ALL.len()] = [
    (DeclineReason::Unspecified, Goods::There),
    (DeclineReason::NotFound, Goods::Gone),
    (DeclineReason::Damaged, Goods::Unsellable),
    (DeclineReason::Capacity, Goods::There),
    (DeclineReason::Closed, Goods::There),
    (DeclineReason::Short, Goods::Missing),
];

/// What a reason says of the goods.
pub fn goods(reason: DeclineReason) -> Goods {
    let row = TABLE.iter().find(|(of, _)| *of == reason);
    row.map(|(_, goods)| *goods).expect("each reason has a row")
}

impl Goods {
    /// What becomes of the count at the node, of what is free of the SKU there, and of other orders'
    /// units on the same shelf.
    const fn as_strs(self) -> [&'static str; 3] {
        match self {
            Self::There => ["as it is", "the declined units are", "stay"],
            Self::Gone => [
                "what is picked or cannot be sold",
                "nothing, until units are counted or come in",
                "wait",
            ],
            Self::Missing => {
                ["fewer by the declined units", "as before", "wait if they are not covered"]
            }
            Self::Unsellable => {
                ["as it is, the units unavailable", "as before", "wait if they are not covered"]
            }
        }
    }
}

/// The table for people, as Markdown.
pub fn markdown() -> String {
    let head = "| reason | on hand from then on | free there | other orders' unpicked units |\n\
                |---|---|---|---|\n";
    let row = |(reason, goods): &(DeclineReason, Goods)| {
        format!("| {} | {} |\n", reason.as_str(), goods.as_strs().join(" | "))
    };
    [head.to_owned()].into_iter().chain(TABLE.iter().map(row)).collect()
}

impl Stock {
    /// Decides what a pair comes to whose node does not ship units of an order.
    pub(super) fn decline(&self, decline: &Decline) -> Declined {
        let Decline { order, ref lines, reason, at_supplier } = *decline;
        let mut all = lines.iter().map(|of| (of.line, self.declined_units(order, *of)));
        let (line, off) = all.next().expect("a shipment has units of a line here");
        let beside: Vec<_> = all.map(|(line, off)| LineDeclined { line, off }).collect();
        let beside = Some(beside).filter(|beside| !beside.is_empty());
        let declined = Declined { order, line, off, found: None, beside };
        let firm = declined.firm();
        let found = if at_supplier {
            self.feed_after(reason, firm)
        } else {
            self.shelf_after(reason, (firm, declined.picked()))
        };
        Declined { found, ..declined }
    }

    /// What the units rest on: of those that are not picked, those that can be counted on first are of
    /// the shipments before.
    fn declined_units(&self, order: OrderNo, of: ShipmentLine) -> Vec<(Supply, u32)> {
        let of_line = self.reservations.of_line(order, of.line);
        let mut rests: Vec<_> = of_line.filter(|r| r.supply != Supply::Picked).collect();
        rests.sort_by_key(|r| (r.supply == Supply::Backorder, self.eta_of(r.supply), r.supply));
        let (mut ahead, mut left) = (of.ahead, of.units - of.picked);
        let picked = Some((Supply::Picked, of.picked)).filter(|(_, units)| *units > 0);
        let mut off: Vec<_> = picked.into_iter().collect();
        for r in rests {
            let passed = r.units.min(ahead);
            let units = (r.units - passed).min(left);
            (ahead, left) = (ahead - passed, left - units);
            if units > 0 {
                off.push((r.supply, units));
            }
        }
        debug_assert_eq!(left, 0, "CONSERVATION: what a shipment has is at its pairs");
        off
    }

    fn there(&self) -> Found {
        Found { on_hand: self.on_hand, unavailable: self.unavailable }
    }

    /// What a node holds that does not ship so many units, some of which were picked.
    fn shelf_after(&self, reason: DeclineReason, (firm, picked): (u32, u32)) -> Option<Found> {
        let Found { on_hand, unavailable } = self.there();
        // What cannot be sold lies elsewhere, and so does what others' orders were picked for.
        let elsewhere = unavailable.saturating_add(self.picked() - picked).min(on_hand);
        match goods(reason) {
            Goods::Gone => Some(Found { on_hand: elsewhere, unavailable }),
            Goods::Missing => {
                // What a count took off before is not taken off again.
                let known = self.allocated.saturating_sub(on_hand.saturating_sub(unavailable));
                let missing = firm.saturating_sub(known);
                let on_hand = on_hand.saturating_sub(missing).max(elsewhere);
                Some(Found { on_hand, unavailable })
            }
            Goods::Unsellable => {
                Some(Found { on_hand, unavailable: (unavailable + firm).min(on_hand) })
            }
            Goods::There => None,
        }
    }

    /// What a supplier has who does not ship so many units. Where he has none, it is what others
    /// are promised, and nothing beyond. His feed never comes to be more by it.
    fn feed_after(&self, reason: DeclineReason, firm: u32) -> Option<Found> {
        let most = if self.is_unlimited() { u32::MAX } else { self.on_hand };
        let others = (self.allocated - firm).min(most);
        let fewer = || self.on_hand.saturating_sub(firm).max(others);
        match goods(reason) {
            Goods::Gone => Some(Found { on_hand: others, unavailable: 0 }),
            Goods::Unsellable | Goods::Missing if !self.is_unlimited() => {
                Some(Found { on_hand: fewer(), unavailable: 0 })
            }
            Goods::There | Goods::Unsellable | Goods::Missing => None,
        }
    }

    /// What is free once units are declined, as [`Stock::free_after`] has it.
    pub(super) fn free_declined(&self, declined: &Declined) -> i64 {
        let is_unlimited = self.is_unlimited() && declined.found.is_none();
        let Found { on_hand, unavailable } = declined.found.unwrap_or_else(|| self.there());
        let good = i64::from(on_hand) - i64::from(unavailable);
        let there = if is_unlimited { i64::from(STOCK_UNITS_MAX) } else { good };
        let allocated = i64::from(self.allocated - declined.firm());
        // Those on the shelf for whom nothing is there wait as well.
        let uncovered = if declined.found.is_some() {
            (allocated - good.max(0)).clamp(0, self.on_the_shelf(declined))
        } else {
            0
        };
        there - i64::from(self.safety) - (allocated - uncovered)
    }

    /// Units that rest on the shelf, without those that are declined.
    fn on_the_shelf(&self, declined: &Declined) -> i64 {
        let on_hand = |supply: Supply| supply == Supply::OnHand;
        let all = self.reservations.iter().filter(|r| on_hand(r.supply)).map(|r| r.units);
        let off = declined.all_off().filter(|(_, supply, _)| on_hand(*supply)).map(|(.., u)| u);
        all.map(i64::from).sum::<i64>() - off.map(i64::from).sum::<i64>()
    }
}
