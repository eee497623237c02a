//! One SKU at one node, as it stands.

use backstock_engine::calendar::Zone;
use backstock_engine::model::{
    ClosedInbound, Inbound, Node, NodeKind, NodeNo, Sku, Stock, Supply, SupplySource, Timestamp,
};
use backstock_proto::v1;

use super::terms;
use crate::grpc::times;

/// The quantities of a pair as callers see them. `id_of` is how they call a node.
pub(super) fn message(
    sku: &Sku,
    node: &Node,
    stock: &Stock,
    id_of: impl Fn(NodeNo) -> String,
) -> v1::Stock {
    let left = |from: Option<NodeNo>| from.map(&id_of).unwrap_or_default();
    let mut inbound: Vec<&Inbound> = stock.inbound().iter().collect();
    inbound.sort_by_key(|inbound| (inbound.eta, inbound.no));
    let held = held(stock);
    v1::Stock {
        sku: sku.to_string(),
        node_id: node.id.to_string(),
        on_hand: stock.on_hand.into(),
        unavailable: stock.unavailable.into(),
        safety: stock.safety.into(),
        // The engine counts what is held among it.
        allocated: u64::from(stock.allocated) - held,
        free: stock.free(),
        waiting: stock.waiting.into(),
        inbound: inbound.into_iter().map(|i| supply(node, i, left(i.from))).collect(),
        closed_inbound: stock.closed_inbound().iter().map(|c| closed(c, left(c.from))).collect(),
        vendor_feed: (node.kind == NodeKind::Supplier).then(|| vendor_feed(stock)),
        held,
        terms: stock.terms().map(terms::message),
    }
}

/// Units that live holds have of those that are there.
fn held(stock: &Stock) -> u64 {
    let held = stock.reservations.iter().filter(|r| r.held && r.supply.is_there());
    held.map(|reservation| u64::from(reservation.units)).sum()
}

fn vendor_feed(stock: &Stock) -> v1::VendorFeed {
    use v1::vendor_feed::Amount;
    let amount = if stock.is_unlimited() {
        Amount::Unlimited(true)
    } else {
        Amount::Quantity(stock.on_hand.into())
    };
    v1::VendorFeed { amount: Some(amount), as_of: stock.feed_as_of().map(times::timestamp) }
}

fn supply(node: &Node, inbound: &Inbound, from_node_id: String) -> v1::InboundSupply {
    v1::InboundSupply {
        confidence_basis_points: inbound.confidence.basis_points().into(),
        inbound_id: inbound.id.to_string(),
        quantity: inbound.quantity.into(),
        pegged: inbound.pegged.into(),
        free: inbound.free().into(),
        eta: day_of_eta(node, inbound.eta),
        ordered: inbound.ordered().into(),
        received: inbound.received.into(),
        source: source(inbound).into(),
        from_node_id,
    }
}

const fn source(inbound: &Inbound) -> v1::SupplySource {
    match inbound.source {
        _ if inbound.from.is_some() => v1::SupplySource::Transfer,
        SupplySource::PurchaseOrder => v1::SupplySource::PurchaseOrder,
        SupplySource::Return => v1::SupplySource::Return,
    }
}

fn closed(closed: &ClosedInbound, from_node_id: String) -> v1::ClosedInboundSupply {
    v1::ClosedInboundSupply {
        inbound_id: closed.id.to_string(),
        ordered: closed.ordered.into(),
        received: closed.received.into(),
        from_node_id,
    }
}

/// The day that was told as when units come to a node, in whatever zone it was then.
fn day_of_eta(node: &Node, eta: Timestamp) -> Option<v1::Date> {
    // A node's zone was known when the node was defined.
    let zone = Zone::named(&node.time_zone).ok()?;
    times::date(zone.day_that_starts_near(eta))
}

/// What a reservation of this pair is pegged to.
pub(super) fn supply_of(stock: &Stock, supply: Supply) -> v1::Supply {
    let (kind, inbound_id) = match supply {
        Supply::Picked | Supply::OnHand => (v1::SupplyKind::OnHand, None),
        Supply::Supplier => (v1::SupplyKind::Supplier, None),
        Supply::Backorder => (v1::SupplyKind::Backorder, None),
        Supply::Inbound(no) => (v1::SupplyKind::Inbound, stock.inbound_no(no)),
    };
    let inbound_id = inbound_id.map(|inbound| inbound.id.to_string()).unwrap_or_default();
    v1::Supply { kind: kind.into(), inbound_id }
}
