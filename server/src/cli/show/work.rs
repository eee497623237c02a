//! What a node has to do.

use std::io::Write;

use backstock_proto::v1;
use serde::Serialize;

use super::{View, or_dash, print, table};
use crate::cli::work::{
    ClaimArgs, DocumentArgs, ListWorkArgs, PackingSlipArgs, PickListArgs, ReleaseWorkArgs,
};
use crate::cli::{CommandError, Exit};
use crate::client::words;
use crate::dates;

/// For how long a shipment is claimed if nothing else is said.
const LEASE_SECONDS: u32 = 900;

/// Who works on a shipment.
#[derive(Debug, Serialize)]
struct ClaimView {
    order_id: String,
    shipment_number: u32,
    owner: String,
    given_up: bool,
    lease_seconds: u32,
}

/// What a node has to do.
#[derive(Debug, Serialize)]
struct WorkView {
    node_id: String,
    shipments: Vec<ShipmentView>,
    counts: CountsView,
    orders_left_out: u64,
    version: u64,
}

/// One shipment.
#[derive(Debug, Serialize)]
struct ShipmentView {
    order_id: String,
    shipment_number: u32,
    ship_by: Option<String>,
    cut_off_time: Option<String>,
    late: bool,
    on_hold: bool,
    state: String,
    units: u64,
    units_to_pick: u64,
    units_waiting: u64,
    claimed_by: String,
    claimed_until: Option<String>,
}

/// All that there is.
#[derive(Debug, Default, Serialize)]
pub(super) struct CountsView {
    pub(super) waiting: u64,
    pub(super) claimed: u64,
    pub(super) to_pick: u64,
    pub(super) picked: u64,
    pub(super) packed: u64,
    pub(super) ready: u64,
    pub(super) late: u64,
    pub(super) due_today: u64,
}

impl From<v1::ShipmentWork> for ShipmentView {
    fn from(of: v1::ShipmentWork) -> Self {
        let state = of.state().as_str_name().trim_start_matches("SHIPMENT_STATE_");
        Self {
            state: state.to_ascii_lowercase(),
            ship_by: words::date(of.ship_by.as_ref()),
            cut_off_time: words::time(of.cut_off_time.as_ref()),
            order_id: of.order_id,
            shipment_number: of.shipment_number,
            late: of.late,
            on_hold: of.on_hold,
            units: of.units,
            units_to_pick: of.units_to_pick,
            units_waiting: of.units_waiting,
            claimed_until: words::time(of.claimed_until.as_ref()),
            claimed_by: of.claimed_by,
        }
    }
}

impl From<v1::WorkCounts> for CountsView {
    fn from(of: v1::WorkCounts) -> Self {
        let v1::WorkCounts { waiting, claimed, to_pick, picked, packed, ready, late, due_today } =
            of;
        Self { waiting, claimed, to_pick, picked, packed, ready, late, due_today }
    }
}

/// Lists what a node has to do.
pub(in crate::cli) async fn list(
    args: ListWorkArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let page_size = i32::from(args.limit);
    let (node_id, output) = (args.node, args.output);
    let request = v1::ListWorkRequest {
        node_id: node_id.clone(),
        page_size,
        ..v1::ListWorkRequest::default()
    };
    let answer = client.fulfillment().list_work(request).await?.into_inner();
    let view = WorkView {
        node_id,
        shipments: answer.shipments.into_iter().map(ShipmentView::from).collect(),
        counts: answer.counts.map(CountsView::from).unwrap_or_default(),
        orders_left_out: answer.orders_left_out,
        version: answer.version,
    };
    print(out, output, &view)?;
    Ok(Exit::Success)
}

/// Says who works on a shipment.
pub(in crate::cli) async fn claim(
    args: ClaimArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let view = ClaimView {
        order_id: args.order,
        shipment_number: args.shipment,
        owner: args.owner,
        given_up: args.give_up,
        lease_seconds: args.lease.unwrap_or(if args.give_up { 0 } else { LEASE_SECONDS }),
    };
    let request = v1::ClaimShipmentRequest {
        order_id: view.order_id.clone(),
        shipment_number: view.shipment_number,
        owner: view.owner.clone(),
        lease_seconds: view.lease_seconds,
        give_up: view.given_up,
        ..v1::ClaimShipmentRequest::default()
    };
    client.fulfillment().claim_shipment(request).await?;
    print(out, args.output, &view)?;
    Ok(Exit::Success)
}

/// What was released together.
#[derive(Debug, Serialize)]
struct WaveView {
    shipments: Vec<ReleasedView>,
    left: u32,
    dry_run: bool,
    version: u64,
}

/// One of them.
#[derive(Debug, Serialize)]
struct ReleasedView {
    order_id: String,
    shipment_number: u32,
}

/// Releases the shipments that have to leave first.
pub(in crate::cli) async fn release(
    args: ReleaseWorkArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let (output, dry_run) = (args.output, args.dry_run);
    let answer = client.fulfillment().release_wave(wave(args)).await?.into_inner();
    let v1::ReleaseWaveResponse { shipments, left, version, .. } = answer;
    let one = |v1::ReleasedShipment { order_id, shipment_number }| ReleasedView {
        order_id,
        shipment_number,
    };
    let shipments = shipments.into_iter().map(one).collect();
    print(out, output, &WaveView { shipments, left, dry_run, version })?;
    Ok(Exit::Success)
}

fn wave(args: ReleaseWorkArgs) -> v1::ReleaseWaveRequest {
    v1::ReleaseWaveRequest {
        node_kind: args.kind.unwrap_or_default().into(),
        node_id: args.node.unwrap_or_default(),
        services: args.services,
        ship_by_max: args.ship_by.map(dates::to_wire),
        priority_class: args.class.map(Into::into),
        shipments_max: args.limit,
        validate_only: args.dry_run,
        request_id: args.request_id.unwrap_or_default(),
    }
}

impl View for WaveView {
    fn text(&self) -> String {
        let mut all = table(&["order", "shipment"], &[1]);
        let row = |of: &ReleasedView| vec![of.order_id.clone(), of.shipment_number.to_string()];
        all.add_rows(self.shipments.iter().map(row));
        let done = if self.dry_run { "would be released" } else { "released" };
        format!("{} {done}, {} left\n{all}", self.shipments.len(), self.left)
    }
}

/// Makes a list of what to pick.
pub(in crate::cli) async fn pick_list(
    args: PickListArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.document.server.connect().await?;
    let (node_id, shipments_max) = (args.node, args.limit.into());
    let request = v1::GetPickListRequest { node_id, shipments_max, min_version: 0 };
    let answer = client.fulfillment().get_pick_list(request).await?.into_inner();
    write(&args.document, &answer.html, out)
}

/// Makes the slips of a shipment.
pub(in crate::cli) async fn packing_slip(
    args: PackingSlipArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.document.server.connect().await?;
    let (order_id, shipment_number) = (args.order, args.shipment);
    let request = v1::GetPackingSlipRequest { order_id, shipment_number, min_version: 0 };
    let answer = client.fulfillment().get_packing_slip(request).await?.into_inner();
    write(&args.document, &answer.html, out)
}

fn write(to: &DocumentArgs, html: &str, out: &mut dyn Write) -> Result<Exit, CommandError> {
    match &to.out {
        Some(path) => std::fs::write(path, html),
        None => out.write_all(html.as_bytes()),
    }
    .map_err(CommandError::Output)?;
    Ok(Exit::Success)
}

impl View for ClaimView {
    fn text(&self) -> String {
        let Self { order_id, shipment_number, owner, given_up, lease_seconds } = self;
        if *given_up {
            return format!("{owner} gave up shipment {shipment_number} of {order_id}");
        }
        format!("{owner} has shipment {shipment_number} of {order_id} for {lease_seconds} seconds")
    }
}

/// Says how many orders were not looked at; nothing if all were.
pub(super) fn left_out(orders: u64) -> String {
    match orders {
        0 => String::new(),
        1 => "\n1 more order was not looked at".to_owned(),
        orders => format!("\n{orders} more orders were not looked at"),
    }
}

impl ShipmentView {
    /// What keeps it, or presses.
    fn mark(&self) -> &'static str {
        match (self.late, self.on_hold) {
            (false, false) => "",
            (true, false) => "LATE",
            (false, true) => "on hold",
            (true, true) => "LATE, on hold",
        }
    }
}

impl View for WorkView {
    fn text(&self) -> String {
        let header =
            ["order", "shipment", "leaves", "state", "units", "to pick", "not there", "by", ""];
        let mut table = table(&header, &[1, 4, 5, 6]);
        for of in &self.shipments {
            table.add_row([
                of.order_id.clone(),
                of.shipment_number.to_string(),
                or_dash(of.ship_by.as_ref()),
                of.state.clone(),
                of.units.to_string(),
                of.units_to_pick.to_string(),
                of.units_waiting.to_string(),
                of.claimed_by.clone(),
                of.mark().to_owned(),
            ]);
        }
        let CountsView { waiting, claimed, to_pick, picked, packed, ready, late, due_today } =
            self.counts;
        format!(
            "{table}\n{}: {to_pick} to pick, {picked} picked, {packed} packed, {ready} ready, \
             {waiting} wait for units; {claimed} claimed, {late} late, {due_today} due today{}",
            self.node_id,
            left_out(self.orders_left_out)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_late_on_hold_or_left_out_is_told() {
        let of = v1::ShipmentWork {
            order_id: "A".into(),
            shipment_number: 1,
            late: true,
            on_hold: true,
            state: v1::ShipmentState::Picked.into(),
            ..v1::ShipmentWork::default()
        };
        let counts = CountsView { picked: 1, late: 1, ..CountsView::default() };
        let (node_id, shipments) = ("RENO".to_owned(), vec![of.into()]);
        let mut view = WorkView { node_id, shipments, counts, orders_left_out: 0, version: 7 };
        let text = view.text();
        assert!(text.contains("LATE, on hold") && text.contains("picked"), "{text}");
        assert!(text.ends_with("1 late, 0 due today"), "{text}");
        view.orders_left_out = 2;
        let text = view.text();
        assert!(text.ends_with("0 due today\n2 more orders were not looked at"), "{text}");
    }
}
