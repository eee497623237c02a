//! An authorisation that ends soon, or is over.
//!
//! ```text
//!   its time before the end --the order in hand--> asked for anew, or the order is put on hold
//!   its end, or a provider that does not renew it --> written off, and the order is put on hold
//! ```
//! A command that comes between the end and this finds the end itself, so that nothing is captured of what is
//! over.

use super::super::payment::PaymentRecorded;
use crate::journal::Ticket;
use crate::model::event::{Numbered, Record};
use crate::model::{Order, Timestamp};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::minting;

/// Does to the authorisation of a payment, from 0, of an order in hand what is due of it by now.
pub(super) fn append(
    claims: Claims<'_>,
    order: &Order,
    (payment, now): (u16, Timestamp),
) -> Result<Ticket, EngineError> {
    let (no, id, told) = (order.no, order.header.id.clone(), order.sees_to(payment, now));
    let event = PaymentRecorded { no, id, told };
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = minting::append(&claims, record, |written| written)?;
    claims.hand_over();
    Ok(ticket)
}
