//! Holding what an order would take: as a hold of its own, or in place of the owner's one.

use backstock_engine::command::{CreateHold, HoldCreated as Created, HoldReplaced as Replaced};
use backstock_engine::engine::Engine;
use backstock_engine::model::{self, HoldState, Lsn, Supply, Timestamp};

use super::place_order::{OrderPlaced, allotted};
use super::{Fact, units_of};
use crate::naive::Naive;
use crate::naive::hold::{Hold, Units, key};

/// A hold came to be.
#[derive(Clone, Debug)]
pub struct HoldCreated {
    /// What it was given: an order that nobody confirmed yet.
    order: OrderPlaced,
    hold: Hold,
    /// Until when it has its units, or waits.
    until: Timestamp,
    /// The number of the owner's hold before it, with what that had and this one has.
    takes_over: Option<(u64, Units, Units)>,
}

impl HoldCreated {
    /// What the engine's event says of a hold that was created so.
    pub fn new(engine: &Engine, asked: &CreateHold, event: &Created) -> Option<Self> {
        let order = event.order.unpack().expect("it was read");
        Self::of(engine, asked, &order, None)
    }

    /// What the engine's event says of a hold that was created so, and took over another one.
    pub fn taking_over(engine: &Engine, asked: &CreateHold, event: &Replaced) -> Option<Self> {
        let Some((had, HoldState::TakenOver)) = event.ends else { return None };
        let (off, on) = (units_of(engine, &event.off), units_of(engine, &event.on));
        let order = event.order.unpack().expect("it was read");
        Self::of(engine, asked, &order, Some((had.0, off, on)))
    }

    fn of(
        engine: &Engine,
        asked: &CreateHold,
        order: &model::Order,
        takes_over: Option<(u64, Units, Units)>,
    ) -> Option<Self> {
        let held = order.open_hold()?;
        if held.id != *asked.hold() || held.owner != asked.owner {
            return None;
        }
        let (began, wanted) = (order.header.ordered_at, asked.order().clone());
        let parts = order.allocations.iter().map(|part| part.supply == Supply::Backorder);
        let accepts_part = asked.accepts_part();
        let waits =
            if accepts_part { parts.clone().all(|it| it) } else { parts.clone().any(|it| it) };
        let (id, owner) = (held.id.clone(), held.owner.clone());
        let hold =
            Hold::new(id, owner, (began, asked.seconds), (wanted.clone(), waits, accepts_part));
        let (no, header) = (order.no.0, &order.header);
        let (shortage, split) = (header.shortage, header.split);
        let order = OrderPlaced { wanted, no, shortage, split, allotted: allotted(engine, order) };
        Some(Self { order, hold, until: held.until, takes_over })
    }
}

impl Fact for HoldCreated {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        let before = self.hold.owner.as_ref().and_then(|owner| naive.hold_of(owner));
        let before = before.map(|hold| key(&hold.id));
        let no = before.as_ref().map(|before| naive.orders[before].no);
        let takes_over = self.takes_over.as_ref().map(|(no, _, _)| *no);
        if no != takes_over {
            return Err(format!("the owner has hold {no:?}, and it takes over {takes_over:?}"));
        }
        let waits = self.hold.state == HoldState::Waiting;
        naive.check_joins((&self.order.wanted, self.order.no, waits), asked)?;
        let (mut hold, mut own) = (self.hold.clone(), Units::new());
        if hold.state == HoldState::Waiting {
            // One that waits for a sale to open waits longer.
            let may = naive.may_wait_until(asked, hold.until);
            hold.until = may.into_iter().find(|until| *until == self.until).unwrap_or(hold.until);
        }
        if let (Some(before), Some((no, off, on))) = (before, &self.takes_over) {
            naive.take_off(*no, off)?;
            let version = naive.version().next();
            let before = naive.orders.get_mut(&before).expect("it is open");
            hold.goes_on(before.open_hold().expect("it is open"));
            before.end_hold(HoldState::TakenOver);
            before.changes.push(version);
            super::same_units(on, &self.order.allotted)?;
            own = off.clone();
        }
        self.order.place(naive, asked, (Some(hold), &own))
    }
}
