//! The refusals that the tables of the rooms and the transaction really give.

use std::pin::pin;
use std::task::Poll;

use crate::command::fixture::{
    accept, came_back, cancel, change_hold, claim, commit, confirm, decline, define_partner,
    discard_partner_message, dispatch, dispose_goods, extend, hold as a_hold, hold_order, item,
    keep_provider_event, keyed, let_go_of_provider_event, match_arrival, meta, node, order,
    price_list, prioritise, progress_return, promotion, recall, receive, record_payment, release,
    release_order_hold, report_partner, request_exchange, request_return, resolve_decline,
    set_prices, set_return_policy, ship, shipping_rates, tax_categories, tax_rates, told, wave,
};
use crate::command::fixture::{associations, styles};
use crate::command::order::{
    self as orders, cancel as cancelling, place, prioritise as prioritising,
};
use crate::command::supply::{change_stock, transfer};
use crate::command::{
    AcceptShipment, CancelOrder, ChangeHold, ChangeStock, ClaimShipment, CommitChange, ConfirmHold,
    CreateHold, DeclineShipment, DefineItem, DefineNode, DefinePartner, DefinePriceList,
    DefinePromotion, DefineShippingRates, DefineStyles, DefineTaxRates, DiscardPartnerMessage,
    DispatchTransfer, DisposeGoods, EnsureItem, ExtendHold, HoldOrder, KeepProviderEvent,
    MatchArrival, PlaceOrder, ProgressReturn, ProgressShipment, ProviderEventResolution,
    RecallTransfer, RecordPayment, ReleaseHold, ReleaseOrderHold, ReleaseWave, ReportPartner,
    RequestExchange, RequestReturn, ResolveDecline, ResolveProviderEvent, SetOrderPriority,
    SetPolicy, SetPrices, SetReturnPolicy, SetTaxCategories, StockOperation, catalogue, hold,
    partner, pricing,
};
use crate::command::{SetAssociations, assortment};
use crate::engine::tests::{NODE, PAIR, one_unit, poll, run};
use crate::engine::{Done, Engine, EngineError};
use crate::limits::TRIES_MAX;
use crate::model::{
    Meta, OrderId, OrderNo, PaymentId, Policy, Proposal, Refusal, RefusalKind, Supply, stock,
};
use crate::placing::cost;
use crate::state::stock::{Edit, Grant};
use crate::transaction::bells::Awaited;
use crate::transaction::claims::Claims;
use crate::transaction::written::Reserve;

/// A command's name, and a refusal that it was told.
pub(super) type Provoked = (&'static str, RefusalKind);

/// All refusals that the rooms' tables and the transaction really gave.
pub(super) fn provoked() -> Vec<Provoked> {
    let of_stock = [change_stock::tests::table(), stock::tests::table()].concat();
    let tables = [
        ("DefineItem", catalogue::tests::table(|define| define)),
        ("EnsureItem", catalogue::tests::table(EnsureItem)),
        ("DefineNode", catalogue::define_node::tests::table()),
        ("SetPolicy", catalogue::set_policy::tests::table()),
        ("DefineStyles", assortment::define_styles::tests::table()),
        ("SetAssociations", assortment::set_associations::tests::table()),
        ("DefinePriceList", pricing::define_price_list::tests::table()),
        ("SetPrices", pricing::set_prices::tests::table()),
        ("DefinePromotion", pricing::define_promotion::tests::table()),
        ("SetTaxCategories", pricing::set_tax_categories::tests::table()),
        ("ChangeStock", of_stock),
        ("DefinePartner", partner::define::tests::table()),
        ("ReportPartner", partner::report::tests::table()),
        ("MatchArrival", partner::match_arrival::tests::table()),
        ("DisposeGoods", partner::dispose::tests::table()),
        ("DiscardPartnerMessage", partner::discard::tests::table()),
        ("DispatchTransfer", transfer::tests::dispatch()),
        ("RecallTransfer", transfer::tests::recall()),
        ("PlaceOrder", place::tests::table()),
        ("PlaceOrder", cost::tests::of_orders()),
        ("ConfirmHold", cost::tests::of_holds()),
        ("CreateHold", hold::create::tests::table()),
        ("ExtendHold", hold::extend::tests::table()),
        ("ChangeHold", hold::change::tests::table()),
        ("ConfirmHold", hold::confirm::tests::table()),
        ("ReleaseHold", hold::release::tests::table()),
        ("CancelOrder", cancelling::tests::table()),
        ("SetOrderPriority", prioritising::tests::table()),
        ("RecordPayment", orders::payment::tests::table()),
        ("KeepProviderEvent", orders::payment_event::keep::tests::table()),
        ("SetReturnPolicy", orders::returns::set_policy::tests::table()),
        ("RequestReturn", orders::returns::request::tests::table()),
        ("RequestExchange", orders::exchange::tests::table()),
        ("ProgressReturn", orders::returns::progress::tests::table()),
        ("HoldOrder", orders::hold::tests::table()),
        ("ReleaseOrderHold", orders::release_hold::tests::table()),
        ("ReleaseWave", orders::wave::tests::table()),
        ("ResolveDecline", orders::resolve_decline::tests::table()),
        ("ProgressShipment", orders::progress::tests::table()),
        ("CommitChange", orders::change::tests::table()),
        ("AcceptShipment", orders::accept::tests::table()),
        ("ClaimShipment", orders::claim::tests::table()),
        ("DeclineShipment", orders::decline::tests::table()),
    ];
    let of_tables = tables
        .into_iter()
        .flat_map(|(command, kinds)| kinds.into_iter().map(move |kind| (command, kind)));
    let others = [under_a_used_key(), of_an_unknown_order(), of_an_unknown_hold(), kept_out()];
    of_tables.chain(others.concat()).collect()
}

/// Commands under a key that another one was carried out under.
fn under_a_used_key() -> Vec<Provoked> {
    let (engine, mut pump) = one_unit();
    let meta = || keyed("K");
    run(&mut pump, engine.define_item(DefineItem { meta: meta(), ..item("B") }));
    let policy = SetPolicy { meta: meta(), policy: Policy::default() };
    let refusals = [
        ("DefineItem", told(engine.define_item(DefineItem { meta: meta(), ..item("C") }))),
        ("EnsureItem", told(engine.ensure_item(DefineItem { meta: meta(), ..item("C") }))),
        ("DefineNode", told(engine.define_node(DefineNode { meta: meta(), ..node("M") }))),
        ("ReleaseWave", told(engine.release_wave(ReleaseWave { meta: meta(), ..wave(NODE) }))),
        ("SetPolicy", told(engine.set_policy(policy))),
        (
            "ChangeStock",
            told(engine.change_stock(ChangeStock { meta: meta(), ..receive("A", NODE) })),
        ),
        (
            "DispatchTransfer",
            told(
                engine.dispatch_transfer(DispatchTransfer { meta: meta(), ..dispatch(NODE, "M") }),
            ),
        ),
        (
            "RecallTransfer",
            told(engine.recall_transfer(RecallTransfer { meta: meta(), ..recall(NODE, "M") })),
        ),
        ("PlaceOrder", told(engine.place_order(PlaceOrder { meta: meta(), ..order() }))),
        ("CreateHold", told(engine.create_hold(CreateHold { meta: meta(), ..a_hold("H") }))),
        ("ExtendHold", told(engine.extend_hold(ExtendHold { meta: meta(), ..extend("H") }))),
        ("ChangeHold", told(engine.change_hold(ChangeHold { meta: meta(), ..change_hold("H") }))),
        ("ConfirmHold", told(engine.confirm_hold(ConfirmHold { meta: meta(), ..confirm("H") }))),
        ("ReleaseHold", told(engine.release_hold(ReleaseHold { meta: meta(), ..release("H") }))),
        ("CancelOrder", told(engine.cancel_order(CancelOrder { meta: meta(), ..cancel() }))),
        (
            "SetOrderPriority",
            told(engine.set_order_priority(SetOrderPriority { meta: meta(), ..prioritise() })),
        ),
        (
            "ResolveDecline",
            told(engine.resolve_decline(ResolveDecline { meta: meta(), ..resolve_decline(1) })),
        ),
        (
            "RecordPayment",
            told(engine.record_payment(RecordPayment { meta: meta(), ..record_payment() })),
        ),
        ("KeepProviderEvent", told(keeping(&engine, meta()))),
        (
            "ResolveProviderEvent",
            told(engine.resolve_provider_event(ResolveProviderEvent {
                meta: meta(),
                ..let_go_of_provider_event("pi")
            })),
        ),
        (
            "RequestReturn",
            told(engine.request_return(RequestReturn { meta: meta(), ..request_return() })),
        ),
        ("RequestExchange", told(engine.request_exchange(exchange_under(meta())))),
        (
            "ProgressReturn",
            told(engine.progress_return(ProgressReturn { meta: meta(), ..progress_return() })),
        ),
        ("HoldOrder", told(engine.hold_order(HoldOrder { meta: meta(), ..hold_order("1") }))),
        (
            "ReleaseOrderHold",
            told(
                engine.release_order_hold(ReleaseOrderHold {
                    meta: meta(),
                    ..release_order_hold("1")
                }),
            ),
        ),
        (
            "ProgressShipment",
            told(engine.progress_shipment(ProgressShipment { meta: meta(), ..ship(1) })),
        ),
        ("CommitChange", told(engine.commit_change(CommitChange { meta: meta(), ..commit("Q") }))),
        (
            "AcceptShipment",
            told(engine.accept_shipment(AcceptShipment { meta: meta(), ..accept(1) })),
        ),
        ("ClaimShipment", told(engine.claim_shipment(ClaimShipment { meta: meta(), ..claim(1) }))),
        (
            "DeclineShipment",
            told(engine.decline_shipment(DeclineShipment { meta: meta(), ..decline(1) })),
        ),
    ];
    let request_id = meta().request_id.expect("a key");
    let reused = Refusal::RequestIdReused { request_id };
    let others = [prices_under_a_used_key(&engine), partners_under_a_used_key(&engine)].concat();
    let refusals = [refusals.to_vec(), others].concat();
    for (command, refusal) in &refusals {
        assert_eq!(*refusal, reused, "{command}");
    }
    kinds(refusals)
}

fn partners_under_a_used_key(engine: &Engine) -> Vec<(&'static str, Refusal)> {
    let meta = || keyed("K");
    let define = DefinePartner { meta: meta(), ..define_partner("3PL", &[NODE]) };
    let matching = MatchArrival { meta: meta(), ..match_arrival() };
    let discard = discard_partner_message("3PL", "m-1");
    let discard = DiscardPartnerMessage { meta: meta(), ..discard };
    let disposing = DisposeGoods { meta: meta(), ..dispose_goods() };
    vec![
        ("DefinePartner", told(engine.define_partner(define))),
        ("ReportPartner", told(engine.report_partner(&report_partner(meta())))),
        ("MatchArrival", told(engine.match_arrival(matching))),
        ("DisposeGoods", told(engine.dispose_goods(disposing))),
        ("DiscardPartnerMessage", told(engine.discard_partner_message(discard))),
    ]
}

fn prices_under_a_used_key(engine: &Engine) -> Vec<(&'static str, Refusal)> {
    let meta = || keyed("K");
    vec![
        (
            "SetReturnPolicy",
            told(engine.set_return_policy(SetReturnPolicy { meta: meta(), ..set_return_policy() })),
        ),
        (
            "DefineStyles",
            told(engine.define_styles(DefineStyles { meta: meta(), ..styles(&["A"]) })),
        ),
        (
            "SetAssociations",
            told(
                engine.set_associations(SetAssociations { meta: meta(), ..associations("A", "B") }),
            ),
        ),
        (
            "DefinePriceList",
            told(engine.define_price_list(DefinePriceList { meta: meta(), ..price_list("L") })),
        ),
        ("SetPrices", told(engine.set_prices(SetPrices { meta: meta(), ..set_prices("L", "A") }))),
        (
            "DefinePromotion",
            told(engine.define_promotion(DefinePromotion { meta: meta(), ..promotion("P") })),
        ),
        (
            "DefineTaxRates",
            told(engine.define_tax_rates(DefineTaxRates { meta: meta(), ..tax_rates() })),
        ),
        (
            "DefineShippingRates",
            told(
                engine.define_shipping_rates(DefineShippingRates {
                    meta: meta(),
                    ..shipping_rates()
                }),
            ),
        ),
        (
            "SetTaxCategories",
            told(
                engine.set_tax_categories(SetTaxCategories { meta: meta(), ..tax_categories("A") }),
            ),
        ),
    ]
}

/// Keeps what a payment provider told.
async fn keeping(engine: &Engine, meta: Meta) -> Result<Done, EngineError> {
    let command = KeepProviderEvent { meta, ..keep_provider_event("pi") };
    engine.record_provider_event(&command).await.map(|(done, _)| done)
}

/// Something that a payment provider told, of that order.
async fn attaching(engine: &Engine) -> Result<Done, EngineError> {
    let payment = PaymentId::new("payment_id", "card").expect("an id");
    let resolution = ProviderEventResolution::Attach(order().order.id, payment);
    let command = ResolveProviderEvent { resolution, ..let_go_of_provider_event("pi") };
    engine.resolve_provider_event(command).await
}

/// That exchange, under a key.
fn exchange_under(meta: Meta) -> RequestExchange {
    let mut command = request_exchange();
    command.asked.meta = meta;
    command
}

fn of_an_unknown_order() -> Vec<Provoked> {
    let (engine, mut pump) = one_unit();
    let not_kept = told(engine.resolve_provider_event(let_go_of_provider_event("pi")));
    run(&mut pump, keeping(&engine, meta()));
    let refusals = [
        ("CancelOrder", told(engine.cancel_order(cancel()))),
        ("SetOrderPriority", told(engine.set_order_priority(prioritise()))),
        ("ResolveDecline", told(engine.resolve_decline(resolve_decline(1)))),
        ("RecordPayment", told(engine.record_payment(record_payment()))),
        ("ResolveProviderEvent", told(attaching(&engine))),
        ("RequestReturn", told(engine.request_return(request_return()))),
        ("RequestExchange", told(engine.request_exchange(request_exchange()))),
        ("ProgressReturn", told(engine.progress_return(progress_return()))),
        ("HoldOrder", told(engine.hold_order(hold_order("1")))),
        ("ReleaseOrderHold", told(engine.release_order_hold(release_order_hold("1")))),
        ("ProgressShipment", told(engine.progress_shipment(ship(1)))),
        ("CommitChange", told(engine.commit_change(commit("Q")))),
        ("AcceptShipment", told(engine.accept_shipment(accept(1)))),
        ("ClaimShipment", told(engine.claim_shipment(claim(1)))),
        ("DeclineShipment", told(engine.decline_shipment(decline(1)))),
    ];
    let unknown = Refusal::OrderNotFound { order_id: order().order.id };
    for (command, refusal) in &refusals {
        assert_eq!(*refusal, unknown, "{command}");
    }
    let mut kinds = kinds(refusals);
    kinds.push(("ResolveProviderEvent", not_kept.kind()));
    kinds
}

fn of_an_unknown_hold() -> Vec<Provoked> {
    let (engine, _pump) = one_unit();
    let refusals = [
        ("ExtendHold", told(engine.extend_hold(extend("H")))),
        ("ChangeHold", told(engine.change_hold(change_hold("H")))),
        ("ConfirmHold", told(engine.confirm_hold(confirm("H")))),
        ("ReleaseHold", told(engine.release_hold(release("H")))),
    ];
    let unknown = Refusal::HoldNotFound { hold_id: a_hold("H").hold().clone() };
    for (command, refusal) in &refusals {
        assert_eq!(*refusal, unknown, "{command}");
    }
    kinds(refusals)
}

/// Commands whose actor another transaction keeps. Each is woken as often as it may try.
fn kept_out() -> Vec<Provoked> {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_node(node("M")));
    run(&mut pump, engine.define_partner(define_partner("3PL", &[NODE])));
    let unit = Reserve { pair: PAIR, seat: None, line: 0, supply: Supply::OnHand, units: 1 };
    let mut buyer = Claims::new(&engine.kernel);
    let claimed = poll(pin!(buyer.units(std::slice::from_ref(&unit), None)));
    assert!(matches!(claimed, Poll::Ready(Ok(Ok(Grant::Granted)))));
    let placing = told_at_last(&engine, Awaited::Pair(PAIR), engine.place_order(order()));
    let holding = told_at_last(&engine, Awaited::Pair(PAIR), engine.create_hold(a_hold("H")));
    drop(buyer);

    run(&mut pump, engine.place_order(order()));
    let came = ReportPartner::new(meta(), came_back(9, "BOX", 1, 1));
    run(&mut pump, engine.report_partner(&came));
    let mut editor = Claims::new(&engine.kernel);
    let count = Proposal::Operation(StockOperation::Count { on_hand: 1 });
    let edit = poll(pin!(editor.edit(PAIR, &count)));
    assert!(matches!(edit, Poll::Ready(Ok(Ok(Edit::Granted(_))))));
    let change = engine.change_stock(receive("A", NODE));
    let changing = told_at_last(&engine, Awaited::Pair(PAIR), change);
    let said = report_partner(meta());
    let reporting = told_at_last(&engine, Awaited::Pair(PAIR), engine.report_partner(&said));
    let disposing = engine.dispose_goods(dispose_goods());
    let disposing = told_at_last(&engine, Awaited::Pair(PAIR), disposing);
    let transfer = engine.dispatch_transfer(dispatch(NODE, "M"));
    let dispatching = told_at_last(&engine, Awaited::Pair(PAIR), transfer);
    let transfer = engine.recall_transfer(recall(NODE, "M"));
    let recalling = told_at_last(&engine, Awaited::Pair(PAIR), transfer);
    drop(editor);

    run(&mut pump, keeping(&engine, meta()));
    let mut clerk = Claims::new(&engine.kernel);
    assert!(matches!(poll(pin!(clerk.in_hand(&order().order.id))), Poll::Ready(Ok(_))));
    let taken = Awaited::Order(OrderNo(1));
    let cancelling = told_at_last(&engine, taken, engine.cancel_order(cancel()));
    let prioritising = told_at_last(&engine, taken, engine.set_order_priority(prioritise()));
    let paying = told_at_last(&engine, taken, engine.record_payment(record_payment()));
    let attaching = told_at_last(&engine, taken, attaching(&engine));
    let requesting = told_at_last(&engine, taken, engine.request_return(request_return()));
    let exchanging = told_at_last(&engine, taken, engine.request_exchange(request_exchange()));
    let returning = told_at_last(&engine, taken, engine.progress_return(progress_return()));
    let matching = told_at_last(&engine, taken, engine.match_arrival(match_arrival()));
    let holding_back = told_at_last(&engine, taken, engine.hold_order(hold_order("1")));
    let resolving = told_at_last(&engine, taken, engine.resolve_decline(resolve_decline(1)));
    let end = engine.release_order_hold(release_order_hold("1"));
    let releasing = told_at_last(&engine, taken, end);
    let shipping = told_at_last(&engine, taken, engine.progress_shipment(ship(1)));
    let changing_order = told_at_last(&engine, taken, engine.commit_change(commit("Q")));
    let accepting = told_at_last(&engine, taken, engine.accept_shipment(accept(1)));
    let claiming = told_at_last(&engine, taken, engine.claim_shipment(claim(1)));
    let declining = told_at_last(&engine, taken, engine.decline_shipment(decline(1)));
    drop(clerk);

    run(&mut pump, engine.cancel_order(cancel()));
    run(&mut pump, engine.create_hold(a_hold("H")));
    let mut cashier = Claims::new(&engine.kernel);
    let of_hold = OrderId::of_hold(a_hold("H").hold());
    assert!(matches!(poll(pin!(cashier.in_hand(&of_hold))), Poll::Ready(Ok(_))));
    let held = Awaited::Order(OrderNo(2));
    let mut other = confirm("H");
    other.order = OrderId::new("id", "P").expect("an id");
    kinds([
        ("CreateHold", holding),
        ("ExtendHold", told_at_last(&engine, held, engine.extend_hold(extend("H")))),
        ("ChangeHold", told_at_last(&engine, held, engine.change_hold(change_hold("H")))),
        ("ConfirmHold", told_at_last(&engine, held, engine.confirm_hold(other))),
        ("ReleaseHold", told_at_last(&engine, held, engine.release_hold(release("H")))),
        ("PlaceOrder", placing),
        ("ChangeStock", changing),
        ("ReportPartner", reporting),
        ("MatchArrival", matching),
        ("DisposeGoods", disposing),
        ("DispatchTransfer", dispatching),
        ("RecallTransfer", recalling),
        ("CancelOrder", cancelling),
        ("SetOrderPriority", prioritising),
        ("ResolveDecline", resolving),
        ("RecordPayment", paying),
        ("ResolveProviderEvent", attaching),
        ("RequestReturn", requesting),
        ("RequestExchange", exchanging),
        ("ProgressReturn", returning),
        ("HoldOrder", holding_back),
        ("ReleaseOrderHold", releasing),
        ("ProgressShipment", shipping),
        ("CommitChange", changing_order),
        ("AcceptShipment", accepting),
        ("ClaimShipment", claiming),
        ("DeclineShipment", declining),
    ])
}

/// The refusal of a command that is woken for that actor until it gives up.
fn told_at_last<T>(
    engine: &Engine,
    actor: Awaited,
    command: impl Future<Output = Result<T, EngineError>>,
) -> Refusal {
    let mut command = pin!(command);
    for _ in 0..TRIES_MAX {
        match poll(command.as_mut()) {
            Poll::Pending => engine.kernel.bells.ring(actor),
            Poll::Ready(Err(EngineError::Refused(refusal))) => return refusal,
            Poll::Ready(_) => panic!("the actor is in other hands"),
        }
    }
    panic!("it is tried more often than it may be")
}

fn kinds(refusals: impl IntoIterator<Item = (&'static str, Refusal)>) -> Vec<Provoked> {
    refusals.into_iter().map(|(command, refusal)| (command, refusal.kind())).collect()
}
