use super::super::{Fact, Judgement, PartnerMessage, QuarantineReason, judge};
use super::{message, partner, receipt, sku};
use crate::model::ids::{MessageId, NodeId};
use crate::model::partner::{Measure, Move};
use crate::model::time::Timestamp;

fn moved(rows: &[(&str, i64, i64)]) -> Judgement {
    let row = |(name, from, to): &(&str, i64, i64)| Move {
        sku: sku(name),
        measure: Measure::Received,
        from: *from,
        to: *to,
    };
    Judgement::Accepted(rows.iter().map(row).collect())
}

/// The same message with another id.
fn named(id: &str, of: PartnerMessage) -> PartnerMessage {
    PartnerMessage { id: MessageId::new("id", id).expect("a name"), ..of }
}

fn at(node: &str, of: PartnerMessage) -> PartnerMessage {
    PartnerMessage { node: Some(NodeId::new("node", node).expect("a name")), ..of }
}

/// After revision 2 of a receipt (5 of A, 1 of B; revision 1 had 3 of A), exactly this.
#[test]
fn a_message_comes_to_exactly_this() {
    let first = message(1, receipt("PO-1"), 1, &[("A", 3)]);
    let second = message(2, receipt("PO-1"), 2, &[("A", 5), ("B", 1)]);
    let mut partner = partner();
    partner.came(&first, Timestamp::default());
    partner.came(&second, Timestamp::default());
    let fact = Fact::stated(Some(&Fact::stated(None, &first)), &second);
    let of = |revision, units: &[(&str, i64)]| message(9, receipt("PO-1"), revision, units);
    let stamped_again =
        PartnerMessage { occurred_at: Timestamp::from_micros(7), seq: 8, ..second.clone() };
    let rows = [
        ("sent again", second.clone(), Judgement::Duplicate),
        ("sent again with a new number and time", stamped_again, Judgement::Duplicate),
        ("sent again with a new id", named("x", second.clone()), Judgement::Duplicate),
        ("the earlier one sent again", first.clone(), Judgement::Duplicate),
        ("a lower one", of(1, &[("A", 4)]), Judgement::Stale { revision: 2 }),
        (
            "the same revision with other content",
            of(2, &[("A", 6), ("B", 1)]),
            Judgement::Quarantined(QuarantineReason::RevisionReused),
        ),
        (
            "the same id with other content",
            named("m-2", of(3, &[("A", 6)])),
            Judgement::Quarantined(QuarantineReason::IdReused),
        ),
        (
            "the same id with a lower revision",
            named("m-2", of(1, &[("A", 3)])),
            Judgement::Quarantined(QuarantineReason::IdReused),
        ),
        ("more came", of(3, &[("A", 8), ("B", 1)]), moved(&[("A", 5, 8)])),
        ("a correction down", of(3, &[("A", 4), ("B", 1)]), moved(&[("A", 5, 4)])),
        ("a line is gone", of(3, &[("A", 5)]), moved(&[("B", 1, 0)])),
        ("a line is zero", of(3, &[("A", 5), ("B", 0)]), moved(&[("B", 1, 0)])),
        ("a line is new", of(7, &[("A", 5), ("B", 1), ("C", 2)]), moved(&[("C", 0, 2)])),
        ("all is gone", of(3, &[("A", 0)]), moved(&[("A", 5, 0), ("B", 1, 0)])),
        ("a higher revision says the same", of(3, &[("B", 1), ("A", 5)]), moved(&[])),
        (
            "another node of his",
            at("west", of(3, &[("A", 6), ("B", 1)])),
            Judgement::Quarantined(QuarantineReason::subject_changed("node east")),
        ),
        ("another partner's node", at("north", of(3, &[("A", 6)])), Judgement::OutOfScope),
    ];
    for (how, message, wanted) in rows {
        assert_eq!(judge(&partner, Some(&fact), &message), wanted, "{how}");
    }
    let other = message(9, receipt("PO-2"), 4, &[("A", 2)]);
    assert_eq!(judge(&partner, None, &other), moved(&[("A", 0, 2)]), "the first of its fact");
    let reused = named("m-1", other);
    let wanted = Judgement::Quarantined(QuarantineReason::IdReused);
    assert_eq!(judge(&partner, None, &reused), wanted, "an id of another fact");
}

#[test]
fn the_order_of_lines_says_nothing() {
    let one = message(1, receipt("PO-1"), 1, &[("A", 3), ("B", 0), ("C", 1)]);
    let other = message(1, receipt("PO-1"), 1, &[("C", 1), ("A", 3)]);
    assert_eq!(one, other);
}

#[test]
fn what_a_caller_gets_wrong_is_told() {
    let field = |message: PartnerMessage| {
        let found = message.validate().expect_err("it is wrong");
        found.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    let of = |units: &[(&str, i64)]| message(1, receipt("PO-1"), 1, units);
    assert_eq!(of(&[("A", 3), ("B", -3)]).validate(), Ok(()));
    assert_eq!(field(of(&[("A", 3), ("A", 4)])), ["lines[1].sku"]);
    assert_eq!(field(of(&[("A", 1_000_000_001)])), ["lines[0]"]);
    assert_eq!(field(PartnerMessage { seq: 0, revision: 0, ..of(&[]) }), ["revision", "seq"]);
}
