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
    /// By order: the day on which all of it is there; none while some of it has none.
    told: BTreeMap<String, Option<Day>>,
    slipped: u64,
    short: u64,
    early: u64,
    /// Days told anew, by what they are: later, earlier, none any more.
    later: u64,
    sooner: u64,
    lost: u64,
    /// Orders that had no day and got one.
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

    /// The customer reads by when all of his order is there.
    pub(super) fn read(&mut self, order: &str, promised_by: Option<&v1::Date>) {
        let now = promised_by.and_then(dates::from_wire).map(Day::from);
        let before = self.told.insert(order.to_owned(), now);
        match (before, now) {
            (Some(Some(before)), Some(now)) if now > before => self.later += 1,
            (Some(Some(before)), Some(now)) if now < before => self.sooner += 1,
            (Some(Some(_)), None) => self.lost += 1,
            (Some(None), Some(_)) => self.found += 1,
            _ => {}
        }
    }

    /// The customer reads it once more, after something that has its own report.
    pub(super) fn read_again(&mut self, order: &str, promised_by: Option<&v1::Date>) {
        let now = promised_by.and_then(dates::from_wire).map(Day::from);
        self.told.insert(order.to_owned(), now);
    }

    /// Looks who waits for the items of these pairs, and who has units of them, at any of the
    /// pairs.
    pub(super) async fn look_for_passed(
        &mut self,
        client: &Client,
        pairs: &[(String, String)],
        order_of: impl Fn(&str) -> Option<usize> + Copy,
    ) -> Result<(), DemoError> {
        let mut by_sku = BTreeMap::<&str, Vec<v1::Reservation>>::new();
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
            for ((sku, _), answer) in some.iter().zip(try_join_all(calls).await?) {
                let answer = answer.into_inner();
                let all = by_sku.entry(sku.as_str()).or_default();
                all.extend(answer.reservations);
                if !answer.next_page_token.is_empty() {
                    self.passed.push(format!("somebody unseen: {sku} has more reservations"));
                }
            }
        }
        for reservations in by_sku.values_mut() {
            self.passed.extend(passing(reservations, order_of));
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
             early. {} days were told anew: {later} later, {sooner} earlier; {lost} orders lost \
             theirs until more comes; {found} that waited got one",
            later + sooner + lost
        );
        let tail = match &passed[..] {
            [] => "nobody was passed".to_owned(),
            passed => format!("SOMEBODY WAS PASSED, by {}", passed.join(", ")),
        };
        format!("{head}; {tail}")
    }
}

/// Orders that have units on hand which an older one could have had: it waits for no more.
/// `order_of` tells which order was placed before which.
fn passing(
    reservations: &mut [v1::Reservation],
    order_of: impl Fn(&str) -> Option<usize>,
) -> Vec<String> {
    let kind = |r: &v1::Reservation| r.supply.as_ref().map(v1::Supply::kind);
    reservations.sort_by_key(|r| order_of(&r.order_id));
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

    #[test]
    fn a_day_counts_when_it_is_another_than_was_told() {
        let mut promises = Promises::default();
        for day in [Some(5), Some(5), Some(7), Some(6), None, None, Some(9)] {
            let day = day.map(|day| v1::Date { year: 2017, month: 5, day });
            promises.read("W1", day.as_ref());
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
        let order_of = |id: &str| "ABC".find(id);
        let passing = |mut all: Vec<v1::Reservation>| passing(&mut all, order_of);
        assert!(
            passing(vec![r("C", 1, OnHand), r("B", 2, Backorder), r("A", 2, OnHand)]).is_empty()
        );
        assert!(passing(vec![r("A", 2, Backorder), r("B", 2, Inbound)]).is_empty());
        assert_eq!(passing(vec![r("B", 2, OnHand), r("A", 2, Backorder)]), ["B"]);
    }
}
