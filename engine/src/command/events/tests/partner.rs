//! Partners, and what they say.

use super::returns::received;
use super::*;
use crate::command::fixture::{came_back, partner_message, return_id};
use crate::command::order::returned::Shelf;
use crate::command::{ArrivalMatched, Became, GoodsDisposed, PairReported};
use crate::model::partner::{
    Arrival, ArrivalOf, Detail, PartnerMessage, QuarantineReason, Subject,
};
use crate::model::returns::{Disposition, Grade};
use crate::model::{InboundId, MessageId, NodeId, PartnerId, Sku};

fn partner() -> PartnerId {
    PartnerId::new("partner", "3pl-7").unwrap()
}

fn told(message: PartnerMessage, told: Became, changes: Vec<PairReported>) -> AnyEvent {
    let releases = !changes.is_empty();
    let (returned, arrival, shipped, overtakes) = (None, None, None, None);
    PartnerTold { message, at: ETA, told, changes, releases, returned, arrival, shipped, overtakes }
        .into()
}

pub(super) fn events() -> Vec<Named> {
    let id = InboundId::new("id", "PO-9").unwrap();
    let steps = vec![
        StockChange::Adjusted { on_hand_delta: 0, unavailable_delta: -1, reason: text("wet") },
        StockChange::ReceiptTakenBack { id, quantity: 2 },
    ];
    let changes = vec![PairReported { pair: PAIR, change: StockChange::Reported(steps) }];
    let message = || partner_message("3pl-7", 9, "PO-9", 2, &[("A", 3)]);
    let closing = PartnerMessage { detail: Detail::Closes(true), ..message() };
    let candidates = vec![text("PO-8")];
    let reason = QuarantineReason::UnknownSubject;
    let quarantined = Became::Quarantined { reason, candidates, is_new: true };
    let nodes = vec![NodeId::new("node", "east").unwrap()];
    let discarded = MessageId::new("id", "m-9").unwrap();
    let [received, taken, twice, disposed] = of_returns();
    vec![
        ("partner_defined", PartnerDefined { partner: partner(), nodes }.into()),
        ("partner_told", told(closing, Became::Counts, changes)),
        ("partner_told_quarantined", told(message(), quarantined, Vec::new())),
        ("partner_told_passed", told(message(), Became::Passed, Vec::new())),
        (
            "partner_message_discarded",
            PartnerMessageDiscarded { partner: partner(), message: discarded }.into(),
        ),
        ("partner_told_return", received),
        ("partner_goods_matched", taken),
        ("partner_goods_matched_twice", twice),
        ("partner_goods_disposed", disposed),
    ]
}

/// Goods that came back: of a return, and of none until somebody said of which.
fn of_returns() -> [AnyEvent; 4] {
    let (order, id) = (order_id(), return_id());
    let of = ArrivalOf { order, id };
    let message = came_back(9, "R-88", 2, 3);
    let Subject::ReturnReceipt(names) = message.subject.clone() else { panic!("{message:?}") };
    let node = NodeId::new("node", "east").unwrap();
    let (told, changes) = (Became::Counts, Vec::new());
    let told = PartnerTold {
        message,
        at: ETA,
        told,
        changes,
        releases: false,
        returned: Some(received().into()),
        arrival: Some(Arrival::new(node, ETA, Some(of.clone())).into()),
        shipped: None,
        overtakes: None,
    };
    let disposed = GoodsDisposed {
        partner: partner(),
        names: names.clone(),
        at: ETA,
        how: Disposition::Restock,
        grade: Some(Grade::B),
        reason: text("nobody asked for it"),
        lines: vec![(Sku::new("sku", "A").unwrap(), 3)],
        shelves: vec![Shelf { pair: PAIR, on_hand: 0, unavailable: -3 }],
        ends: true,
    };
    let returned = Some(received().into());
    let twice = Some([Shelf { pair: PAIR, on_hand: -1, unavailable: -1 }].into());
    let matched = ArrivalMatched { partner: partner(), names, of, returned, twice: None };
    let twice = ArrivalMatched { twice, ..matched.clone() };
    [told.into(), matched.into(), twice.into(), disposed.into()]
}
