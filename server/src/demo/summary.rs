//! Counts what became of the orders, from what the server answered.

use std::collections::BTreeMap;

use backstock_proto::v1;

use super::data::ShipMode;
use super::policy::SHIP_MODES;

/// What became of all orders, as promised when they were placed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// Orders that were answered.
    pub(super) orders: u64,
    /// Units that they want.
    pub(super) units: u64,
    /// Orders by what became of them.
    pub(super) outcomes: BTreeMap<&'static str, u64>,
    /// Orders by their number of shipments.
    pub(super) by_shipments: BTreeMap<usize, u64>,
    /// Orders of which a supplier ships units.
    pub(super) drop_shipped: Count,
    /// Orders with units promised from a shipment on its way to a node.
    pub(super) preordered: Count,
    /// Orders with units that wait for supply.
    pub(super) backordered: Count,
    /// Orders of which the server made fewer lines than were sent: lines of one
    /// product are summed.
    pub(super) summed: u64,
    /// By ship mode, in the order of [`SHIP_MODES`].
    pub(super) modes: [ModeSummary; SHIP_MODES.len()],
}

/// Orders and units of one kind.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) orders: u64,
    pub(super) units: u64,
}

/// The orders of one ship mode.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct ModeSummary {
    pub(super) orders: u64,
    /// All units are promised for the day that the mode promises, or earlier.
    pub(super) kept: u64,
    /// All units are promised, some for later.
    pub(super) late: u64,
    /// Some units have no date yet.
    pub(super) undated: u64,
}

impl Summary {
    /// Counts an order and its answer.
    pub(super) fn add(
        &mut self,
        mode: ShipMode,
        request: &v1::PlaceOrderRequest,
        placed: &v1::PlaceOrderResponse,
    ) {
        self.orders += 1;
        self.units += request.lines.iter().map(|line| u64::from(line.quantity)).sum::<u64>();
        *self.outcomes.entry(outcome(placed.outcome())).or_default() += 1;
        *self.by_shipments.entry(placed.shipments.len()).or_default() += 1;
        let answered = !placed.lines.is_empty();
        self.summed += u64::from(answered && placed.lines.len() < request.lines.len());
        self.drop_shipped.add(dropped(placed));
        self.preordered.add(placed.lines.iter().map(|l| u64::from(l.preordered)).sum());
        self.backordered.add(placed.lines.iter().map(|l| u64::from(l.backordered)).sum());
        let at = SHIP_MODES.iter().position(|known| *known == mode).unwrap_or_default();
        self.modes[at].add(request, placed);
    }

    /// Orders that were not placed, for want of stock.
    pub(super) fn rejected(&self) -> u64 {
        self.outcomes.get(outcome(v1::OrderOutcome::Rejected)).copied().unwrap_or_default()
    }

    /// Orders of more than one shipment.
    pub(super) fn split(&self) -> u64 {
        self.by_shipments.range(2..).map(|(_, orders)| orders).sum()
    }

    /// Shipments of all orders.
    pub(super) fn shipments(&self) -> u64 {
        self.by_shipments.iter().map(|(shipments, orders)| *shipments as u64 * orders).sum()
    }
}

impl Count {
    fn add(&mut self, units: u64) {
        self.orders += u64::from(units > 0);
        self.units += units;
    }
}

impl ModeSummary {
    fn add(&mut self, request: &v1::PlaceOrderRequest, placed: &v1::PlaceOrderResponse) {
        self.orders += 1;
        let wanted = request.wanted_by.map(calendar_order);
        let dates: Option<Vec<_>> =
            placed.shipments.iter().map(|s| s.deliver_by.map(calendar_order)).collect();
        match dates.and_then(|dates| dates.into_iter().max()) {
            None => self.undated += 1,
            Some(last) if Some(last) <= wanted => self.kept += 1,
            Some(_) => self.late += 1,
        }
    }
}

/// Compares as days do.
fn calendar_order(date: v1::Date) -> (i32, i32, i32) {
    (date.year, date.month, date.day)
}

fn dropped(placed: &v1::PlaceOrderResponse) -> u64 {
    let lines = placed.shipments.iter().flat_map(|shipment| &shipment.lines);
    let from_supplier = |line: &&v1::ShipmentLine| {
        line.supply.as_ref().is_some_and(|s| s.kind() == v1::SupplyKind::Supplier)
    };
    lines.filter(from_supplier).map(|line| u64::from(line.quantity)).sum()
}

const fn outcome(outcome: v1::OrderOutcome) -> &'static str {
    match outcome {
        v1::OrderOutcome::Unspecified => "not said",
        v1::OrderOutcome::Allocated => "every unit has a supply",
        v1::OrderOutcome::PartiallyAllocated => "some units have a supply",
        v1::OrderOutcome::Backordered => "all units wait",
        v1::OrderOutcome::Rejected => "sold out",
        v1::OrderOutcome::Cancelled => "cancelled since",
    }
}

/// A part of a whole in per cent with one decimal, rounded half up, as `12.5%`.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = (part * 1_000 + whole / 2) / whole;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// A quotient with two decimals, rounded half up, as `1.07`.
pub(super) fn ratio(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let hundredths = (part * 100 + whole / 2) / whole;
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "messages hold optional dates")]
    fn date(day: i32) -> Option<v1::Date> {
        Some(v1::Date { year: 2015, month: 3, day })
    }

    fn request(units: &[u32]) -> v1::PlaceOrderRequest {
        let line = |units: &u32| v1::PlaceOrderLine { sku: "A".into(), quantity: *units };
        let lines = units.iter().map(line).collect();
        v1::PlaceOrderRequest { wanted_by: date(10), lines, ..Default::default() }
    }

    fn shipment(deliver_by: Option<v1::Date>, supply: v1::SupplyKind, units: u32) -> v1::Shipment {
        let supply = Some(v1::Supply { kind: supply.into(), inbound_id: String::new() });
        let line = v1::ShipmentLine { quantity: units, supply, ..Default::default() };
        v1::Shipment { deliver_by, lines: vec![line], ..Default::default() }
    }

    fn placed(
        outcome: v1::OrderOutcome,
        shipments: Vec<v1::Shipment>,
        units: v1::LineUnits,
    ) -> v1::PlaceOrderResponse {
        let lines = vec![units];
        v1::PlaceOrderResponse { outcome: outcome.into(), shipments, lines, ..Default::default() }
    }

    fn summary() -> Summary {
        use v1::{OrderOutcome as Outcome, SupplyKind as Kind};
        let units = v1::LineUnits::default();
        let mut summary = Summary::default();
        let one = vec![shipment(date(10), Kind::OnHand, 2)];
        let plain = placed(Outcome::Allocated, one, v1::LineUnits { allocated: 2, ..units });
        summary.add(ShipMode::StandardClass, &request(&[2]), &plain);
        let two = vec![shipment(date(9), Kind::OnHand, 1), shipment(date(11), Kind::Supplier, 3)];
        let split = placed(Outcome::Allocated, two, v1::LineUnits { allocated: 4, ..units });
        summary.add(ShipMode::SameDay, &request(&[1, 3]), &split);
        let inbound =
            vec![shipment(date(30), Kind::Inbound, 5), shipment(None, Kind::Backorder, 1)];
        let waits = v1::LineUnits { preordered: 5, backordered: 1, ..units };
        let waits = placed(Outcome::PartiallyAllocated, inbound, waits);
        summary.add(ShipMode::SameDay, &request(&[6]), &waits);
        summary
    }

    #[test]
    fn every_order_is_counted_once_and_every_unit() {
        let summary = summary();
        assert_eq!((summary.orders, summary.units), (3, 12));
        assert_eq!(summary.outcomes.values().sum::<u64>(), 3);
        assert_eq!((summary.split(), summary.shipments()), (2, 5));
        // The second order has two lines of one product.
        assert_eq!(summary.summed, 1);
        assert_eq!(summary.by_shipments, BTreeMap::from([(1, 1), (2, 2)]));
    }

    #[test]
    fn kinds_of_supply_are_counted_in_orders_and_in_units() {
        let summary = summary();
        assert_eq!(summary.drop_shipped, Count { orders: 1, units: 3 });
        assert_eq!(summary.preordered, Count { orders: 1, units: 5 });
        assert_eq!(summary.backordered, Count { orders: 1, units: 1 });
    }

    #[test]
    fn a_promise_is_kept_when_the_last_shipment_is_in_time() {
        let [standard, .., same_day] = summary().modes;
        assert_eq!(standard, ModeSummary { orders: 1, kept: 1, late: 0, undated: 0 });
        assert_eq!(same_day, ModeSummary { orders: 2, kept: 0, late: 1, undated: 1 });
    }

    #[test]
    fn rejected_orders_have_no_date() {
        let mut summary = Summary::default();
        let rejected = v1::PlaceOrderResponse {
            outcome: v1::OrderOutcome::Rejected.into(),
            ..Default::default()
        };
        summary.add(ShipMode::FirstClass, &request(&[1]), &rejected);
        assert_eq!(summary.modes[2].undated, 1);
        assert_eq!(summary.shipments(), 0);
    }

    #[test]
    fn numbers_round_half_up() {
        assert_eq!(
            (percent(1, 8), percent(1, 3), percent(0, 0)),
            ("12.5%".into(), "33.3%".into(), "-".into())
        );
        assert_eq!((ratio(107, 100), ratio(5, 3)), ("1.07".into(), "1.67".into()));
    }
}
