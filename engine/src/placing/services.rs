//! What an order would get by each of several services.

use tokio::task::coop::consume_budget;

use super::places::Places;
use super::request::OrderRequest;
use super::resolve::unknown_service;
use super::{Quoted, estimate};
use crate::limits::SERVICES_MAX;
use crate::model::{Day, Meta, Refusal, Rule, ServiceName, Timestamp, Violation};
use crate::state::network::Network;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What an order would get by one service.
pub struct ServiceQuote {
    /// The service.
    pub service: ServiceName,
    /// What it would get, or why it would be refused.
    pub quoted: Result<Quoted, Refusal>,
}

/// An order as it would be placed by one service.
struct By<'a, C> {
    command: &'a C,
    order: OrderRequest,
}

/// Decides on an order by each of these services, or by all that the policy has where none is
/// named, as placing it would, and changes nothing. Each decision is of its own moment. The order's
/// id is not looked at.
///
/// # Errors
/// What is wrong with the content by whatever service, and what stopped the engine.
pub async fn quote_services<C: Places>(
    kernel: &Kernel,
    command: &C,
    services: &[ServiceName],
) -> Result<Vec<ServiceQuote>, EngineError> {
    let services = named(&kernel.state.network.load(), services)?;
    let mut quotes = Vec::with_capacity(services.len());
    for service in services {
        // Each takes as long as an order does.
        consume_budget().await;
        let order = OrderRequest { service: Some(service.clone()), ..command.order().clone() };
        let quoted = estimate(kernel, &By { command, order }).await?;
        quotes.push(ServiceQuote { service, quoted });
    }
    Ok(quotes)
}

/// The services that are asked for.
fn named(network: &Network, services: &[ServiceName]) -> Result<Vec<ServiceName>, EngineError> {
    if services.is_empty() {
        return Ok(network.policy.services.iter().map(|service| service.name.clone()).collect());
    }
    if services.len() > SERVICES_MAX {
        let rule = Rule::TooMany { max: SERVICES_MAX };
        return Err(vec![Violation::new("services", services.len(), rule)].into());
    }
    let mut found = Vec::new();
    for (at, name) in services.iter().enumerate() {
        let field = format!("services[{at}]");
        if network.service_no(Some(name)).is_none() {
            found.push(Violation { field, ..unknown_service(network, Some(name)) });
        } else if services[..at].contains(name) {
            found.push(Violation::new(field, name, Rule::Duplicate));
        }
    }
    if found.is_empty() { Ok(services.to_vec()) } else { Err(found.into()) }
}

impl<C: Places> Places for By<'_, C> {
    type Event = C::Event;

    fn meta(&self) -> &Meta {
        self.command.meta()
    }

    fn order(&self) -> &OrderRequest {
        &self.order
    }

    fn placed_at(&self) -> Option<Timestamp> {
        self.command.placed_at()
    }

    fn fingerprint(&self) -> u64 {
        self.command.fingerprint()
    }

    fn validate(&self, ordered_on: Option<Day>) -> Result<(), Vec<Violation>> {
        self.command.validate(ordered_on)
    }

    fn reused(&self) -> Refusal {
        self.command.reused()
    }
}
