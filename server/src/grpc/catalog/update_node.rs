//! `UpdateNode`: defines a node, or changes it, in part as well.

use std::sync::Arc;

use backstock_engine::command::{DefineNode, NodeDefinition};
use backstock_engine::engine::EngineError;
use backstock_engine::model::{Node, NodeId, RequestId, digest};
use backstock_proto::v1;
use prost::Message;
use tonic::Status;

use super::node::{self, FIELDS, NAMES};
use crate::grpc::times;
use crate::grpc::update::{Mask, known, shown};
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateNodeRequest,
) -> Result<v1::UpdateNodeResponse, Status> {
    let _alone = api.0.merging_nodes.lock().await;
    let (definition, request_id) = definition(&request, |id| api.engine().node(id))?;
    let (id, mut asked) = (definition.id.clone(), node::defined(&definition));
    let mut meta = api.meta(request_id, request.validate_only);
    meta.content = Some(content(&request));
    let done = api.engine().define_node(DefineNode { meta, node: definition }).await;
    let done = done.map_err(|error| errors::status(error, &NAMES))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    if !request.validate_only {
        // A pause that was not named is kept, and one that is over is none.
        asked.paused_until = now_paused(api, &id);
    }
    let now = || Some(node::message(&*api.engine().node(&id).ok()?));
    let node = Some(shown(asked, !is_repeat, now));
    Ok(v1::UpdateNodeResponse { node, version, is_repeat })
}

/// Until when a node takes no new work by now.
fn now_paused(api: &Api, id: &NodeId) -> Option<prost_types::Timestamp> {
    api.engine().node(id).ok()?.paused_until.map(times::timestamp)
}

/// What the node is to be: all of the request for a new one, else what is there
/// with the fields of the mask changed. `find` finds what is there.
fn definition(
    request: &v1::UpdateNodeRequest,
    find: impl FnOnce(&NodeId) -> Result<Arc<Node>, EngineError>,
) -> Result<(NodeDefinition, Option<RequestId>), Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id);
    let mask = Mask::read(&mut found, request.update_mask.as_ref(), &FIELDS);
    let Some(given) = found.required("node", request.node.clone()) else {
        return Err(found.into_status());
    };
    let id = found.id("node.node_id", &given.node_id, NodeId::new);
    // What else is wrong with a node that is not there is no matter.
    let may_be_missing = request.allow_missing || !found.is_empty();
    let there = if found.names("node.node_id") { None } else { known(find(&id), may_be_missing)? };
    let wanted = match &there {
        Some(there) if !mask.is_whole() => {
            // A pause that is not named stays what it is by then.
            let there = v1::Node { paused_until: None, ..node::message(there) };
            merged(there, &given, mask.paths())
        }
        Some(_) => numbered(given),
        // Parts of what is not known cannot be judged.
        None if !mask.is_whole() && !request.allow_missing => return Err(found.into_status()),
        None => given,
    };
    let definition = node::read(&mut found, id, &wanted);
    found.finish((definition, request_id.flatten()))
}

/// The fingerprint of what a request asks for. The command that is made of it
/// depends on the node too, which may have changed when the request is sent again.
fn content(request: &v1::UpdateNodeRequest) -> u64 {
    let node = request.node.as_ref().map(Message::encode_to_vec);
    digest::fingerprint(&(node, Mask::of(request.update_mask.as_ref()).paths()))
}

/// All fields of an existing node. A field that is unset is 0 or false: callers whose
/// code knows no presence send 0 and false as unset. If unset meant "as it is", such a
/// caller would turn a node off, be told that it is done, and the node would stay on.
fn numbered(given: v1::Node) -> v1::Node {
    let cut_off_minutes = Some(given.cut_off_minutes.unwrap_or_default());
    let enabled = Some(given.enabled.unwrap_or_default());
    v1::Node { cut_off_minutes, enabled, ..given }
}

/// When a pause ended that is named and unset.
const OVER: prost_types::Timestamp = prost_types::Timestamp { seconds: 0, nanos: 0 };

/// The fields that the mask names. What is unset is 0 or false, as in [`numbered`].
fn merged(mut node: v1::Node, given: &v1::Node, paths: &[String]) -> v1::Node {
    // A code means nothing without its country: what is said of it counts, whatever the
    // mask names.
    if !given.country_code.is_empty() {
        node.country_code.clone_from(&given.country_code);
    }
    for path in paths {
        match path.as_str() {
            "kind" => node.kind = given.kind,
            "postal_code" => node.postal_code.clone_from(&given.postal_code),
            "time_zone" => node.time_zone.clone_from(&given.time_zone),
            "working_days" => node.working_days.clone_from(&given.working_days),
            "cut_off_minutes" => {
                node.cut_off_minutes = Some(given.cut_off_minutes.unwrap_or_default());
            }
            "holidays" => node.holidays.clone_from(&given.holidays),
            "capacity_units_per_day" => {
                node.capacity_units_per_day = given.capacity_units_per_day;
            }
            "capacity_shipments_per_day" => {
                node.capacity_shipments_per_day = given.capacity_shipments_per_day;
            }
            "min_order_quantity" => node.min_order_quantity = given.min_order_quantity,
            "reliability_basis_points" => {
                node.reliability_basis_points = given.reliability_basis_points;
            }
            "pickup_days" => node.pickup_days = given.pickup_days,
            "release_minutes_before_cut_off" => {
                node.release_minutes_before_cut_off = given.release_minutes_before_cut_off;
            }
            "paused_until" => node.paused_until = given.paused_until.or(Some(OVER)),
            "releases_at_once" => node.releases_at_once = given.releases_at_once,
            "shipment_cost_minor" => node.shipment_cost_minor = given.shipment_cost_minor,
            "unit_cost_minor" => node.unit_cost_minor = given.unit_cost_minor,
            "lead_time_days" => node.lead_time_days = given.lead_time_days,
            "enabled" => node.enabled = Some(given.enabled.unwrap_or_default()),
            "weekday_cut_offs" => node.weekday_cut_offs = given.weekday_cut_offs,
            "channels" => node.channels.clone_from(&given.channels),
            "services" => node.services.clone_from(&given.services),
            "offers_pickup" => node.offers_pickup = given.offers_pickup,
            "title" => node.title.clone_from(&given.title),
            // The country is taken; all else is noted as wrong where the mask is read.
            _ => {}
        }
    }
    node
}
