//! Defining an item.

use crate::limits::ITEMS_MAX;
use crate::model::command::{DefineItem, Meta};
use crate::model::{Event, Item, Lsn, Record, Refusal, Request, SkuNo};
use crate::transaction::begin::Started;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::write::{Change, begin, request_of};
use crate::transaction::written::Reserves;

/// Defines an item, or changes it. A definition that is there already is not
/// written again.
pub async fn define_item(kernel: &Kernel, command: DefineItem) -> Result<Change, EngineError> {
    number_item(kernel, command, Known::Changes).await
}

/// Defines an item unless there is one of its SKU, which stays as it is. What does
/// nothing leaves no trace, its key neither.
pub async fn ensure_item(kernel: &Kernel, command: DefineItem) -> Result<Change, EngineError> {
    number_item(kernel, command, Known::Stays).await
}

/// What becomes of an item that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Changes,
    Stays,
}

async fn number_item(
    kernel: &Kernel,
    command: DefineItem,
    if_known: Known,
) -> Result<Change, EngineError> {
    let DefineItem { meta, item } = command;
    let keyed = request_of(&meta, &item);
    let key = match begin(kernel, keyed.as_ref()).await? {
        Started::Fresh(key) => key,
        Started::Repeat(done) => return Ok(Change::Repeat(done.lsn)),
    };
    let request = keyed.map(|keyed| keyed.request);
    if request.is_none()
        && let Some(lsn) = defined_so(kernel, &item)
    {
        return Ok(Change::Known(lsn));
    }
    if meta.validate_only {
        return Ok(Change::Known(kernel.shown()));
    }
    let definition = (meta, request, item);
    let change = loop {
        let seen = kernel.look_at_names();
        match number_and_write(kernel, &definition, if_known)? {
            Some(change) => break change,
            None => kernel.progress(seen).await?,
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
    kernel: &Kernel,
    (meta, request, item): &(Meta, Option<Request>, Item),
    if_known: Known,
) -> Result<Option<Change>, EngineError> {
    let mut new = kernel.state.new_items.lock();
    if new.numbers.contains_key(&item.sku) {
        return Ok(None);
    }
    let known = kernel.state.catalogue.sku_no(item.sku.as_str());
    if let (Some(no), Known::Stays) = (known, if_known) {
        return Ok(Some(Change::Known(kernel.state.catalogue.entry(no).definition().last_lsn)));
    }
    let no = known.map_or_else(|| next_number(kernel, new.numbers.len()), Ok)?;
    let event = Event::ItemDefined { no, item: item.clone() };
    let (request, origin) = (request.clone(), meta.origin.clone());
    let ticket = kernel.append(Record { at: meta.at, request, origin, event }, Reserves::new())?;
    if known.is_none() {
        new.numbers.insert(item.sku.clone(), no);
    }
    Ok(Some(Change::Written(ticket)))
}

fn defined_so(kernel: &Kernel, item: &Item) -> Option<Lsn> {
    let no = kernel.state.catalogue.sku_no(item.sku.as_str())?;
    let definition = kernel.state.catalogue.entry(no).definition();
    (*definition.item == *item).then_some(definition.last_lsn)
}

/// The number after those of all items, `in_flight` of which are being written.
fn next_number(kernel: &Kernel, in_flight: usize) -> Result<SkuNo, Refusal> {
    let next = kernel.state.catalogue.len() + in_flight;
    if next >= ITEMS_MAX {
        return Err(Refusal::ListFull { what: "items", max: ITEMS_MAX });
    }
    Ok(SkuNo(u32::try_from(next).expect("ITEMS_MAX fits 32 bits")))
}
