//! What a change would come to. Its new units are held while the customer thinks about it.

use minicbor::{Decode, Encode};

use super::build::Built;
use super::decide::Sought;
use super::operation::Change;
use crate::limits::CHANGE_QUOTE_SECONDS;
use crate::model::event::Origin;
use crate::model::{Day, HoldId, Meta, Order, OrderId, Redirect, Timestamp, Violation};
use crate::placing::going::said;
use crate::placing::request::{Lines, OrderRequest};
use crate::state::network::Network;

/// Asks what a change would come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteChange {
    /// Origin and time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The quote's id, which no other quote has: that of the hold of its new units, and the
    /// idempotency key of committing it.
    pub quote: HoldId,
    /// What is asked.
    pub change: Change,
}

/// A change as it was quoted. Whoever has it may commit it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ChangeQuote {
    /// Its id.
    #[n(0)]
    pub id: HoldId,
    /// The order.
    #[n(1)]
    pub order: OrderId,
    /// What was asked.
    #[n(2)]
    pub change: Change,
    /// Whether it has a hold, under its id.
    #[n(3)]
    pub has_hold: bool,
    /// Until when it can be committed.
    #[n(4)]
    pub until: Timestamp,
    /// Of what was told.
    #[n(5)]
    pub fingerprint: u64,
    /// Who asked for it, through which channel, and why, if that was said.
    #[n(6)]
    pub origin: Option<Box<Origin>>,
}

impl QuoteChange {
    /// What is to be held: these units of items. They go where the order goes once it is changed.
    pub fn wanted(
        &self,
        order: &Order,
        (to, lines): (&Redirect, Lines),
        network: &Network,
        today: Day,
    ) -> OrderRequest {
        let header = &order.header;
        let service = &network.policy.services[usize::from(to.service.0)].name;
        OrderRequest {
            id: OrderId::of_hold(&self.quote),
            customer: header.customer.clone(),
            channel: header.channel.clone(),
            destination: said(network, &to.destination),
            service: Some(service.clone()),
            deliver_by: Some(to.promise_by).filter(|day| *day >= today),
            shortage: None,
            split: Some(header.split),
            lines,
            priority: header.priority,
            prices: None,
        }
    }

    /// What is wrong with the units that are to be held, as callers name it: by the operation that
    /// wants them.
    pub fn as_asked(&self, sought: &Sought, broken: Vec<Violation>) -> Vec<Violation> {
        let as_asked = |violation: Violation| {
            let field = match operation_of_line(sought, &violation.field) {
                Some((at, name)) => {
                    let operation = self.change.operations[at].field();
                    format!("operations[{at}].{operation}.{name}")
                }
                // All lines together are too many.
                None => "operations".to_owned(),
            };
            Violation { field, ..violation }
        };
        broken.into_iter().map(as_asked).collect()
    }

    /// The quote, of an order that it was worked out on.
    pub fn quoted(&self, order: &Order, built: &Built, hold: Option<&Order>) -> ChangeQuote {
        let seconds = i64::from(CHANGE_QUOTE_SECONDS);
        let until = hold.and_then(|hold| hold.open_hold()).map(|hold| hold.until);
        ChangeQuote {
            id: self.quote.clone(),
            order: self.order.clone(),
            change: self.change.clone(),
            has_hold: hold.is_some(),
            until: until.unwrap_or(self.meta.at.saturating_add_micros(seconds * 1_000_000)),
            fingerprint: built.fingerprint(order),
            origin: self.meta.origin.clone(),
        }
    }
}

/// The operation that wants a line of the hold, and the name within it of the line's field.
fn operation_of_line<'a>(sought: &Sought, field: &'a str) -> Option<(usize, &'a str)> {
    // Where the order is planned anew, a line of the hold is of whatever wants the item.
    if sought.moving.is_some() {
        return None;
    }
    let (line, name) = field.strip_prefix("lines[")?.split_once("].")?;
    let at = *sought.wants.get(line.parse::<usize>().ok()?)?;
    Some((at, name))
}

impl ChangeQuote {
    /// The quote in bytes, behind a checksum, for who is to commit it.
    pub fn token(&self) -> Vec<u8> {
        let said = minicbor::to_vec(self).expect("memory takes what is written");
        [&crc32fast::hash(&said).to_le_bytes()[..], &said].concat()
    }

    /// The quote of a token; none if it is not one.
    pub fn of_token(token: &[u8]) -> Option<Self> {
        let (sum, said) = token.split_first_chunk::<4>()?;
        let is_sound = u32::from_le_bytes(*sum) == crc32fast::hash(said);
        let mut from = minicbor::Decoder::new(is_sound.then_some(said)?);
        let quote: Self = from.decode().ok()?;
        let is_all = from.position() == said.len();
        // Whoever makes a token may make anything of it.
        (is_all && quote.change.validate().is_ok()).then_some(quote)
    }
}
