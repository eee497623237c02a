//! The sourcing policy, there and back.

use backstock_engine::limits::{self, DAYS_MAX};
use backstock_engine::model::{
    Band, Objective, OwnStock, Policy, Rule, Service, ServiceName, Shortage, Split,
};
use backstock_proto::v1;

use super::weekdays;
use crate::grpc::enums::{shortage, shortage_message, split, split_message, unknown};
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// How the engine calls the fields of a policy.
pub(super) const NAMES: FieldNames = FieldNames::new(
    "policy.",
    &[
        ("currency", "currency_code"),
        ("distance_m_max", "max_distance_metres"),
        ("shipment_cost", "shipment_cost_minor"),
        ("unit_cost", "unit_cost_minor"),
        ("horizon_days", "inbound_horizon_days"),
        ("overdue_days", "overdue_supply_days"),
    ],
);

/// Every objective, in the order in which those left out follow.
const OBJECTIVES: [(v1::SourcingObjective, Objective); 4] = [
    (v1::SourcingObjective::PromiseDate, Objective::Promise),
    (v1::SourcingObjective::Shipments, Objective::Shipments),
    (v1::SourcingObjective::Cost, Objective::Cost),
    (v1::SourcingObjective::Balance, Objective::Balance),
];

/// Reads a policy. All that is wrong is noted; the policy is whole when nothing is.
pub(super) fn read(found: &mut Violations, policy: &v1::SourcingPolicy) -> Policy {
    let (objectives, own_stock) = objectives(found, &policy.objectives);
    let bands = bands(found, &policy.bands);
    let services = services(found, &policy.services);
    let path = "policy.default_shortage_policy";
    let shortage = shortage(found, path, policy.default_shortage_policy);
    is_said(found, path, policy.default_shortage_policy);
    let path = "policy.default_split_policy";
    let split = split(found, path, policy.default_split_policy);
    is_said(found, path, policy.default_split_policy);
    Policy {
        objectives,
        currency: policy.currency_code.as_str().into(),
        bands,
        services,
        shortage: shortage.unwrap_or(Shortage::Reject),
        split: split.unwrap_or(Split::WholeLine),
        horizon_days: said_days(found, "policy.inbound_horizon_days", policy.inbound_horizon_days),
        own_stock,
        overdue_days: policy
            .overdue_supply_days
            .map(|given| days(found, "policy.overdue_supply_days", given)),
    }
}

/// Notes a default that the request leaves out.
fn is_said(found: &mut Violations, path: &str, number: i32) {
    if number == 0 {
        found.breaks(path, "", Rule::Required);
    }
}

fn days(found: &mut Violations, path: &str, days: u32) -> u16 {
    found.fits(path, days.into(), 0, DAYS_MAX.into())
}

/// Days of which 0 means something, so that they have to be said.
fn said_days(found: &mut Violations, path: &str, given: Option<u32>) -> u16 {
    let given = found.required(path, given).unwrap_or_default();
    days(found, path, given)
}

/// Every objective once, those left out behind those that are said; and whether own stock goes
/// first, which is said right behind the promise.
fn objectives(found: &mut Violations, numbers: &[i32]) -> ([Objective; 4], OwnStock) {
    if numbers.is_empty() {
        found.breaks("policy.objectives", "", Rule::Required);
    }
    let (mut chosen, mut own_stock) = (Vec::<Objective>::new(), OwnStock::Alike);
    for (at, number) in numbers.iter().enumerate() {
        let path = format!("policy.objectives[{at}]");
        if *number == i32::from(v1::SourcingObjective::OwnStock) {
            own_stock = own_stock_at(found, &path, (own_stock, chosen.last(), *number));
            continue;
        }
        match OBJECTIVES.iter().find(|(value, _)| i32::from(*value) == *number) {
            None => {
                unknown::<Objective>(found, &path, *number);
            }
            Some((_, objective)) if chosen.contains(objective) => {
                found.breaks(&path, number, Rule::Duplicate);
            }
            Some((_, objective)) => chosen.push(*objective),
        }
    }
    let left_out = OBJECTIVES.map(|(_, objective)| objective);
    let left_out = left_out.into_iter().filter(|objective| !chosen.contains(objective));
    let all: Vec<Objective> = chosen.iter().copied().chain(left_out).collect();
    (all.try_into().expect("every objective once"), own_stock)
}

/// Own stock counts where the promise is the same: right behind it, and once.
fn own_stock_at(
    found: &mut Violations,
    path: &str,
    (before, behind, number): (OwnStock, Option<&Objective>, i32),
) -> OwnStock {
    if before == OwnStock::First {
        found.breaks(path, number, Rule::Duplicate);
    } else if behind != Some(&Objective::Promise) {
        let rule = "is not right behind SOURCING_OBJECTIVE_PROMISE_DATE";
        found.breaks(path, number, Rule::Malformed(rule.into()));
    }
    OwnStock::First
}

/// Where the request leaves out how far a band reaches, the band before it stands for
/// that: the next one is judged by what was said.
fn bands(found: &mut Violations, bands: &[v1::DistanceBand]) -> Vec<Band> {
    let mut reach = 0;
    let band = |(at, band): (usize, &v1::DistanceBand)| {
        let path = format!("policy.bands[{at}].max_distance_metres");
        reach = found.required(path, band.max_distance_metres).unwrap_or(reach);
        Band {
            distance_m_max: reach,
            shipment_cost: band.shipment_cost_minor,
            unit_cost: band.unit_cost_minor,
        }
    };
    // Of too many, it is the number that is told.
    bands.iter().enumerate().take(limits::BANDS_MAX + 1).map(band).collect()
}

fn services(found: &mut Violations, services: &[v1::ShippingService]) -> Vec<Service> {
    let service = |(at, service): (usize, &v1::ShippingService)| {
        let path = format!("policy.services[{at}]");
        let name = found.id(&format!("{path}.name"), &service.name, ServiceName::new);
        let promise_days = said_days(found, &format!("{path}.promise_days"), service.promise_days);
        let transit = service.transit_days.iter().enumerate();
        let transit_days = transit
            .map(|(band, transit)| days(found, &format!("{path}.transit_days[{band}]"), *transit))
            .collect();
        let mut weekdays = |field: &str, days: &[i32]| {
            weekdays::of_service(found, &format!("{path}.{field}"), days)
        };
        Service {
            name,
            promise_days,
            transit_days,
            pickup_weekdays: weekdays("pickup_weekdays", &service.pickup_weekdays),
            transit_weekdays: weekdays("transit_weekdays", &service.transit_weekdays),
            delivery_weekdays: weekdays("delivery_weekdays", &service.delivery_weekdays),
        }
    };
    services.iter().enumerate().take(limits::SERVICES_MAX + 1).map(service).collect()
}

/// A policy as callers see it.
pub(super) fn message(policy: &Policy) -> v1::SourcingPolicy {
    let own_stock = i32::from(v1::SourcingObjective::OwnStock);
    let objective = |wanted: &Objective| {
        let found = OBJECTIVES.iter().find(|(_, objective)| objective == wanted);
        let behind = *wanted == Objective::Promise && policy.own_stock == OwnStock::First;
        let this = found.map_or(0, |(value, _)| i32::from(*value));
        std::iter::once(this).chain(behind.then_some(own_stock))
    };
    let bands = policy.bands.iter().map(|band| v1::DistanceBand {
        max_distance_metres: Some(band.distance_m_max),
        shipment_cost_minor: band.shipment_cost,
        unit_cost_minor: band.unit_cost,
    });
    let services = policy.services.iter().map(|service| v1::ShippingService {
        name: service.name.to_string(),
        promise_days: Some(service.promise_days.into()),
        transit_days: service.transit_days.iter().copied().map(u32::from).collect(),
        pickup_weekdays: weekdays::of_service_message(service.pickup_weekdays),
        transit_weekdays: weekdays::of_service_message(service.transit_weekdays),
        delivery_weekdays: weekdays::of_service_message(service.delivery_weekdays),
    });
    v1::SourcingPolicy {
        currency_code: policy.currency.to_string(),
        objectives: policy.objectives.iter().flat_map(objective).collect(),
        bands: bands.collect(),
        services: services.collect(),
        default_shortage_policy: shortage_message(policy.shortage).into(),
        default_split_policy: split_message(policy.split).into(),
        inbound_horizon_days: Some(policy.horizon_days.into()),
        overdue_supply_days: policy.overdue_days.map(u32::from),
    }
}
