//! Asking pairs that say who may have their units.

use std::sync::Arc;

use crate::actor::Slot;
use crate::model::Order;
use crate::planning::Wanted;
use crate::state::State;
use crate::state::stock::{Asker, Asks, Promise, StockActor, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Who asks, when an order is planned. One that is planned on units of a hold has its number;
/// `is_known` says whether it comes in by the hold's channel.
pub fn asks(kernel: &Kernel, wanted: &Wanted<'_>) -> Arc<Asks> {
    let own = wanted.own.map(|own| (own.no, own.channel.as_ref() == wanted.channel));
    let (order, is_known) = own.map_or((None, false), |(no, is_known)| (Some(no), is_known));
    let channel = wanted.channel.cloned();
    Arc::new(Asks {
        at: wanted.at.max(kernel.state.now()),
        who: vec![Asker { order, channel, is_known }],
    })
}

/// The same, when its units are claimed for an order that has no number yet, also where it is planned
/// beside what another one has.
pub fn new_order_asks(kernel: &Kernel, wanted: &Wanted<'_>) -> Arc<Asks> {
    Arc::new(Asks::new_order(wanted.channel, wanted.at.max(kernel.state.now())))
}

/// Whether a pair of an order's items says who may have its units.
pub fn has_terms(state: &State, order: &Order) -> bool {
    order.lines.iter().any(|line| state.catalogue.entry(line.sku).row.has_terms())
}

/// That orders ask for what they have, as they were given it.
pub fn as_before(kernel: &Kernel, orders: &[&Order]) -> Arc<Asks> {
    let asker = |of: &&Order| Asker {
        order: Some(of.no),
        channel: of.header.channel.clone(),
        is_known: true,
    };
    Arc::new(Asks { at: kernel.state.now(), who: orders.iter().map(asker).collect() })
}

/// What a pair promises to who asks.
pub async fn promise_to(
    kernel: &Kernel,
    slot: Slot<'_, StockActor>,
    asks: &Arc<Asks>,
) -> Result<Promise, EngineError> {
    match ask(kernel, slot, StockMessage::ReadPromise(Some(Arc::clone(asks)))).await? {
        StockReply::Promise(promise) => Ok(promise),
        other => unreachable!("a read of what could be promised is answered so, not {other:?}"),
    }
}
