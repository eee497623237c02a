//! `ReleaseWave`: nodes are told to work on many shipments at once.

use backstock_engine::command::{AnyEvent, ReleaseWave, Wave, WaveAt, WaveFound};
use backstock_engine::limits::SERVICES_MAX;
use backstock_engine::model::{Lsn, NodeId, ServiceName};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, enums, plain, times};
use crate::status::Violations;

/// Shipments of a wave when the request does not say how many.
const SHIPMENTS: u32 = 100;

/// How the engine calls the fields of a wave.
const WAVE: FieldNames = FieldNames::PLAIN;

pub(super) async fn handle(
    api: &Api,
    request: v1::ReleaseWaveRequest,
) -> Result<v1::ReleaseWaveResponse, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id);
    let wave = read(&mut found, &request);
    if let Some(wave) = &wave {
        found.rules(api.engine().check_wave(wave), &WAVE);
    }
    let wave = found.converted(wave)?;
    let meta = api.meta(request_id.flatten(), request.validate_only);
    let looked_for = wave.clone();
    let there = api.on_disk(move |api| api.engine().find_wave(&looked_for)).await?;
    let command = ReleaseWave { meta, wave, found: there.clone() };
    let done = api.engine().release_wave(command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let (shipments, left) = if request.validate_only && !is_repeat {
        would_be(api, &there).await?
    } else {
        released(api, done.version).await?
    };
    Ok(v1::ReleaseWaveResponse { shipments, left, version, is_repeat })
}

fn read(found: &mut Violations, request: &v1::ReleaseWaveRequest) -> Option<Wave> {
    let at = read_at(found, request);
    let named = request.services.iter().take(SERVICES_MAX + 1).enumerate();
    let mut services = Vec::new();
    for (at, name) in named {
        let field = format!("services[{at}]");
        services.extend(found.taken(&field, ServiceName::new(&field, name.as_str())));
    }
    let day = |date| times::day(found, "ship_by_max", date);
    let ship_by = request.ship_by_max.as_ref().map(day);
    let class = request.priority_class.map(|class| enums::class(found, "priority_class", class));
    let shipments_max = match request.shipments_max {
        0 => SHIPMENTS,
        most => most,
    };
    let (ship_by, class) = (ship_by.flatten(), class.flatten());
    Some(Wave { at: at?, services, ship_by, class, shipments_max })
}

fn read_at(found: &mut Violations, request: &v1::ReleaseWaveRequest) -> Option<WaveAt> {
    if request.node_kind == v1::NodeKind::Unspecified as i32 {
        let node = NodeId::new("node_id", request.node_id.as_str());
        return found.taken("node_id", node).map(WaveAt::Node);
    }
    if !request.node_id.is_empty() {
        found.add("node_kind", "is set, and so is node_id");
    }
    enums::node_kind(found, "node_kind", request.node_kind).map(WaveAt::Kind)
}

/// What would be released.
async fn would_be(
    api: &Api,
    there: &WaveFound,
) -> Result<(Vec<v1::ReleasedShipment>, u32), Status> {
    let mut all = Vec::with_capacity(there.shipments.len());
    for (no, shipment) in &there.shipments {
        if let Some(id) = api.engine().order_id(*no).await.map_err(plain)? {
            all.push(message(id.as_str(), *shipment));
        }
    }
    let left = there.all.saturating_sub(u32::try_from(all.len()).unwrap_or(u32::MAX));
    Ok((all, left))
}

/// What an event released, if the journal has it.
async fn released(api: &Api, version: Lsn) -> Result<(Vec<v1::ReleasedShipment>, u32), Status> {
    let event = api.on_disk(move |api| Ok(api.engine().event(version))).await?;
    Ok(match event {
        Some(AnyEvent::ShipmentsReleased(event)) if event.left.is_some() => {
            let all = event.shipments.iter().map(|of| message(of.id.as_str(), of.shipment));
            (all.collect(), event.left.unwrap_or(0))
        }
        _ => (Vec::new(), 0),
    })
}

fn message(order_id: &str, shipment: u16) -> v1::ReleasedShipment {
    let (order_id, shipment_number) = (order_id.to_owned(), u32::from(shipment) + 1);
    v1::ReleasedShipment { order_id, shipment_number }
}
