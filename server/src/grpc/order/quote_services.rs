//! `QuoteServices`: what an order would get by each shipping service.

use backstock_engine::command::{Meta, PlaceOrder};
use backstock_engine::engine::{Quoted, ServiceQuote};
use backstock_engine::limits::SERVICES_MAX;
use backstock_engine::model::{OrderId, Rule, ServiceName};
use backstock_proto::v1;
use tonic::Status;

use super::answer;
use super::placing::refused;
use super::request;
use super::text::OrderText;
use crate::grpc::Api;
use crate::grpc::fields::STAND_IN;
use crate::status::{Violations, fault};

pub(super) async fn handle(
    api: &Api,
    request: v1::QuoteServicesRequest,
) -> Result<v1::QuoteServicesResponse, Status> {
    let order = OrderText::from(&request);
    let (command, services) = read(api, &request, &order)?;
    let version = api.version();
    let quotes = api.engine().quote_services(&command, &services).await.map_err(refused)?;
    let mut told = Vec::with_capacity(quotes.len());
    for quote in quotes {
        told.push(tell(api, &order, quote, version).await?);
    }
    let currency_code = api.engine().policy().currency.to_string();
    Ok(v1::QuoteServicesResponse { quotes: told, currency_code, version })
}

/// Reads the order, which has no id of its own, and the services.
fn read(
    api: &Api,
    request: &v1::QuoteServicesRequest,
    order: &OrderText<'_>,
) -> Result<(PlaceOrder, Vec<ServiceName>), Status> {
    let mut found = Violations::default();
    let id = OrderId::new("order_id", STAND_IN).expect("it is an id");
    let order = request::order(&mut found, Some(id), order);
    let services = services(&mut found, &request.services);
    let (order, services) = found.converted(order.zip(services))?;
    let meta = Meta { at: api.0.clock.now(), ..Meta::default() };
    Ok((PlaceOrder { meta, placed_at: None, order }, services))
}

fn services(found: &mut Violations, names: &[String]) -> Option<Vec<ServiceName>> {
    if names.len() > SERVICES_MAX {
        found.breaks("services", names.len(), Rule::TooMany { max: SERVICES_MAX });
        return None;
    }
    let names = names.iter().enumerate().map(|(at, name)| {
        let path = format!("services[{at}]");
        found.taken(path, ServiceName::new("service", name.as_str()))
    });
    // Collected first, so that every bad name is noted.
    names.collect::<Vec<_>>().into_iter().collect()
}

async fn tell(
    api: &Api,
    order: &OrderText<'_>,
    quote: ServiceQuote,
    version: u64,
) -> Result<v1::ServiceQuote, Status> {
    let service = quote.service.to_string();
    let quoted = match quote.quoted {
        Ok(quoted) => quoted,
        Err(refusal) => {
            let fault = Some(fault(&refused(refusal.into())));
            return Ok(v1::ServiceQuote { service, fault, ..Default::default() });
        }
    };
    let cost = if let Quoted::Plan(draft) = &quoted { draft.cost } else { 0 };
    let answer = answer::quoted_message(api.engine(), order, quoted, version).await;
    let answer = answer.map_err(refused)?;
    Ok(v1::ServiceQuote {
        service,
        outcome: answer.outcome,
        shortages: answer.shortages,
        shipments: answer.shipments,
        promised_by: answer.promised_by,
        late_units: answer.late_units,
        cost_minor: i64::try_from(cost).unwrap_or(i64::MAX),
        fault: None,
    })
}
