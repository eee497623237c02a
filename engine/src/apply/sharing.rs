//! Telling pairs with segments whose units are whose: the channels of the orders that have some.
//!
//! A pair knows its orders by number. It is told the channel of each before it gives units to it,
//! in the same step, so that it counts what segments have in its own turn.

use crate::actor::ActorPanicked;
use crate::model::{OrderEffect, OrderNo, Pair, Stock, StockEffect, Text};
use crate::state::State;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::stock::{StockMessage, StockReply};

/// Orders with their channels, ascending by order.
pub type OrderChannels = Box<[(OrderNo, Option<Text>)]>;

/// The channels of orders that one event places, or replaces.
#[derive(Default)]
pub struct Channels(Vec<(OrderNo, Option<Text>)>);

impl Channels {
    /// Another event is applied.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// What an event does to an order says its channel, or does not.
    pub fn note(&mut self, no: OrderNo, effect: &OrderEffect) {
        if let OrderEffect::Place(packed) | OrderEffect::Replace(packed) = effect {
            let order = packed.unpack().expect("REPLAY_EQUAL: what was packed unpacks");
            self.0.push((no, order.header.channel));
        }
    }

    /// Tells a pair the channels of the orders that an effect gives units.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn introduce(
        &self,
        state: &State,
        pair: Pair,
        effect: &StockEffect,
    ) -> Result<(), ActorPanicked> {
        let mut orders: Vec<OrderNo> = match effect {
            StockEffect::Reserve { order, .. } => vec![*order],
            StockEffect::ReserveLines(reserved) => vec![reserved.order],
            StockEffect::Repeg(repeg) => repeg.on.iter().map(|peg| peg.order).collect(),
            _ => return Ok(()),
        };
        orders.dedup();
        let known = |no: OrderNo| self.0.iter().find(|(of, _)| *of == no);
        let channels = orders.into_iter().map(|no| match known(no) {
            Some((_, channel)) => Ok((no, channel.clone())),
            None => Ok((no, channel_of(state, no)?)),
        });
        tell(state, pair, channels.collect::<Result<_, _>>()?)
    }
}

/// Tells a pair the channels of all orders that have units on hand there. Nothing is applied
/// meanwhile.
///
/// # Errors
/// When an actor panicked.
pub fn introduce_all(state: &State, pair: Pair) -> Result<(), ActorPanicked> {
    let StockReply::State(stock) = state.cell(pair).ask(StockMessage::Read).wait()? else {
        unreachable!("a read is answered with a state");
    };
    tell(state, pair, channels(state, &stock)?)
}

/// The channels of all orders that have units on hand at a pair, ascending by order.
///
/// # Errors
/// When an actor panicked.
pub fn channels(state: &State, stock: &Stock) -> Result<OrderChannels, ActorPanicked> {
    let of_orders = stock.reservations.iter().filter(|r| r.supply.is_there()).map(|r| r.order);
    let mut orders: Vec<OrderNo> = of_orders.collect();
    orders.dedup();
    orders.into_iter().map(|no| Ok((no, channel_of(state, no)?))).collect()
}

/// Finds the segments of all pairs, and tells each whose its units are. Nothing is applied
/// meanwhile.
///
/// # Errors
/// When an actor panicked.
pub fn find_all(state: &State) -> Result<(), ActorPanicked> {
    for (sku, entry) in state.catalogue.iter().filter(|(_, entry)| entry.row.has_terms()) {
        for slot in entry.row.iter().filter(|slot| slot.shared().glance().has_terms) {
            let pair = Pair { sku, node: slot.node };
            let StockReply::State(stock) = slot.ask(StockMessage::Read).wait()? else {
                unreachable!("a read is answered with a state");
            };
            if let Some(terms) = stock.terms().filter(|terms| !terms.segments.0.is_empty()) {
                state.note_segments(sku, &terms.segments);
                tell(state, pair, channels(state, &stock)?)?;
            }
        }
    }
    Ok(())
}

fn tell(state: &State, pair: Pair, channels: OrderChannels) -> Result<(), ActorPanicked> {
    state.cell(pair).ask(StockMessage::Introduce(channels)).wait().map(drop)
}

fn channel_of(state: &State, no: OrderNo) -> Result<Option<Text>, ActorPanicked> {
    let Some(cell) = state.orders.by_no(no) else { return Ok(None) };
    Ok(match cell.ask(OrderMessage::Read).wait()? {
        OrderReply::Resident(kept) => kept.order().header.channel.clone(),
        _ => None,
    })
}
