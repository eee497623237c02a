//! Commands on the catalogue and on a pair's supply.

use super::attempts::{Attempt, Attempts};
use super::begin::{Started, begin_request};
use super::claims::Claims;
use super::core::Core;
use super::error::EngineError;
use super::network::{calendar_of, is_supplier};
use super::written::Reserves;

use crate::actor::stock::Edit;
use crate::journal::Ticket;
use crate::limits::{INBOUND_OVERDUE_DAYS_MAX, ITEMS_MAX, NODES_MAX};
use crate::model::command::{
    ChangeStock, DefineItem, DefineNode, Meta, NodeDefinition, SetPolicy, StockOperation,
};
use crate::model::digest::fingerprint;
use crate::model::{
    Event, Item, Lsn, Node, NodeNo, Pair, Policy, Record, Refusal, Request, Rule, Sku, SkuNo,
    StockChange, Timestamp, Violation,
};

/// What a mutation came to, before it is durable.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// The event is on its way to the disk.
    Written(Ticket),
    /// The same request was carried out before.
    Repeat(Lsn),
    /// Nothing had to change, or it was only to be found out whether it could.
    Known(Lsn),
}

/// The key of a command, with what tells the same request from another one.
pub struct Keyed {
    request: Request,
    /// The fingerprint of the command, where that is not what the caller sent. An older
    /// version remembers the request by it.
    command: Option<u64>,
}

/// The key of a command, if it has one, with the content's fingerprint.
pub fn request_of<T: minicbor::Encode<()>>(meta: &Meta, command: &T) -> Option<Keyed> {
    let id = meta.request_id.clone()?;
    let command = fingerprint(command);
    Some(match meta.content {
        Some(fingerprint) => Keyed { request: Request { id, fingerprint }, command: Some(command) },
        None => Keyed { request: Request { id, fingerprint: command }, command: None },
    })
}

/// Takes the key of a command.
async fn begin<'a>(core: &'a Core, keyed: Option<&Keyed>) -> Result<Started<'a>, EngineError> {
    let started = begin_request(core, keyed.map(|keyed| &keyed.request)).await;
    match (started, keyed.and_then(|keyed| keyed.command)) {
        (Err(EngineError::Refused(Refusal::RequestReused(id))), Some(fingerprint)) => {
            begin_request(core, Some(&Request { id, fingerprint })).await
        }
        (started, _) => started,
    }
}

/// Writes the event of a command whose actors are claimed.
pub async fn write<'a>(
    core: &'a Core,
    meta: Meta,
    keyed: Option<Keyed>,
    decide: impl AsyncFnOnce() -> Result<(Event, Claims<'a>), EngineError>,
) -> Result<Change, EngineError> {
    let key = match begin(core, keyed.as_ref()).await? {
        Started::Fresh(key) => key,
        Started::Repeat(done) => return Ok(Change::Repeat(done.lsn)),
    };
    let request = keyed.map(|keyed| keyed.request);
    let (event, claims) = decide().await?;
    if meta.validate_only {
        return Ok(Change::Known(core.shown()));
    }
    let ticket =
        core.append(Record { at: meta.at, request, origin: meta.origin, event }, Reserves::new())?;
    claims.hand_over();
    if let Some(key) = key {
        key.hand_over();
    }
    Ok(Change::Written(ticket))
}

/// Defines an item, or changes it. A definition that is there already is not
/// written again.
pub async fn define_item(core: &Core, command: DefineItem) -> Result<Change, EngineError> {
    number_item(core, command, Known::Changes).await
}

/// Defines an item unless there is one of its SKU, which stays as it is. What does
/// nothing leaves no trace, its key neither.
pub async fn ensure_item(core: &Core, command: DefineItem) -> Result<Change, EngineError> {
    number_item(core, command, Known::Stays).await
}

/// What becomes of an item that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Changes,
    Stays,
}

async fn number_item(
    core: &Core,
    command: DefineItem,
    if_known: Known,
) -> Result<Change, EngineError> {
    let DefineItem { meta, item } = command;
    let keyed = request_of(&meta, &item);
    let key = match begin(core, keyed.as_ref()).await? {
        Started::Fresh(key) => key,
        Started::Repeat(done) => return Ok(Change::Repeat(done.lsn)),
    };
    let request = keyed.map(|keyed| keyed.request);
    if request.is_none()
        && let Some(lsn) = defined_so(core, &item)
    {
        return Ok(Change::Known(lsn));
    }
    if meta.validate_only {
        return Ok(Change::Known(core.shown()));
    }
    let definition = (meta, request, item);
    let change = loop {
        let seen = core.look_at_names();
        match number_and_write(core, &definition, if_known)? {
            Some(change) => break change,
            None => core.progress(seen).await?,
        }
    };
    if let (Change::Written(_), Some(key)) = (change, key) {
        key.hand_over();
    }
    Ok(change)
}

/// Numbers an item and writes its definition in one step, so that items are
/// numbered in the order of the journal. None while its first definition is in
/// flight: should the disk have no room for that one, its number is free again.
fn number_and_write(
    core: &Core,
    (meta, request, item): &(Meta, Option<Request>, Item),
    if_known: Known,
) -> Result<Option<Change>, EngineError> {
    let mut new = core.new_items.lock();
    if new.numbers.contains_key(&item.sku) {
        return Ok(None);
    }
    let known = core.catalogue.sku_no(item.sku.as_str());
    if let (Some(no), Known::Stays) = (known, if_known) {
        return Ok(Some(Change::Known(core.catalogue.entry(no).definition().last_lsn)));
    }
    let no = known.map_or_else(|| next_number(core, new.numbers.len()), Ok)?;
    let event = Event::ItemDefined { no, item: item.clone() };
    let (request, origin) = (request.clone(), meta.origin.clone());
    let ticket = core.append(Record { at: meta.at, request, origin, event }, Reserves::new())?;
    if known.is_none() {
        new.numbers.insert(item.sku.clone(), no);
    }
    Ok(Some(Change::Written(ticket)))
}

fn defined_so(core: &Core, item: &Item) -> Option<Lsn> {
    let no = core.catalogue.sku_no(item.sku.as_str())?;
    let definition = core.catalogue.entry(no).definition();
    (*definition.item == *item).then_some(definition.last_lsn)
}

/// The number after those of all items, `in_flight` of which are being written.
fn next_number(core: &Core, in_flight: usize) -> Result<SkuNo, Refusal> {
    let next = core.catalogue.len() + in_flight;
    if next >= ITEMS_MAX {
        return Err(Refusal::Full { what: "items", max: ITEMS_MAX });
    }
    Ok(SkuNo(u32::try_from(next).expect("ITEMS_MAX fits 32 bits")))
}

/// Defines a node, or changes it. The caller lets one such command in at a time.
pub async fn define_node(core: &Core, command: DefineNode) -> Result<Change, EngineError> {
    let DefineNode { meta, node: definition } = command;
    definition.validate()?;
    let request = request_of(&meta, &definition);
    write(core, meta, request, async || {
        let node = locate(core, definition)?;
        let network = core.network.load();
        let known = network.node_no(&node.id);
        if let Some(no) = known
            && network.node(no).node.kind != node.kind
        {
            return Err(Refusal::NodeKindFixed(node.id).into());
        }
        let next = network.nodes.len();
        if known.is_none() && next >= NODES_MAX {
            return Err(Refusal::Full { what: "nodes", max: NODES_MAX }.into());
        }
        let next = NodeNo(u16::try_from(next).expect("NODES_MAX fits 16 bits"));
        let event = Event::NodeDefined { no: known.unwrap_or(next), node: Box::new(node) };
        Ok((event, Claims::new(core)))
    })
    .await
}

fn locate(core: &Core, definition: NodeDefinition) -> Result<Node, EngineError> {
    let code = &definition.postal_code;
    let place = core.postal.locate(code.as_str()).ok_or_else(|| {
        let why = core.postal.why_unknown(code.as_str());
        Violation::new("postal_code", code, Rule::Malformed(why))
    })?;
    let node = Node {
        id: definition.id,
        kind: definition.kind,
        title: definition.title,
        postal_code: definition.postal_code,
        location: place.location,
        time_zone: definition.time_zone,
        working_days: definition.working_days,
        cut_off_minute: definition.cut_off_minute,
        holidays: definition.holidays,
        capacity_units_per_day: definition.capacity_units_per_day,
        shipment_cost: definition.shipment_cost,
        unit_cost: definition.unit_cost,
        lead_time_days: definition.lead_time_days,
        enabled: definition.enabled,
    };
    match calendar_of(&node) {
        Ok(_) => Ok(node),
        Err(error) => {
            let rule = Rule::Malformed(error.to_string());
            Err(Violation::new(error.field(), "", rule).into())
        }
    }
}

/// Sets the policy. The caller lets one such command in at a time.
pub async fn set_policy(core: &Core, command: SetPolicy) -> Result<Change, EngineError> {
    command.validate()?;
    let SetPolicy { meta, policy } = command;
    let request = request_of(&meta, &policy);
    write(core, meta, request, async || {
        check_services(&core.network.load().policy, &policy)?;
        Ok((Event::PolicySet { policy: Box::new(policy) }, Claims::new(core)))
    })
    .await
}

/// Orders refer to services by their place.
fn check_services(before: &Policy, after: &Policy) -> Result<(), Refusal> {
    for (at, service) in before.services.iter().enumerate() {
        if after.services.get(at).is_none_or(|there| there.name != service.name) {
            return Err(Refusal::ServiceFixed(service.name.to_string()));
        }
    }
    Ok(())
}

/// Changes the supply of a pair.
pub async fn change_stock(core: &Core, command: ChangeStock) -> Result<Change, EngineError> {
    let ChangeStock { meta, sku, node, operation } = command;
    let request = request_of(&meta, &(&sku, &node, &operation));
    let at = meta.at;
    write(core, meta, request, async || {
        // Only now: a request that was carried out may name a day that has passed.
        validate(core, &node, &operation, at)?;
        let pair = find_pair(core, &sku, &node, &operation)?;
        let mut claims = Claims::new(core);
        let change = edit(core, &mut claims, pair, &operation).await?.ok_or_else(|| {
            let inbound = inbound_of(&operation).to_string();
            Refusal::UnknownInbound { sku, node, inbound }
        })?;
        Ok((Event::StockChanged { pair, change }, claims))
    })
    .await
}

/// Checks an operation, days by the node's calendar. Of a node that nobody defined, the
/// name is what is told.
fn validate(
    core: &Core,
    node: &crate::model::NodeId,
    operation: &StockOperation,
    now: Timestamp,
) -> Result<(), EngineError> {
    let mut found = operation.validate().err().unwrap_or_default();
    let network = core.network.load();
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
    core: &Core,
    sku: &Sku,
    node: &crate::model::NodeId,
    operation: &StockOperation,
) -> Result<Pair, Refusal> {
    let sku =
        core.catalogue.sku_no(sku.as_str()).ok_or_else(|| Refusal::UnknownSku(sku.clone()))?;
    let network = core.network.load();
    let no = network.node_no(node).ok_or_else(|| Refusal::UnknownNode(node.clone()))?;
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
    if !fits {
        return Err(Refusal::WrongNodeKind { node: node.clone(), is_supplier: at_supplier });
    }
    Ok(Pair { sku, node: no })
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
    core: &Core,
    claims: &mut Claims<'_>,
    pair: Pair,
    operation: &StockOperation,
) -> Result<Option<StockChange>, EngineError> {
    let mut attempts = Attempts::begin(core);
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
