//! 180: goods that will come back, and goods that came back.

use backstock_engine::limits::PARTNER_GRADES_MAX;
use backstock_engine::model::{OrderId, Reference};

use crate::partner::contract::{
    Body, Expected, Return, ReturnDocument, ReturnReceipt, Returned, units,
};
use crate::partner::x12::syntax::Segment;
use crate::partner::x12::walk::{EACH, SELLERS_NUMBER, Walk};
use crate::partner::x12::write::Out;

/// Says that goods will come back.
const ORIGINAL: &str = "00";

/// Says that they came.
const CONFIRMATION: &str = "06";

/// Reads a 180.
pub(in crate::partner::x12) fn read_180(walk: &mut Walk<'_>) -> Option<Body> {
    let (mut how, mut has_head, mut of) = (None, false, ReturnDocument::default());
    let mut lines: Vec<Returned> = Vec::new();
    while let Some(segment) = walk.next() {
        match (segment.id, segment.element(1)) {
            ("BGN", purpose) => {
                has_head = true;
                how = [ORIGINAL, CONFIRMATION].into_iter().find(|known| *known == purpose);
                if how.is_none() {
                    walk.wrong(&segment, 1, "is not 00, to come, or 06, received");
                }
            }
            ("N9", "RZ") => of.rma = walk.name(&segment, 2, Reference::new),
            ("N9", "2I") => of.tracking = walk.name(&segment, 2, Reference::new),
            ("N9", "CO") => of.order = walk.name(&segment, 2, OrderId::new),
            ("N9", "ZZ") => grade(walk, &segment, lines.last_mut()),
            ("BLI", _) => {
                let units = walk.number(&segment, 3, units);
                let sku = walk.sku(&segment, 2, Some(4));
                let line = |(sku, received)| Returned { sku, received, grade: Vec::new() };
                lines.extend(sku.zip(units).map(line));
            }
            _ => {}
        }
    }
    let how = walk.due(how, has_head, "BGN");
    if of == ReturnDocument::default() {
        walk.due(None::<()>, false, "N9");
    }
    if how? == CONFIRMATION {
        return Some(Body::ReturnReceipt(ReturnReceipt { of, lines }));
    }
    let expected = |line: Returned| Expected { sku: line.sku, expected: line.received };
    Some(Body::Return(Return { of, lines: lines.into_iter().map(expected).collect() }))
}

/// Units of a grade, of the line before.
fn grade(walk: &mut Walk<'_>, segment: &Segment<'_>, line: Option<&mut Returned>) {
    let (name, units) = (walk.name(segment, 2, Reference::new), walk.number(segment, 3, units));
    let Some(line) = line else { return };
    if line.grade.len() >= PARTNER_GRADES_MAX {
        return walk.wrong(segment, 2, "is one grade too many for a line");
    }
    line.grade.extend(name.zip(units));
}

/// Writes a 180 of goods that will come.
pub(in crate::partner::x12) fn write_return(out: &mut Out, it: &Return) {
    head(out, ORIGINAL, &it.of);
    for line in &it.lines {
        bli(out, line.sku.as_str(), line.expected);
    }
}

/// Writes a 180 of goods that came.
pub(in crate::partner::x12) fn write_receipt(out: &mut Out, it: &ReturnReceipt) {
    head(out, CONFIRMATION, &it.of);
    for line in &it.lines {
        bli(out, line.sku.as_str(), line.received);
        for (name, units) in &line.grade {
            out.segment("N9", &["ZZ", name.as_str(), &units.to_string()]);
        }
    }
}

fn head(out: &mut Out, how: &str, of: &ReturnDocument) {
    out.segment("BGN", &[how, &out.id(), &out.today()]);
    out.common();
    let (rma, tracking) = (of.rma.as_ref(), of.tracking.as_ref());
    let order = of.order.as_ref().map(OrderId::as_str);
    let named = [
        ("RZ", rma.map(Reference::as_str)),
        ("2I", tracking.map(Reference::as_str)),
        ("CO", order),
    ];
    for (qualifier, name) in named {
        if let Some(name) = name {
            out.segment("N9", &[qualifier, name]);
        }
    }
}

fn bli(out: &mut Out, sku: &str, units: u32) {
    out.segment("BLI", &[SELLERS_NUMBER, sku, &units.to_string(), EACH]);
}
