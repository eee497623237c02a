//! Writing an order as bytes.

use super::form::{
    ASKS, CHANNEL, CLAIMED, CUSTOMER, DECIDED, DELIVERS, ENDED_AT, EXPIRED, Features, Form, HELD,
    LEFT, OWNER, PAYING, READY, RECALLED, RELEASED, SHIPPED, SHIPS, TOLD_NOT_THERE, TOLD_THERE,
    UNTIL, WORKED,
};
use crate::model::answer::Answer;
use crate::model::bundle::OrderedBundle;
use crate::model::destination::{Destination, Pickup};
use crate::model::fulfilment::{Dispatch, Package, Work};
use crate::model::hold::Hold;
use crate::model::ids::{CustomerId, Text};
use crate::model::order::{Amended, Order, OrderHeader, OrderMoney, Shipment};
use crate::model::pack::{put_number, put_signed, put_text};
use crate::model::time::Timestamp;

/// Writes an order.
pub(super) fn pack(order: &Order, out: &mut Vec<u8>) {
    let header = &order.header;
    let form = Form::of(order);
    form.put(out);
    if form.has(Features::PRIORITISED) {
        out.push(header.priority.code());
    }
    put_number(out, order.no.0);
    put_text(out, header.id.as_str());
    put_number(out, order.lines.len() as u64);
    for line in &order.lines {
        put_number(out, line.sku.0.into());
        put_number(out, line.ordered.into());
        put_number(out, line.cancelled.into());
    }
    put_number(out, order.shipments.len() as u64);
    for shipment in &order.shipments {
        pack_shipment(shipment, form, out);
    }
    put_number(out, order.allocations.len() as u64);
    for a in &order.allocations {
        put_number(out, a.line.into());
        put_number(out, a.shipment.into());
        put_number(out, a.supply.code().into());
        put_number(out, a.units.into());
        put_number(out, a.shipped.into());
        put_number(out, a.cancelled.into());
        if form.is_repegged() {
            put_number(out, a.moved.into());
        }
        if form.has(Features::WORKED) {
            put_number(out, a.picked.into());
        }
    }
    if form.is_repegged() {
        put_number(out, order.added.shipments.into());
        put_number(out, order.added.allocations.into());
    }
    if form.has(Features::ANSWERED) {
        put_number(out, order.declined.len() as u64);
        order.declined.iter().for_each(|node| put_number(out, node.0.into()));
    }
    if form.has(Features::DECIDED_ANEW) {
        put_number(out, order.decisions.bytes().len() as u64);
        out.extend_from_slice(order.decisions.bytes());
    }
    if form.has(Features::TIMELINE) {
        put_number(out, order.timeline.bytes().len() as u64);
        out.extend_from_slice(order.timeline.bytes());
    }
    if form.has(Features::ON_HOLD) {
        let holds = minicbor::to_vec(&order.order_holds[..]).expect("memory takes what is written");
        put_number(out, holds.len() as u64);
        out.extend_from_slice(&holds);
    }
    if let Some(Pickup { node, only_there }) = header.destination.pickup() {
        put_number(out, node.0.into());
        out.push((*only_there).into());
    }
    if form.has(Features::BUNDLED) {
        pack_bundles(&order.bundles, out);
    }
    if form.has(Features::CHANGED) {
        put_number(out, order.added.lines.into());
        pack_amended(order.amended.as_deref(), out);
    }
    if form.features.is_wide() {
        pack_wide(order, form, out);
    }
    pack_header(header, out);
    out.extend_from_slice(&order.trace);
}

fn pack_amended(amended: Option<&Amended>, out: &mut Vec<u8>) {
    let said = amended.map(minicbor::to_vec).transpose().expect("memory takes what is written");
    let bytes = said.unwrap_or_default();
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
}

/// What few orders have: prices, and returns.
#[cold]
fn pack_wide(order: &Order, form: Form, out: &mut Vec<u8>) {
    if let Some(money) = order.money.as_deref() {
        pack_money(money, out);
    }
    if form.has(Features::RETURNED) {
        let returns = minicbor::to_vec(&order.returns[..]).expect("memory takes what is written");
        put_number(out, returns.len() as u64);
        out.extend_from_slice(&returns);
    }
}

fn pack_money(money: &OrderMoney, out: &mut Vec<u8>) {
    let bytes = minicbor::to_vec(money).expect("memory takes what is written");
    put_number(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
}

fn pack_bundles(bundles: &[OrderedBundle], out: &mut Vec<u8>) {
    put_number(out, bundles.len() as u64);
    for bundle in bundles {
        put_number(out, bundle.sku.0.into());
        put_number(out, bundle.units.into());
        put_number(out, bundle.line.into());
        put_number(out, bundle.components.into());
    }
}

fn pack_shipment(shipment: &Shipment, form: Form, out: &mut Vec<u8>) {
    put_number(out, shipment.node.0.into());
    let flag = |is: bool, flag: u8| if is { flag } else { 0 };
    out.push(
        flag(shipment.ship_by.is_some(), SHIPS)
            | flag(shipment.deliver_by.is_some(), DELIVERS)
            | flag(shipment.shipped.is_some(), SHIPPED)
            | flag(shipment.told_of_units_there == Some(true), TOLD_THERE)
            | flag(shipment.told_of_units_there == Some(false), TOLD_NOT_THERE)
            | flag(shipment.asks, ASKS),
    );
    for day in [shipment.ship_by, shipment.deliver_by].into_iter().flatten() {
        put_signed(out, day.epoch_days().into());
    }
    if let Some(dispatch) = shipment.shipped.as_deref() {
        pack_dispatch(dispatch, out);
    }
    if form.has(Features::ANSWERED) {
        pack_answer(shipment.answer, out);
    }
    if form.has(Features::WORKED) {
        pack_work(shipment.work.as_deref(), out);
    }
}

fn pack_work(work: Option<&Work>, out: &mut Vec<u8>) {
    let Some(Work { released, recall, packages, claim, expired }) = work else {
        return out.push(0);
    };
    let flag = |at: &Option<Timestamp>, flag: u8| at.map_or(0, |_| flag);
    let claimed = claim.as_ref().map_or(0, |_| CLAIMED);
    let ended = flag(expired, EXPIRED);
    out.push(WORKED | flag(released, RELEASED) | flag(recall, RECALLED) | claimed | ended);
    for at in [released, recall, expired].into_iter().flatten() {
        put_signed(out, at.as_micros());
    }
    if let Some(claim) = claim {
        put_text(out, claim.owner.as_str());
        put_signed(out, claim.until.as_micros());
    }
    put_number(out, packages.len() as u64);
    for package in packages {
        pack_package(package, out);
    }
}

fn pack_package(package: &Package, out: &mut Vec<u8>) {
    let Package { id, lines, ready, dispatch, ended, until } = package;
    put_text(out, id.as_str());
    put_number(out, lines.len() as u64);
    for (line, units) in lines {
        put_number(out, (*line).into());
        put_number(out, (*units).into());
    }
    let (left, ready_flag) = (dispatch.as_ref().map_or(0, |_| LEFT), ready.map_or(0, |_| READY));
    let how = ended.map_or(0, |ended| (ended.how as u8) << ENDED_AT);
    out.push(left | ready_flag | how | until.map_or(0, |_| UNTIL));
    for at in [ready, until].into_iter().flatten() {
        put_signed(out, at.as_micros());
    }
    if let Some(dispatch) = dispatch {
        pack_dispatch(dispatch, out);
    }
    if let Some(ended) = ended {
        put_signed(out, ended.at.as_micros());
    }
}

fn pack_dispatch(dispatch: &Dispatch, out: &mut Vec<u8>) {
    put_signed(out, dispatch.at.as_micros());
    put_text(out, dispatch.carrier.as_str());
    put_text(out, dispatch.tracking.as_str());
}

fn pack_answer(answer: Option<Answer>, out: &mut Vec<u8>) {
    out.push(answer.map_or(0, |answer| answer.kind.code()));
    if let Some(Answer { at, .. }) = answer {
        put_signed(out, at.as_micros());
    }
}

fn pack_header(header: &OrderHeader, out: &mut Vec<u8>) {
    out.extend_from_slice(&header.fingerprint.to_le_bytes());
    out.extend_from_slice(&header.ordered_at.as_micros().to_le_bytes());
    let customer = header.customer.as_ref().map(CustomerId::as_str);
    let channel = header.channel.as_ref().map(Text::as_str);
    let flag = |text: Option<&str>, flag: u8| text.map_or(0, |_| flag);
    let decided = header.decided_at.map_or(0, |_| DECIDED);
    let held = header.hold.as_deref().map_or(0, |hold| {
        HELD | hold.owner.as_ref().map_or(0, |_| OWNER) | if hold.is_paying { PAYING } else { 0 }
    });
    let flags = flag(customer, CUSTOMER) | flag(channel, CHANNEL) | decided | held;
    out.extend_from_slice(&[header.service.0, header.shortage.code(), header.split.code(), flags]);
    put_signed(out, header.promise_by.epoch_days().into());
    for text in [customer, channel].into_iter().flatten() {
        put_text(out, text);
    }
    if let Some(at) = header.decided_at {
        put_signed(out, at.as_micros());
    }
    if let Some(Hold {
        id,
        fingerprint,
        owner,
        began,
        created,
        until,
        seconds,
        extended,
        state,
        ..
    }) = header.hold.as_deref()
    {
        put_text(out, id.as_str());
        out.extend_from_slice(&fingerprint.to_le_bytes());
        if let Some(owner) = owner {
            put_text(out, owner.as_str());
        }
        put_signed(out, began.as_micros());
        put_number(out, created.get());
        put_signed(out, until.as_micros());
        put_number(out, (*seconds).into());
        out.extend_from_slice(&[*extended, state.code()]);
    }
    if let Destination::Address(code) = &header.destination {
        put_text(out, code.as_str());
    }
}
