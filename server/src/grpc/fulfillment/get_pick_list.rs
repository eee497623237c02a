//! `GetPickList`: what to take off the shelves of a node, for paper.

use std::collections::BTreeMap;

use backstock_engine::engine::{NodeWork, ShipmentWork};
use backstock_engine::model::{NodeId, Rule, SkuNo, UnitState};
use backstock_proto::v1;
use tonic::Status;

use super::work;
use crate::documents::{Goods, PickList, PickShipment, pick_list};
use crate::grpc::Api;
use crate::status::Violations;

/// Shipments on a list when the request does not say how many.
const SHIPMENTS: u32 = 50;

/// Most shipments on a list: more are no walk.
const SHIPMENTS_MAX: u32 = 200;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetPickListRequest,
) -> Result<v1::GetPickListResponse, Status> {
    let mut found = Violations::default();
    let node = found.taken("node_id", NodeId::new("node_id", request.node_id));
    let most = request.shipments_max;
    if most > SHIPMENTS_MAX {
        let rule = Rule::OutOfRange { min: 0, max: SHIPMENTS_MAX.into() };
        found.breaks("shipments_max", most, rule);
    }
    let node = found.converted(node)?;
    let all = work::read(api, node, request.min_version).await?;
    let most = if most == 0 { SHIPMENTS } else { most };
    let to_pick = || all.shipments.iter().filter(|of| is_to_pick(of));
    let on_it: Vec<_> = to_pick().take(usize::try_from(most).unwrap_or(usize::MAX)).collect();
    let left_out = to_pick().count() - on_it.len();
    let html = html(api, &all, &on_it, left_out);
    let shipments = on_it.into_iter().map(work::message).collect();
    Ok(v1::GetPickListResponse { html, shipments, version: all.version.get() })
}

/// Whether a picker can, and may, take all of it off the shelves now, and nobody else is at it.
fn is_to_pick(of: &ShipmentWork) -> bool {
    let is_free = of.claim.is_none() && of.recall.is_none() && !of.is_on_hold;
    is_free && of.waiting == 0 && of.loose() > 0
}

fn html(api: &Api, work: &NodeWork, on_it: &[&ShipmentWork], left_out: usize) -> String {
    let mut known = BTreeMap::new();
    let mut shipments = Vec::with_capacity(on_it.len());
    for of in on_it {
        let mut units = Vec::with_capacity(of.units.len());
        for line in of.units.iter().filter(|line| line.state <= UnitState::Released) {
            let (sku, title) = item(api, &mut known, line.sku);
            units.push(Goods { sku, title, units: line.units.into() });
        }
        shipments.push(PickShipment {
            order_id: of.order.to_string(),
            number: u32::from(of.shipment) + 1,
            ship_by: of.ship_by.map_or_else(String::new, |day| day.to_string()),
            is_late: of.is_late,
            units,
        });
    }
    let node_id = work.node.id.to_string();
    pick_list(&PickList { node_id, made: work.local_time.clone(), shipments, left_out })
}

/// The SKU and the title of an item, each looked up once.
fn item(api: &Api, known: &mut BTreeMap<SkuNo, (String, String)>, no: SkuNo) -> (String, String) {
    let texts = || {
        let item = api.engine().item_of(no);
        (item.sku.to_string(), item.title.as_str().to_owned())
    };
    known.entry(no).or_insert_with(texts).clone()
}
