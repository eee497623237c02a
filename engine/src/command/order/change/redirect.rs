//! Where an order is to go, as a change asks: looked up.

use super::operation::{Change, Operation};
use crate::model::{
    Day, Destination, Order, OrderHeader, Redirect, Rule, ServiceNo, Timestamp, Violation,
};
use crate::placing::going::{Going, destination, offered, said};
use crate::placing::resolve::unknown_service;
use crate::planning::Way;
use crate::state::network::Network;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Where an order goes once it is changed at an instant; none where that is as before.
///
/// # Errors
/// What is wrong with the content; a node that is not defined, or where nothing is collected.
pub fn redirect(
    kernel: &Kernel,
    order: &Order,
    (change, at): (&Change, Timestamp),
) -> Result<Option<Redirect>, EngineError> {
    if !change.operations.iter().any(Operation::redirects) {
        return Ok(None);
    }
    let network = kernel.state.network.load();
    let mut found = Vec::new();
    let (destination, today) = goes_to(kernel, &network, (order, change, at), &mut found)?;
    let (service, is_wanted_by) = asked(&network, change, today, &mut found);
    if !found.is_empty() {
        return Err(found.into());
    }
    let header = &order.header;
    let promised = |service: ServiceNo| {
        let days = network.policy.services[usize::from(service.0)].promise_days;
        today.map_or(header.promise_by, |today| today.plus(days))
    };
    let is_over = today.is_some_and(|today| header.promise_by < today);
    let promise_by = match (is_wanted_by, service) {
        (Some(day), _) => day,
        (None, Some(service)) if service != header.service => promised(service),
        (None, _) if is_over => promised(header.service),
        (None, _) => header.promise_by,
    };
    let to = Redirect { destination, service: service.unwrap_or(header.service), promise_by };
    Ok((to != Redirect::of(header)).then_some(to))
}

/// The operation that says something, and its place in the change.
fn said_by<'a, T>(
    change: &'a Change,
    of: impl Fn(&'a Operation) -> Option<T>,
) -> Option<(usize, T)> {
    let mut all = change.operations.iter().enumerate();
    all.find_map(|(at, operation)| Some((at, of(operation)?)))
}

/// Where it goes, and the day there, where that place is known.
fn goes_to(
    kernel: &Kernel,
    network: &Network,
    (order, change, at): (&Order, &Change, Timestamp),
    found: &mut Vec<Violation>,
) -> Result<(Destination, Option<Day>), EngineError> {
    let header = &order.header;
    let asked = said_by(change, |operation| match operation {
        Operation::SetDestination(to) => Some(to),
        _ => None,
    });
    let Some((place, to)) = asked else {
        let going = Going::to(&said(network, &header.destination), network, &*kernel.postal);
        let today = going.place.map(|there| kernel.postal.zone(there.zone).local_day(at));
        return Ok((header.destination.clone(), today));
    };
    let going = Going::to(to, network, &*kernel.postal);
    if let Some(unknown) = going.unknown {
        let field = format!("operations[{place}].set_destination.{}", unknown.field);
        found.push(Violation { field, ..unknown });
    }
    let pickup = going.pickup?;
    if let Some(pickup) = pickup.filter(|pickup| header.destination.pickup() != Some(pickup)) {
        offered(network, pickup)?;
    }
    let today = going.place.map(|there| kernel.postal.zone(there.zone).local_day(at));
    Ok((destination(to, pickup), today))
}

/// How it is to be shipped, and by when, as far as the change says.
fn asked(
    network: &Network,
    change: &Change,
    today: Option<Day>,
    found: &mut Vec<Violation>,
) -> (Option<ServiceNo>, Option<Day>) {
    let service = said_by(change, |operation| match operation {
        Operation::SetService(name) => Some(name),
        _ => None,
    });
    let service = service.and_then(|(place, name)| {
        let known = network.service_no(Some(name));
        if known.is_none() {
            let field = format!("operations[{place}].set_service");
            found.push(Violation { field, ..unknown_service(network, Some(name)) });
        }
        known
    });
    let wanted = said_by(change, |operation| match operation {
        Operation::SetDeliverBy(day) => Some(*day),
        _ => None,
    });
    if let (Some((place, day)), Some(earliest)) = (wanted, today)
        && day < earliest
    {
        let field = format!("operations[{place}].set_deliver_by");
        found.push(Violation::new(field, day, Rule::InThePast { earliest }));
    }
    (service, wanted.map(|(_, day)| day))
}

/// The way that an order goes; none where its place is not known any more.
pub fn way(kernel: &Kernel, header: &OrderHeader, to: &Redirect) -> Option<Way> {
    let Redirect { destination, service, promise_by } = to.clone();
    let header = OrderHeader { destination, service, promise_by, ..header.clone() };
    Way::of(&kernel.state.network.load(), &*kernel.postal, &header)
}
