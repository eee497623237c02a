//! `ListWork`: what a node has to do, by when it has to leave.

use backstock_engine::engine::WorkKey;
use backstock_engine::model::{Day, NodeId, OrderNo, Priority};
use backstock_proto::v1;
use tonic::Status;

use super::work;
use crate::grpc::{Api, pages};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListWorkRequest,
) -> Result<v1::ListWorkResponse, Status> {
    let mut found = Violations::default();
    let node = found.taken("node_id", NodeId::new("node_id", request.node_id));
    let size = pages::size(&mut found, request.page_size);
    let last = match &*request.page_token {
        "" => Some(None),
        token => pages::known(&mut found, parse(token)).map(Some),
    };
    let ((node, size), last) = found.converted(node.zip(size).zip(last))?;
    let all = work::read(api, node, request.min_version).await?;
    let is_told = |key: WorkKey| last.is_some_and(|last| key <= last);
    let rest = &all.shipments[all.shipments.partition_point(|of| is_told(of.key()))..];
    let page = &rest[..rest.len().min(size)];
    let last = page.last().filter(|_| page.len() < rest.len());
    Ok(v1::ListWorkResponse {
        shipments: page.iter().map(work::message).collect(),
        next_page_token: last.map_or_else(String::new, |of| token(of.key())),
        version: all.version.get(),
        counts: Some(work::counts(&all)),
        orders_left_out: all.orders_left_out,
    })
}

/// The token of the page behind a shipment. It is no place, because the list shrinks while it is read.
fn token(WorkKey { is_ready, ship_by, priority, no, shipment }: WorkKey) -> String {
    let (is_ready, day) = (u8::from(is_ready), ship_by.epoch_days());
    format!("w{is_ready}.{day}.{}.{}.{shipment}", priority.code(), no.0)
}

fn parse(token: &str) -> Option<WorkKey> {
    let mut parts = token.strip_prefix('w')?.split('.');
    let key = WorkKey {
        is_ready: match parts.next()? {
            "0" => false,
            "1" => true,
            _ => return None,
        },
        ship_by: Day::from_epoch_days(parts.next()?.parse().ok()?),
        priority: Priority::from_code(parts.next()?.parse().ok()?)?,
        no: OrderNo(parts.next()?.parse().ok()?),
        shipment: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(key)
}
