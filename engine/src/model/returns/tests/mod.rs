//! Returns: the table, the steps, what others got wrong, random lives, policies and money.

mod came;
mod complaints;
mod lives;
mod naive;
mod policy;
mod steps;
mod table;
mod terms;

use super::*;
use crate::model::ids::{NodeNo, ReturnId, Text};
use crate::model::money::Minor;
use crate::model::stock::LineUnits;
use crate::model::time::{Day, Timestamp};

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;

fn at(days: i64) -> Timestamp {
    Timestamp::from_micros(days * DAY)
}

fn text(text: &str) -> Text {
    Text::new("text", text).expect("a text")
}

fn all() -> LineUnits {
    LineUnits::new()
}

fn of(lines: &[(u16, u32)]) -> LineUnits {
    LineUnits::from_slice(lines)
}

fn by(basis_points: u32) -> Reduction {
    Reduction::new("basis_points", basis_points).expect("a reduction")
}

fn on_terms() -> ReturnTerms {
    ReturnTerms {
        until: Day::from_epoch_days(30),
        fees: Fees::default(),
        label_payer: LabelPayer::Seller,
        shipping: ShippingRefund::None,
        covers_loss: false,
        needs_review: false,
    }
}

fn asked(mode: ReturnMode, lines: &[(u16, u32)]) -> Asked {
    Asked {
        id: ReturnId::new("return_id", "R-88").expect("an id"),
        mode,
        node: Some(NodeNo(1)),
        reason: ReturnReason::ChangedMind,
        note: None,
        at: at(1),
        expires_at: at(31),
        advance_until: (mode == ReturnMode::Advance).then(|| at(15)),
        terms: on_terms(),
        lines: of(lines),
        label: None,
    }
}

/// A return of units of which enough left, granted.
fn granted(mode: ReturnMode, lines: &[(u16, u32)]) -> Return {
    request(asked(mode, lines), |_| 1_000, &[]).expect("enough left")
}

fn normal(lines: &[(u16, u32)]) -> Return {
    granted(ReturnMode::Normal, lines)
}

fn receipt(revision: u32, lines: &[(u16, u32)]) -> Receipt {
    Receipt { at: at(3), revision, lines: of(lines), strays: Vec::new() }
}

fn sent() -> Sent {
    Sent { at: at(2), carrier: text("Owl Post"), tracking: text("1Z"), eta: Some(at(4)) }
}

fn finding(grade: Grade, verdict: Verdict, how: Disposition) -> Finding {
    Finding { grade, verdict: Some(verdict), disposition: Some(how) }
}

fn as_new() -> Finding {
    finding(Grade::A, Verdict::Approve, Disposition::Restock)
}

/// Makes a step that is allowed and changes something.
fn make(of: &mut Return, step: impl Fn(&Return) -> Stepped) -> ReturnProgress {
    let progress = step(of).expect("it is allowed").expect("it changes something");
    of.apply(&progress);
    assert!(of.is_sound(), "{of:?}");
    progress
}

/// Units of the first line in a state of the goods.
fn in_state(of: &Return, state: GoodsState) -> u32 {
    of.lines[0].sum(|status| status.goods.state() == state)
}

/// Units of the first line of that decision.
fn decided(of: &Return, state: DecisionState) -> u32 {
    of.lines[0].sum(|status| status.decision.state() == state)
}
