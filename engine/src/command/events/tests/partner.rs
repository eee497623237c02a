//! Partners, and what they say.

use super::*;
use crate::command::fixture::partner_message;
use crate::command::{Became, PairReported};
use crate::model::partner::{Detail, PartnerMessage, QuarantineReason};
use crate::model::{InboundId, MessageId, NodeId, PartnerId};

fn partner() -> PartnerId {
    PartnerId::new("partner", "3pl-7").unwrap()
}

fn told(message: PartnerMessage, told: Became, changes: Vec<PairReported>) -> AnyEvent {
    let releases = !changes.is_empty();
    PartnerTold { message, at: ETA, told, changes, releases }.into()
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
    vec![
        ("partner_defined", PartnerDefined { partner: partner(), nodes }.into()),
        ("partner_told", told(closing, Became::Counts, changes)),
        ("partner_told_quarantined", told(message(), quarantined, Vec::new())),
        ("partner_told_passed", told(message(), Became::Passed, Vec::new())),
        (
            "partner_message_discarded",
            PartnerMessageDiscarded { partner: partner(), message: discarded }.into(),
        ),
    ]
}
