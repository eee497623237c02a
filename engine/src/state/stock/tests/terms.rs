//! Claims on a pair that says who may have its units.

use super::*;
use crate::model::{ChannelSafety, Kept, PairTerms, Segment, Segments, Text};

fn text(name: &str) -> Text {
    Text::new("channel", name).expect("a text")
}

/// Ten units, of which two are withheld from the web and nine from the fax.
fn row() -> Row<StockActor> {
    let of = |name, units| ChannelSafety { channel: text(name), units };
    let channel_safety = vec![of("web", 2), of("fax", 9)];
    let terms = PairTerms { channel_safety, ..PairTerms::default() };
    changed([set(10, 0), StockChange::Termed(Box::new(terms))])
}

/// So many units are withheld from a channel.
fn termed(channel: &str, units: u32) -> StockChange {
    let channel_safety = vec![ChannelSafety { channel: text(channel), units }];
    StockChange::Termed(Box::new(PairTerms { channel_safety, ..PairTerms::default() }))
}

fn asks(channel: &str) -> Arc<Asks> {
    Arc::new(Asks::new_order(Some(&text(channel)), Timestamp::default()))
}

fn told(row: &Row<StockActor>, message: StockMessage) -> StockReply {
    row.find(PAIR.node).expect("the pair").ask(message).wait().expect("no panic")
}

fn grant(row: &Row<StockActor>, message: StockMessage) -> Grant {
    match told(row, message) {
        StockReply::Grant(grant) => grant,
        other => panic!("{other:?}"),
    }
}

fn claim(row: &Row<StockActor>, units: u32, asks: Arc<Asks>) -> Grant {
    grant(row, StockMessage::Claim(Parts::from_iter([(Supply::OnHand, units)]), Some(asks)))
}

fn give_back(row: &Row<StockActor>, units: u32) {
    let parts = Parts::from_iter([(Supply::OnHand, units)]);
    told(row, StockMessage::GiveBack(StockClaim::Units(parts)));
}

fn terms(row: &Row<StockActor>, terms: PairTerms) -> Edit {
    let proposal = Proposal::Operation(StockOperation::SetTerms(Box::new(terms)));
    match told(row, StockMessage::Edit { proposal, in_line: false }) {
        StockReply::Edit(edit) => edit,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_claim_is_granted_what_its_channel_may_have() {
    let row = row();
    assert!(shown(&row).0.has_terms);
    for (units, channel, expected) in [
        (9, "web", Grant::Short(1)),
        (8, "web", Grant::Granted),
        (2, "fax", Grant::Short(1)),
        (1, "fax", Grant::Granted),
        (10, "shop", Grant::Granted),
        (11, "shop", Grant::Short(1)),
    ] {
        assert_eq!(claim(&row, units, asks(channel)), expected, "{units} of {channel}");
        if expected == Grant::Granted {
            give_back(&row, units);
        }
    }
    // It was planned before the pair said anything: it plans anew.
    let parts = Parts::from_iter([(Supply::OnHand, 1)]);
    assert_eq!(grant(&row, StockMessage::Claim(parts, None)), Grant::Short(1));
}

/// In whatever order the claims become events, each gets what it may have.
#[test]
fn a_claim_waits_that_would_leave_another_one_with_less_than_it_may_have() {
    let row = row();
    assert_eq!(claim(&row, 1, asks("fax")), Grant::Granted);
    // The fax may have one of ten: after another event it would have none of nine.
    assert_eq!(claim(&row, 1, asks("shop")), Grant::InFlight);
    give_back(&row, 1);
    assert_eq!(claim(&row, 1, asks("shop")), Grant::Granted);
    assert_eq!(claim(&row, 1, asks("fax")), Grant::InFlight, "the unit may come back");
    assert_eq!(claim(&row, 7, asks("web")), Grant::Granted);
    assert_eq!(claim(&row, 1, asks("web")), Grant::InFlight);
    assert_eq!(claim(&row, 1, asks("shop")), Grant::InFlight);
}

#[test]
fn terms_change_once_no_claim_is_in_flight_and_let_none_in_meanwhile() {
    let row = row();
    let off = PairTerms { off_sourcing: true, ..PairTerms::default() };
    assert_eq!(claim(&row, 1, asks("shop")), Grant::Granted);
    assert_eq!(terms(&row, off.clone()), Edit::InLine);
    give_back(&row, 1);
    told(&row, StockMessage::GiveBack(StockClaim::InLine));
    let granted = Edit::Granted(StockChange::Termed(Box::new(off.clone())));
    assert_eq!(terms(&row, off.clone()), granted);
    assert!(shown(&row).0.in_flight, "an order waits, and is not told that there is nothing");
    let claim_of =
        |supply| StockMessage::Claim(Parts::from_iter([(supply, 1)]), Some(asks("shop")));
    for supply in [Supply::OnHand, Supply::Backorder] {
        assert_eq!(grant(&row, claim_of(supply)), Grant::InFlight, "{supply:?}");
    }
    let change = StockChange::Termed(Box::new(off));
    let effect = StockEffect::Change { change, serves: Serves::Backlog };
    let lsn = Lsn::new(9);
    told(&row, StockMessage::Apply { pair: PAIR, lsn, effect, settles: true });
    for supply in [Supply::OnHand, Supply::Backorder] {
        assert_eq!(grant(&row, claim_of(supply)), Grant::Short(1), "{supply:?}");
    }
}

/// A hold that is confirmed in its channel keeps what it has; in another one it needs what that
/// channel may have.
#[test]
fn units_that_an_order_has_are_free_to_it() {
    let row = row();
    let (order, priority) = (OrderNo(1), Priority::DEFAULT);
    let parts = Parts::from_iter([(Supply::OnHand, 9)]);
    let effect = StockEffect::Reserve { order, line: 0, parts, held: true, priority };
    let lsn = Lsn::new(9);
    told(&row, StockMessage::Apply { pair: PAIR, lsn, effect, settles: false });
    let peg = |units, held| {
        let supply = Supply::OnHand;
        Reservation { order, line: 0, supply, units, held, priority }
    };
    for (channel, is_known, on, may_have, expected) in [
        ("web", true, 9, 9, Grant::Granted),
        ("web", true, 10, 9, Grant::Short(1)),
        ("web", false, 9, 8, Grant::Short(1)),
        ("web", false, 8, 8, Grant::Granted),
        ("shop", false, 10, 10, Grant::Granted),
        ("fax", true, 9, 9, Grant::Granted),
    ] {
        let asker = Asker { order: Some(order), channel: Some(text(channel)), is_known };
        let asks = Arc::new(Asks { at: Timestamp::default(), who: vec![asker] });
        match told(&row, StockMessage::ReadPromise(Some(Arc::clone(&asks)))) {
            StockReply::Promise(promise) => assert_eq!(promise.free, may_have, "{channel}"),
            other => panic!("{other:?}"),
        }
        let more = Parts::from_iter([(Supply::OnHand, u32::saturating_sub(on, 9))]);
        let takes = if on > 9 { more } else { Parts::new() };
        let (off, on) = (vec![peg(9, true)], vec![peg(on, false)]);
        let repeg = Arc::new(Repeg { off, on, takes: takes.clone(), ..Repeg::default() });
        let claim = StockMessage::ClaimRepeg(repeg, Box::default(), Some(asks));
        assert_eq!(grant(&row, claim), expected, "{channel}, {is_known}");
        if expected == Grant::Granted {
            told(
                &row,
                StockMessage::GiveBack(StockClaim::Repegging(
                    takes,
                    FirstOff::of(&[peg(1, false)]),
                )),
            );
        }
    }
}

/// Whoever planned before the pair said anything plans anew; and to a pair off sourcing come no
/// units that were not there already, whatever they rest on.
#[test]
fn units_that_were_planned_before_the_terms_do_not_come() {
    let peg = |no, supply, units| Reservation {
        order: OrderNo(no),
        line: 0,
        supply,
        units,
        held: false,
        priority: Priority::DEFAULT,
    };
    let reserved = |row: &Row<StockActor>, no: u64, supply, units| {
        let (order, priority) = (OrderNo(no), Priority::DEFAULT);
        let parts = Parts::from_iter([(supply, units)]);
        let effect = StockEffect::Reserve { order, line: 0, parts, held: false, priority };
        told(row, StockMessage::Apply { pair: PAIR, lsn: Lsn::new(9), effect, settles: false });
    };
    let asker = |no| Asker { order: Some(OrderNo(no)), channel: None, is_known: true };
    let asks = || Arc::new(Asks { at: Timestamp::default(), who: vec![asker(1), asker(2)] });
    let off = PairTerms { off_sourcing: true, ..PairTerms::default() };
    let row_off = || changed([set(10, 0), StockChange::Termed(Box::new(off.clone()))]);
    let (there, waits) = (Supply::OnHand, Supply::Backorder);
    for (row, off, on, asks, expected) in [
        // Without a claim for more: what one order leaves, another one has.
        (row(), peg(1, there, 2), peg(2, there, 2), None, Grant::Short(1)),
        (row(), peg(1, there, 2), peg(1, waits, 2), None, Grant::Granted),
        (row_off(), peg(1, waits, 2), peg(1, there, 2), Some(asks()), Grant::Granted),
        (row_off(), peg(1, there, 2), peg(2, there, 2), Some(asks()), Grant::Short(1)),
        (row_off(), peg(1, waits, 2), peg(1, there, 3), Some(asks()), Grant::Short(1)),
        (row_off(), peg(1, waits, 2), peg(1, waits, 3), None, Grant::Short(1)),
    ] {
        reserved(&row, off.order.0, off.supply, off.units);
        let more = |supply| {
            let had = if off.supply == supply { off.units } else { 0 };
            (supply, if on.supply == supply { on.units.saturating_sub(had) } else { 0 })
        };
        let takes = [there, waits].map(more).into_iter().filter(|(_, units)| *units > 0).collect();
        let repeg = Repeg { off: vec![off], on: vec![on], takes, ..Repeg::default() };
        let claim = StockMessage::ClaimRepeg(Arc::new(repeg.clone()), Box::default(), asks);
        assert_eq!(grant(&row, claim), expected, "{repeg:?}");
    }
}

/// Others may go on claiming for ever: who may have none of it is told so all the same.
#[test]
fn claims_hide_nothing_from_who_may_have_none_of_it() {
    let row = row();
    assert_eq!(claim(&row, 8, asks("shop")), Grant::Granted);
    let hides = |channel| match told(&row, StockMessage::ReadPromise(Some(asks(channel)))) {
        StockReply::Promise(promise) => (promise.free, promise.in_flight),
        other => panic!("{other:?}"),
    };
    // Of ten units, two are free. All of them would be eight for the web, and one for the fax.
    assert_eq!([hides("shop"), hides("web"), hides("fax")], [(2, true), (0, true), (0, true)]);
    give_back(&row, 8);
    assert_eq!(claim(&row, 1, asks("shop")), Grant::Granted);
    let nine = PairTerms { channel_safety: vec![], ..PairTerms::default() };
    assert_eq!(terms(&row, nine), Edit::InLine);
    assert!(hides("fax").1, "terms are about to change");
    told(&row, StockMessage::GiveBack(StockClaim::InLine));
    assert_eq!(hides("fax"), (0, true), "of ten, one is its");
    let one_less = changed([set(9, 0), termed("fax", 9)]);
    assert_eq!(claim(&one_less, 1, asks("shop")), Grant::Granted);
    let told = told(&one_less, StockMessage::ReadPromise(Some(asks("fax"))));
    let StockReply::Promise(promise) = told else { panic!("{told:?}") };
    assert_eq!((promise.free, promise.in_flight), (0, false), "of nine, none is");
}

/// A segment that was released keeps nothing, though the terms have it still.
#[test]
fn a_segment_that_was_released_keeps_no_shipment_waiting() {
    let (order, priority) = (OrderNo(1), Priority::DEFAULT);
    let parts = Parts::from_iter([(Supply::OnHand, 4)]);
    let effect = StockEffect::Reserve { order, line: 0, parts, held: false, priority };
    let ship = || StockMessage::ClaimLeaving {
        order,
        lines: SmallVec::from_iter([ShipmentLine { line: 0, units: 4, picked: 0, ahead: 0 }]),
    };
    let asks = |at| Arc::new(Asks::new_order(Some(&text("fax")), Timestamp::from_micros(at)));
    for (at, expected) in [(9, Grant::InFlight), (10, Grant::Granted)] {
        let until = Some(Timestamp::from_micros(10));
        let (name, channels) = (text("web"), vec![text("web")]);
        let web = Segment { name, channels, kept: Kept::Units(5), borrows: false, until };
        let terms = PairTerms { segments: Segments(vec![web]), ..PairTerms::default() };
        let row = changed([set(10, 0), StockChange::Termed(Box::new(terms))]);
        let apply = StockMessage::Apply {
            pair: PAIR,
            lsn: Lsn::new(9),
            effect: effect.clone(),
            settles: false,
        };
        told(&row, apply);
        assert_eq!(claim(&row, 1, asks(at)), Grant::Granted);
        assert_eq!(grant(&row, ship()), expected, "a claim at {at}");
    }
}

/// Holds that are confirmed in another channel hold back what they may count as for as long as
/// they are in flight, and each of them no longer: at a busy pair one is always in flight.
#[test]
fn a_hold_that_moves_to_another_channel_holds_back_units_for_as_long_as_it_is_in_flight() {
    let of_shop = Segment {
        name: text("shop"),
        channels: vec![text("shop")],
        kept: Kept::Units(4),
        borrows: true,
        until: None,
    };
    let terms = PairTerms { segments: Segments(vec![of_shop]), ..PairTerms::default() };
    let row = changed([set(14, 0), StockChange::Termed(Box::new(terms))]);
    let (units, priority) = (2, Priority::DEFAULT);
    let peg = |no, held| {
        let (order, supply) = (OrderNo(no), Supply::OnHand);
        Reservation { order, line: 0, supply, units, held, priority }
    };
    for no in [1, 2] {
        let parts = Parts::from_iter([(Supply::OnHand, units)]);
        let order = OrderNo(no);
        let effect = StockEffect::Reserve { order, line: 0, parts, held: true, priority };
        let lsn = Lsn::new(8 + no);
        told(&row, StockMessage::Apply { pair: PAIR, lsn, effect, settles: false });
    }
    let confirm = |no| {
        let order = Some(OrderNo(no));
        let asker = Asker { order, channel: Some(text("web")), is_known: false };
        let asks = Arc::new(Asks { at: Timestamp::default(), who: vec![asker] });
        let (off, on) = (vec![peg(no, true)], vec![peg(no, false)]);
        let repeg = Arc::new(Repeg { off, on, ..Repeg::default() });
        grant(&row, StockMessage::ClaimRepeg(repeg, Box::default(), Some(asks)))
    };
    let end = |no| {
        let claim = StockClaim::Repegging(Parts::new(), FirstOff::of(&[peg(no, false)]));
        told(&row, StockMessage::GiveBack(claim));
    };
    // Ten are free, and four of them are kept for the shop.
    assert_eq!(confirm(1), Grant::Granted);
    assert_eq!(claim(&row, 5, asks("web")), Grant::InFlight, "two may count as the shop's");
    for no in [2, 1, 2, 1, 2, 1] {
        assert_eq!(confirm(no), Grant::Granted);
        end(3 - no);
    }
    assert_eq!(claim(&row, 4, asks("web")), Grant::Granted, "two may, as one is in flight");
    assert_eq!(claim(&row, 1, asks("web")), Grant::InFlight);
    end(1);
    assert_eq!(claim(&row, 2, asks("web")), Grant::Granted);
}
