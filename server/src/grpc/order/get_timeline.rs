//! `GetTimeline`: what happened to an order.

use backstock_engine::engine::Engine;
use backstock_engine::model::{DateMoved, Entry, Happened, HoldState, LineAmount, Lsn, Order};
use backstock_proto::v1;
use backstock_proto::v1::{TimelineAudience as Audience, TimelineEvent as Event};
use tonic::Status;

use super::explain_order::cause;
use super::{read_id, view};
use crate::grpc::{Api, enums, plain, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetTimelineRequest,
) -> Result<v1::GetTimelineResponse, Status> {
    let v1::GetTimelineRequest { order_id, audience, min_version } = request;
    let id = read_id(order_id)?;
    let audience = self::audience(audience)?;
    api.reach(min_version).await?;
    let view = api.engine().order(&id).await.map_err(plain)?;
    let order = &*view.order;
    let (who, story): (Vec<_>, Vec<_>) = order
        .story()
        .into_iter()
        .partition(|entry| matches!(entry.what, Happened::Placed | Happened::Held));
    let mut entries = beginnings(order);
    for entry in &mut entries {
        name_who(entry, &who);
    }
    entries.extend(story.into_iter().map(|entry| self::entry(api.engine(), order, entry)));
    entries.sort_by_key(|entry| entry.version);
    if audience == Audience::Customer {
        entries.iter_mut().for_each(name_for_customer);
        entries.retain(|entry| is_for_customers(entry.event()));
        entries = entries.into_iter().map(for_customer).filter(says_something).collect();
    }
    let (dropped_entries, version) = (order.timeline.dropped(), view.version.get());
    Ok(v1::GetTimelineResponse { entries, dropped_entries, version })
}

fn audience(number: i32) -> Result<Audience, Status> {
    let mut found = Violations::default();
    let audience = match Audience::try_from(number) {
        Ok(Audience::Unspecified | Audience::Customer) => Some(Audience::Customer),
        Ok(Audience::Desk) => Some(Audience::Desk),
        Err(_) => enums::unknown(&mut found, "audience", number),
    };
    found.converted(audience)
}

/// How it came to be: as a hold, as an order, or as the one and then the other.
fn beginnings(order: &Order) -> Vec<v1::TimelineEntry> {
    let header = &order.header;
    let channel = header.channel.as_ref().map(|text| text.as_str().to_owned()).unwrap_or_default();
    let entry = |version: Lsn, at, event: Event| v1::TimelineEntry {
        version: version.get(),
        time: Some(times::timestamp(at)),
        event: event.into(),
        channel: channel.clone(),
        ..v1::TimelineEntry::default()
    };
    let Some(hold) = header.hold.as_deref() else {
        return vec![entry(order.placed_lsn, header.decided_at(), Event::Placed)];
    };
    let created = if hold.created == Lsn::NONE { order.placed_lsn } else { hold.created };
    let held = entry(created, hold.began, Event::Held);
    let confirmed = (hold.state == HoldState::Confirmed)
        .then(|| entry(order.placed_lsn, header.ordered_at, Event::Placed));
    [held].into_iter().chain(confirmed).collect()
}

/// Who placed it, or its hold, as far as that was said.
fn name_who(entry: &mut v1::TimelineEntry, who: &[Entry]) {
    let is_it = |of: &&Entry| event(of.what) == entry.event() && of.lsn.get() == entry.version;
    let of_it = who.iter().find(is_it);
    let Some(origin) = of_it.and_then(|of| of.origin.as_deref()) else { return };
    entry.actor = origin.actor.as_str().to_owned();
    entry.reason = origin.reason.as_str().to_owned();
    if !origin.channel.as_str().is_empty() {
        entry.channel = origin.channel.as_str().to_owned();
    }
}

/// An entry with all that is known.
fn entry(engine: &Engine, order: &Order, entry: Entry) -> v1::TimelineEntry {
    let node = |at: u16| {
        let shipment = order.shipments.get(usize::from(at));
        shipment.map(|shipment| engine.node_no(shipment.node).id.to_string())
    };
    let of_return = |no: u16| order.returns.get(usize::from(no)).map(|of| of.id.to_string());
    let lines = entry.lines.into_iter().flatten();
    let (carrier, tracking) = entry.carrier.map(|of| *of).unzip();
    let origin = entry.origin.map(|origin| *origin).unwrap_or_default();
    let date = |DateMoved { shipment, before, after }: DateMoved| v1::DaysTold {
        shipment_number: u32::from(shipment) + 1,
        deliver_by_before: before.and_then(times::date),
        deliver_by: after.and_then(times::date),
    };
    let amounts = entry.amounts.map(|of| *of);
    let currency = amounts.as_ref().map(|of| of.currency.to_string());
    let amount =
        |of: LineAmount| v1::AmountTold { line_index: of.line.into(), amount_minor: of.amount };
    v1::TimelineEntry {
        version: entry.lsn.get(),
        time: Some(times::timestamp(entry.at)),
        event: event(entry.what).into(),
        shipment_number: entry.shipment.map_or(0, |at| u32::from(at) + 1),
        node_id: entry.shipment.and_then(node).unwrap_or_default(),
        lines: lines.map(|(line, quantity)| line_quantity(line, quantity)).collect(),
        package_ids: entry.packages.into_iter().flatten().map(|id| id.to_string()).collect(),
        carrier: carrier.map(|text| text.as_str().to_owned()).unwrap_or_default(),
        tracking: tracking.map(|text| text.as_str().to_owned()).unwrap_or_default(),
        dates: entry.dates.into_iter().flatten().map(date).collect(),
        cause: entry.cause.map_or(v1::DecisionCause::Unspecified, cause).into(),
        decline_reason: entry
            .declined
            .map_or(v1::DeclineReason::Unspecified, enums::decline_reason_message)
            .into(),
        actor: origin.actor.as_str().to_owned(),
        channel: origin.channel.as_str().to_owned(),
        reason: origin.reason.as_str().to_owned(),
        until: entry.until.map(times::timestamp),
        occurred_time: entry.was_at.map(times::timestamp),
        left_out: entry.left_out.unwrap_or(0),
        order_hold: entry.hold.as_deref().map(view::hold),
        added_lines: entry
            .added
            .into_iter()
            .flatten()
            .map(|(line, units)| line_quantity(line, units))
            .collect(),
        goes_to: entry.goes_to.map(|to| {
            view::destination(engine, &to.destination, (to.service, Some(to.promise_by)))
        }),
        note: entry.note.map(|note| note.as_str().to_owned()),
        amounts: amounts.into_iter().flat_map(|of| of.lines).map(amount).collect(),
        currency_code: currency.unwrap_or_default(),
        return_id: entry.of_return.and_then(of_return).unwrap_or_default(),
    }
}

fn line_quantity(line: u16, quantity: u32) -> v1::LineQuantity {
    v1::LineQuantity { line_index: line.into(), quantity }
}

const fn event(what: Happened) -> Event {
    match what {
        Happened::Cancelled => Event::Cancelled,
        Happened::Shipped => Event::Shipped,
        Happened::Released => Event::Released,
        Happened::Recalled => Event::Recalled,
        Happened::Picked => Event::Picked,
        Happened::Unpicked => Event::Unpicked,
        Happened::Packed => Event::Packed,
        Happened::Unpacked => Event::Unpacked,
        Happened::MadeReady => Event::Ready,
        Happened::Delivered => Event::Delivered,
        Happened::Collected => Event::Collected,
        Happened::Lost => Event::Lost,
        Happened::Accepted => Event::Accepted,
        Happened::Declined => Event::Declined,
        Happened::Resourced => Event::Resourced,
        Happened::DateMoved => Event::DateMoved,
        Happened::Prioritised => Event::PriorityChanged,
        Happened::HoldExtended => Event::HoldExtended,
        Happened::HoldChanged => Event::HoldChanged,
        Happened::HoldEnded => Event::HoldEnded,
        Happened::RecallRefused => Event::RecallRefused,
        Happened::OrderHeld => Event::OrderHeld,
        Happened::OrderHoldReleased => Event::OrderHoldReleased,
        Happened::StockLetGo => Event::StockLetGo,
        Happened::Changed => Event::Changed,
        Happened::CustomerAsked => Event::CustomerAsked,
        Happened::DeclineResolved => Event::DeclineResolved,
        Happened::Expired => Event::Expired,
        Happened::Placed => Event::Placed,
        Happened::Held => Event::Held,
        Happened::PaymentTold => Event::PaymentTold,
        Happened::PaymentAdded => Event::PaymentAdded,
        Happened::Allowed => Event::AmountRefunded,
        Happened::PaymentConflict => Event::PaymentConflict,
        Happened::ReturnRequested => Event::ReturnRequested,
        Happened::ExchangeRequested => Event::ExchangeRequested,
        Happened::ReturnAuthorised => Event::ReturnAuthorised,
        Happened::ReturnRefused => Event::ReturnRefused,
        Happened::ReturnCancelled => Event::ReturnCancelled,
        Happened::ReturnSent => Event::ReturnSent,
        Happened::ReturnReceived => Event::ReturnReceived,
        Happened::ReturnInspected => Event::ReturnInspected,
        Happened::ReturnDisposed => Event::ReturnDisposed,
        Happened::ReturnLost => Event::ReturnLost,
        Happened::ReturnGranted => Event::ReturnLossCredited,
        Happened::ReturnExpired => Event::ReturnExpired,
        Happened::ReturnChargedBack => Event::ReturnChargedBack,
    }
}

const fn is_for_customers(event: Event) -> bool {
    matches!(
        event,
        Event::Placed
            | Event::DateMoved
            | Event::Cancelled
            | Event::Changed
            | Event::CustomerAsked
            | Event::DeclineResolved
            | Event::Shipped
            | Event::Lost
            | Event::Ready
            | Event::Delivered
            | Event::Collected
            | Event::Expired
            | Event::ReturnRequested
            | Event::ExchangeRequested
            | Event::ReturnAuthorised
            | Event::ReturnRefused
            | Event::ReturnCancelled
            | Event::ReturnSent
            | Event::ReturnReceived
            | Event::ReturnInspected
            | Event::ReturnLost
            | Event::ReturnLossCredited
            | Event::ReturnExpired
            | Event::ReturnChargedBack
    )
}

/// Whether anything is left of a change for a customer: of a note alone, nothing is.
fn says_something(entry: &v1::TimelineEntry) -> bool {
    let is_empty = entry.lines.is_empty()
        && entry.added_lines.is_empty()
        && entry.dates.is_empty()
        && entry.amounts.is_empty()
        && entry.goes_to.is_none();
    entry.event() != Event::Changed || !is_empty
}

/// That an order was on hold is no business of his; that it arrives later for it is.
fn name_for_customer(entry: &mut v1::TimelineEntry) {
    if entry.event() == Event::OrderHoldReleased && !entry.dates.is_empty() {
        entry.set_event(Event::DateMoved);
    }
}

/// What a customer may know of an entry. Whatever is not named here is not told.
fn for_customer(entry: v1::TimelineEntry) -> v1::TimelineEntry {
    let moved = entry.event() == Event::DateMoved;
    let is_ready = entry.event() == Event::Ready;
    v1::TimelineEntry {
        version: entry.version,
        time: entry.time,
        event: entry.event,
        shipment_number: entry.shipment_number,
        // Which units rest on other supply is no business of his.
        lines: if moved { Vec::new() } else { entry.lines },
        package_ids: entry.package_ids,
        carrier: entry.carrier,
        tracking: entry.tracking,
        dates: entry.dates,
        occurred_time: entry.occurred_time,
        left_out: if moved { 0 } else { entry.left_out },
        added_lines: entry.added_lines,
        // Until when he may collect it.
        until: entry.until.filter(|_| is_ready),
        goes_to: entry.goes_to,
        amounts: entry.amounts,
        currency_code: entry.currency_code,
        return_id: entry.return_id,
        ..v1::TimelineEntry::default()
    }
}
