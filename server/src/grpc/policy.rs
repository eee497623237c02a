//! The sourcing policy, there and back.

use backstock_engine::model::{Band, Objective, Policy, RequestId, Rule, Service, ServiceName};
use backstock_proto::v1;
use tonic::Status;

use super::fields::FieldNames;
use super::order_request::{shortage, split, unknown};
use super::order_view;
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
    ],
);

/// Every objective, in the order in which those left out follow.
const OBJECTIVES: [(v1::SourcingObjective, Objective); 4] = [
    (v1::SourcingObjective::PromiseDate, Objective::Promise),
    (v1::SourcingObjective::Shipments, Objective::Shipments),
    (v1::SourcingObjective::Cost, Objective::Cost),
    (v1::SourcingObjective::Balance, Objective::Balance),
];

/// Reads a policy.
pub(super) fn policy(
    request: &v1::UpdateSourcingPolicyRequest,
) -> Result<(Policy, Option<RequestId>), Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id);
    let given = found.required("policy", request.policy.as_ref());
    let policy = given.and_then(|policy| convert(&mut found, policy));
    found.converted(policy.zip(request_id))
}

fn convert(found: &mut Violations, policy: &v1::SourcingPolicy) -> Option<Policy> {
    let objectives = objectives(found, &policy.objectives);
    let bands = bands(found, &policy.bands);
    let services = services(found, &policy.services);
    let path = "policy.default_shortage_policy";
    let shortage = shortage(found, path, policy.default_shortage_policy);
    let shortage = said(found, path, policy.default_shortage_policy, shortage);
    let path = "policy.default_split_policy";
    let split = split(found, path, policy.default_split_policy);
    let split = said(found, path, policy.default_split_policy, split);
    // All is read before anything is missed: every fault is told.
    let path = "policy.inbound_horizon_days";
    let horizon_days = found.required(path, policy.inbound_horizon_days);
    let horizon_days = horizon_days.and_then(|horizon| days(found, path, horizon));
    Some(Policy {
        objectives: objectives?,
        currency: policy.currency_code.as_str().into(),
        bands: bands?,
        services: services?,
        shortage: shortage?,
        split: split?,
        horizon_days: horizon_days?,
    })
}

/// A default that has to be said.
fn said<T>(found: &mut Violations, path: &str, number: i32, value: Option<T>) -> Option<T> {
    if number == 0 {
        found.breaks(path, "", Rule::Required);
    }
    value
}

fn days(found: &mut Violations, path: &str, days: u32) -> Option<u16> {
    let max = backstock_engine::limits::DAYS_MAX;
    found.within(path, days.into(), 0, max.into()).and_then(|days| u16::try_from(days).ok())
}

fn objectives(found: &mut Violations, numbers: &[i32]) -> Option<[Objective; 4]> {
    if numbers.is_empty() {
        found.breaks("policy.objectives", "", Rule::Required);
    }
    let mut chosen: Vec<Objective> = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let path = format!("policy.objectives[{at}]");
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
    for (_, objective) in OBJECTIVES {
        if !chosen.contains(&objective) {
            chosen.push(objective);
        }
    }
    chosen.try_into().ok()
}

fn bands(found: &mut Violations, bands: &[v1::DistanceBand]) -> Option<Vec<Band>> {
    let mut taken = Vec::with_capacity(bands.len());
    for (at, band) in bands.iter().enumerate() {
        let path = format!("policy.bands[{at}].max_distance_metres");
        let reach = found.required(path, band.max_distance_metres);
        taken.extend(reach.map(|distance_m_max| Band {
            distance_m_max,
            shipment_cost: band.shipment_cost_minor,
            unit_cost: band.unit_cost_minor,
        }));
    }
    (taken.len() == bands.len()).then_some(taken)
}

#[expect(clippy::unnecessary_wraps, reason = "as its neighbours, for one way to combine them")]
fn services(found: &mut Violations, services: &[v1::ShippingService]) -> Option<Vec<Service>> {
    let mut taken = Vec::with_capacity(services.len());
    for (at, service) in services.iter().enumerate() {
        let path = format!("policy.services[{at}]");
        let name = ServiceName::new("name", service.name.as_str());
        let name = found.taken(format!("{path}.name"), name);
        let promise_path = format!("{path}.promise_days");
        let promise = found.required(&promise_path, service.promise_days);
        let promise = promise.and_then(|promise| days(found, &promise_path, promise));
        let transit = service.transit_days.iter().enumerate().map(|(band, transit)| {
            days(found, &format!("{path}.transit_days[{band}]"), *transit).unwrap_or_default()
        });
        let transit_days = transit.collect();
        if let (Some(name), Some(promise_days)) = (name, promise) {
            taken.push(Service { name, promise_days, transit_days });
        }
    }
    Some(taken)
}

/// A policy as callers see it.
pub(super) fn message(policy: &Policy) -> v1::SourcingPolicy {
    let objective = |wanted: &Objective| {
        let found = OBJECTIVES.iter().find(|(_, objective)| objective == wanted);
        found.map_or(0, |(value, _)| i32::from(*value))
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
    });
    v1::SourcingPolicy {
        currency_code: policy.currency.to_string(),
        objectives: policy.objectives.iter().map(objective).collect(),
        bands: bands.collect(),
        services: services.collect(),
        default_shortage_policy: order_view::shortage(policy.shortage).into(),
        default_split_policy: order_view::split(policy.split).into(),
        inbound_horizon_days: Some(policy.horizon_days.into()),
    }
}
