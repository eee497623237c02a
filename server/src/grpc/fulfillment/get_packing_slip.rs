//! `GetPackingSlip`: what lies in the packages of a shipment, for paper.

use std::collections::BTreeMap;

use backstock_engine::model::{OrderId, Sku};
use backstock_proto::v1;
use tonic::Status;

use super::{shipment, work};
use crate::dates;
use crate::documents::{Goods, PackingSlip, SlipPackage, packing_slip};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetPackingSlipRequest,
) -> Result<v1::GetPackingSlipResponse, Status> {
    let mut found = Violations::default();
    let id = found.id("order_id", &request.order_id, OrderId::new);
    let id = found.finish(id)?;
    api.reach(request.min_version).await?;
    let (shipment, version) = shipment(api, &id, request.shipment_number).await?;
    let slip = PackingSlip {
        order_id: id.to_string(),
        number: shipment.number,
        node_id: shipment.node_id.clone(),
        facts: facts(&shipment),
        packages: packages(api, &shipment),
    };
    Ok(v1::GetPackingSlipResponse { html: packing_slip(&slip), version })
}

fn facts(of: &v1::Shipment) -> Vec<(&'static str, String)> {
    let day = |day: Option<&v1::Date>| {
        day.and_then(dates::from_wire).map_or_else(String::new, |day| day.to_string())
    };
    vec![
        ("Leaves", day(of.ship_by.as_ref())),
        ("Arrives", day(of.deliver_by.as_ref())),
        ("Collected at", of.pickup_node_id.clone()),
    ]
}

/// Its packages by the units in them, and what is in none.
fn packages(api: &Api, of: &v1::Shipment) -> Vec<SlipPackage> {
    let (mut skus, mut left) = (BTreeMap::new(), BTreeMap::new());
    for line in &of.lines {
        skus.insert(line.line_index, line.sku.clone());
        *left.entry(line.line_index).or_insert(0) += u64::from(line.quantity);
    }
    let mut packages = Vec::with_capacity(of.packages.len() + 1);
    for package in &of.packages {
        let lines = package.lines.iter().map(|line| (line.line_index, u64::from(line.quantity)));
        let lines: Vec<_> = lines.collect();
        for (line, units) in &lines {
            let left = left.entry(*line).or_insert(0);
            *left = left.saturating_sub(*units);
        }
        let package_id = package.package_id.clone();
        packages.push(SlipPackage { package_id, units: units(api, &skus, lines) });
    }
    let rest = units(api, &skus, left);
    if !rest.is_empty() {
        packages.push(SlipPackage { package_id: String::new(), units: rest });
    }
    packages
}

fn units(
    api: &Api,
    skus: &BTreeMap<u32, String>,
    lines: impl IntoIterator<Item = (u32, u64)>,
) -> Vec<Goods> {
    let named = lines.into_iter().filter(|(_, units)| *units > 0).map(|(line, units)| {
        let sku = skus.get(&line).cloned().unwrap_or_default();
        let title =
            Sku::new("sku", &*sku).map_or_else(|_| String::new(), |sku| work::title(api, &sku));
        Goods { sku, title, units }
    });
    named.collect()
}
