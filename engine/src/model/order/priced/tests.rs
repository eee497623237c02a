//! Prices and ledgers, as tables and against random orders.

mod endings;

use proptest::prelude::*;

use super::*;
use crate::command::fixture::{AT, said};
use crate::command::order::fixture::order;
use crate::model::ids::PaymentId;
use crate::model::ids::Text;
use crate::model::money::UnitPrice;
use crate::model::money::{Currency, Minor};
use crate::model::order::money::*;
use crate::model::{AllocationUnits, Lsn, OrderEffect};

fn text(text: &str) -> Text {
    Text::new("text", text).unwrap()
}

fn usd() -> Currency {
    Currency::new("currency_code", "USD").unwrap()
}

fn line(unit_price: i64, rate: u32) -> LinePrice {
    let tax = TaxAsked { name: text("vat"), amount: TaxAmount::Rate(rate) };
    let taxes = if rate > 0 { vec![tax] } else { vec![] };
    LinePrice { unit_price: UnitPrice(unit_price), discounts: vec![], taxes }
}

fn card(amount: i64, taken: Taken) -> PaymentAsked {
    PaymentAsked {
        id: PaymentId::new("payment_id", "card").unwrap(),
        method: text("card"),
        amount: Minor(amount),
        captures: Captures::Many,
        expires: None,
        taken,
        reference: text("ref"),
        on_expiry: None,
    }
}

fn asked(lines: Vec<LinePrice>, off: i64) -> PricesAsked {
    PricesAsked {
        currency: usd(),
        tax_included: false,
        lines,
        discounts: if off > 0 { vec![(text("off"), Minor(off))] } else { vec![] },
        shipping: None,
        captures: CaptureAt::Shipment,
        payments: vec![],
    }
}

/// Prices of lines that are lines of the order, of so many units each.
fn priced(asked: &PricesAsked, units: &[u32]) -> OrderMoney {
    assert_eq!(said(asked.validate(units)), [""; 0]);
    let of_lines: Vec<_> = units.iter().zip(0..).map(|(n, at)| (*n, vec![(at, *n)])).collect();
    asked.priced(&of_lines, |at| format!("{at}"), AT)
}

/// What each unit of a line has of what it costs, one after the other.
fn unit_by_unit(of: &PricedUnits) -> Vec<i64> {
    (0..of.units).map(|at| (of.upto(at + 1) - of.upto(at)).0).collect()
}

fn off_of(of: &PricedUnits) -> i64 {
    let off = of.components.iter().filter(|of| of.kind == ComponentKind::Discount);
    off.map(|of| of.amount.0).sum()
}

/// `breadth.md` C: three at 19.99 and one at 5.00, 10.00 off the order, 7.25% tax.
#[test]
fn the_golden_vector_comes_back_unit_by_unit() {
    let money = priced(&asked(vec![line(199_900, 725), line(50_000, 725)], 1_000), &[3, 1]);
    let off: Vec<_> = money.units.iter().map(off_of).collect();
    assert_eq!(off, [-923, -77]);
    let totals = money.totals();
    assert_eq!((totals.tax, totals.total()), (Minor(368 + 31), Minor(5_896)));
    assert_eq!(unit_by_unit(&money.units[0]), [1_813, 1_814, 1_815]);
    assert_eq!(unit_by_unit(&money.units[1]), [454]);
}

/// A4, erpnext#58042: whatever the order in which the caller names lines.
#[test]
fn an_amount_off_three_equal_lines_is_shared_in_a_fixed_order() {
    let money = priced(&asked(vec![line(1_000_000, 0); 3], 1_000), &[1, 1, 1]);
    let nets: Vec<_> = money.units.iter().map(|of| of.value().0).collect();
    assert_eq!(nets, [9_667, 9_666, 9_667]);
    let asked = asked(vec![line(1_000_000, 0); 3], 1_000);
    let of_lines: Vec<_> = (0..3).map(|at| (1, vec![(at, 1)])).collect();
    let turned = asked.priced(&of_lines, |at| format!("{}", (at + 1) % 3), AT);
    let nets: Vec<_> = turned.units.iter().map(|of| of.value().0).collect();
    assert_eq!(nets, [9_666, 9_667, 9_667], "the one in the middle of the keys");
}

/// A3, woocommerce#64668: 10 at 23.90 with 20% VAT in it, 25% off.
#[test]
fn tax_that_is_within_prices_is_told_and_sums_up() {
    let mut asked = asked(vec![line(239_000, 2_000)], 5_975);
    asked.tax_included = true;
    let mut money = priced(&asked, &[10]);
    assert_eq!((money.total(), money.totals().tax_included), (Minor(17_925), Minor(2_988)));
    let vat_of = |of: &PricedUnits, (from, to)| {
        let vat = of.components.iter().find(|of| of.kind == ComponentKind::TaxIncluded).unwrap();
        of.between(vat, (from, to))
    };
    let of = &money.units[0];
    assert_eq!(of.upto(3) + (of.upto(10) - of.upto(3)), Minor(17_925));
    assert_eq!(vat_of(of, (0, 3)) + vat_of(of, (3, 10)), Minor(2_988));
    money.units[0].credited = 10;
    assert_eq!((money.total(), money.totals().tax_included), (Minor::ZERO, Minor::ZERO));
}

/// magento2#38388: three equal units whose tax does not divide.
#[test]
fn tax_of_equal_units_differs_by_a_minor_unit_and_not_by_more() {
    let money = priced(&asked(vec![line(100_000, 1_899)], 0), &[3]);
    let units = unit_by_unit(&money.units[0]);
    assert_eq!(units.iter().sum::<i64>(), 3_000 + 570);
    assert!(units.iter().max().unwrap() - units.iter().min().unwrap() <= 1, "{units:?}");
}

#[test]
fn a_line_that_is_several_lines_of_the_order_is_shared_by_units() {
    let asked = asked(vec![line(100_000, 0)], 0);
    let money = asked.priced(&[(1, vec![(0, 1), (1, 2)])], |_| String::new(), AT);
    let values: Vec<_> = money.units.iter().map(|of| of.value().0).collect();
    assert_eq!(values, [333, 667]);
}

#[test]
fn each_amount_that_is_wrong_is_told_by_its_path() {
    let told = |asked: &PricesAsked, units: &[u32]| said(asked.validate(units));
    let mut all = asked(vec![line(-1, 10_001), line(100_000, 0)], 1_001);
    all.lines[1].discounts = vec![(text("a"), Minor(600)), (text("b"), Minor(401))];
    all.payments = vec![card(0, Taken::Nothing), card(1, Taken::Nothing)];
    let paths: Vec<String> = told(&all, &[1, 1])
        .iter()
        .map(|told| told.split(": ").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        paths,
        [
            "pricing.lines[0].unit_price_e4",
            "pricing.lines[1].discounts[1].amount_minor",
            "pricing.discounts[0].amount_minor",
            "pricing.payments[0].amount_minor",
            "pricing.payments[1].payment_id",
        ]
    );
    let mut gold = asked(vec![line(1, 0)], 0);
    gold.currency = Currency::new("currency_code", "XAU").unwrap();
    assert!(told(&gold, &[1])[0].starts_with("pricing.currency_code"));
    let lines = told(&asked(vec![line(1, 0)], 0), &[1, 1]);
    assert!(lines[0].starts_with("pricing.lines"), "{lines:?}");
}

/// What no 64 bits hold is refused, and not added up: a thousandth of a currency has no room for the price of
/// half a million units, and many taxes are each an amount.
#[test]
fn prices_that_do_not_add_up_in_64_bits_are_refused() {
    let mut dinars = asked(vec![line(1_000_000_000_000_000, 0)], 0);
    dinars.currency = Currency::new("currency_code", "KWD").unwrap();
    let told = said(dinars.validate(&[500_000]));
    assert!(told[0].starts_with("pricing.lines[0].unit_price_e4"), "{told:?}");
    let mut taxed = asked(vec![line(10_000, 0); 2], 0);
    let tax = TaxAsked { name: text("vat"), amount: TaxAmount::Amount(Minor(900_000_000_000_000)) };
    taxed.lines[0].taxes = vec![tax; 2];
    let told = said(taxed.validate(&[1, 1]));
    assert!(told[0].starts_with("pricing.lines: \"18"), "{told:?}");
    let mut found = Vec::new();
    taxed.lines[0].validate("x", (1, usd()), &mut found);
    assert_eq!(found.len(), 1);
}

/// An order of 5 and 4 units in two lines (see the fixture), priced, and paid so.
fn ordered(payments: Vec<PaymentAsked>, captures: CaptureAt) -> Order {
    let mut order = order();
    let units: Vec<u32> = order.lines.iter().map(|line| line.ordered).collect();
    let prices = vec![line(55_000, 0); units.len()];
    let mut asked = asked(prices, 0);
    (asked.payments, asked.captures) = (payments, captures);
    order.money = Some(Box::new(priced(&asked, &units)));
    order
}

fn mint(order: &mut Order) -> Vec<(IntentKind, Option<u16>, i64)> {
    let minted = order.intents_due();
    order.mint(&IntentsMinted { at: AT, minted: minted.clone(), expired: None });
    minted.into_iter().map(|of| (of.kind, of.payment, of.amount.0)).collect()
}

fn answer(order: &mut Order, intent: u16, outcome: PaymentOutcome) {
    let amount = order.money.as_ref().unwrap().intents[usize::from(intent) - 1].amount;
    let (reference, observed_at, expires) = (text("ref"), AT, None);
    let told = Telling::Result { intent, outcome, amount, reference, observed_at, expires };
    order.money_mut().tell(&PaymentTold { at: AT, told });
}

fn total(order: &Order) -> i64 {
    order.money.as_ref().unwrap().total().0
}

fn leave(order: &mut Order, at: usize, units: u32) {
    order.allocations[at].shipped += units;
}

#[test]
fn what_left_is_captured_and_what_is_asked_for_is_not_asked_for_again() {
    let mut order = ordered(vec![card(10_000, Taken::Authorised)], CaptureAt::Shipment);
    let all = total(&order);
    assert!(order.is_secured());
    assert_eq!(mint(&mut order), []);
    let first = order.allocations[0].units;
    leave(&mut order, 0, first);
    let captured = i64::from(first) * 550;
    assert_eq!(mint(&mut order), [(IntentKind::Capture, Some(0), captured)]);
    assert_eq!(mint(&mut order), [], "it is in flight");
    answer(&mut order, 1, PaymentOutcome::Succeeded);
    assert_eq!(mint(&mut order), [], "it is done");
    let rest: Vec<u32> = order.allocations.iter().map(|a| a.units).collect();
    (1..rest.len()).for_each(|at| leave(&mut order, at, rest[at]));
    assert_eq!(
        mint(&mut order),
        [(IntentKind::Capture, Some(0), all - captured), (IntentKind::Void, Some(0), 10_000 - all)]
    );
}

#[test]
fn a_payment_of_which_nothing_was_done_is_authorised_and_secures_nothing_before() {
    let mut order = ordered(vec![card(5_000, Taken::Nothing)], CaptureAt::Shipment);
    assert_eq!(mint(&mut order), [(IntentKind::Authorise, Some(0), 5_000)]);
    assert!(!order.is_secured());
    assert_eq!(mint(&mut order), []);
    answer(&mut order, 1, PaymentOutcome::Unknown);
    assert_eq!(mint(&mut order), [], "an unknown result is looked up, and not retried");
    answer(&mut order, 1, PaymentOutcome::Succeeded);
    assert!(order.is_secured());
}

#[test]
fn what_a_provider_refuses_is_not_asked_of_it_again() {
    let mut order = ordered(vec![card(10_000, Taken::Captured)], CaptureAt::Placement);
    let surplus = 10_000 - total(&order);
    assert_eq!(mint(&mut order), [(IntentKind::Refund, Some(0), surplus)]);
    answer(&mut order, 1, PaymentOutcome::Failed);
    assert_eq!(mint(&mut order), [(IntentKind::Refund, None, surplus)], "as store credit");
    answer(&mut order, 2, PaymentOutcome::Succeeded);
    assert_eq!(mint(&mut order), []);
    let kinds: Vec<_> = order.money.as_ref().unwrap().ledger.iter().map(|of| of.kind).collect();
    let expected = [LedgerKind::Captured, LedgerKind::RefundFailed, LedgerKind::StoreCredit];
    assert_eq!(kinds, expected);
}

#[test]
fn a_card_that_is_captured_once_gives_all_that_is_needed_at_the_first_shipment() {
    let once = |captures| PaymentAsked { captures, ..card(10_000, Taken::Authorised) };
    let mut order = ordered(vec![once(Captures::AllOnFirst)], CaptureAt::Shipment);
    let all = total(&order);
    leave(&mut order, 0, 1);
    let spent = (IntentKind::Void, Some(0), 10_000 - all);
    assert_eq!(mint(&mut order), [(IntentKind::Capture, Some(0), all), spent]);

    let mut order = ordered(vec![once(Captures::AuthoriseRest)], CaptureAt::Shipment);
    leave(&mut order, 0, 1);
    let minted = mint(&mut order);
    assert_eq!(minted[0], (IntentKind::Capture, Some(0), 550));
    assert!(minted.contains(&(IntentKind::Authorise, Some(0), all - 550)), "{minted:?}");
    assert_eq!(mint(&mut order), [], "all of it at once");
}

#[test]
fn a_refund_goes_to_each_card_by_its_share_of_what_it_paid() {
    let two = |id: &str, amount| PaymentAsked {
        id: PaymentId::new("payment_id", id).unwrap(),
        ..card(amount, Taken::Captured)
    };
    let order = ordered(vec![], CaptureAt::Placement);
    let all = total(&order);
    let mut order = ordered(vec![two("a", all / 3), two("b", all - all / 3)], CaptureAt::Placement);
    let loose = order.units_of(0, 1);
    let cancelled = OrderEffect::Cancel(vec![AllocationUnits { units: 1, ..loose }]);
    order.apply(Lsn::new(2), &cancelled);
    assert_eq!(total(&order), all - 550);
    let minted = mint(&mut order);
    let amounts: Vec<_> = minted.iter().map(|of| of.2).collect();
    assert_eq!(amounts.iter().sum::<i64>(), 550);
    assert_eq!(amounts, [183, 367], "of {all}");
}

/// A caller who captures is asked for nothing, and nothing is asked for him.
#[test]
fn nothing_is_asked_for_where_the_caller_sees_to_it() {
    for taken in [Taken::Nothing, Taken::Authorised, Taken::Captured] {
        let mut order = ordered(vec![card(50_000, taken)], CaptureAt::Caller);
        leave(&mut order, 0, 1);
        assert_eq!(mint(&mut order), [], "{taken:?}");
    }
}

/// The table of results: each state with each outcome, in one place that the code is compared with.
#[test]
fn of_all_results_only_the_first_is_new() {
    use IntentState::{Failed, Minted, Succeeded, Unknown};
    use PaymentOutcome as Is;
    for (state, outcome, expected) in [
        (Minted, Is::Succeeded, Told::New),
        (Minted, Is::Failed, Told::New),
        (Minted, Is::Unknown, Told::New),
        (Unknown, Is::Succeeded, Told::New),
        (Unknown, Is::Failed, Told::New),
        (Unknown, Is::Unknown, Told::Known),
        (Succeeded, Is::Succeeded, Told::Known),
        (Succeeded, Is::Failed, Told::Conflict),
        (Succeeded, Is::Unknown, Told::Known),
        (Failed, Is::Succeeded, Told::Conflict),
        (Failed, Is::Failed, Told::Known),
        (Failed, Is::Unknown, Told::Known),
    ] {
        assert_eq!(told(state, outcome), expected, "{state:?} {outcome:?}");
    }
}

proptest! {
    /// Whatever is cancelled, leaves and comes back, and in whatever steps, the parts are the whole.
    #[test]
    fn parts_of_a_random_order_sum_to_what_it_cost(
        prices in prop::collection::vec((1..2_000_000_i64, 1..20_u32, 0..3_000_u32), 1..8),
        off_per_mille in 0..1_000_i64,
        steps in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), 1..5_u32), 0..40),
    ) {
        let lines: Vec<_> = prices.iter().map(|(price, _, rate)| line(*price, *rate)).collect();
        let units: Vec<_> = prices.iter().map(|(_, units, _)| *units).collect();
        let gross: i64 = priced(&asked(lines.clone(), 0), &units).totals().price.0;
        let mut money = priced(&asked(lines, gross * off_per_mille / 1_000), &units);
        let placed = money.total();
        prop_assert!(placed >= Minor::ZERO);
        let mut parts = Minor::ZERO;
        for (which, cancels, units) in steps {
            let at = which.index(money.units.len());
            let before = money.total();
            let of = &mut money.units[at];
            let more = units.min(of.kept() - of.credited);
            if cancels { of.cancelled += more } else { of.credited += more }
            parts += before - money.total();
            prop_assert!(money.total() >= Minor::ZERO);
        }
        prop_assert_eq!(parts + money.total(), placed);
        for of in &mut money.units {
            of.credited = of.kept();
        }
        prop_assert_eq!(money.total(), Minor::ZERO);
    }

    /// Whatever of it was cancelled and given back before: what a unit costs from now on is of those that the
    /// customer has, and all else costs what it did.
    #[test]
    fn what_is_priced_anew_is_what_the_customer_has(
        (units, cancelled, credited) in (1..9_u32, 0..9_u32, 0..9_u32),
        (price, off, rate) in (0..200_000_i64, 0..500_i64, 0..2_500_u32),
    ) {
        let mut all = asked(vec![line(price, rate)], 0);
        let most = all.lines[0].unit_price.times(units, usd()).unwrap();
        all.lines[0].discounts = vec![(text("code"), Minor(off.min(most.0)))];
        let mut money = priced(&all, &[units]);
        money.units[0].cancelled = cancelled.min(units);
        money.units[0].credited = credited.min(money.units[0].kept());
        let before = money.units[0].clone();
        let name = u16::try_from(money.names.iter().position(|of| of.as_str() == "code").unwrap());
        let components = before.without(&[name.unwrap()]);
        let new = Repriced { place: 0, unit_price: before.unit_price, components };
        if before.had() == 0 {
            return Ok(());
        }
        money.reprice(std::slice::from_ref(&new));
        let sum = |of: fn(&PricedUnits) -> u32| money.units.iter().map(of).sum::<u32>();
        prop_assert_eq!(
            (sum(|of| of.units), sum(|of| of.cancelled), sum(|of| of.credited)),
            (before.units, before.cancelled, before.credited)
        );
        prop_assert_eq!(money.units.iter().map(PricedUnits::had).sum::<u32>(), before.had());
        prop_assert_eq!(money.total(), value_of(&new.components));
        let given = &money.units[0];
        let gone = if before.credited > 0 { given.upto(given.units) } else { Minor::ZERO };
        prop_assert_eq!(gone, before.upto(before.credited), "what was given back is as it was");
        // Without the code it costs its price and the tax on that, less what was given back of both.
        prop_assert!(value_of(&new.components) >= before.value());
    }

    /// Whatever providers answer, no more is refunded than was captured, and nothing is captured that did
    /// not leave.
    #[test]
    fn the_ledger_never_gives_back_more_than_it_has(
        answers in prop::collection::vec((0..3_u8, 0..4_u8, any::<prop::sample::Index>()), 1..60),
        two_cards in any::<bool>(),
    ) {
        let order = ordered(vec![], CaptureAt::Shipment);
        let all = total(&order);
        let second = PaymentAsked {
            id: PaymentId::new("payment_id", "b").unwrap(),
            ..card(all - all / 2, Taken::Nothing)
        };
        let payments = if two_cards {
            vec![card(all / 2, Taken::Authorised), second]
        } else {
            vec![card(all, Taken::Authorised)]
        };
        let mut order = ordered(payments, CaptureAt::Shipment);
        for (what, outcome, which) in answers {
            let open: Vec<usize> = (0..order.allocations.len())
                .filter(|at| order.allocations[*at].open() > 0)
                .collect();
            match what {
                0 if !open.is_empty() => leave(&mut order, open[which.index(open.len())], 1),
                1 if !open.is_empty() => {
                    let units = vec![order.units_of(open[which.index(open.len())], 1)];
                    let lsn = order.last_lsn.next();
                    order.apply(lsn, &OrderEffect::Cancel(units));
                }
                _ => {
                    let money = order.money.as_ref().unwrap();
                    let in_flight: Vec<u16> = (1..).zip(&money.intents)
                        .filter(|(_, of)| of.is_in_flight()).map(|(no, _)| no).collect();
                    if !in_flight.is_empty() {
                        let intent = in_flight[which.index(in_flight.len())];
                        let outcome = match outcome {
                            0 | 1 => PaymentOutcome::Succeeded,
                            2 => PaymentOutcome::Failed,
                            _ => PaymentOutcome::Unknown,
                        };
                        answer(&mut order, intent, outcome);
                    }
                }
            }
            mint(&mut order);
            prop_assert_eq!(mint(&mut order), [], "asked for once");
            let money = order.money.as_ref().unwrap();
            for at in 0..count_of(&money.payments) {
                let sums = money.sums_of_payment(at);
                prop_assert!(sums.refunded + sums.refunding <= sums.captured);
                prop_assert!(sums.captured + sums.capturing + sums.released <= sums.authorised);
            }
            let sums = money.sums();
            let earned = money.earned(|line| order.left_of(line));
            prop_assert!(sums.captured + sums.capturing - sums.refunded - sums.refunding <= earned);
        }
    }
}

fn count_of(payments: &[Payment]) -> u16 {
    u16::try_from(payments.len()).unwrap()
}
