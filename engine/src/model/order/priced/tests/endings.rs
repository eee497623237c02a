//! Authorisations that end: each step by name, and random lives against a provider that knows its own.

use super::*;
use crate::model::Timestamp;

const HOUR: i64 = 3_600_000_000;

fn in_hours(hours: i64) -> Timestamp {
    AT.saturating_add_micros(hours * HOUR)
}

/// A card that is authorised for a week.
fn until(renews: bool, amount: i64) -> PaymentAsked {
    let on_expiry = Some(OnExpiry { renews, lead_minutes: 24 * 60 });
    PaymentAsked { expires: Some(in_hours(7 * 24)), on_expiry, ..card(amount, Taken::Authorised) }
}

/// What of an order is to be seen to by then is done, one after the other; answers with what was asked for.
fn pass(order: &mut Order, now: Timestamp) -> Vec<Minted> {
    let mut asked = Vec::new();
    while let Some((at, payment)) = order.money.as_ref().unwrap().next_ending() {
        if at > now {
            break;
        }
        let told = order.sees_to(payment, now);
        asked.extend(written(order, &OrderEffect::Pay(Box::new(told)), now));
    }
    asked
}

/// An event, with what it asks for.
fn written(order: &mut Order, effect: &OrderEffect, now: Timestamp) -> Vec<Minted> {
    let before = order.clone();
    let mut after = order.clone();
    after.apply(after.last_lsn.next(), effect);
    let minted = after.minted_since(&before, now).map(|of| of.minted);
    let asked = minted.as_ref().map(|of| of.minted.clone()).unwrap_or_default();
    let effect = match minted {
        Some(minted) => OrderEffect::Mint(Box::new((effect.clone(), minted))),
        None => effect.clone(),
    };
    order.apply(order.last_lsn.next(), &effect);
    assert_eq!(order.minted_since(order, now), None, "asked for once");
    order.check().expect("it is sound");
    asked
}

fn told(
    order: &mut Order,
    (intent, outcome): (u16, PaymentOutcome),
    (expires, now): (Option<Timestamp>, Timestamp),
) -> Vec<Minted> {
    let amount = order.money.as_ref().unwrap().intents[usize::from(intent) - 1].amount;
    let reference = text(&format!("ref-{intent}"));
    let told = Telling::Result { intent, outcome, amount, reference, observed_at: now, expires };
    written(order, &OrderEffect::Pay(Box::new(PaymentTold { at: now, told })), now)
}

fn money(order: &Order) -> &OrderMoney {
    order.money.as_ref().unwrap()
}

#[test]
fn an_authorisation_is_asked_for_anew_a_day_before_and_replaces_the_one_before() {
    let mut order = ordered(vec![until(true, 10_000)], CaptureAt::Shipment);
    let week = 7 * 24;
    assert_eq!(pass(&mut order, in_hours(week - 25)), []);
    let asked = pass(&mut order, in_hours(week - 24));
    let renew = Minted {
        kind: IntentKind::Authorise,
        payment: Some(0),
        amount: Minor(10_000),
        of: Some(0),
    };
    assert_eq!(asked, [renew]);
    assert_eq!(pass(&mut order, in_hours(week - 1)), [], "once");
    assert!(order.is_secured() && !order.is_on_hold(), "it is authorised until the end");
    let (now, later) = (in_hours(week - 1), Some(in_hours(2 * week)));
    let asked = told(&mut order, (1, PaymentOutcome::Succeeded), (later, now));
    let let_go = Minted { kind: IntentKind::Void, ..renew };
    assert_eq!(asked, [let_go], "the one before");
    assert_eq!(money(&order).open_of(0), Minor(10_000), "no more than is set aside once");
    assert_eq!(
        money(&order).authorisation_reference(&money(&order).intents[1]),
        Some(&text("ref"))
    );
    told(&mut order, (2, PaymentOutcome::Succeeded), (None, now));
    assert_eq!(pass(&mut order, in_hours(week + 1)), []);
    assert_eq!(money(&order).next_ending().unwrap().0, in_hours(2 * week - 24));
}

#[test]
fn a_provider_that_does_not_let_go_of_the_one_before_loses_no_payment() {
    let mut order = ordered(vec![until(true, 10_000)], CaptureAt::Shipment);
    let now = in_hours(7 * 24 - 24);
    pass(&mut order, now);
    told(&mut order, (1, PaymentOutcome::Succeeded), (None, now));
    told(&mut order, (2, PaymentOutcome::Failed), (None, now));
    assert_eq!(
        (money(&order).open_of(0), money(&order).payments[0].failed),
        (Minor(10_000), false)
    );
    let last = money(&order).ledger.last().unwrap();
    assert_eq!((last.kind, last.reference.as_str()), (LedgerKind::AuthExpired, "ref"));
}

#[test]
fn an_order_whose_authorisation_is_not_renewed_is_on_hold_before_it_is_released() {
    let mut order = ordered(vec![until(false, 10_000)], CaptureAt::Shipment);
    pass(&mut order, in_hours(6 * 24 - 1));
    assert!(!order.is_on_hold());
    pass(&mut order, in_hours(6 * 24));
    let hold = order.payment_hold().expect("a day before").clone();
    assert_eq!((hold.kind, hold.stock_until), (crate::model::OrderHoldKind::Payment, None));
    // Somebody releases it: it is not put on hold again before the end.
    let release = OrderEffect::ReleaseHold { hold: hold.id, told: Vec::new() };
    written(&mut order, &release, in_hours(6 * 24));
    pass(&mut order, in_hours(7 * 24 - 1));
    assert!(!order.is_on_hold());
    pass(&mut order, in_hours(7 * 24));
    assert!(order.payment_hold().is_some() && !order.is_secured());
    assert_eq!(money(&order).ledger.last().unwrap().kind, LedgerKind::AuthExpired);
    // Another card pays: the hold ends, and nothing is set aside twice.
    let other = PaymentAsked {
        id: PaymentId::new("payment_id", "other").unwrap(),
        ..card(10_000, Taken::Authorised)
    };
    let (payment, entries) = other.payment(AT, 1);
    let added = PaymentTold { at: AT, told: Telling::Added(payment, entries) };
    let asked = written(&mut order, &OrderEffect::Pay(Box::new(added)), in_hours(7 * 24));
    assert_eq!((order.is_on_hold(), order.is_secured(), asked), (false, true, vec![]));
}

/// What a node works on leaves: in a day it is captured.
#[test]
fn a_node_that_began_goes_on_until_the_authorisation_is_over() {
    let mut order = ordered(vec![until(false, 10_000)], CaptureAt::Shipment);
    for shipment in &mut order.shipments {
        let kind = crate::model::AnswerKind::Accepted;
        shipment.answer = Some(crate::model::Answer { kind, at: AT });
    }
    pass(&mut order, in_hours(6 * 24));
    assert!(!order.is_on_hold());
    pass(&mut order, in_hours(7 * 24));
    assert!(order.payment_hold().is_some());
}

#[test]
fn a_renewal_that_fails_holds_the_order_a_day_before() {
    let (mut order, now) =
        (ordered(vec![until(true, 10_000)], CaptureAt::Shipment), in_hours(6 * 24));
    pass(&mut order, now);
    told(&mut order, (1, PaymentOutcome::Failed), (None, now));
    pass(&mut order, now);
    assert!(order.is_secured() && order.payment_hold().is_some());
}

#[test]
fn a_renewal_that_comes_late_ends_the_hold() {
    let mut order = ordered(vec![until(true, 10_000)], CaptureAt::Shipment);
    pass(&mut order, in_hours(6 * 24));
    let over = in_hours(7 * 24);
    pass(&mut order, over);
    assert!(!order.is_secured() && order.payment_hold().is_some(), "it is over");
    let later = Some(in_hours(9 * 24));
    let asked = told(&mut order, (1, PaymentOutcome::Succeeded), (later, over));
    assert_eq!(asked, [], "there is nothing to let go");
    assert!(order.is_secured() && !order.is_on_hold());
    assert_eq!(money(&order).open_of(0), Minor(10_000));
}

/// Time was not told yet as units leave: the event itself finds out.
#[test]
fn nothing_is_captured_of_an_authorisation_that_is_over() {
    let mut order = ordered(vec![until(true, 10_000)], CaptureAt::Shipment);
    leave(&mut order, 0, 1);
    let asked = written(&mut order, &OrderEffect::LetGo, in_hours(7 * 24));
    assert_eq!(asked, []);
    assert_eq!(money(&order).open_of(0), Minor::ZERO);
    pass(&mut order, in_hours(7 * 24));
    assert!(order.payment_hold().is_some());
}

#[test]
fn a_caller_who_captures_sees_to_the_end_of_authorisations_himself() {
    let mut order = ordered(vec![until(true, 10_000)], CaptureAt::Caller);
    assert_eq!(pass(&mut order, in_hours(99 * 24)), []);
    assert_eq!((money(&order).next_ending(), order.is_on_hold()), (None, false));
}

/// What a provider has set aside, as it knows.
struct SetAside {
    left: i64,
    until: Timestamp,
}

/// A provider with its own books: of each capture, the authorisation from which it was taken.
struct Naive {
    all: Vec<SetAside>,
    captures: std::collections::BTreeMap<u16, usize>,
}

impl Naive {
    fn live(&self, now: Timestamp) -> i64 {
        self.all.iter().filter(|of| of.until > now).map(|of| of.left).sum()
    }

    /// A capture is asked for: of the newest authorisation, which is not over and has as much.
    fn asked(&mut self, intent: u16, of: &Minted, now: Timestamp) {
        if of.kind == IntentKind::Capture {
            let at = self.all.len() - 1;
            let newest = &mut self.all[at];
            assert!(newest.until > now, "intent {intent} captures of what is over");
            newest.left -= of.amount.0;
            assert!(newest.left >= 0, "intent {intent} captures more than is set aside");
            self.captures.insert(intent, at);
        }
    }

    /// Answers an intent that it carries out: until when something is set aside, where it is.
    fn done(&mut self, of: &Intent, now: Timestamp) -> Option<Timestamp> {
        match of.kind {
            IntentKind::Authorise => {
                let until = now.saturating_add_micros(5 * 24 * HOUR);
                self.all.push(SetAside { left: of.amount.0, until });
                Some(until)
            }
            IntentKind::Void => {
                let mut more = of.amount.0;
                for of in &mut self.all {
                    let less = more.min(of.left);
                    (of.left, more) = (of.left - less, more - less);
                }
                None
            }
            IntentKind::Capture | IntentKind::Refund => None,
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Pass(i64),
    Late(i64),
    Leave,
    Cancel,
    Answer(PaymentOutcome),
}

fn step() -> impl Strategy<Value = Step> {
    use PaymentOutcome::{Failed, Succeeded, Unknown};
    prop_oneof![
        3 => (1..60_i64).prop_map(Step::Pass),
        1 => (1..60_i64).prop_map(Step::Late),
        2 => Just(Step::Leave),
        1 => Just(Step::Cancel),
        4 => Just(Step::Answer(Succeeded)),
        1 => prop_oneof![Just(Failed), Just(Unknown)].prop_map(Step::Answer),
    ]
}

proptest! {
    /// Whatever time and providers do, each capture is of an authorisation that the provider has and that is
    /// not over, and an order relies on no more than the provider has.
    #[test]
    fn an_order_relies_on_what_its_provider_has(
        renews in any::<bool>(),
        steps in prop::collection::vec((step(), any::<prop::sample::Index>()), 1..40),
    ) {
        let all = total(&ordered(vec![], CaptureAt::Shipment));
        let mut order = ordered(vec![until(renews, all)], CaptureAt::Shipment);
        let mut naive = Naive {
            all: vec![SetAside { left: all, until: in_hours(7 * 24) }],
            captures: std::collections::BTreeMap::new(),
        };
        let mut now = AT;
        for (step, which) in steps {
            let before = money(&order).intents.len();
            let open: Vec<usize> =
                (0..order.allocations.len()).filter(|at| order.allocations[*at].open() > 0).collect();
            let mut is_late = false;
            match step {
                Step::Pass(hours) => {
                    now = now.saturating_add_micros(hours * HOUR);
                    pass(&mut order, now);
                }
                Step::Late(hours) => {
                    now = now.saturating_add_micros(hours * HOUR);
                    is_late = true;
                }
                Step::Leave if !open.is_empty() => {
                    leave(&mut order, open[which.index(open.len())], 1);
                    written(&mut order, &OrderEffect::LetGo, now);
                }
                Step::Cancel if !open.is_empty() => {
                    let units = vec![order.units_of(open[which.index(open.len())], 1)];
                    written(&mut order, &OrderEffect::Cancel(units), now);
                }
                Step::Answer(outcome) => {
                    let in_flight: Vec<(u16, Intent)> = (1..)
                        .zip(money(&order).intents.clone())
                        .filter(|(_, of)| of.is_in_flight())
                        .collect();
                    if !in_flight.is_empty() {
                        let (no, of) = in_flight[which.index(in_flight.len())].clone();
                        let of_over = naive.captures.get(&no).is_some_and(|at| naive.all[*at].until <= now);
                        let outcome = if of_over { PaymentOutcome::Failed } else { outcome };
                        let is_done = outcome == PaymentOutcome::Succeeded;
                        let until = if is_done { naive.done(&of, now) } else { None };
                        told(&mut order, (no, outcome), (until, now));
                    }
                }
                Step::Leave | Step::Cancel => {}
            }
            let after = money(&order);
            for (no, of) in (1..).zip(&after.intents).skip(before) {
                let Intent { kind, payment, amount, of, .. } = *of;
                naive.asked(no, &Minted { kind, payment, amount, of }, now);
            }
            let sums = after.sums();
            prop_assert!(sums.captured + sums.capturing - sums.refunding <= Minor(all));
            prop_assert!(sums.captured + sums.capturing + sums.released <= sums.authorised);
            if !is_late {
                pass(&mut order, now);
                let money = money(&order);
                prop_assert!(money.open_of(0).0 <= naive.live(now), "{:?}", money);
                prop_assert!(money.next_ending().is_none_or(|(at, _)| at > now));
            }
        }
    }
}
