//! Changing the supply of a pair.

use crate::limits::INBOUND_OVERDUE_DAYS_MAX;
use crate::model::command::{ChangeStock, StockOperation};
use crate::model::{Event, NodeId, Pair, Refusal, Rule, Sku, StockChange, Timestamp, Violation};
use crate::state::network::is_supplier;
use crate::state::stock::Edit;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::write::{Change, request_of, write};

/// Changes the supply of a pair.
pub async fn change_stock(kernel: &Kernel, command: ChangeStock) -> Result<Change, EngineError> {
    let ChangeStock { meta, sku, node, operation } = command;
    let request = request_of(&meta, &(&sku, &node, &operation));
    let at = meta.at;
    write(kernel, meta, request, async || {
        // Only now: a request that was carried out may name a day that has passed.
        validate(kernel, &node, &operation, at)?;
        let pair = find_pair(kernel, &sku, &node, &operation)?;
        let mut claims = Claims::new(kernel);
        let change = edit(kernel, &mut claims, pair, &operation).await?.ok_or_else(|| {
            let inbound_id = inbound_of(&operation).to_string();
            Refusal::InboundNotFound { sku, node_id: node, inbound_id }
        })?;
        Ok((Event::StockChanged { pair, change }, claims))
    })
    .await
}

/// Checks an operation, days by the node's calendar. Of a node that nobody defined, the
/// name is what is told.
fn validate(
    kernel: &Kernel,
    node: &NodeId,
    operation: &StockOperation,
    now: Timestamp,
) -> Result<(), EngineError> {
    let mut found = operation.validate().err().unwrap_or_default();
    let network = kernel.state.network.load();
    if let (Some(eta), Some(no)) = (operation.eta(), network.node_no(node)) {
        let zone = network.node(no).calendar.zone();
        let earliest = zone.local_day(now).minus(INBOUND_OVERDUE_DAYS_MAX);
        let day = zone.day_that_starts_near(eta);
        if day < earliest {
            found.push(Violation::new("eta", day, Rule::InThePast { earliest }));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found.into()) }
}

fn find_pair(
    kernel: &Kernel,
    sku: &Sku,
    node: &NodeId,
    operation: &StockOperation,
) -> Result<Pair, Refusal> {
    let sku = kernel
        .state
        .catalogue
        .sku_no(sku.as_str())
        .ok_or_else(|| Refusal::ItemNotFound { sku: sku.clone() })?;
    let network = kernel.state.network.load();
    let no =
        network.node_no(node).ok_or_else(|| Refusal::NodeNotFound { node_id: node.clone() })?;
    let at_supplier = is_supplier(network.node(no).node.kind);
    let fits = match operation {
        StockOperation::SupplierFeed { .. } => at_supplier,
        StockOperation::Set { on_hand: None, unavailable: None, .. } => true,
        StockOperation::Set { .. }
        | StockOperation::Receive { .. }
        | StockOperation::Adjust { .. }
        | StockOperation::Count { .. }
        | StockOperation::AnnounceInbound { .. }
        | StockOperation::ChangeInbound { .. }
        | StockOperation::ReceiveInbound { .. }
        | StockOperation::CancelInbound { .. } => !at_supplier,
    };
    match (fits, at_supplier) {
        (true, _) => Ok(Pair { sku, node: no }),
        (false, true) => Err(Refusal::NodeIsSupplier { node_id: node.clone() }),
        (false, false) => Err(Refusal::NodeNotSupplier { node_id: node.clone() }),
    }
}

fn inbound_of(operation: &StockOperation) -> &str {
    match operation {
        StockOperation::AnnounceInbound { id, .. }
        | StockOperation::ChangeInbound { id, .. }
        | StockOperation::ReceiveInbound { id, .. }
        | StockOperation::CancelInbound { id } => id.as_str(),
        _ => "",
    }
}

/// Decides a change at its pair, and waits while others in flight stand in the
/// way; none when the inbound supply is not known.
async fn edit(
    kernel: &Kernel,
    claims: &mut Claims<'_>,
    pair: Pair,
    operation: &StockOperation,
) -> Result<Option<StockChange>, EngineError> {
    let mut attempts = Attempts::begin(kernel);
    loop {
        let attempt = match claims.edit(pair, operation).await? {
            Ok(Edit::Granted(change)) => Attempt::Done(Some(change)),
            Ok(Edit::Refused(refusal)) => return Err(refusal.into()),
            Ok(Edit::UnknownInbound) => Attempt::Done(None),
            Ok(Edit::InFlight | Edit::InLine) => unreachable!("they come with a bell"),
            Err(bell) => Attempt::InTheWay(bell),
        };
        if let Some(decided) = attempts.end(attempt).await? {
            return Ok(decided);
        }
    }
}
