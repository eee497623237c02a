//! Packages that nobody collects in time go back to the shelf.
//!
//! ```text
//!   ready, with an instant --time passes it--> the order in hand --> one event
//!        --> units back on the shelf and cancelled; the backlog has them
//! ```

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::super::handled::handled;
use super::super::units;
use crate::journal::Ticket;
use crate::model::effect::{Effect, Effects};
use crate::model::event::{Event, Numbered, Record};
use crate::model::fulfilment::Content;
use crate::model::order::units_in;
use crate::model::{
    AllocationUnits, Expiry, LineUnits, Order, OrderEffect, OrderId, OrderNo, Package, PackageId,
    StockEffect, Timestamp,
};
use crate::transaction::claims::Claims;
use crate::transaction::command::Effective;
use crate::transaction::error::EngineError;
use crate::transaction::minting;

/// Packages of a shipment went back to the shelf: nobody collected them in time. Their units are
/// cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentExpired {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// When.
    #[n(3)]
    pub at: Timestamp,
    /// The units, allocations ascending.
    #[n(4)]
    pub units: Vec<AllocationUnits>,
    /// The packages that they were in.
    #[n(5)]
    pub packages: Vec<PackageId>,
}

/// Has what is over of a shipment of an order in hand, from 0, go back to the shelf.
pub(super) fn append(
    claims: Claims<'_>,
    order: &Order,
    (shipment, until, now): (u16, Timestamp, Timestamp),
) -> Result<Ticket, EngineError> {
    let event = decide(order, shipment, (until, now));
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = minting::append(&claims, record, |written| written)?;
    claims.hand_over();
    Ok(ticket)
}

/// Pure: the packages of a shipment, from 0, that wait no longer than until an instant go back now.
/// That instant may have passed long ago: what is over since then is due by itself.
fn decide(order: &Order, shipment: u16, (until, at): (Timestamp, Timestamp)) -> ShipmentExpired {
    let over = order.expired_by(shipment, until);
    let content = Content::of(order, shipment);
    let mut units = Vec::new();
    for (line, in_them) in units_in(&over) {
        let taken = content.take_picked(line, in_them, &mut units);
        taken.expect("CONSERVATION: what is in a package is picked");
    }
    units.sort_unstable_by_key(|of| of.allocation);
    let packages = over.into_iter().map(|package| package.id.clone()).collect();
    let (no, id) = (order.no, order.header.id.clone());
    ShipmentExpired { no, id, shipment, at, units, packages }
}

impl Event for ShipmentExpired {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, at, .. } = self;
        let packages: Vec<_> = self.packages.iter().map(PackageId::as_str).collect();
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "at": at.to_string(), "units": units(&self.units), "package_ids": packages,
        })
    }
}

impl Effective for ShipmentExpired {
    fn effects(self) -> Effects {
        let Self { no, shipment, at, units, packages, .. } = self;
        let stock = handled(no, [&units, &[], &[], &[]]).into_iter().map(|(pair, mut all)| {
            for of in &mut all.lines {
                of.expired = of.put_back;
            }
            Effect::Stock(pair, StockEffect::Handle(all.into()))
        });
        let mut effects: Effects = stock.collect();
        let packages = packages.into_iter().map(empty).collect();
        let expiry = Expiry { shipment, at, units, packages };
        effects.push(Effect::Order(no, OrderEffect::Expire(expiry.into())));
        effects
    }
}

/// A package that is no more.
fn empty(id: PackageId) -> Package {
    let (ready, dispatch, ended, until) = (None, None, None, None);
    Package { id, lines: LineUnits::new(), ready, dispatch, ended, until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::fixture::AT;
    use crate::command::order::hold::tests::on_hold;
    use crate::command::order::progress::tests::in_state;
    use crate::model::fulfilment::Rule;
    use crate::model::fulfilment::table::rule;
    use crate::model::{
        Act, Due, KeptOrder, Lsn, OrderState, OrderedBundle, PackedOrder, SkuNo, UnitState,
    };

    /// An order in a state, whose packages wait until that instant.
    fn kept(state: UnitState) -> Order {
        let mut order = in_state(state);
        if let Some(work) = order.shipments[0].work.as_deref_mut() {
            work.packages.iter_mut().for_each(|package| package.until = Some(AT));
        }
        order
    }

    fn after(mut order: Order, event: ShipmentExpired) -> Order {
        for effect in event.effects() {
            if let Effect::Order(_, effect) = effect {
                order.apply(Lsn::new(9), &effect);
            }
        }
        order.check().expect("it is sound");
        order
    }

    #[test]
    fn of_all_states_only_what_the_table_says_expires() {
        for state in UnitState::ALL {
            let order = kept(state);
            let due = order.next_due();
            match rule(Act::Expire, state) {
                Rule::Becomes(to) => {
                    assert_eq!(due, Some((AT, Due::Expire(0, AT))));
                    let order = after(order.clone(), decide(&order, 0, (AT, AT)));
                    let standing = |line| Content::of(&order, 0).standing(line);
                    assert_eq!([0, 1].map(|line| standing(line).units(to)), [3, 3]);
                    let work = order.shipments[0].work.as_deref().expect("it worked on it");
                    assert_eq!((work.expired, work.packages.len()), (Some(AT), 0));
                    assert_eq!(order.next_due(), None, "once");
                }
                _ => assert_eq!(due, None, "{state:?}"),
            }
        }
    }

    #[test]
    fn units_go_back_to_the_shelf_and_are_cancelled_in_one_turn_of_each_pair() {
        let order = kept(UnitState::Ready);
        let before = AT.saturating_add_micros(-1);
        assert_eq!(decide(&order, 0, (before, AT)).units, [], "it is not over");
        let event = decide(&order, 0, (AT, AT));
        let units = [order.units_of(0, 3), order.units_of(2, 3)];
        assert_eq!((&event.units[..], event.packages.len()), (&units[..], 1));
        let effects = event.effects();
        let handled = effects.iter().filter_map(|effect| match effect {
            Effect::Stock(_, StockEffect::Handle(handled)) => Some(handled),
            _ => None,
        });
        let lines = handled.flat_map(|handled| &handled.lines);
        assert!(lines.clone().all(|of| (of.put_back, of.expired, of.left) == (3, 3, 0)));
        assert_eq!(lines.count(), 2);
        assert!(effects.iter().all(|effect| effect.frees().is_some() || effect.claim().is_some()));
    }

    /// Who may not have his package yet does not lose it for that.
    #[test]
    fn nothing_of_an_order_on_hold_expires_before_the_hold_ends() {
        let mut order = kept(UnitState::Ready);
        order.order_holds = on_hold(1).order_holds;
        assert_eq!(order.next_due(), None);
        order.order_holds = Box::default();
        assert_eq!(order.next_due(), Some((AT, Due::Expire(0, AT))));
    }

    #[test]
    fn a_part_of_a_bundle_waits_for_the_rest() {
        let mut order = kept(UnitState::Ready);
        order.bundles =
            Box::new([OrderedBundle { sku: SkuNo(9), units: 3, line: 0, components: 2 }]);
        for line in &mut order.lines {
            line.ordered = 3;
        }
        assert_eq!(order.next_due(), Some((AT, Due::Expire(0, AT))), "all of it is there");
        let work = order.shipments[0].work.as_deref_mut().expect("its node worked on it");
        work.packages[0].take_out(1, 3);
        assert_eq!(order.next_due(), None);
    }

    /// The service comes late: what is over by then is more than what is over first, and has a part of
    /// a bundle of which the rest is waited for.
    #[test]
    fn what_is_over_first_expires_though_a_part_of_a_bundle_is_over_as_well() {
        let mut order = kept(UnitState::Ready);
        order.bundles =
            Box::new([OrderedBundle { sku: SkuNo(9), units: 3, line: 0, components: 2 }]);
        for line in &mut order.lines {
            line.ordered = 3;
        }
        let work = order.shipments[0].work.as_deref_mut().expect("its node worked on it");
        let later = Some(AT.saturating_add_micros(1));
        work.packages[0].take_out(0, 2);
        work.packages[0].take_out(1, 2);
        let part = LineUnits::from_slice(&[(0, 2)]);
        let id = PackageId::numbered(9);
        let part = Package { id, lines: part, until: later, ..work.packages[0].clone() };
        work.packages.push(part);
        let now = AT.saturating_add_micros(9);
        let Some((at, Due::Expire(0, until))) = order.next_due() else { panic!("it is due") };
        assert_eq!((at, until), (AT, AT));
        let event = decide(&order, 0, (until, now));
        assert_eq!((event.at, event.units.len(), event.packages.len()), (now, 2, 1));
        assert_eq!(after(order, event).next_due(), None, "once; the part waits for the rest");
    }

    #[test]
    fn an_order_that_waits_until_an_instant_is_packed_in_the_version_that_has_it() {
        let order = kept(UnitState::Ready);
        let packed = PackedOrder::of(&order);
        assert!(packed.has_expiry() && packed.needs_version_12());
        assert_eq!(KeptOrder::of(&order).order(), order);
        let gone = after(order.clone(), decide(&order, 0, (AT, AT)));
        assert_eq!(KeptOrder::of(&gone).order(), gone);
        assert!(!PackedOrder::of(&in_state(UnitState::Ready)).has_expiry());
        assert_eq!(gone.state(), OrderState::Open, "its other shipment is there");
    }
}
