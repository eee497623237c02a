//! Random returns of a random order: whatever the steps, its money is what its units say.

mod exchanges;

use proptest::prelude::*;

use super::*;
use crate::command::fixture::AT;
use crate::command::order::fixture::order;
use crate::command::order::payment::tests::prices;
use crate::model::money::{Minor, UnitPrice};
use crate::model::order::money::{
    OrderMoney, PricedUnits, ShippingPrice, TaxAmount, TaxAsked, value_of,
};
use crate::model::returns::{
    Asked, Disposition, Fees, Finding, Grade, LabelPayer, Receipt, Reduction, ReturnLine,
    ReturnMode, ReturnReason, ReturnTerms, ShippingRefund, Stepped, Verdict, request,
};
use crate::model::stock::LineUnits;
use crate::model::{Day, NodeNo, OrderEffect, Text, Timestamp};

const SHIPPING: i64 = 599;

/// Something that is done of one of three returns, of a line, to so many units.
#[derive(Clone, Debug)]
enum Deed {
    Ask(ReturnMode),
    Receive,
    Inspect(Option<u32>),
    Reject,
    TimePasses,
}

fn deeds() -> impl Strategy<Value = (Deed, u16, u16, u32)> {
    let mode =
        prop_oneof![Just(ReturnMode::Normal), Just(ReturnMode::KeepIt), Just(ReturnMode::Advance),];
    let deed = prop_oneof![
        3 => mode.prop_map(Deed::Ask),
        3 => Just(Deed::Receive),
        3 => proptest::option::of(1..=10_000u32).prop_map(Deed::Inspect),
        1 => Just(Deed::Reject),
        1 => Just(Deed::TimePasses),
    ];
    (deed, 0..3u16, 0..2u16, 1..4u32)
}

/// An order of 5 and 3 units, all of which left, at odd prices.
fn sold(price: i64, off: i64) -> Order {
    let mut order = order();
    let mut asked = prices(2, Vec::new());
    let text = |text: &str| Text::new("text", text).unwrap();
    asked.lines[0].unit_price = UnitPrice(price);
    let vat = TaxAsked { name: text("vat"), amount: TaxAmount::Rate(725) };
    asked.lines[0].taxes = vec![vat];
    asked.discounts = vec![(text("off"), Minor(off))];
    let (discounts, taxes) = (Vec::new(), Vec::new());
    asked.shipping = Some(ShippingPrice { amount: Minor(SHIPPING), discounts, taxes });
    let of_lines = [(5, vec![(0, 5)]), (3, vec![(1, 3)])];
    let money = asked.priced(&of_lines, |at| at.to_string(), AT);
    order.priced(money, AT);
    for allocation in &mut order.allocations {
        allocation.shipped = allocation.units;
    }
    order
}

fn terms((fees, shipping): (Fees, ShippingRefund)) -> ReturnTerms {
    ReturnTerms {
        until: Day::from_epoch_days(30),
        fees,
        label_payer: LabelPayer::Customer,
        shipping,
        covers_loss: false,
        needs_review: false,
    }
}

fn at(days: i64) -> Timestamp {
    AT.saturating_add_micros(days * 24 * 60 * 60 * 1_000_000)
}

fn id(no: u16) -> ReturnId {
    ReturnId::new("return_id", format!("R-{no}")).unwrap()
}

fn asked(no: u16, mode: ReturnMode, lines: LineUnits, terms: ReturnTerms) -> Asked {
    Asked {
        id: id(no),
        mode,
        node: Some(NodeNo(0)),
        reason: ReturnReason::ChangedMind,
        note: None,
        at: AT,
        expires_at: at(30),
        advance_until: (mode == ReturnMode::Advance).then(|| at(14)),
        terms,
        lines,
        label: None,
    }
}

/// What is done, if that is allowed.
fn returning(
    order: &Order,
    (deed, no, line, units): &(Deed, u16, u16, u32),
    terms: ReturnTerms,
) -> Option<Returning> {
    let lines = LineUnits::from_slice(&[(*line, *units)]);
    if let Deed::Ask(mode) = deed {
        if order.return_of(&id(*no)).is_some() {
            return None;
        }
        let asked = asked(*no, *mode, lines, terms);
        let made = request(asked, |line| order.left_of(line), &order.returns).ok()?;
        return Some(Returning::Asked(made.with_credits().ok()?.into()));
    }
    let (no, of) = order.return_of(&id(*no))?;
    let step = stepped(of, deed, &lines).ok()??;
    Some(Returning::Stepped { no, step: of.settled(step).ok()? })
}

fn stepped(of: &Return, deed: &Deed, lines: &LineUnits) -> Stepped {
    let looked_at = |verdict, how| {
        let (verdict, disposition) = (Some(verdict), Some(how));
        of.inspect(AT, lines, Finding { grade: Grade::B, verdict, disposition })
    };
    match deed {
        Deed::Ask(_) => Ok(None),
        Deed::Receive => {
            let (revision, lines, strays) = (of.revision + 1, lines.clone(), Vec::new());
            of.receive(&Receipt { at: AT, revision, lines, strays })
        }
        Deed::Inspect(reduced) => {
            let by = reduced.map(|by| Reduction::new("by", by).unwrap());
            looked_at(by.map_or(Verdict::Approve, Verdict::Reduce), Disposition::Restock)
        }
        Deed::Reject => looked_at(Verdict::Reject, Disposition::SendBack),
        Deed::TimePasses => of.charge_back(at(20)),
    }
}

fn money(order: &Order) -> &OrderMoney {
    order.money.as_deref().expect("it has prices")
}

/// What the first so many units of a line cost, each by itself.
fn first(of: &PricedUnits, units: u32) -> Minor {
    (0..units).map(|at| of.upto(at + 1) - of.upto(at)).sum()
}

/// The rules of an order's money, whatever came before.
fn holds(order: &Order, paid: Minor) {
    let (money, totals) = (money(order), money(order).totals());
    let mut credited = Minor::ZERO;
    for line in [0u16, 1] {
        let places = order.returns.iter().filter_map(|of| Some(&of.lines[of.place(line)?]));
        let units: u32 = places.map(ReturnLine::credited).sum();
        assert_eq!(money.credited_of(line), units, "what returns say, and what money says");
        assert!(units <= order.left_of(line));
        credited += money.of_line(line).map(|of| first(of, units)).sum::<Minor>();
    }
    let shipping = money.allowances.iter().map(|of| of.amount).sum::<Minor>();
    assert!(shipping <= value_of(&money.shipping));
    assert_eq!(totals.total(), paid - credited - shipping + totals.fees, "each cent is somewhere");
    // Of equal units that were credited in one order and taken back in another, one may have been worth a
    // minor unit more for each part of its price.
    let lines = order.returns.iter().flat_map(|of| &of.lines);
    let taken_back = lines.map(|of| of.sum(|status| status.credit == Credit::ChargedBack));
    let most = credited + Minor(3 * i64::from(taken_back.sum::<u32>()));
    assert!(totals.fees <= most, "nobody pays for having sent something");
    for of in &order.returns {
        if let Some(at) = of.wakes_at() {
            let is_done = |step: Stepped| step.is_ok_and(|step| step.is_some());
            assert!(
                is_done(of.charge_back(at)) || is_done(of.expire(at)),
                "time does what it is for"
            );
        }
    }
    let is_none = order.returns.iter().all(|of| of.lines.iter().all(|line| line.credited() == 0));
    if is_none {
        assert_eq!(totals.total(), paid, "what is taken back is taken back whole");
    }
}

proptest! {
    #[test]
    fn whatever_comes_back_the_money_is_what_the_units_say(
        price in 1..3_000_000i64,
        off in 0..1_500i64,
        fees in proptest::option::of((0..=2_000u16, proptest::option::of(0..300i64), 0..500i64)),
        shipping in prop_oneof![
            Just(ShippingRefund::None),
            Just(ShippingRefund::LastUnit),
            Just(ShippingRefund::Proportional),
        ],
        life in proptest::collection::vec(deeds(), 1..40),
    ) {
        let mut order = sold(price, off);
        let paid = money(&order).total();
        let fees = fees.map_or(Fees::default(), |(restocking_basis_points, most, label)| Fees {
            restocking_basis_points,
            restocking_max: most.map(Minor),
            label: Minor(label),
        });
        for deed in &life {
            if let Some(done) = returning(&order, deed, terms((fees, shipping))) {
                order.apply(order.last_lsn.next(), &OrderEffect::Return(done.into()));
                order.check().expect("it is sound");
                holds(&order, paid);
            }
        }
    }
}

/// All of it comes back, in all steps that there are: what was paid is what is given back.
#[test]
fn an_order_that_comes_back_whole_is_worth_nothing() {
    for parts in [vec![(5, 3)], vec![(1, 1), (4, 2)], vec![(2, 1), (2, 1), (1, 1)]] {
        for shipping in [ShippingRefund::LastUnit, ShippingRefund::Proportional] {
            let mut order = sold(199_900, 1_000);
            for (no, (a, b)) in (0..).zip(&parts) {
                let lines = LineUnits::from_slice(&[(0, *a), (1, *b)]);
                let terms = terms((Fees::default(), shipping));
                let asked = asked(no, ReturnMode::KeepIt, lines, terms);
                let made = request(asked, |line| order.left_of(line), &order.returns).unwrap();
                let done = Returning::Asked(made.with_credits().unwrap().into());
                order.apply(order.last_lsn.next(), &OrderEffect::Return(done.into()));
            }
            assert_eq!(money(&order).total(), Minor::ZERO, "{parts:?} {shipping:?}");
        }
    }
}
