//! Tables: this partner, this fact and this message, exactly this step, or these changes. And an engine to
//! which a partner says things late, twice and corrected.

use super::steps::steps;
use super::*;
use crate::command::StockOperation;
use crate::command::fixture::{
    AT, change, check, define_partner, discard_partner_message, item, meta, node_id,
    partner_message, told,
};
use crate::engine::tests::{NODE, PAIR, one_unit, run};
use crate::engine::{Engine, Pump};
use crate::model::partner::{Detail, Fact, FactLine, Measure, Move, QuarantineReason};
use crate::model::{InboundId, Reference, RefusalKind, Reported, Sku, Text};
use crate::state::before::read_pair;

fn partner() -> Partner {
    let define = define_partner("3PL", &[NODE]);
    Partner::new(define.partner, define.nodes)
}

fn quarantined(message: &PartnerMessage, reason: QuarantineReason) -> Quarantined {
    let (message, candidates) = (message.clone(), Vec::new());
    Quarantined { message, reason, candidates, since: AT }
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let message = || partner_message("3PL", 2, "PO", 2, &[("A", 3)]);
    let at = |name: &str| PartnerMessage { node: Some(node_id(name)), ..message() };
    let other = partner_message("3PL", 2, "PO", 2, &[("A", 4)]);
    let (before, partner) = (partner(), partner());
    let first = Fact::stated(None, &partner_message("3PL", 1, "PO", 1, &[("A", 1)]));
    let second = Fact::stated(Some(&first), &message());
    let later = Fact::stated(None, &partner_message("3PL", 9, "PO", 9, &[("A", 1)]));
    let kept = quarantined(&message(), QuarantineReason::IdReused);
    let decided = |partner: Option<&Partner>, fact: Option<&Fact>, kept, message| {
        decide(partner, fact, kept, &message).map(|(_, step)| step)
    };
    let moved = |from| {
        let (sku, measure) = (Sku::new("sku", "A").expect("a sku"), Measure::Received);
        Ok(Step::CarryOut(vec![Move { sku, measure, from, to: 3 }]))
    };
    let reused = || QuarantineReason::IdReused;
    let (partner_id, node) = (before.id.clone(), node_id("M"));
    let out_of_scope = Err(Refusal::PartnerOutOfScope { partner_id, node_id: node });
    let unknown = Err(Refusal::PartnerNotFound { partner_id: before.id.clone() });
    let known = Some(&before);
    let steps = check([
        ("new", decided(known, None, None, message()), moved(0)),
        ("more", decided(known, Some(&first), None, message()), moved(1)),
        (
            "again",
            decided(known, Some(&second), None, message()),
            Ok(Step::Pass(PartnerStatus::Duplicate)),
        ),
        (
            "late",
            decided(known, Some(&later), None, message()),
            Ok(Step::Pass(PartnerStatus::Stale)),
        ),
        (
            "the id has other content",
            decided(known, Some(&second), None, other.clone()),
            Ok(Step::Quarantine(reused())),
        ),
        (
            "the same, once it is kept",
            decided(known, Some(&second), Some(&kept), other),
            Ok(Step::Pass(PartnerStatus::Quarantined)),
        ),
        ("another's node", decided(known, None, None, at("M")), out_of_scope),
        ("an unknown partner", decided(None, None, None, message()), unknown),
    ]);
    [steps, check(full(&partner))].concat()
}

/// What a row has: whether a message goes into quarantine, and whether it should.
type Row = (&'static str, Result<bool, Refusal>, Result<bool, Refusal>);

/// A partner of which as many messages as may be are in quarantine.
fn full(partner: &Partner) -> [Row; 3] {
    let max = PARTNER_QUARANTINED_MAX;
    let full = Partner { quarantined: u32::try_from(max).expect("a few"), ..partner.clone() };
    let decided = |partner: &Partner, is_kept| {
        let command = ReportPartner::new(meta(), partner_message("3PL", 1, "PO", 1, &[("A", 1)]));
        let (reason, candidates) = (QuarantineReason::UnknownSubject, Vec::new());
        let decided =
            command.event(partner, is_kept, (Carried::Quarantined { reason, candidates }, &[]));
        decided.map(|decision| matches!(decision, Decision::Event(_)))
    };
    let refused = Err(Refusal::ListFull { what: "messages in quarantine", max });
    [
        ("there is room", decided(partner, false), Ok(true)),
        ("it is one of them", decided(&full, true), Ok(true)),
        ("one more", decided(&full, false), refused),
    ]
}

#[test]
fn a_message_is_judged_by_what_is_known() {
    table();
}

#[test]
fn a_message_has_a_node_unless_it_is_about_a_package() {
    let fields = |change: fn(&mut PartnerMessage)| {
        let mut message = partner_message("3PL", 1, "PO", 1, &[("A", 1)]);
        change(&mut message);
        let found = ReportPartner::new(meta(), message).validate().err().unwrap_or_default();
        found.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    let package: fn(&mut PartnerMessage) = |message| {
        message.subject = Subject::Tracking(Reference::new("no", "1Z").expect("a number"));
        message.node = None;
    };
    assert_eq!(fields(|_| {}), Vec::<String>::new());
    assert_eq!(fields(package), Vec::<String>::new());
    assert_eq!(fields(|message| message.node = None), ["node"]);
    assert_eq!(fields(|message| message.revision = 0), ["revision"]);
}

fn po() -> InboundId {
    InboundId::new("id", "PO").expect("an id")
}

fn receive(quantity: u32, closes: bool) -> Reported {
    Reported::Operation(StockOperation::ReceiveInbound { id: po(), quantity, closes })
}

fn adjust(on_hand_delta: i32, unavailable_delta: i32, reason: &str) -> Reported {
    let reason = Text::new("reason", reason).expect("a text");
    Reported::Operation(StockOperation::Adjust { on_hand_delta, unavailable_delta, reason })
}

/// A message about `A`, after totals that were stated before.
fn steps_after(
    subject: &Subject,
    closes: bool,
    before: &[(Measure, i64)],
    now: &[(Measure, i64)],
) -> Vec<Reported> {
    let detail = || Detail::Closes(closes);
    let of = |revision, counts: &[(Measure, i64)]| {
        let sku = Sku::new("sku", "A").expect("a sku");
        let lines = vec![FactLine { sku, counts: counts.to_vec() }];
        let message = partner_message("3PL", 1, "PO", revision, &[]);
        PartnerMessage { subject: subject.clone(), lines, detail: detail(), ..message }.in_order()
    };
    let known = Fact::stated(None, &of(1, before));
    let message = of(2, now);
    let steps = steps(&message, &Fact::moves(Some(&known), &message));
    steps.into_iter().flat_map(|(_, steps)| steps).collect()
}

#[test]
fn a_message_comes_to_exactly_these_steps() {
    use Measure::{Damaged, OnHand, Received, Unavailable};
    let receipt = || Subject::Receipt { inbound: po(), part: None };
    let no = |name: &str| Reference::new("no", name).expect("a number");
    let reason = "receipt of PO";
    let take_back = |quantity| Reported::TakeBack { id: po(), quantity };
    let set = |on_hand, unavailable| {
        let (on_hand, unavailable) = (Some(on_hand), Some(unavailable));
        Reported::Operation(StockOperation::Set { on_hand, unavailable, safety: None })
    };
    let rows = [
        (steps_after(&receipt(), false, &[], &[(Received, 5)]), vec![receive(5, false)]),
        (
            steps_after(&receipt(), false, &[(Received, 5)], &[(Received, 8), (Damaged, 1)]),
            vec![receive(3, false), adjust(0, 1, reason)],
        ),
        (
            steps_after(&receipt(), false, &[(Received, 5), (Damaged, 2)], &[(Received, 4)]),
            vec![adjust(0, -2, reason), take_back(1)],
        ),
        (steps_after(&receipt(), true, &[(Received, 5)], &[(Received, 5)]), vec![receive(0, true)]),
        (
            steps_after(&receipt(), true, &[(Received, 5)], &[(Received, 3)]),
            vec![take_back(2), receive(0, true)],
        ),
        (steps_after(&receipt(), false, &[(Received, 5)], &[(Received, 5)]), vec![]),
        (
            steps_after(&Subject::Adjustment(no("A-5")), false, &[(OnHand, -2)], &[(OnHand, -3)]),
            vec![adjust(-1, 0, "adjustment A-5")],
        ),
        (
            steps_after(
                &Subject::Count(no("C-1")),
                false,
                &[(OnHand, 9), (Unavailable, 0)],
                &[(OnHand, 9), (Unavailable, 0)],
            ),
            vec![set(9, 0)],
        ),
    ];
    for (at, (steps, wanted)) in rows.into_iter().enumerate() {
        assert_eq!(steps, wanted, "row {at}");
    }
}

/// An engine with the partner `3PL` at its node, and ten of `A` on their way there.
fn awaited() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_partner(define_partner("3PL", &[NODE])));
    announce(&engine, &mut pump, "PO");
    (engine, pump)
}

fn announce(engine: &Engine, pump: &mut Pump, name: &str) {
    let id = InboundId::new("id", name).expect("an id");
    let operation = StockOperation::AnnounceInbound { id, quantity: 10, eta: AT };
    run(pump, engine.change_stock(change("A", NODE, operation)));
}

fn report(engine: &Engine, pump: &mut Pump, message: PartnerMessage) -> PartnerAnswer {
    let command = ReportPartner::new(meta(), message);
    run(pump, engine.report_partner(&command));
    command.answered().expect("it was decided").clone()
}

/// What is on hand, and what is still to come of the delivery.
fn stands(engine: &Engine) -> (u32, u32) {
    let stock = read_pair(&engine.kernel.state.catalogue, PAIR).expect("it reads");
    (stock.on_hand, stock.inbound().iter().map(|inbound| inbound.quantity).sum())
}

#[test]
fn a_partner_may_say_things_twice_late_and_corrected() {
    let (engine, mut pump) = awaited();
    let of = |seq, revision, units| partner_message("3PL", seq, "PO", revision, &[("A", units)]);
    let rows = [
        (of(1, 1, 4), PartnerStatus::Accepted, 2, (5, 6)),
        (of(1, 1, 4), PartnerStatus::Duplicate, 2, (5, 6)),
        (of(4, 4, 9), PartnerStatus::Gap, 2, (10, 1)),
        (of(2, 2, 6), PartnerStatus::Stale, 3, (10, 1)),
        (of(3, 3, 7), PartnerStatus::Stale, 5, (10, 1)),
        (of(5, 5, 7), PartnerStatus::Accepted, 6, (8, 3)),
        (of(4, 4, 9), PartnerStatus::Duplicate, 6, (8, 3)),
        (of(6, 6, 10), PartnerStatus::Accepted, 7, (11, 0)),
        (of(7, 7, 8), PartnerStatus::Accepted, 8, (9, 0)),
    ];
    for (message, status, expected_seq, stock) in rows {
        let text = format!("{message:?}");
        let answer = report(&engine, &mut pump, message);
        assert_eq!((answer.status, answer.expected_seq), (status, expected_seq), "{text}");
        assert_eq!(stands(&engine), stock, "{text}");
    }
    let audit = engine.audit().expect("it is audited");
    assert!(audit.is_clean(), "{:?}", audit.breaches);
}

#[test]
fn what_nobody_knows_here_waits_and_counts_once_it_is_known() {
    let (engine, mut pump) = awaited();
    let early = partner_message("3PL", 1, "PO-2", 1, &[("A", 4)]);
    let answer = report(&engine, &mut pump, early.clone());
    assert_eq!(answer.status, PartnerStatus::Quarantined);
    assert_eq!(answer.reason, Some(QuarantineReason::UnknownSubject));
    assert_eq!(answer.candidates, [Text::new("id", "PO").expect("a text")]);
    let again = report(&engine, &mut pump, early.clone());
    assert_eq!(again, answer, "it is there still");
    assert_eq!(stands(&engine), (1, 10));
    announce(&engine, &mut pump, "PO-2");
    assert_eq!(report(&engine, &mut pump, early.clone()).status, PartnerStatus::Accepted);
    assert_eq!(stands(&engine), (5, 16));
    assert_eq!(report(&engine, &mut pump, early).status, PartnerStatus::Duplicate);
    let gone = told(engine.discard_partner_message(discard_partner_message("3PL", "m-1")));
    assert_eq!(gone.kind(), RefusalKind::PartnerMessageNotFound, "it is no more in quarantine");
}

#[test]
fn a_message_that_is_wrong_in_one_line_changes_nothing() {
    let (engine, mut pump) = awaited();
    run(&mut pump, engine.define_item(item("B")));
    let unknown = partner_message("3PL", 1, "PO", 1, &[("A", 4), ("a", 1)]);
    let answer = report(&engine, &mut pump, unknown);
    let Some(QuarantineReason::UnknownSku(sku)) = answer.reason else { panic!("{answer:?}") };
    assert_eq!((sku.as_str(), answer.candidates[0].as_str()), ("a", "A"));
    let other = partner_message("3PL", 2, "PO", 1, &[("A", 4), ("B", 1)]);
    assert_eq!(report(&engine, &mut pump, other).reason, Some(QuarantineReason::UnknownSubject));
    let lost = PartnerMessage {
        subject: Subject::Adjustment(Reference::new("no", "A-1").expect("a number")),
        lines: vec![FactLine {
            sku: Sku::new("sku", "A").expect("a sku"),
            counts: vec![(Measure::OnHand, -2)],
        }],
        ..partner_message("3PL", 3, "PO", 1, &[])
    };
    let answer = report(&engine, &mut pump, lost);
    assert!(matches!(answer.reason, Some(QuarantineReason::Impossible(_))), "{answer:?}");
    assert_eq!(stands(&engine), (1, 10));
    for message in ["m-1", "m-2", "m-3"] {
        run(&mut pump, engine.discard_partner_message(discard_partner_message("3PL", message)));
    }
    let audit = engine.audit().expect("it is audited");
    assert!(audit.is_clean(), "{:?}", audit.breaches);
}

#[test]
fn two_messages_of_a_partner_are_taken_one_after_the_other() {
    let (engine, mut pump) = awaited();
    let of = |seq, revision, units| {
        let message = partner_message("3PL", seq, "PO", revision, &[("A", units)]);
        ReportPartner::new(meta(), message)
    };
    let (first, second) = (of(1, 1, 4), of(2, 2, 6));
    let mut one = std::pin::pin!(engine.report_partner(&first));
    let mut other = std::pin::pin!(engine.report_partner(&second));
    assert!(crate::engine::tests::poll(one.as_mut()).is_pending());
    assert!(crate::engine::tests::poll(other.as_mut()).is_pending());
    assert_eq!(second.answered(), None, "the first one is in hand");
    run(&mut pump, one);
    run(&mut pump, other);
    assert_eq!(stands(&engine), (7, 4));
}
