//! 940, what to ship and what not, and 945, what was shipped.

use backstock_engine::model::{OrderId, Reference, Rule, Sku, Text, Violation};

use super::receiving::sum;
use crate::partner::contract::{
    Address, Body, Cancel, Ordered, ShipOrder, Shipment, ShipmentDocument, Shipped, units,
};
use crate::partner::limits::TRACKING_MAX;
use crate::partner::x12::fault::SetFault;
use crate::partner::x12::syntax::Segment;
use crate::partner::x12::walk::{BySku, EACH, SELLERS_NUMBER, Walk};
use crate::partner::x12::write::{Out, day, text_of};

/// Says in a 940 that what it names is not to be shipped any more.
const CANCEL: &str = "C";

/// Names the SKU in whose place another one was sent.
const INSTEAD_OF: &str = "instead_of";

/// Reads a 940.
pub(in crate::partner::x12) fn read_940(walk: &mut Walk<'_>) -> Option<Body> {
    let mut order = OrderHead::default();
    let mut lines = Vec::new();
    while let Some(segment) = walk.next() {
        match segment.id {
            "W01" => {
                let quantity = walk.number(&segment, 1, units);
                let sku = walk.sku(&segment, 5, Some(2));
                lines.extend(sku.zip(quantity).map(|(sku, quantity)| Ordered { sku, quantity }));
            }
            "W76" => walk.total(&segment, sum(lines.iter().map(|line| line.quantity))),
            _ => order.take(walk, &segment),
        }
    }
    let (id, is_cancelled) = walk.due(order.id, order.has_id, "W05")?;
    let shipment = walk.due(order.shipment, order.has_shipment, "N9")?;
    let of = ShipmentDocument { order: id, shipment, part: None };
    if is_cancelled {
        return Some(Body::Cancel(Cancel { of, lines }));
    }
    let ship_to = order.to.and_then(|to| walk.due(to.whole(), false, "N4"));
    let (ship_by, service) = (order.ship_by, order.service);
    Some(Body::Order(ShipOrder { of, ship_by, service, ship_to, lines }))
}

/// What was read of a 940's head.
#[derive(Default)]
struct OrderHead {
    has_id: bool,
    /// The order, and whether it is cancelled.
    id: Option<(OrderId, bool)>,
    has_shipment: bool,
    shipment: Option<Reference>,
    ship_by: Option<jiff::civil::Date>,
    service: Option<Text>,
    to: Option<AddressRead>,
    /// Whether the last party was the one to ship to: what follows is its address.
    is_of_address: bool,
}

impl OrderHead {
    fn take(&mut self, walk: &mut Walk<'_>, segment: &Segment<'_>) {
        match (segment.id, segment.element(1)) {
            ("W05", how) => {
                self.has_id = true;
                if !["N", "R", CANCEL].contains(&how) {
                    walk.wrong(segment, 1, "is not N or R, to ship, or C, to cancel");
                }
                let id = walk.name(segment, 2, OrderId::new);
                self.id = id.map(|id| (id, how == CANCEL));
            }
            ("N9", "SI") => {
                self.has_shipment = true;
                self.shipment = walk.name(segment, 2, Reference::new);
            }
            ("G62", "38") => self.ship_by = walk.date(segment, 2),
            ("W66", _) => self.service = walk.text_or(segment, 5),
            ("N1", "ST") => {
                let name = walk.name(segment, 2, Text::new);
                self.to = Some(AddressRead { name, ..AddressRead::default() });
                self.is_of_address = true;
            }
            ("N1", _) => self.is_of_address = false,
            ("N3" | "N4", _) if self.is_of_address => {
                if let Some(to) = &mut self.to {
                    to.take(walk, segment);
                }
            }
            _ => {}
        }
    }
}

/// What was read of an address.
#[derive(Default)]
struct AddressRead {
    name: Option<Text>,
    street: Vec<Text>,
    city: Option<Text>,
    region: Option<Text>,
    postal_code: Option<Text>,
    country: Option<Text>,
}

impl AddressRead {
    fn take(&mut self, walk: &mut Walk<'_>, segment: &Segment<'_>) {
        if segment.id == "N3" {
            self.street = [1, 2].into_iter().filter_map(|no| walk.text_or(segment, no)).collect();
            return;
        }
        self.city = walk.name(segment, 1, Text::new);
        self.region = walk.text_or(segment, 2);
        self.postal_code = walk.text_or(segment, 3);
        self.country = walk.name(segment, 4, Text::new);
    }

    /// The address, if it has what every one has.
    fn whole(self) -> Option<Address> {
        let Self { name, street, city, region, postal_code, country } = self;
        Some(Address { name: name?, street, city: city?, region, postal_code, country: country? })
    }
}

/// Writes a 940 of an order.
pub(in crate::partner::x12) fn write_order(out: &mut Out, it: &ShipOrder) {
    head(out, "N", &it.of);
    if let Some(to) = &it.ship_to {
        address(out, to);
    }
    if let Some(ship_by) = it.ship_by {
        out.segment("G62", &["38", &day(ship_by)]);
    }
    if let Some(service) = &it.service {
        out.segment("W66", &["PP", "M", "", "", &text_of(service)]);
    }
    ordered(out, &it.lines);
}

/// Writes a 940 of a cancellation.
pub(in crate::partner::x12) fn write_cancel(out: &mut Out, it: &Cancel) {
    head(out, CANCEL, &it.of);
    ordered(out, &it.lines);
}

fn head(out: &mut Out, how: &str, of: &ShipmentDocument) {
    out.segment("W05", &[how, of.order.as_str()]);
    out.common();
    out.segment("N9", &["SI", of.shipment.as_str()]);
}

fn address(out: &mut Out, to: &Address) {
    out.segment("N1", &["ST", &text_of(&to.name)]);
    let street: Vec<String> = to.street.iter().map(text_of).collect();
    let street: Vec<&str> = street.iter().map(String::as_str).collect();
    if !street.is_empty() {
        out.segment("N3", &street);
    }
    let or_none = |text: &Option<Text>| text.as_ref().map(text_of).unwrap_or_default();
    let (region, code) = (or_none(&to.region), or_none(&to.postal_code));
    out.segment("N4", &[&text_of(&to.city), &region, &code, &text_of(&to.country)]);
}

fn ordered(out: &mut Out, lines: &[Ordered]) {
    for (at, line) in lines.iter().enumerate() {
        out.segment("LX", &[&(at + 1).to_string()]);
        let units = line.quantity.to_string();
        out.segment("W01", &[&units, EACH, "", SELLERS_NUMBER, line.sku.as_str()]);
    }
    out.segment("W76", &[&sum(lines.iter().map(|line| line.quantity)).to_string()]);
}

/// Reads a 945.
pub(in crate::partner::x12) fn read_945(walk: &mut Walk<'_>) -> Option<Body> {
    let (mut of, mut has_head, mut carrier) = (None, false, None);
    let (mut tracking, mut lines) = (Vec::new(), BySku::<Shipped>::new());
    while let Some(segment) = walk.next() {
        match (segment.id, segment.element(1)) {
            ("W06", _) => (has_head, of) = (true, shipment_document(walk, &segment)),
            ("N9", "2I") => tracking.extend(walk.name(&segment, 2, Reference::new)),
            ("N9", "ZZ") if segment.element(2) == INSTEAD_OF => {
                let ordered = walk.name(&segment, 3, Sku::new);
                match lines.last() {
                    Some(line) => line.instead_of = ordered,
                    None => walk.wrong(&segment, 2, "stands before any line"),
                }
            }
            ("W27", _) => {
                let routing = walk.text_or(&segment, 3);
                carrier = routing.or_else(|| walk.text_or(&segment, 2));
            }
            ("W12", _) => shipped(walk, &segment, &mut lines),
            ("W03", _) => {
                walk.total(&segment, sum(lines.lines().iter().map(|line| line.shipped)));
            }
            _ => {}
        }
    }
    if tracking.len() > TRACKING_MAX {
        let (max, count) = (TRACKING_MAX, tracking.len());
        walk.note(SetFault::Message(Violation::new("tracking", count, Rule::TooMany { max })));
    }
    let of = walk.due(of, has_head, "W06")?;
    Some(Body::Shipment(Shipment { of, carrier, tracking, lines: lines.into_lines() }))
}

fn shipment_document(walk: &mut Walk<'_>, segment: &Segment<'_>) -> Option<ShipmentDocument> {
    let order = walk.name(segment, 2, OrderId::new);
    let shipment = walk.name(segment, 4, Reference::new);
    let part = walk.name_or(segment, 5, Reference::new);
    Some(ShipmentDocument { order: order?, shipment: shipment?, part })
}

fn shipped(walk: &mut Walk<'_>, segment: &Segment<'_>, lines: &mut BySku<Shipped>) {
    let how = walk.text_or(segment, 1);
    let how = how.as_ref().map_or("", Text::as_str);
    let shipped = walk.number(segment, 3, units);
    let ordered = walk.number_or(segment, 2, None, |path, of| units(path, of).map(Some));
    let short = walk.number_or(segment, 4, None, |path, of| units(path, of).map(Some));
    let sku = walk.sku(segment, 8, Some(5));
    let (Some(sku), Some(shipped), Some(ordered), Some(short)) = (sku, shipped, ordered, short)
    else {
        return;
    };
    // What is short is said, or follows from what was ordered where nothing more follows.
    let is_last = how == FINAL;
    let rest = ordered.filter(|_| is_last).map(|of| of.saturating_sub(shipped));
    let short = if FOLLOWS.contains(&how) { 0 } else { short.or(rest).unwrap_or(0) };
    let line = Shipped { sku: sku.clone(), shipped, short, instead_of: None };
    lines.add(&sku, line, |of, more| {
        of.shipped = of.shipped.saturating_add(more.shipped);
        of.short = of.short.saturating_add(more.short);
    });
}

/// W1201 of a line of which nothing more follows.
const FINAL: &str = "CP";

/// W1201 of a line of which the rest follows.
const FOLLOWS: [&str; 2] = ["BP", "PR"];

/// Writes a 945.
pub(in crate::partner::x12) fn write_945(out: &mut Out, it: &Shipment) {
    let part = it.of.part.as_ref().map_or("", Reference::as_str);
    let (order, shipment) = (it.of.order.as_str(), it.of.shipment.as_str());
    out.segment("W06", &["F", order, &out.today(), shipment, part]);
    out.common();
    for number in &it.tracking {
        out.segment("N9", &["2I", number.as_str()]);
    }
    if let Some(carrier) = &it.carrier {
        out.segment("W27", &["M", "", &text_of(carrier)]);
    }
    for (at, line) in it.lines.iter().enumerate() {
        out.segment("LX", &[&(at + 1).to_string()]);
        write_shipped(out, line);
    }
    out.segment("W03", &[&sum(it.lines.iter().map(|line| line.shipped)).to_string()]);
}

fn write_shipped(out: &mut Out, line: &Shipped) {
    let ordered = (u64::from(line.shipped) + u64::from(line.short)).to_string();
    let (shipped, short) = (line.shipped.to_string(), line.short.to_string());
    let how = if line.short == 0 { "CC" } else { "CP" };
    let sku = line.sku.as_str();
    out.segment("W12", &[how, &ordered, &shipped, &short, EACH, "", SELLERS_NUMBER, sku]);
    if let Some(ordered) = &line.instead_of {
        out.segment("N9", &["ZZ", INSTEAD_OF, ordered.as_str()]);
    }
}
