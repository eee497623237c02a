//! Holding what an order would take: as a hold of its own, or in place of the owner's one.

use backstock_engine::command::{
    AnyEvent, CreateHold, HoldCreated as Created, HoldReplaced as Replaced, LineRequest, Lines,
    Meta, OrderRequest,
};
use backstock_engine::engine::Engine;
use backstock_engine::model::{
    self, Destination, HoldId, HoldState, Lsn, OrderId, Pickup, SkuNo, Split, Supply, Timestamp,
};

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

    /// What the engine's event says of the hold of new units of an order that is to be changed:
    /// nobody asked for it by itself.
    pub fn of_quote(engine: &Engine, event: &AnyEvent) -> Option<Self> {
        let (AnyEvent::HoldCreated(Created { order })
        | AnyEvent::HoldReplaced(Replaced { order, .. })) = event
        else {
            return None;
        };
        let order = order.unpack().expect("it was read");
        let hold = order.open_hold()?;
        let asked = asked_for(engine, &order, hold);
        let mut held = match event {
            AnyEvent::HoldReplaced(event) => Self::taking_over(engine, &asked, event),
            _ => Self::of(engine, &asked, &order, None),
        }?;
        held.order.split = Split::Units;
        Some(held)
    }

    /// The hold's id.
    pub fn id(&self) -> &HoldId {
        &self.hold.id
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

/// What a caller would have asked for, to have that held.
fn asked_for(engine: &Engine, order: &model::Order, hold: &model::Hold) -> CreateHold {
    let header = &order.header;
    let line =
        |(no, quantity): (SkuNo, u32)| LineRequest { sku: engine.sku_no(no).clone(), quantity };
    let destination = match &header.destination {
        Destination::Address(code) => Destination::Address(code.clone()),
        Destination::Pickup(Pickup { node, only_there }) => {
            let node = engine.node_no(*node).id.clone();
            Destination::Pickup(Pickup { node, only_there: *only_there })
        }
    };
    let wanted = OrderRequest {
        id: OrderId::of_hold(&hold.id),
        customer: header.customer.clone(),
        channel: header.channel.clone(),
        destination,
        service: Some(engine.policy().services[usize::from(header.service.0)].name.clone()),
        deliver_by: Some(header.promise_by),
        shortage: None,
        // Lines of the order that are of one item are one of the hold, and leave from where each does.
        split: Some(Split::Units),
        lines: Lines(order.asked_for().map(line).collect()),
        priority: header.priority,
        prices: None,
    };
    let meta = Meta { at: header.ordered_at, ..Meta::default() };
    CreateHold::new(meta, hold.id.clone(), (hold.seconds, hold.owner.clone()), wanted)
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
