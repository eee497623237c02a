//! Reads a message in JSON.

use backstock_engine::limits::{PARTNER_GRADES_MAX, PARTNER_LINES_MAX};
use backstock_engine::model::{
    InboundId, MessageId, NodeId, OrderId, PartnerId, Reference, Rule, Sku, Timestamp, Violation,
};

use super::check::check;
use super::message::{
    Ack, AckFault, Address, Adjusted, Adjustment, Body, Cancel, Count, Counted, Expected, Inbound,
    ItemLine, Items, Kind, Message, Ordered, Receipt, Received, Return, ReturnDocument,
    ReturnReceipt, Returned, ShipOrder, Shipment, ShipmentDocument, Shipped, Tracking,
    TrackingStatus, Verdict,
};
use super::number::{difference, revision, seq, seq_seen, units};
use super::object::{Object, filled};
use super::tree::{Tree, parse};
use crate::partner::found::Found;
use crate::partner::limits::{ACK_FAULTS_MAX, TRACKING_MAX};

/// Reads one message, at most some 5 minutes from the future.
///
/// # Errors
/// All that is wrong with it, each with the path of its field.
pub fn read(bytes: &[u8], now: Timestamp) -> Result<Message, Vec<Violation>> {
    let tree = parse(bytes).map_err(|violation| vec![violation])?;
    let mut found = Found::default();
    let message = Object::new("", tree, &mut found).and_then(message);
    if let Some(message) = &message {
        check(message, now, &mut found);
    }
    match message {
        Some(message) if found.is_empty() => Ok(message),
        _ => Err(found.into_list()),
    }
}

fn message(mut from: Object<'_>) -> Option<Message> {
    let sender = from.name("sender", PartnerId::new);
    let seq = from.number("seq", seq);
    let id = from.name("id", MessageId::new);
    let occurred_at = from.name("occurred_at", |path, text| instant(path, &text));
    let node = from.name_or("node", NodeId::new);
    let revision = from.number("revision", revision);
    let body = from.one_of("type", &Kind::ALL).map(|kind| body(kind, &mut from));
    // Of a type that nobody knows, it is not known either which fields it has.
    let body = body.inspect(|_| from.end())?;
    Some(Message {
        sender: sender?,
        seq: seq?,
        id: id?,
        occurred_at: occurred_at?,
        node,
        revision: revision?,
        body: body?,
    })
}

fn instant(path: &str, text: &str) -> Result<Timestamp, Violation> {
    let malformed = |_| {
        let rule = "is no instant like 2026-12-24T18:00:00Z, with its offset";
        Violation::new(path, text, Rule::Malformed(rule.to_owned()))
    };
    let instant: jiff::Timestamp = text.parse().map_err(malformed)?;
    Ok(Timestamp::from_micros(instant.as_microsecond()))
}

fn body(kind: Kind, from: &mut Object<'_>) -> Option<Body> {
    match kind {
        Kind::Item => items(from).map(Body::Item),
        Kind::Inbound => inbound(from).map(Body::Inbound),
        Kind::Receipt => receipt(from).map(Body::Receipt),
        Kind::Order => ship_order(from).map(Body::Order),
        Kind::Cancel => cancel(from).map(Body::Cancel),
        Kind::Shipment => shipment(from).map(Body::Shipment),
        Kind::Adjustment => adjustment(from).map(Body::Adjustment),
        Kind::Count => count(from).map(Body::Count),
        Kind::Return => returned(from).map(Body::Return),
        Kind::ReturnReceipt => return_receipt(from).map(Body::ReturnReceipt),
        Kind::Ack => ack(from).map(Body::Ack),
        Kind::Tracking => tracking(from).map(Body::Tracking),
    }
}

fn lines<T>(from: &mut Object<'_>, read: impl FnMut(&mut Object<'_>) -> Option<T>) -> Vec<T> {
    from.objects("lines", PARTNER_LINES_MAX, read)
}

fn sku(from: &mut Object<'_>) -> Option<Sku> {
    from.name("sku", Sku::new)
}

fn items(from: &mut Object<'_>) -> Option<Items> {
    let list = from.object("subject", |subject| subject.name("list", Reference::new));
    let lines = lines(from, |line| {
        let (sku, title) = (sku(line), line.text("title"));
        let gtin = line.name_or("gtin", Reference::new);
        Some(ItemLine { sku: sku?, title: title?, gtin })
    });
    Some(Items { list: list?, lines })
}

fn inbound(from: &mut Object<'_>) -> Option<Inbound> {
    let inbound = from.object("subject", |subject| subject.name("inbound", InboundId::new));
    let expected_on = from.date("expected_on");
    let lines = expected(from);
    Some(Inbound { inbound: inbound?, expected_on: expected_on?, lines })
}

fn expected(from: &mut Object<'_>) -> Vec<Expected> {
    lines(from, |line| {
        let (sku, expected) = (sku(line), line.number("expected", units));
        Some(Expected { sku: sku?, expected: expected? })
    })
}

fn receipt(from: &mut Object<'_>) -> Option<Receipt> {
    let subject = from.object("subject", |subject| {
        let inbound = subject.name("inbound", InboundId::new);
        let part = subject.name_or("part", Reference::new);
        Some((inbound?, part))
    });
    let closed = from.flag("closed");
    let lines = lines(from, |line| {
        let (sku, received) = (sku(line), line.number("received", units));
        let damaged = line.number_or("damaged", 0, units);
        Some(Received { sku: sku?, received: received?, damaged: damaged? })
    });
    let (inbound, part) = subject?;
    Some(Receipt { inbound, part, closed: closed?, lines })
}

/// The subject of what is said of a shipment; only who ships it may number its parts.
fn shipment_document(from: &mut Object<'_>, has_part: bool) -> Option<ShipmentDocument> {
    from.object("subject", |subject| {
        let order = subject.name("order", OrderId::new);
        let shipment = subject.name("shipment", Reference::new);
        let part = if has_part { subject.name_or("part", Reference::new) } else { None };
        Some(ShipmentDocument { order: order?, shipment: shipment?, part })
    })
}

fn ordered(from: &mut Object<'_>) -> Vec<Ordered> {
    lines(from, |line| {
        let (sku, quantity) = (sku(line), line.number("quantity", units));
        Some(Ordered { sku: sku?, quantity: quantity? })
    })
}

fn ship_order(from: &mut Object<'_>) -> Option<ShipOrder> {
    let of = shipment_document(from, false);
    let (ship_by, service) = (from.date_or("ship_by"), from.text_or("service"));
    let ship_to = from.object_or("ship_to", address);
    let lines = ordered(from);
    Some(ShipOrder { of: of?, ship_by, service, ship_to, lines })
}

fn address(from: &mut Object<'_>) -> Option<Address> {
    let name = from.text("name");
    let street = from.list("street", 2, |path, tree, found| match tree {
        Tree::Text(text) => found.take(filled(path, text)),
        tree => {
            found.malformed(path, tree, "is no text");
            None
        }
    });
    let (city, country) = (from.text("city"), from.text("country"));
    let (region, postal_code) = (from.text_or("region"), from.text_or("postal_code"));
    Some(Address { name: name?, street, city: city?, region, postal_code, country: country? })
}

fn cancel(from: &mut Object<'_>) -> Option<Cancel> {
    let of = shipment_document(from, false);
    let lines = ordered(from);
    Some(Cancel { of: of?, lines })
}

fn shipment(from: &mut Object<'_>) -> Option<Shipment> {
    let of = shipment_document(from, true);
    let carrier = from.text_or("carrier");
    let tracking = from.list("tracking", TRACKING_MAX, |path, tree, found| match tree {
        Tree::Text(text) => found.take(Reference::new(path, text)),
        tree => {
            found.malformed(path, tree, "is no text");
            None
        }
    });
    let lines = lines(from, |line| {
        let (sku, shipped) = (sku(line), line.number("shipped", units));
        let short = line.number_or("short", 0, units);
        let instead_of = line.name_or("instead_of", Sku::new);
        Some(Shipped { sku: sku?, shipped: shipped?, short: short?, instead_of })
    });
    Some(Shipment { of: of?, carrier, tracking, lines })
}

fn adjustment(from: &mut Object<'_>) -> Option<Adjustment> {
    let adjustment = from.object("subject", |subject| subject.name("adjustment", Reference::new));
    let lines = lines(from, |line| {
        let (sku, reason) = (sku(line), line.text("reason"));
        let on_hand = line.number_or("on_hand", 0, difference);
        let unavailable = line.number_or("unavailable", 0, difference);
        Some(Adjusted { sku: sku?, on_hand: on_hand?, unavailable: unavailable?, reason: reason? })
    });
    Some(Adjustment { adjustment: adjustment?, lines })
}

fn count(from: &mut Object<'_>) -> Option<Count> {
    let count = from.object("subject", |subject| subject.name("count", Reference::new));
    let seq_seen = from.number("seq_seen", seq_seen);
    let lines = lines(from, |line| {
        let (sku, on_hand) = (sku(line), line.number("on_hand", units));
        let unavailable = line.number_or("unavailable", 0, units);
        Some(Counted { sku: sku?, on_hand: on_hand?, unavailable: unavailable? })
    });
    Some(Count { count: count?, seq_seen: seq_seen?, lines })
}

fn return_document(from: &mut Object<'_>) -> Option<ReturnDocument> {
    from.object("subject", |subject| {
        let rma = subject.name_or("rma", Reference::new);
        let tracking = subject.name_or("tracking", Reference::new);
        let order = subject.name_or("order", OrderId::new);
        let of = ReturnDocument { rma, tracking, order };
        if of == ReturnDocument::default() && subject.found().is_empty() {
            let path = subject.path("rma");
            subject.found().malformed(&path, "", "or tracking, or order, is required");
        }
        Some(of)
    })
}

fn returned(from: &mut Object<'_>) -> Option<Return> {
    let of = return_document(from);
    let lines = expected(from);
    Some(Return { of: of?, lines })
}

fn return_receipt(from: &mut Object<'_>) -> Option<ReturnReceipt> {
    let of = return_document(from);
    let lines = lines(from, |line| {
        let (sku, received) = (sku(line), line.number("received", units));
        let grade = line.object_or("grade", |grade| Some(grades(grade))).unwrap_or_default();
        Some(Returned { sku: sku?, received: received?, grade })
    });
    Some(ReturnReceipt { of: of?, lines })
}

fn grades(from: &mut Object<'_>) -> Vec<(Reference, u32)> {
    let rest = from.rest();
    if rest.len() > PARTNER_GRADES_MAX {
        let (path, max) = (from.path("*"), PARTNER_GRADES_MAX);
        from.found().note(Violation::new(path, rest.len(), Rule::TooMany { max }));
        return Vec::new();
    }
    rest.into_iter().filter_map(|(key, tree)| one_grade(from, key, &tree)).collect()
}

fn one_grade(from: &mut Object<'_>, key: String, tree: &Tree) -> Option<(Reference, u32)> {
    let shown: String = key.chars().take(80).collect();
    let path = from.path(&shown);
    let name = Reference::new(&path, key);
    let name = from.found().take(name);
    let Tree::Number(number) = tree else {
        from.found().malformed(&path, tree, "is no whole number");
        return None;
    };
    let units = from.found().take(units(&path, *number));
    Some((name?, units?))
}

fn ack(from: &mut Object<'_>) -> Option<Ack> {
    let subject = from.object("subject", |subject| {
        let of = subject.one_of("type", &Kind::ALL);
        let seq = subject.number("seq", seq);
        let part = subject.number_or("part", 1, revision);
        Some((of?, seq?, part?))
    });
    let verdicts = Verdict::ALL.map(|(verdict, name, _)| (verdict, name));
    let verdict = from.one_of("status", &verdicts);
    let faults = from.objects("errors", ACK_FAULTS_MAX, |fault| {
        let (field, text) = (fault.text("field"), fault.text("text"));
        Some(AckFault { field: field?, text: text? })
    });
    let (of, seq, part) = subject?;
    Some(Ack { of, seq, part, verdict: verdict?, faults })
}

fn tracking(from: &mut Object<'_>) -> Option<Tracking> {
    let tracking = from.object("subject", |subject| subject.name("tracking", Reference::new));
    let status = from.one_of("status", &TrackingStatus::ALL);
    Some(Tracking { tracking: tracking?, status: status? })
}
