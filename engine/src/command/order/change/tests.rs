//! What a change comes to, and why it cannot be had.

use smallvec::SmallVec;

use super::build::build;
use super::decide::{Sought, seek};
use super::operation::{Change, Operation, Wanted};
use super::quote::{ChangeQuote, QuoteChange};
use crate::command::fixture::{AT, commit, hold_id, meta, order as an_order, sku, told};
use crate::command::order::fixture::{id, order};
use crate::command::order::payment::tests::{paid, prices};
use crate::command::{CommitChange, Fault};
use crate::engine::tests::{one_unit, run};
use crate::limits::{AMOUNT_MAX, CHANGE_OPERATIONS_MAX, LINE_UNITS_MAX, ORDER_LINES_MAX};
use crate::model::{
    Allocation, Amounts, Currency, Day, InboundNo, LineAmount, Lsn, NodeId, NodeNo, Order,
    OrderChange, OrderEffect, OrderLine, OrderedBundle, Refusal, RefusalKind, Shipment, SkuNo,
    Supply, Text,
};
use crate::state::stock::Rest;
use crate::transaction::rests::Resting;

fn euros() -> Currency {
    Currency::new("currency", "EUR").expect("a currency")
}

fn quantity(line: u16, quantity: u32) -> Operation {
    Operation::SetQuantity { line, quantity }
}

fn add(name: &str, quantity: u32) -> Operation {
    Operation::Add(Wanted { sku: sku(name), quantity, amount: None, price: None })
}

fn of(operations: Vec<Operation>) -> Change {
    Change { operations, ..Change::default() }
}

/// An order that rests on what it was placed on.
pub(crate) fn as_placed(order: &Order) -> Resting {
    let rest = |a: &Allocation| Rest { supply: a.supply, units: a.open(), eta: None };
    let rests = order.allocations.iter().map(|a| SmallVec::from_iter([rest(a)]));
    Resting { rests: rests.collect(), ..Resting::default() }
}

fn sought(order: &Order, change: &Change) -> Result<Sought, Refusal> {
    seek((order, &as_placed(order)), change, |no| sku(&no.0.to_string()))
}

fn fault(order: &Order, change: &Change) -> Refusal {
    let mut found = sought(order, change).expect("it can be changed");
    let Fault { why, .. } = found.faults.remove(0);
    why
}

/// The order with amounts in euros.
fn priced() -> Order {
    let amounts = Some(Amounts {
        currency: euros(),
        lines: vec![LineAmount { line: 0, amount: 5, units: None }],
    });
    order().with_change(&OrderChange { amounts, ..OrderChange::default() })
}

/// Units of an item at 5.00.
fn priced_line(name: &str, quantity: u32) -> Operation {
    let price = prices(1, Vec::new()).lines.remove(0);
    let price = Some(Box::new(price));
    Operation::Add(Wanted { sku: sku(name), quantity, amount: None, price })
}

/// The order after all of it was cancelled.
fn cancelled() -> Order {
    let mut order = order();
    let units = (0..3).map(|at| order.units_of(at, order.allocations[at].units)).collect();
    order.apply(Lsn::new(2), &OrderEffect::Cancel(units));
    order
}

/// An order with as many lines as there may be.
fn full() -> Order {
    let line = |at| OrderLine { sku: SkuNo(at), ordered: 1, cancelled: 0 };
    let lines = (0..u32::try_from(ORDER_LINES_MAX).expect("few")).map(line).collect();
    Order { lines, ..order() }
}

/// The refusals of changes, which are provoked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let dollars = Currency::new("currency", "USD").ok();
    let amount = vec![Operation::SetAmount { line: 0, amount: 7 }];
    let faults = [
        fault(&order(), &of(vec![quantity(2, 1)])),
        fault(
            &priced(),
            &Change { operations: amount.clone(), currency: dollars, ..Change::default() },
        ),
        fault(&paid(), &of(vec![add("A", 1)])),
        fault(&paid(), &Change { operations: amount, currency: dollars, ..Change::default() }),
        fault(
            &order(),
            &Change {
                operations: vec![priced_line("A", 1)],
                currency: dollars,
                ..Change::default()
            },
        ),
    ];
    let of_money = faults[2..].iter().map(Refusal::kind).collect::<Vec<_>>();
    assert_eq!(
        of_money,
        [RefusalKind::PriceMissing, RefusalKind::OrderPriced, RefusalKind::OrderNotPriced]
    );
    let closed = sought(&cancelled(), &of(vec![quantity(0, 0)])).expect_err("it is closed");
    let (order, change) = (full(), of(vec![add("A", 1)]));
    let (rests, held) = (as_placed(&order), super::super::fixture::order());
    let more = [(10, 5), (11, 3)].map(|(no, quantity): (u32, u32)| Wanted {
        sku: sku(&no.to_string()),
        quantity,
        amount: None,
        price: None,
    });
    let found = Sought { more: more.to_vec(), ..Sought::default() };
    let held = Some((&held, &rests));
    let no = |sku: &crate::model::Sku| sku.as_str().parse().ok().map(SkuNo);
    let full =
        build((&order, &rests), (&change, &found), (held, None, AT), no).expect_err("it is full");
    let all = [&faults[..], &[closed, full], &engine()[..]].concat();
    let kinds = all.into_iter().map(|refusal| refusal.kind());
    kinds.chain(super::moving::tests::table()).chain(elsewhere()).collect()
}

/// Those of an order that is to go elsewhere.
fn elsewhere() -> [RefusalKind; 3] {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(an_order()));
    let mut fault = |operations| {
        let asked = QuoteChange {
            meta: meta(),
            order: an_order().order.id,
            quote: hold_id("Q"),
            change: of(operations),
        };
        let mut answer = run(&mut pump, engine.quote_change(&asked));
        assert_eq!(answer.quote, None);
        answer.faults.remove(0).why.kind()
    };
    let to = |id: &str| Operation::SetDestination(NodeId::new("node", id).expect("an id").into());
    let elsewhere = Operation::SetDeliverBy(Day::from_epoch_days(40_000));
    [fault(vec![to("UNKNOWN")]), fault(vec![to("N")]), fault(vec![elsewhere, add("UNKNOWN", 1)])]
}

/// Those that need an engine.
fn engine() -> [Refusal; 4] {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(an_order()));
    let overtaken = told(engine.commit_change(commit("Q")));
    let late = CommitChange { quote: ChangeQuote { until: AT, ..commit("Q").quote }, meta: meta() };
    let expired = told(engine.commit_change(late));
    let asked = |id: &str| QuoteChange {
        meta: meta(),
        order: an_order().order.id,
        quote: hold_id(id),
        change: of(vec![add("A", 1)]),
    };
    let short = run(&mut pump, engine.quote_change(&asked("Q"))).faults.remove(0).why;
    run(&mut pump, engine.cancel_order(crate::command::fixture::cancel()));
    let mut again = an_order();
    again.order.id = crate::model::OrderId::new("order", "P").expect("an id");
    run(&mut pump, engine.change_stock(crate::command::fixture::receive("A", "N")));
    run(&mut pump, engine.place_order(again));
    let order = crate::model::OrderId::new("order", "P").expect("an id");
    let first = QuoteChange { order: order.clone(), ..asked("R") };
    let quote = run(&mut pump, engine.quote_change(&first)).quote.expect("a quote");
    run(&mut pump, engine.commit_change(CommitChange { meta: meta(), quote }));
    let reused = told(engine.quote_change(&first));
    [overtaken, expired, short, reused]
}

#[test]
fn a_change_is_refused_for_these_reasons() {
    let kinds: Vec<_> = table().into_iter().map(RefusalKind::name).collect();
    let expected = [
        "LINE_NOT_FOUND",
        "CURRENCY_DIFFERS",
        "PRICE_MISSING",
        "ORDER_PRICED",
        "ORDER_NOT_PRICED",
        "ORDER_CLOSED",
        "ORDER_FULL",
        "CHANGE_OVERTAKEN",
        "CHANGE_EXPIRED",
        "CHANGE_SHORT",
        "HOLD_ID_REUSED",
    ];
    assert_eq!(kinds[..expected.len()], expected);
    let elsewhere = &kinds[kinds.len() - 3..];
    assert_eq!(elsewhere, ["NODE_NOT_FOUND", "PICKUP_NOT_OFFERED", "ITEM_NOT_FOUND"]);
}

#[test]
fn fewer_units_come_off_what_can_be_counted_on_last_and_more_are_sought() {
    let order = order();
    let fewer = sought(&order, &of(vec![quantity(0, 2), quantity(1, 5)])).expect("it is open");
    let given: Vec<_> = fewer.releases.iter().map(|of| (of.allocation, of.units)).collect();
    assert_eq!(given, [(0, 1), (1, 2)]);
    assert_eq!(fewer.more, [Wanted { sku: sku("11"), quantity: 2, amount: None, price: None }]);
    let fewer = Sought { more: Vec::new(), ..fewer };
    let built =
        build((&order, &as_placed(&order)), (&of(Vec::new()), &fewer), (None, None, AT), |_| None);
    let off: Vec<_> = built.expect("built").off.iter().map(|of| (of.supply, of.units)).collect();
    // A line and its node: what is on hand there, and what waits at the other.
    assert_eq!(off, [(Supply::OnHand, 1), (Supply::Backorder, 2)]);
}

#[test]
fn all_that_is_wrong_with_a_change_is_told() {
    let told = |operations, currency| {
        crate::command::fixture::said(
            Change { operations, currency, ..Change::default() }.validate(),
        )
    };
    assert_eq!(told(Vec::new(), None), ["operations: \"\" is required"]);
    let many = vec![Operation::SetNote(Text::default()); CHANGE_OPERATIONS_MAX + 1];
    assert_eq!(told(many, None), ["operations: \"501\" has more than 500 entries"]);
    assert_eq!(told(vec![quantity(499, LINE_UNITS_MAX)], None), [""; 0]);
    let amount = |amount| Operation::SetAmount { line: 0, amount };
    assert_eq!(told(vec![amount(-AMOUNT_MAX)], Some(euros())), [""; 0]);
    assert_eq!(told(vec![amount(1)], None), ["currency_code: \"\" is required"]);
    assert_eq!(
        told(vec![quantity(0, 0)], Some(euros())),
        ["currency_code: \"EUR\" says nothing without an amount"]
    );
    assert_eq!(
        told(vec![quantity(7, 1), Operation::Swap { line: 7, instead: wanted(0) }], None),
        [
            "operations[1].swap_line.quantity: \"0\" is not within 1 to 500000",
            "operations[1]: \"swap_line\" is given twice",
        ]
    );
}

/// Bundles of one unit each of two items: one on hand in the first shipment, and two in the second,
/// of which one was picked and one is on its way.
fn bundled() -> (Order, Resting) {
    let mut order = order();
    let line = |sku| OrderLine { sku: SkuNo(sku), ordered: 3, cancelled: 0 };
    order.lines = Box::new([line(10), line(11)]);
    let later = order.shipments[1].clone();
    order.shipments = Box::new([order.shipments[0].clone(), Shipment { node: NodeNo(0), ..later }]);
    let part = |line, shipment, units| Allocation::new((line, shipment), Supply::OnHand, units);
    let picked = |line| Allocation { picked: 1, ..part(line, 1, 2) };
    order.allocations = Box::new([part(0, 0, 1), picked(0), part(1, 0, 1), picked(1)]);
    order.bundles = Box::new([OrderedBundle { sku: SkuNo(12), units: 3, line: 0, components: 2 }]);
    let rest = |supply| Rest { supply, units: 1, eta: Some(AT) };
    let second = [rest(Supply::Picked), rest(Supply::Inbound(InboundNo(1)))];
    let both = || SmallVec::from_iter(second);
    let first = || SmallVec::from_iter([rest(Supply::OnHand)]);
    let rests = vec![first(), both(), first(), both()];
    (order, Resting { rests, ..Resting::default() })
}

#[test]
fn picked_units_come_off_what_was_picked_and_no_others_do() {
    let (order, resting) = bundled();
    let change = of(vec![quantity(0, 1)]);
    let named = |no: SkuNo| sku(&no.0.to_string());
    let sought = seek((&order, &resting), &change, named).expect("it is open");
    assert_eq!(sought.faults, []);
    let built =
        build((&order, &resting), (&change, &sought), (None, None, AT), |_| None).expect("built");
    let back: u32 = built.change.put_back.iter().map(|of| of.units).sum();
    let picked = built.off.iter().filter(|of| of.supply == Supply::Picked);
    assert_eq!((back, picked.map(|of| of.units).sum::<u32>()), (2, 2));
    assert!(built.off.iter().all(|of| of.supply != Supply::OnHand), "{:?}", built.off);
}

#[test]
fn a_bundle_is_named_by_one_of_its_lines() {
    let (order, resting) = bundled();
    let named = |no: SkuNo| sku(&no.0.to_string());
    for (first, second) in [(1, 2), (4, 5), (2, 4), (4, 2)] {
        let change = of(vec![quantity(0, first), quantity(1, second)]);
        let sought = seek((&order, &resting), &change, named).expect("it is open");
        let faults: Vec<_> = sought.faults.iter().map(|of| (of.operation, of.why.kind())).collect();
        assert_eq!(faults, [(Some(1), RefusalKind::LineOfBundle)], "{first}, {second}");
    }
}

#[test]
fn what_is_wanted_of_one_item_is_bounded_in_sum() {
    let one =
        |quantity, amount| Operation::Add(Wanted { sku: sku("A"), quantity, amount, price: None });
    let told = |operations| {
        let change = Change { operations, currency: Some(euros()), ..Change::default() };
        crate::command::fixture::said(change.validate())
    };
    let most = Some(AMOUNT_MAX);
    assert_eq!(told(vec![one(1, most)]), [""; 0]);
    assert_eq!(
        told(vec![one(LINE_UNITS_MAX, most), one(1, Some(1))]),
        [
            "operations[1].add_line.quantity: \"500001\" is not within 1 to 500000",
            "operations[1].add_line.amount_minor: \"1000000000000001\" is not within \
             -1000000000000000 to 1000000000000000",
        ]
    );
}

fn wanted(quantity: u32) -> Wanted {
    Wanted { sku: sku("A"), quantity, amount: None, price: None }
}

#[test]
fn a_quote_reads_back_from_its_token_and_nothing_else_does() {
    let quote = commit("Q").quote;
    let token = quote.token();
    assert_eq!(ChangeQuote::of_token(&token), Some(quote));
    for at in 0..token.len() {
        let mut damaged = token.clone();
        damaged[at] ^= 1;
        assert_eq!(ChangeQuote::of_token(&damaged), None, "{at}");
        assert_eq!(ChangeQuote::of_token(&token[..at]), None, "{at}");
    }
    assert_eq!(id().as_str(), "O");
}
