//! Confirming a hold: it becomes an order.

use backstock_engine::command::{ConfirmHold, HoldReplaced, LineRequest, Lines, OrderRequest};
use backstock_engine::engine::Engine;
use backstock_engine::model::{
    self, Day, Destination, HoldId, HoldState, Lsn, NodeId, ServiceName, Shortage, Split, Supply,
    Text,
};

use super::place_order::{OrderPlaced, allotted};
use super::{Fact, same_units, units_of};
use crate::fixture::sku;
use crate::naive::bundle::{lines as lines_of, wanted};
use crate::naive::hold::{Units, key};
use crate::naive::{Allotted, For, Naive, Order};

/// A hold became an order.
#[derive(Clone, Debug)]
pub struct HoldConfirmed {
    hold: HoldId,
    /// The order's id.
    order: String,
    /// Where the order goes, and how, where that was said.
    elsewhere: (Option<Destination<NodeId>>, Option<ServiceName>, Option<Day>),
    /// Where the order comes in, where that was said.
    channel: Option<Text>,
    /// The order's number.
    no: u64,
    /// The number that the hold had, if the order has another one.
    had: Option<u64>,
    off: Units,
    on: Units,
    /// What the order has, by item.
    lines: Vec<(String, u32)>,
    /// Whether it was not decided anew where it ships from.
    stays: bool,
    allotted: Vec<Allotted>,
    /// Units that it goes without, by part.
    cancelled: Vec<u32>,
}

impl HoldConfirmed {
    /// What the engine's event says of a hold that was confirmed so.
    pub fn new(engine: &Engine, asked: &ConfirmHold, event: &HoldReplaced) -> Option<Self> {
        let order = event.order.unpack().expect("it was read");
        let held = order.header.hold.as_deref()?;
        let had = match event.ends {
            None => None,
            Some((had, HoldState::Lapsed)) => Some(had.0),
            Some(_) => return None,
        };
        if (&held.id, held.state) != (&asked.hold, HoldState::Confirmed)
            || order.header.id != asked.order
        {
            return None;
        }
        Some(Self {
            hold: asked.hold.clone(),
            order: asked.order.to_string(),
            elsewhere: (asked.destination.clone(), asked.service.clone(), asked.deliver_by),
            channel: asked.channel.clone(),
            no: order.no.0,
            had,
            off: units_of(engine, &event.off),
            on: units_of(engine, &event.on),
            lines: lines(engine, &order),
            stays: order.header.decided_at.is_some(),
            allotted: allotted(engine, &order),
            cancelled: order.allocations.iter().map(|part| part.cancelled).collect(),
        })
    }

    /// Whether the order goes where the hold goes, in the same way.
    fn goes_as_held(&self, naive: &Naive, held: &Order) -> bool {
        let wanted = &held.hold.as_ref().expect("it is a hold").wanted;
        let (to, service, day) = &self.elsewhere;
        let standard = &naive.policy.services[0].name;
        to.as_ref().is_none_or(|to| *to == wanted.destination)
            && service
                .as_ref()
                .is_none_or(|name| name == wanted.service.as_ref().unwrap_or(standard))
            && day.is_none()
    }

    /// What is ordered: all that was held, but for what a hold waits for that takes a part.
    /// A hold of bundles takes no part.
    fn lines(&self, naive: &Naive, held: &Order) -> Result<Lines, String> {
        let hold = held.hold.as_ref().expect("it is a hold");
        let (mut units, bundles) = lines_of(&wanted(&naive.items, &hold.wanted));
        if hold.state == HoldState::Live && hold.accepts_part {
            let waiting = self.off.iter().filter(|((.., supply), _)| *supply == Supply::Backorder);
            for ((_, sku, ..), rest) in waiting {
                let line = units.iter_mut().find(|(of, _)| of == sku).expect("it is held");
                line.1 -= rest;
            }
        }
        units.retain(|(_, units)| *units > 0);
        if units != self.lines {
            return Err(format!("it has {units:?}, and the order {:?}", self.lines));
        }
        if !bundles.is_empty() {
            return Ok(hold.wanted.lines.clone());
        }
        let line = |(name, quantity): (String, u32)| LineRequest { sku: sku(&name), quantity };
        Ok(Lines(units.into_iter().map(line).collect()))
    }

    /// The order is planned anew, on what is free and on the hold's units.
    fn plan_anew(&self, naive: &mut Naive, asked: Lsn, held: &Order) -> Result<Order, String> {
        same_units(&self.on, &self.allotted)?;
        let hold = held.hold.clone().expect("it is a hold");
        let (no, is_whole) = (self.no, held.is_whole);
        // Lines may be split if they were when it was held, whatever the policy says by now.
        let split = if is_whole { Split::WholeLine } else { Split::Units };
        let shortage = Shortage::Reject;
        let mut wanted =
            OrderRequest { split: Some(split), shortage: Some(shortage), ..hold.wanted };
        wanted.lines = self.lines(naive, held)?;
        let ordered = self.lines.iter().map(|(_, units)| *units).collect();
        wanted.service = self.elsewhere.1.clone().or(wanted.service);
        let goes_on = hold.state == HoldState::Live;
        let as_held = self.elsewhere.0.as_ref().is_none_or(|to| *to == wanted.destination);
        wanted.destination = self.elsewhere.0.clone().unwrap_or(wanted.destination);
        // It may have been held there before the node stopped to offer it.
        if !(goes_on && as_held) {
            naive.check_offers_pickup(&wanted, asked)?;
        }
        let before = wanted.channel.clone();
        wanted.channel = self.channel.clone().or(wanted.channel);
        let (whom, channel) = (For::of(&wanted), wanted.channel.clone());
        let placed = OrderPlaced { wanted, no, shortage, split, allotted: self.allotted.clone() };
        placed.check(naive, asked, &self.off)?;
        // In another channel, the pair's terms are asked of what is there.
        let stays = |supply: &Supply| before == channel || matches!(supply, Supply::Inbound(_));
        let own = self.off.iter().filter(|((.., supply), _)| stays(supply));
        let own: Units = own.map(|(at, units)| (at.clone(), *units)).collect();
        naive.put_on((no, false), channel.as_ref().map(Text::as_str), &self.on, &own)?;
        naive.note_rides(no, &self.allotted);
        let mut order = Order::new((no, whom), ordered, self.allotted.clone(), is_whole);
        order.bundles.clone_from(&held.bundles);
        Ok(order)
    }
}

impl Fact for HoldConfirmed {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        let held = naive.orders.remove(&key(&self.hold)).ok_or("no such hold")?;
        let mut hold = held.hold.clone().expect("it is a hold");
        let is_late = match hold.state {
            HoldState::Live => false,
            HoldState::Lapsed => true,
            state => return Err(format!("it is {state:?}")),
        };
        // One that lapsed is as old as its confirmation.
        let is_known = naive.orders.values().any(|order| order.no == self.no);
        if self.had != is_late.then_some(held.no) || is_known || is_late == (self.no == held.no) {
            return Err(format!("it was {}, is {}, and had {:?}", held.no, self.no, self.had));
        }
        if is_late {
            naive.check_on_sale(&hold.wanted, |_| 0, asked)?;
        }
        // Where a day has passed that was told, it is decided anew all the same.
        let waits = self.off.keys().any(|(.., supply)| *supply == Supply::Backorder);
        let drops = hold.accepts_part && waits;
        let may_stay = !is_late && self.goes_as_held(naive, &held);
        let mut kept = self.off.clone();
        kept.retain(|(.., supply), _| !drops || *supply != Supply::Backorder);
        if self.stays && (!may_stay || self.on != kept) {
            return Err(format!("its units stay, and may {may_stay}"));
        }
        naive.take_off(held.no, &self.off)?;
        let (changes, had) = (held.changes.clone(), held.no);
        let mut order = if self.stays {
            // They are where they were: nobody has to count whether they are there.
            naive.keep_on(self.no, &self.on);
            let wanted = &held.hold.as_ref().expect("it is a hold").wanted;
            let channel = self.channel.clone().or(wanted.channel.clone());
            let whom = For::of(&OrderRequest { channel, ..wanted.clone() });
            naive.belongs(self.no, whom.channel.as_deref());
            let mut order = held;
            order.whom = whom;
            order.go_without(&self.cancelled, &self.off, drops)?;
            order
        } else {
            self.plan_anew(naive, asked, &held)?
        };
        // One that lapsed goes on as another order.
        order.changes = if had == self.no { changes } else { Vec::new() };
        hold.state = HoldState::Confirmed;
        order.priority = hold.wanted.priority;
        // Also at pairs that it has units of for the first time.
        naive.prioritise(self.no, order.priority);
        order.hold = Some(hold);
        match naive.orders.insert(self.order.clone(), order) {
            None => Ok(()),
            Some(_) => Err("the order was placed before".into()),
        }
    }
}

/// What an order has, by item.
fn lines(engine: &Engine, order: &model::Order) -> Vec<(String, u32)> {
    let lines = order.lines.iter();
    lines.map(|line| (engine.sku_no(line.sku).to_string(), line.ordered)).collect()
}
