//! Refusals about units that come back.

use super::*;

/// A refusal about a return, with its code.
pub(super) async fn provoked(kind: RefusalKind) -> (Code, Status) {
    match kind {
        RefusalKind::ReturnIdReused => (Code::AlreadyExists, id_reused().await),
        RefusalKind::ReturnRevisionReused => (Code::AlreadyExists, revision_reused().await),
        RefusalKind::ReturnNotFound => (Code::NotFound, not_found().await),
        RefusalKind::ReturnLineNotFound => (Code::NotFound, line_not_found().await),
        RefusalKind::UnitsNotReturnable => (Code::FailedPrecondition, not_returnable().await),
        RefusalKind::ReturnReportStale => (Code::FailedPrecondition, stale().await),
        RefusalKind::ReturnNodeMissing => (Code::FailedPrecondition, node_missing().await),
        RefusalKind::ReturnNodeDiffers => (Code::FailedPrecondition, node_differs().await),
        RefusalKind::ReturnUnitsInspected => (Code::FailedPrecondition, inspected().await),
        RefusalKind::NotInReturnTerms => (Code::FailedPrecondition, not_in_terms().await),
        RefusalKind::NotInReturnPolicy => (Code::FailedPrecondition, not_in_policy().await),
        RefusalKind::ReturnTermsDiffer => (Code::FailedPrecondition, terms_differ().await),
        RefusalKind::ExchangeNotSecured => (Code::FailedPrecondition, not_secured().await),
        RefusalKind::WaitsForReturn => (Code::FailedPrecondition, waits_for_return().await),
        RefusalKind::ReturnStepRefused => (Code::FailedPrecondition, step_refused().await),
        RefusalKind::ReturnUnitsTooFew => (Code::FailedPrecondition, too_few().await),
        other => unreachable!("{other:?} is not about a return"),
    }
}

/// A server with an order of two units that left.
async fn shipped() -> Refusing {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 2)])).await.expect("placed");
    a.server.fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    a
}

/// The same, with a return of both.
async fn asked() -> Refusing {
    let mut a = shipped().await;
    a.server.returns.request_return(request(2)).await.expect("granted");
    a
}

/// The same, of which so many came.
async fn came(units: u32) -> Refusing {
    let mut a = asked().await;
    a.server.returns.receive_return(report(2, units)).await.expect("received");
    a
}

fn lines(quantity: u32) -> Vec<v1::LineQuantity> {
    vec![v1::LineQuantity { line_index: 0, quantity }]
}

fn request(quantity: u32) -> v1::RequestReturnRequest {
    v1::RequestReturnRequest {
        order_id: "A".into(),
        return_id: "R".into(),
        node_id: "NYC".into(),
        lines: lines(quantity),
        ..Default::default()
    }
}

fn report(revision: u32, quantity: u32) -> v1::ReceiveReturnRequest {
    let (order_id, return_id) = ("A".into(), "R".into());
    v1::ReceiveReturnRequest {
        order_id,
        return_id,
        revision,
        lines: lines(quantity),
        ..Default::default()
    }
}

fn inspection() -> v1::InspectReturnRequest {
    v1::InspectReturnRequest {
        order_id: "A".into(),
        return_id: "R".into(),
        grade: v1::ReturnGrade::A.into(),
        ..Default::default()
    }
}

async fn id_reused() -> Status {
    let mut a = asked().await;
    refused!(a, a.server.returns.request_return(request(1)))
}

async fn revision_reused() -> Status {
    let mut a = came(2).await;
    refused!(a, a.server.returns.receive_return(report(2, 1)))
}

async fn not_found() -> Status {
    let mut a = shipped().await;
    refused!(a, a.server.returns.receive_return(report(1, 1)))
}

async fn line_not_found() -> Status {
    let mut a = asked().await;
    let mut of_another = report(1, 1);
    of_another.lines[0].line_index = 1;
    refused!(a, a.server.returns.receive_return(of_another))
}

async fn not_returnable() -> Status {
    let mut a = shipped().await;
    refused!(a, a.server.returns.request_return(request(3)))
}

async fn stale() -> Status {
    let mut a = came(1).await;
    refused!(a, a.server.returns.receive_return(report(1, 1)))
}

async fn node_missing() -> Status {
    let mut a = shipped().await;
    let nowhere = v1::RequestReturnRequest { node_id: String::new(), ..request(2) };
    a.server.returns.request_return(nowhere).await.expect("granted");
    refused!(a, a.server.returns.receive_return(report(1, 1)))
}

async fn node_differs() -> Status {
    let mut a = came(1).await;
    a.server.define_node(crate::grpc::server::node("LAX", "90001")).await;
    let elsewhere = v1::ReceiveReturnRequest { node_id: "LAX".into(), ..report(3, 2) };
    refused!(a, a.server.returns.receive_return(elsewhere))
}

async fn inspected() -> Status {
    let mut a = came(2).await;
    a.server.returns.inspect_return(inspection()).await.expect("looked at");
    refused!(a, a.server.returns.receive_return(report(3, 1)))
}

async fn not_in_terms() -> Status {
    let mut a = asked().await;
    let (order_id, return_id) = ("A".into(), "R".into());
    let credit = v1::CreditLostReturnRequest { order_id, return_id, ..Default::default() };
    refused!(a, a.server.returns.credit_lost_return(credit))
}

/// A policy whose first rule is for `SKU`, and charges so much; the second is for all else.
async fn policy(a: &mut Refusing, days: Option<u32>, restocking_bp: u32) {
    let items = vec![v1::ItemTaxCategory { sku: "SKU".into(), category: "shoes".into() }];
    let categories = v1::SetTaxCategoriesRequest { items, ..Default::default() };
    a.server.pricing.set_tax_categories(categories).await.expect("set");
    let all = v1::ReturnRule { days: Some(30), ..Default::default() };
    let shoes = v1::ReturnRule { category: "shoes".into(), days, restocking_bp, ..all.clone() };
    let policy = Some(v1::ReturnPolicy { rules: vec![shoes, all], ..Default::default() });
    let set = v1::SetReturnPolicyRequest { policy, ..Default::default() };
    a.server.returns.set_return_policy(set).await.expect("set");
}

async fn not_in_policy() -> Status {
    let mut a = shipped().await;
    policy(&mut a, None, 0).await;
    refused!(a, a.server.returns.request_return(request(1)))
}

async fn terms_differ() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.set_stock("RARE", "NYC", 1).await;
    a.server.orders.place_order(order("A", &[("SKU", 2), ("RARE", 1)])).await.expect("placed");
    a.server.fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    policy(&mut a, Some(30), 500).await;
    let mut both = request(1);
    both.lines.push(v1::LineQuantity { line_index: 1, quantity: 1 });
    refused!(a, a.server.returns.request_return(both))
}

/// A quote for one more unit of an order, by itself.
async fn one_more(
    a: &mut Refusing,
    pricing: Option<v1::LinePricing>,
) -> v1::RequestExchangeRequest {
    let currency_code = pricing.iter().map(|_| "USD".to_owned()).collect();
    let line = v1::AddedLine { sku: "SKU".into(), quantity: 1, pricing, ..Default::default() };
    let add = v1::change_operation::Operation::AddLine(line);
    let quote = v1::QuoteChangeRequest {
        order_id: "A".into(),
        operations: vec![v1::ChangeOperation { operation: Some(add) }],
        currency_code,
        apart: true,
        ..Default::default()
    };
    let quote = a.server.orders.quote_change(quote).await.expect("quoted").into_inner();
    let (asked, mode) = (Some(request(1)), v1::ExchangeMode::Reserve.into());
    let change_token = quote.change_token;
    v1::RequestExchangeRequest { asked, change_token, mode, payment: None }
}

async fn waits_for_return() -> Status {
    let mut a = shipped().await;
    let exchange = one_more(&mut a, None).await;
    a.server.returns.request_exchange(exchange).await.expect("granted");
    let second = v1::ShipShipmentRequest { shipment_number: 2, ..shipping("A") };
    refused!(a, a.server.fulfillment.ship_shipment(second))
}

async fn not_secured() -> Status {
    use crate::grpc::money::{captured, priced};
    let mut a = Refusing::stocked().await;
    let sold = priced("A", &[("SKU", 2, 100_000)], vec![captured("card", 2_000)]);
    a.server.orders.place_order(sold).await.expect("placed");
    a.server.fulfillment.ship_shipment(shipping("A")).await.expect("shipped");
    let pricing = v1::LinePricing { unit_price_e4: 100_000, ..Default::default() };
    let mut exchange = one_more(&mut a, Some(pricing)).await;
    exchange.mode = v1::ExchangeMode::Advance.into();
    let until = std::time::SystemTime::now() + std::time::Duration::from_hours(24);
    exchange.asked.as_mut().expect("it is there").advance_until = Some(until.into());
    refused!(a, a.server.returns.request_exchange(exchange))
}

async fn step_refused() -> Status {
    let mut a = asked().await;
    refused!(a, a.server.returns.inspect_return(inspection()))
}

async fn too_few() -> Status {
    let mut a = came(1).await;
    let two = v1::InspectReturnRequest { lines: lines(2), request_id: "K".into(), ..inspection() };
    refused!(a, a.server.returns.inspect_return(two))
}
