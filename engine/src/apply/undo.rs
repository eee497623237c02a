//! Undoing what a record claimed that the disk had no room for.

use crate::model::order::by_pair;
use crate::model::{Event, OrderNo, Parts};
use crate::state::order::OrderMessage;
use crate::state::stock::StockMessage;
use crate::transaction::bells::Awaited;
use crate::transaction::claims::give_back;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::{Placement, Written};

/// Undoes what a record claimed: the disk had no room for it.
pub fn reject(kernel: &Kernel, written: Written) {
    let record = match written {
        Written::Placed(placed) => return reject_order(kernel, &placed),
        Written::Other(record) => record,
    };
    match record.event {
        Event::ItemDefined { item, .. } => {
            kernel.state.new_items.lock().numbers.remove(&item.sku);
        }
        Event::NodeDefined { .. }
        | Event::PolicySet { .. }
        | Event::OrderPlaced(_)
        | Event::OrderPlacedV1(_) => {}
        Event::StockChanged { pair, .. } => {
            give_back(
                kernel,
                Awaited::Pair(pair),
                kernel.state.cell(pair).ask(StockMessage::Unedit),
            );
        }
        Event::OrderCancelled { no, releases, .. } => {
            for (pair, ..) in by_pair(&releases) {
                let given = kernel.state.cell(pair).ask(StockMessage::Unrelease);
                give_back(kernel, Awaited::Pair(pair), given);
            }
            unlock(kernel, no);
        }
        Event::ShipmentShipped { no, units, .. } => {
            for (pair, _, units) in by_pair(&units) {
                let given = kernel.state.cell(pair).ask(StockMessage::Unship(units));
                give_back(kernel, Awaited::Pair(pair), given);
            }
            unlock(kernel, no);
        }
    }
    if let Some(request) = record.request {
        kernel.state.requests.abandon(&request.id);
    }
}

fn reject_order(kernel: &Kernel, placed: &Placement) {
    for reserve in &placed.reserves {
        let parts = Parts::from_iter([(reserve.supply, reserve.units)]);
        let given = reserve.ask(kernel, StockMessage::Unclaim(parts));
        give_back(kernel, Awaited::Pair(reserve.pair), given);
    }
    kernel.state.orders.abandon(&placed.packed.id());
    if let Some(request) = &placed.request {
        kernel.state.requests.abandon(&request.id);
    }
}

fn unlock(kernel: &Kernel, no: OrderNo) {
    if let Some(cell) = kernel.state.orders.by_no(no) {
        give_back(kernel, Awaited::Order(no), cell.ask(OrderMessage::Unlock));
    }
}
