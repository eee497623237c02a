//! Setting the sourcing policy.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::limits;
use crate::model::check::{bound, finish, in_range, length};
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{Meta, Policy, Refusal, Rule, Violation};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets the sourcing policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPolicy {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub policy: Policy,
}

/// The sourcing policy was set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PolicySet {
    /// What it is now.
    #[n(0)]
    pub policy: Box<Policy>,
}

impl SetPolicy {
    /// Checks that the policy is whole.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        validate(&self.policy)
    }
}

impl Command for SetPolicy {
    type Event = PolicySet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.policy)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<PolicySet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        Ok(Decision::Event(decide(&tx.state().network.load().policy, &self.policy)?))
    }
}

/// Decides the setting of a policy after another one.
fn decide(before: &Policy, after: &Policy) -> Result<PolicySet, Refusal> {
    check_services(before, after)?;
    Ok(PolicySet { policy: Box::new(after.clone()) })
}

/// Orders refer to services by their place.
fn check_services(before: &Policy, after: &Policy) -> Result<(), Refusal> {
    for (at, service) in before.services.iter().enumerate() {
        if after.services.get(at).is_none_or(|there| there.name != service.name) {
            return Err(Refusal::ServiceFixed { service: service.name.to_string() });
        }
    }
    Ok(())
}

/// Checks that the policy is whole: every objective once, bands that ascend
/// and reach everywhere, services with a transit time for each band.
fn validate(policy: &Policy) -> Result<(), Vec<Violation>> {
    let mut found = Vec::new();
    for (at, objective) in policy.objectives.iter().enumerate() {
        if policy.objectives[..at].contains(objective) {
            let field = format!("objectives[{at}]");
            found.push(Violation::new(field, format!("{objective:?}"), Rule::Duplicate));
        }
    }
    if policy.currency.len() != 3 || !policy.currency.bytes().all(|b| b.is_ascii_uppercase()) {
        let rule = Rule::Malformed("is not an ISO 4217 code of three capitals".into());
        found.push(Violation::new("currency", &policy.currency, rule));
    }
    validate_bands(policy, &mut found);
    validate_services(policy, &mut found);
    in_range(
        &mut found,
        "horizon_days".into(),
        policy.horizon_days.into(),
        0,
        limits::DAYS_MAX.into(),
    );
    let overdue = policy.overdue_days.map_or(0, i64::from);
    in_range(&mut found, "overdue_days".into(), overdue, 0, limits::DAYS_MAX.into());
    finish(found)
}

fn validate_bands(policy: &Policy, found: &mut Vec<Violation>) {
    in_range(found, "bands".into(), length(&policy.bands), 1, bound(limits::BANDS_MAX));
    if policy.bands.len() > limits::BANDS_MAX {
        return;
    }
    let mut floor = None;
    for (at, band) in policy.bands.iter().enumerate() {
        if floor.is_some_and(|floor| band.distance_m_max <= floor) {
            let rule = Rule::Malformed("is not greater than the band before it".into());
            let field = format!("bands[{at}].distance_m_max");
            found.push(Violation::new(field, band.distance_m_max, rule));
        }
        floor = Some(band.distance_m_max);
        let max = limits::COST_MINOR_MAX;
        in_range(found, format!("bands[{at}].shipment_cost"), band.shipment_cost, 0, max);
        in_range(found, format!("bands[{at}].unit_cost"), band.unit_cost, 0, max);
    }
    if policy.bands.last().is_some_and(|last| last.distance_m_max != u32::MAX) {
        let rule = Rule::Malformed("is not 4294967295: the last band reaches everywhere".into());
        let field = format!("bands[{}].distance_m_max", policy.bands.len() - 1);
        found.push(Violation::new(field, "", rule));
    }
}

fn validate_services(policy: &Policy, found: &mut Vec<Violation>) {
    let count = length(&policy.services);
    in_range(found, "services".into(), count, 1, bound(limits::SERVICES_MAX));
    if policy.services.len() > limits::SERVICES_MAX {
        return;
    }
    for (at, service) in policy.services.iter().enumerate() {
        if policy.services[..at].iter().any(|other| other.name == service.name) {
            let field = format!("services[{at}].name");
            found.push(Violation::new(field, &service.name, Rule::Duplicate));
        }
        let max = i64::from(limits::DAYS_MAX);
        let promise = i64::from(service.promise_days);
        in_range(found, format!("services[{at}].promise_days"), promise, 0, max);
        if service.transit_days.len() != policy.bands.len() {
            let rule = Rule::Malformed(format!(
                "has not one entry for each of {} bands",
                policy.bands.len()
            ));
            let field = format!("services[{at}].transit_days");
            found.push(Violation::new(field, service.transit_days.len(), rule));
        }
        for (band, days) in service.transit_days.iter().enumerate() {
            let field = format!("services[{at}].transit_days[{band}]");
            in_range(found, field, i64::from(*days), 0, max);
        }
    }
}

impl Event for PolicySet {
    fn describe(&self) -> Value {
        json!({})
    }

    fn extension(&self) -> usize {
        if self.policy.is_newest() { 2 } else { usize::from(self.policy.differs_by_weekday()) }
    }
}

impl Effective for PolicySet {
    fn effects(self) -> Effects {
        vec![Effect::Configuration(Configuration::Policy(self.policy))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::check;
    use crate::model::{OwnStock, RefusalKind};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let before = Policy::default();
        let after = |change: fn(&mut Policy)| {
            let mut after = Policy::default();
            change(&mut after);
            decide(&before, &after).map(|event| *event.policy == after)
        };
        let fixed = |service: &str| Err(Refusal::ServiceFixed { service: service.into() });
        check([
            ("nothing", after(|_| {}), Ok(true)),
            ("the horizon", after(|policy| policy.horizon_days = 9), Ok(true)),
            (
                "one more service",
                after(|policy| policy.services.push(policy.services[0].clone())),
                Ok(true),
            ),
            ("own stock", after(|policy| policy.own_stock = OwnStock::First), Ok(true)),
            ("a promise", after(|policy| policy.services[1].promise_days = 9), Ok(true)),
            ("one service less", after(|policy| drop(policy.services.pop())), fixed("same_day")),
            ("another order", after(|policy| policy.services.swap(0, 1)), fixed("standard")),
        ])
    }

    #[test]
    fn services_stay_where_orders_refer_to_them() {
        table();
    }
}
