//! What may become of goods that are nobody's, as a table.

use super::*;
use crate::command::fixture::{
    AT, came_back, check, define_partner, dispose_goods, keyed, match_arrival, meta, node_id, sku,
    told,
};
use crate::command::{MatchArrival, ReportPartner};
use crate::engine::tests::{NODE, PAIR, one_unit, run};
use crate::engine::{Engine, Pump};
use crate::model::RefusalKind;
use crate::model::partner::{Arrival, ArrivalOf, Fact};
use crate::state::before::read_pair;

/// Two of `A` that came, of which one was let go; changed.
fn kept(change: fn(&mut Arrival)) -> Document {
    let fact = Fact::stated(None, &came_back(1, "BOX", 1, 2));
    let mut arrival = Arrival::new(node_id(NODE), AT, None);
    arrival.let_go(&[(sku("A"), 1)], None);
    change(&mut arrival);
    Document::Fact(Box::new(Fact { arrival: Some(arrival), ..fact }))
}

fn matched(arrival: &mut Arrival) {
    let MatchArrival { order, id, .. } = match_arrival();
    arrival.of = Some(ArrivalOf { order, id });
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let command = dispose_goods();
    let partner_id = command.partner.clone();
    let disposed = |known: Option<Document>, lines: &[(&str, u32)]| {
        let lines = lines.iter().map(|(name, units)| (sku(name), *units)).collect();
        let command = DisposeGoods { lines, ..dispose_goods() };
        let gone = decide(known.as_ref(), &command)?;
        Ok(gone.map(|(_, lines, ends)| (lines.iter().map(|(_, units)| *units).sum::<u32>(), ends)))
    };
    let unknown = || Err(Refusal::PartnerGoodsNotFound { partner_id: partner_id.clone() });
    let too_few = |name: &str, wanted, there| {
        let (partner_id, sku) = (partner_id.clone(), sku(name));
        Err(Refusal::PartnerGoodsTooFew { partner_id, sku, wanted, there })
    };
    let open = || Some(kept(|_| {}));
    let ended = || Some(kept(|arrival| arrival.let_go(&[(sku("A"), 1)], Some(AT))));
    let of_goods = check([
        ("all that is left", disposed(open(), &[]), Ok(Some((1, true)))),
        ("the last one", disposed(open(), &[("A", 1)]), Ok(Some((1, true)))),
        ("more than are left", disposed(open(), &[("A", 2)]), too_few("A", 2, 1)),
        ("another item", disposed(open(), &[("B", 1)]), too_few("B", 1, 0)),
        ("all again", disposed(ended(), &[]), Ok(None)),
        ("one of none", disposed(ended(), &[("A", 1)]), unknown()),
        ("of a return", disposed(Some(kept(matched)), &[]), unknown()),
        ("nobody told of them", disposed(None, &[]), unknown()),
    ]);
    let (engine, _) = one_unit();
    let partner = told(engine.dispose_goods(dispose_goods()));
    assert_eq!(partner.kind(), RefusalKind::PartnerNotFound);
    [of_goods, vec![partner.kind()]].concat()
}

#[test]
fn goods_are_let_go_once_and_only_those_of_no_return() {
    table();
}

/// What is changed of a command that is right.
type Change = fn(&mut DisposeGoods);

#[test]
fn what_is_wrong_with_a_command_is_told_at_once() {
    let fields = |change: Change| {
        let mut command = dispose_goods();
        change(&mut command);
        let found = command.validate().err().unwrap_or_default();
        found.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    let rows: [(Change, &[&str]); 8] = [
        (|_| {}, &[]),
        (|of| of.grade = None, &["grade"]),
        (|of| of.grade = Some(Grade::Damaged), &["grade"]),
        (|of| (of.how, of.grade) = (Disposition::Scrap, None), &[]),
        (|of| of.how = Disposition::Missing, &["disposition"]),
        (|of| of.reason = Text::default(), &["reason"]),
        (|of| of.lines = vec![(sku("A"), 1)], &["request_id"]),
        (
            |of| (of.meta, of.lines) = (keyed("K"), vec![(sku("A"), 1), (sku("A"), 0)]),
            &["lines.sku", "lines[1].quantity"],
        ),
    ];
    for (at, (change, wanted)) in rows.into_iter().enumerate() {
        assert_eq!(fields(change), wanted, "row {at}");
    }
}

/// An engine with three of `A` that came back to `3PL` and are nobody's, beside one that is on hand.
fn blind() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_partner(define_partner("3PL", &[NODE])));
    let came = ReportPartner::new(meta(), came_back(1, "BOX", 1, 3));
    run(&mut pump, engine.report_partner(&came));
    (engine, pump)
}

/// On hand, of that what cannot be sold, and goods of no return.
fn stands(engine: &Engine) -> (u32, u32, usize) {
    let stock = read_pair(&engine.kernel.state.catalogue, PAIR).expect("it reads");
    let unmatched = engine.partner_issues(None, AT).expect("they are listed").len();
    (stock.on_hand, stock.unavailable, unmatched)
}

#[test]
fn goods_of_nobody_are_sold_or_leave_and_what_comes_later_is_there_again() {
    let (engine, mut pump) = blind();
    assert_eq!(stands(&engine), (4, 3, 1));
    let some = |key: &str, how| {
        let lines = vec![(sku("A"), 1)];
        DisposeGoods { meta: keyed(key), lines, how, ..dispose_goods() }
    };
    let ways = [(Disposition::Restock, (4, 2, 1)), (Disposition::Scrap, (3, 1, 1))];
    for (how, there) in ways {
        for _ in 0..2 {
            run(&mut pump, engine.dispose_goods(some(how.as_str(), how)));
            assert_eq!(stands(&engine), there, "{how:?}");
        }
    }
    let back = DisposeGoods { how: Disposition::SendBack, ..dispose_goods() };
    for _ in 0..2 {
        run(&mut pump, engine.dispose_goods(back.clone()));
        assert_eq!(stands(&engine), (2, 0, 0), "none are left");
    }
    let more = ReportPartner::new(meta(), came_back(2, "BOX", 2, 4));
    run(&mut pump, engine.report_partner(&more));
    assert_eq!(stands(&engine), (3, 1, 1), "one more came");
    let fewer = ReportPartner::new(meta(), came_back(3, "BOX", 3, 2));
    run(&mut pump, engine.report_partner(&fewer));
    assert_eq!(stands(&engine), (3, 1, 2), "three were let go: it waits for somebody to look");
    let audit = engine.audit().expect("it is audited");
    assert!(audit.is_clean(), "{:?}", audit.breaches);
}
