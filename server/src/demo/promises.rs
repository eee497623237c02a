//! What customers were told of their days, and what was told anew when a shipment to a node came
//! otherwise than was announced. At the end: whether somebody was passed.

use std::collections::BTreeMap;

use backstock_engine::model::Day;
use backstock_proto::v1;
use futures_util::future::try_join_all;

use super::error::DemoError;
use super::fate::Fate;
use crate::client::Client;
use crate::dates;

/// Pairs that are read at once.
const CALLS_AT_ONCE: usize = 64;

/// More reservations than any pair of the demo has.
const RESERVATIONS_MAX: i32 = 1_000;

/// The days that were told, and how they changed.
#[derive(Debug, Default)]
pub(super) struct Promises {
    /// By order and shipment, until the parcel has left; none while it has no day.
    told: BTreeMap<(String, u32), Option<Day>>,
    slipped: u64,
    short: u64,
    early: u64,
    /// Days told anew, by what they are: later, earlier, none any more.
    later: u64,
    sooner: u64,
    lost: u64,
    /// Parcels that had no day and got one.
    found: u64,
    /// Orders that had a unit which an older one waited for.
    passed: Vec<String>,
}

impl Promises {
    /// A shipment to a node came to pass.
    pub(super) fn came(&mut self, fate: Fate) {
        match fate {
            Fate::AsTold => {}
            Fate::Slips(_) => self.slipped += 1,
            Fate::Short(_) => self.short += 1,
            Fate::Early(_) => self.early += 1,
        }
    }

    /// The customer reads the day of a shipment of his order.
    pub(super) fn read(&mut self, order: &str, shipment: &v1::Shipment) {
        let now = shipment.deliver_by.as_ref().and_then(dates::from_wire).map(Day::from);
        let before = self.told.insert((order.to_owned(), shipment.number), now);
        match (before, now) {
            (Some(Some(before)), Some(now)) if now > before => self.later += 1,
            (Some(Some(before)), Some(now)) if now < before => self.sooner += 1,
            (Some(Some(_)), None) => self.lost += 1,
            (Some(None), Some(_)) => self.found += 1,
            _ => {}
        }
    }

    /// The parcel has left: its day stays as it is.
    pub(super) fn left(&mut self, order: &str, number: u32) {
        self.told.remove(&(order.to_owned(), number));
    }

    /// Looks who waits at these pairs, and who has units there.
    pub(super) async fn look_for_passed(
        &mut self,
        client: &Client,
        pairs: &[(String, String)],
    ) -> Result<(), DemoError> {
        for some in pairs.chunks(CALLS_AT_ONCE) {
            let calls = some.iter().map(|(sku, node_id)| {
                let request = v1::ListReservationsRequest {
                    sku: sku.clone(),
                    node_id: node_id.clone(),
                    page_size: RESERVATIONS_MAX,
                    ..v1::ListReservationsRequest::default()
                };
                let mut inventory = client.inventory();
                async move { inventory.list_reservations(request).await }
            });
            for answer in try_join_all(calls).await? {
                self.passed.extend(passing(&answer.into_inner().reservations));
            }
        }
        Ok(())
    }

    /// Whether nobody was passed.
    pub(super) fn is_good(&self) -> bool {
        self.passed.is_empty()
    }

    /// For the person who watches.
    pub(super) fn told(&self) -> String {
        let Self { slipped, short, early, later, sooner, lost, found, passed, .. } = self;
        let head = format!(
            "of the shipments to nodes, {slipped} slipped, {short} came short and {early} came \
             early: {} days were told anew, {later} later, {sooner} earlier, and {lost} that more has \
             to come; {found} parcels that waited got a day",
            later + sooner + lost
        );
        let tail = match &passed[..] {
            [] => "nobody was passed".to_owned(),
            passed => format!("SOMEBODY WAS PASSED, by {}", passed.join(", ")),
        };
        format!("{head}; {tail}")
    }
}

/// Orders that have units on hand which an older one could have had: it waits for no more. The
/// reservations of a pair come with the oldest order first.
fn passing(reservations: &[v1::Reservation]) -> Vec<String> {
    let kind = |r: &v1::Reservation| r.supply.as_ref().map(v1::Supply::kind);
    let mut least = None::<u64>;
    let mut passing = Vec::new();
    for reservation in reservations {
        match kind(reservation) {
            Some(v1::SupplyKind::Backorder) => {
                least = Some(least.map_or(reservation.quantity, |l| l.min(reservation.quantity)));
            }
            Some(v1::SupplyKind::OnHand) if least.is_some_and(|l| l <= reservation.quantity) => {
                passing.push(reservation.order_id.clone());
            }
            _ => {}
        }
    }
    passing
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipment(day: Option<i32>) -> v1::Shipment {
        let deliver_by = day.map(|day| v1::Date { year: 2017, month: 5, day });
        v1::Shipment { number: 1, deliver_by, ..v1::Shipment::default() }
    }

    #[test]
    fn a_day_counts_when_it_is_another_than_was_told() {
        let mut promises = Promises::default();
        for day in [Some(5), Some(5), Some(7), Some(6), None, None, Some(9)] {
            promises.read("W1", &shipment(day));
        }
        let Promises { later, sooner, lost, found, .. } = promises;
        assert_eq!((later, sooner, lost, found), (1, 1, 1, 1));
    }

    #[test]
    fn who_has_what_an_older_order_waits_for_has_passed_it() {
        use v1::SupplyKind::{Backorder, Inbound, OnHand};
        let r = |order: &str, quantity, kind: v1::SupplyKind| v1::Reservation {
            order_id: order.into(),
            quantity,
            supply: Some(v1::Supply { kind: kind.into(), inbound_id: String::new() }),
            ..v1::Reservation::default()
        };
        assert!(passing(&[r("A", 2, OnHand), r("B", 2, Backorder), r("C", 1, OnHand)]).is_empty());
        assert!(passing(&[r("A", 2, Backorder), r("B", 2, Inbound)]).is_empty());
        assert_eq!(passing(&[r("A", 2, Backorder), r("B", 2, OnHand)]), ["B"]);
    }
}
