//! Refusals of what names something that is not there.

use super::*;

pub(super) async fn not_found(reason: Reason) -> Status {
    let mut a = Refusing::stocked().await;
    a.server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let line = |line_index| v1::CancelOrderRequest {
        order_id: "A".into(),
        lines: vec![v1::CancelOrderLine { line_index, quantity: 1, of_bundle: false }],
        ..Default::default()
    };
    let inbound = v1::CancelInboundRequest {
        sku: "SKU".into(),
        node_id: "NYC".into(),
        inbound_id: "NONE".into(),
        ..Default::default()
    };
    let get = |order_id: &str, shipment_number| v1::GetShipmentRequest {
        order_id: order_id.into(),
        shipment_number,
        min_version: 0,
    };
    match reason {
        Refused(RefusalKind::ItemNotFound) => {
            refused!(a, a.server.orders.place_order(order("B", &[("NONE", 1)])))
        }
        Refused(RefusalKind::NodeNotFound) => {
            let get = v1::GetNodeRequest { node_id: "NONE".into(), min_version: 0 };
            refused!(a, a.server.catalog.get_node(get))
        }
        Refused(RefusalKind::InboundNotFound) => {
            refused!(a, a.server.inventory.cancel_inbound(inbound))
        }
        Refused(RefusalKind::OrderNotFound) => {
            refused!(a, a.server.fulfillment.get_shipment(get("NONE", 1)))
        }
        Refused(RefusalKind::HoldNotFound) => {
            let get = v1::GetHoldRequest { hold_id: "NONE".into(), min_version: 0 };
            refused!(a, a.server.holds.get_hold(get))
        }
        Refused(RefusalKind::ConsumerNotFound) => {
            let delete = v1::DeleteConsumerRequest { consumer_id: "NONE".into() };
            refused!(a, a.server.feed.delete_consumer(delete))
        }
        Refused(RefusalKind::PartnerNotFound) => {
            let get = v1::GetPartnerRequest { partner_id: "NONE".into() };
            refused!(a, a.server.partners.get_partner(get))
        }
        Refused(RefusalKind::PartnerGoodsNotFound) => {
            let (partner_id, node_ids) = ("P".into(), vec!["NYC".into()]);
            let define = v1::DefinePartnerRequest { partner_id, node_ids, ..Default::default() };
            a.server.partners.define_partner(define).await.expect("defined");
            let names = Some(v1::GoodsNames { rma: "NONE".into(), ..Default::default() });
            let (partner_id, order_id, return_id) = ("P".into(), "NONE".into(), "NONE".into());
            let of = v1::MatchGoodsRequest {
                partner_id,
                names,
                order_id,
                return_id,
                ..Default::default()
            };
            refused!(a, a.server.partners.match_goods(of))
        }
        Refused(RefusalKind::PartnerMessageNotFound) => {
            let (partner_id, message_id) = ("NONE".into(), "NONE".into());
            let replay = v1::ReplayMessageRequest { partner_id, message_id };
            refused!(a, a.server.partners.replay_message(replay))
        }
        Refused(RefusalKind::EndpointNotFound) => {
            let delete = v1::DeleteEndpointRequest { endpoint_id: "NONE".into() };
            refused!(a, a.server.webhooks.delete_endpoint(delete))
        }
        Refused(RefusalKind::LineNotFound) => refused!(a, a.server.orders.cancel_order(line(1))),
        Refused(RefusalKind::ShipmentNotFound) => {
            refused!(a, a.server.fulfillment.get_shipment(get("A", 2)))
        }
        Reason::SnapshotNotFound => {
            let verify = v1::VerifySnapshotRequest { generation: 7 };
            refused!(a, a.server.admin.verify_snapshot(verify))
        }
        other => unreachable!("{other} is not among those"),
    }
}
