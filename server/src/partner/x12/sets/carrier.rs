//! 214, where a package is.

use backstock_engine::model::{Reference, Rule, Violation};

use crate::partner::contract::{Body, Tracking, TrackingStatus};
use crate::partner::x12::walk::Walk;
use crate::partner::x12::write::Out;

/// What an AT701 says of a package. The first one of each is what is written. None says that it was lost.
const STATUSES: [(&str, TrackingStatus); 16] = [
    ("X6", TrackingStatus::InTransit),
    ("AF", TrackingStatus::InTransit),
    ("AM", TrackingStatus::InTransit),
    ("CP", TrackingStatus::InTransit),
    ("P1", TrackingStatus::InTransit),
    ("R1", TrackingStatus::InTransit),
    ("X1", TrackingStatus::InTransit),
    ("X4", TrackingStatus::InTransit),
    ("D1", TrackingStatus::Delivered),
    ("SD", TrackingStatus::Exception),
    ("A7", TrackingStatus::Exception),
    ("A9", TrackingStatus::Exception),
    ("AH", TrackingStatus::Exception),
    ("AI", TrackingStatus::Exception),
    ("AP", TrackingStatus::Exception),
    ("A3", TrackingStatus::Returned),
];

/// Reads a 214. Of several states, the last one counts.
pub(in crate::partner::x12) fn read_214(walk: &mut Walk<'_>) -> Option<Body> {
    let (mut number, mut has_number) = (None, false);
    let (mut status, mut has_status) = (None, false);
    while let Some(segment) = walk.next() {
        match segment.id {
            "B10" => (has_number, number) = (true, walk.name(&segment, 1, Reference::new)),
            "AT7" => {
                has_status = true;
                let code = segment.element(1);
                let known = STATUSES.iter().find(|(of, _)| *of == code);
                status = known.map(|(_, status)| *status);
                if status.is_none() {
                    walk.wrong(&segment, 1, "is no state of a package that we know");
                }
            }
            _ => {}
        }
    }
    let (number, status) =
        (walk.due(number, has_number, "B10"), walk.due(status, has_status, "AT7"));
    Some(Body::Tracking(Tracking { tracking: number?, status: status? }))
}

/// Writes a 214.
pub(in crate::partner::x12) fn write_214(out: &mut Out, it: &Tracking) {
    let id = out.id();
    out.segment("B10", &[it.tracking.as_str(), &id]);
    out.common();
    if let Some((code, _)) = STATUSES.iter().find(|(_, status)| *status == it.status) {
        out.segment("AT7", &[code, "NS", "", "", &out.today()]);
    } else {
        let rule = Rule::Malformed("has no code in X12".to_owned());
        out.note(Violation::new("status", "lost", rule));
    }
}
