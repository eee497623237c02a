//! How the demo's network chooses where orders ship from.

use backstock_proto::v1;

use super::data::ShipMode;

/// The ship modes of the data, in the order in which tables show them.
pub(super) const SHIP_MODES: [ShipMode; 4] =
    [ShipMode::StandardClass, ShipMode::SecondClass, ShipMode::FirstClass, ShipMode::SameDay];

/// Rings of distance: kilometres, cents a shipment, cents a unit. A truck
/// reaches the first within a day, the third within three; the last is the rest
/// of the country, by air.
const BANDS: [(u32, i64, i64); 5] =
    [(250, 520, 25), (750, 640, 35), (1_500, 790, 45), (2_500, 940, 60), (ANYWHERE_KM, 1_180, 80)];

/// More than any two places are apart: the last ring reaches everywhere.
const ANYWHERE_KM: u32 = u32::MAX / 1_000 + 1;

/// Days ahead that inbound supply is promised: announced 45 days before.
const INBOUND_HORIZON_DAYS: u32 = 60;

/// A way of shipping: its name, the days promised from the order to the door,
/// and the days on the road from each ring.
struct Service {
    name: &'static str,
    promise_days: u32,
    transit_days: [u32; 5],
}

/// The source says how fast the customer wanted it, and the days between order
/// and shipment: 0 for same day, up to 3, 5 and 7 for the others. The promise
/// leaves room for a weekend, except for the fastest.
const fn service(mode: ShipMode) -> Service {
    match mode {
        ShipMode::StandardClass => {
            Service { name: "standard", promise_days: 8, transit_days: [1, 2, 3, 4, 5] }
        }
        ShipMode::SecondClass => {
            Service { name: "second_class", promise_days: 6, transit_days: [1, 2, 3, 3, 4] }
        }
        ShipMode::FirstClass => {
            Service { name: "first_class", promise_days: 4, transit_days: [1, 1, 2, 2, 2] }
        }
        ShipMode::SameDay => {
            Service { name: "same_day", promise_days: 2, transit_days: [0, 1, 1, 1, 1] }
        }
    }
}

/// The name of a ship mode's service.
pub(super) const fn service_name(mode: ShipMode) -> &'static str {
    service(mode).name
}

/// The days within which a ship mode promises to deliver, from the day of the
/// order.
#[expect(clippy::cast_possible_truncation, reason = "a literal of a few days")]
pub(super) const fn promise_days(mode: ShipMode) -> u16 {
    service(mode).promise_days as u16
}

/// The policy: on time first, then few shipments, then cheap, then balanced.
pub(super) fn policy() -> v1::SourcingPolicy {
    use v1::SourcingObjective as Objective;
    let objectives =
        [Objective::PromiseDate, Objective::Shipments, Objective::Cost, Objective::Balance];
    v1::SourcingPolicy {
        currency_code: "USD".to_owned(),
        objectives: objectives.map(i32::from).to_vec(),
        bands: BANDS.iter().map(band).collect(),
        services: SHIP_MODES.iter().map(|mode| shipping_service(*mode)).collect(),
        default_shortage_policy: v1::ShortagePolicy::Backorder.into(),
        default_split_policy: v1::SplitPolicy::Units.into(),
        inbound_horizon_days: Some(INBOUND_HORIZON_DAYS),
        overdue_supply_days: None,
    }
}

fn band(&(kilometres, shipment_cost_minor, unit_cost_minor): &(u32, i64, i64)) -> v1::DistanceBand {
    let max_distance_metres = Some(kilometres.saturating_mul(1_000));
    v1::DistanceBand { max_distance_metres, shipment_cost_minor, unit_cost_minor }
}

fn shipping_service(mode: ShipMode) -> v1::ShippingService {
    let Service { name, promise_days, transit_days } = service(mode);
    v1::ShippingService {
        name: name.to_owned(),
        promise_days: Some(promise_days),
        transit_days: transit_days.to_vec(),
        ..v1::ShippingService::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_band_reaches_everywhere_and_every_service_knows_every_band() {
        let policy = policy();
        assert_eq!(policy.bands.last().unwrap().max_distance_metres, Some(u32::MAX));
        assert!(policy.services.iter().all(|s| s.transit_days.len() == policy.bands.len()));
    }

    /// A server that is new has a policy with these services, and a new policy
    /// may neither drop nor move one.
    #[test]
    fn the_services_are_those_of_a_new_server_in_its_order() {
        let there = backstock_engine::model::Policy::default().services;
        let names: Vec<_> = there.iter().map(|service| service.name.to_string()).collect();
        assert_eq!(names, SHIP_MODES.map(service_name));
    }
}
