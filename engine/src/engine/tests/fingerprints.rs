//! Golden fingerprints: every later version knows a request again that this one carried
//! out. Fingerprints are in the journal, beside the events.

use super::*;
use crate::command::SetAssociations;
use crate::command::fixture::{
    associations, bundle, came_back, change, change_hold, confirm, decline, define_partner,
    definition, discard_partner_message, dispatch, dispose_goods, extend, hold, hold_id,
    hold_order, keep_provider_event, let_go_of_provider_event, match_arrival, node_id, opening,
    price_list, prioritise, progress_return, promotion, queueable, recall, release,
    release_order_hold, report_partner, request_exchange, request_return, return_id, set_prices,
    set_return_policy, ship, shipping_rates, sku, store, styles, tax_categories, tax_rates, wave,
};
use crate::command::order::payment::tests::{card, prices};
use crate::command::tests::sources::commands;
use crate::command::{
    AcceptShipment, CancelOrder, Change, ChangeHold, ChangeStock, ClaimShipment, CommitChange,
    ConfirmHold, CreateHold, DeclineShipment, DefineNode, DefinePartner, DefinePriceList,
    DefinePromotion, DefineShippingRates, DefineStyles, DefineTaxRates, DiscardPartnerMessage,
    DispatchTransfer, DisposeGoods, ExtendHold, Extension, HoldOrder, KeepProviderEvent,
    LineCancellation, Lines, MatchArrival, Meta, NodeDefinition, Operation, PaymentStep,
    ProgressReturn, ProgressShipment, QuoteChange, RecallTransfer, RecordPayment, ReleaseHold,
    ReleaseOrderHold, ReleaseWave, ReportPartner, RequestExchange, RequestReturn, ResolveDecline,
    ResolveProviderEvent, ReturnStep, Said, SetOrderPriority, SetPolicy, SetPrices,
    SetReturnPolicy, SetTaxCategories, StockOperation, TermsAsked, Wave, WaveFound,
};
use crate::model::partner::Subject;
use crate::model::returns::{
    Condition, Disposition, ExchangeMode, Finding, Grade, Reduction, ReturnWay, Verdict,
};
use crate::model::{
    Allowance, AllowedOf, ChannelSafety, CustomerId, Day, DeclineReason, Destination, Eligibility,
    InboundId, LedgerKind, LineUnits, Minor, NodeKind, OwnStock, OwnerId, PackageId, PairTerms,
    PaymentOutcome, Pickup, Policy, PostalCode, Priority, PriorityClass, RefundId, ReleaseRule,
    RequestId, Sale, Shortage, Split, Step, Taken, WeekdayCutOffs, Weekdays,
};
use crate::placing::costs::OrderPrices;

/// A name and a fingerprint, in hexadecimal digits, a line.
const GOLDEN: &str = include_str!("../../../tests-data/fingerprints.txt");

/// Carries commands out, each under its name as the key.
struct Carrier {
    engine: Engine,
    pump: Pump,
    seen: Vec<(String, u64)>,
}

impl Carrier {
    fn carry<T, F: Future<Output = Result<T, EngineError>>>(
        &mut self,
        name: &str,
        command: impl FnOnce(Engine, Meta) -> F,
    ) {
        let key = RequestId::new("request_id", name).expect("a key");
        let meta = Meta { request_id: Some(key.clone()), ..meta() };
        run(&mut self.pump, command(self.engine.clone(), meta));
        let done = self.engine.kernel.state.requests.done(&key).expect("it is remembered");
        self.seen.push((name.into(), done.fingerprint));
    }

    fn stock(&mut self, name: &str, node: &str, operation: StockOperation) {
        let change = change("A", node, operation);
        self.carry(name, async |engine, meta| {
            engine.change_stock(ChangeStock { meta, ..change }).await
        });
    }

    fn order(&mut self, name: &str, change: impl FnOnce(&mut PlaceOrder)) {
        let mut command = order();
        command.order.id = order_id(name);
        change(&mut command);
        self.carry(name, async |engine, meta| {
            engine.place_order(PlaceOrder { meta, ..command }).await
        });
    }
}

fn order_id(name: &str) -> OrderId {
    OrderId::new("order", name).expect("an order id")
}

fn text(text: &str) -> Text {
    Text::new("text", text).expect("a text")
}

fn define(carrier: &mut Carrier) {
    let vendor = NodeDefinition {
        title: text("Vendor"),
        cut_off_minute: 840,
        holidays: vec![Day::from_epoch_days(20_000)],
        capacity_units_per_day: 50,
        shipment_cost: 450,
        unit_cost: 7,
        lead_time_days: 2,
        ..definition("V", NodeKind::Supplier)
    };
    carrier.carry("define_item", async |engine, meta| {
        let item = Item { title: text("Caf\u{e9}"), ..item("A").item };
        engine.define_item(DefineItem::new(meta, item)).await
    });
    carrier.carry("ensure_item", async |engine, meta| {
        engine.ensure_item(DefineItem { meta, ..item("B") }).await
    });
    carrier.carry("define_node", async |engine, meta| {
        engine.define_node(DefineNode { meta, node: vendor.clone() }).await
    });
    carrier.carry("set_policy", async |engine, meta| {
        let policy = Policy { split: Split::WholeLine, horizon_days: 30, ..Policy::default() };
        engine.set_policy(SetPolicy { meta, policy }).await
    });
    let friday = WeekdayCutOffs([None, None, None, None, Some(840), None, None]);
    carrier.carry("define_node_weekdays", async |engine, meta| {
        let vendor = NodeDefinition { weekday_cut_offs: friday, ..vendor };
        engine.define_node(DefineNode { meta, node: vendor }).await
    });
    carrier.carry("set_policy_weekdays", async |engine, meta| {
        let mut policy = Policy::default();
        policy.services[0].pickup_weekdays = Weekdays::MONDAY_TO_FRIDAY;
        policy.services[1].transit_weekdays = Weekdays::MONDAY_TO_FRIDAY;
        policy.services[2].delivery_weekdays = Weekdays::MONDAY_TO_SATURDAY;
        engine.set_policy(SetPolicy { meta, policy }).await
    });
    carrier.carry("content", async |engine, meta| {
        engine
            .define_node(DefineNode { meta: Meta { content: Some(7), ..meta }, ..node(NODE) })
            .await
    });
}

/// Lines of what came later, behind all that there were.
fn who_may_have_it(carrier: &mut Carrier) {
    let eligibility = Eligibility { channels: vec![text("web")], services: Vec::new() };
    carrier.carry("define_node_for_some", async |engine, meta| {
        let node = NodeDefinition { eligibility, ..definition("V2", NodeKind::Supplier) };
        engine.define_node(DefineNode { meta, node }).await
    });
}

fn change_stock(carrier: &mut Carrier) {
    let id = |name: &str| InboundId::new("id", name).expect("an id");
    let eta = AT;
    run(&mut carrier.pump, carrier.engine.define_node(node("W")));
    let set = StockOperation::Set { on_hand: Some(90), unavailable: Some(2), safety: Some(1) };
    carrier.stock("set", NODE, set);
    let safety = StockOperation::Set { on_hand: None, unavailable: None, safety: Some(0) };
    carrier.stock("set_safety", NODE, safety);
    carrier.stock(
        "supplier_feed",
        "V",
        StockOperation::SupplierFeed { quantity: Some(40), as_of: None },
    );
    carrier.stock(
        "supplier_feed_unlimited",
        "V",
        StockOperation::SupplierFeed { quantity: None, as_of: None },
    );
    let received = StockOperation::Receive { quantity: 12, unavailable: 1 };
    carrier.stock("receive", NODE, received);
    let reason = text("damaged");
    let adjust = StockOperation::Adjust { on_hand_delta: -4, unavailable_delta: 1, reason };
    carrier.stock("adjust", NODE, adjust);
    carrier.stock("count", NODE, StockOperation::Count { on_hand: 80 });
    for name in ["PO-1", "PO-2"] {
        let announced = StockOperation::AnnounceInbound { id: id(name), quantity: 24, eta };
        carrier.stock(&format!("announce_inbound_{name}"), NODE, announced);
    }
    let stated = StockOperation::StateInbound { id: id("PO-3"), ordered: 24, eta };
    carrier.stock("state_inbound", NODE, stated);
    let changed =
        StockOperation::ChangeInbound { id: id("PO-1"), quantity: Some(20), eta: Some(eta) };
    carrier.stock("change_inbound", NODE, changed);
    let arrived = StockOperation::ReceiveInbound { id: id("PO-1"), quantity: 5, closes: true };
    carrier.stock("receive_inbound", NODE, arrived);
    let sent = dispatch(NODE, "W");
    carrier.carry("dispatch_transfer", async |engine, meta| {
        engine.dispatch_transfer(DispatchTransfer { meta, ..sent }).await
    });
    let back = recall(NODE, "W");
    carrier.carry("recall_transfer", async |engine, meta| {
        engine.recall_transfer(RecallTransfer { meta, ..back }).await
    });
    carrier.stock("cancel_inbound", NODE, StockOperation::CancelInbound { id: id("PO-2") });
}

fn orders(carrier: &mut Carrier) {
    carrier.order("place_order", |_| {});
    carrier.order("place_order_whole", |command| {
        let order = &mut command.order;
        order.customer = CustomerId::new("customer", "C-1").ok();
        order.channel = Some(text("web"));
        order.service = ServiceName::new("service", "first_class").ok();
        order.deliver_by = Some(Day::from_epoch_days(30_000));
        order.shortage = Some(Shortage::Partial);
        order.split = Some(Split::WholeLine);
        order.lines.0[0].quantity = 9;
        order.lines.0.push(LineRequest { sku: sku("B"), quantity: 2 });
    });
    carrier.order("place_order_then", |command| command.placed_at = Some(AT));
    let line = LineCancellation { line: 1, quantity: 3, of_bundle: false };
    for (name, order, lines) in [
        ("cancel_order_lines", "place_order_whole", vec![line]),
        ("cancel_order", "place_order_then", vec![]),
    ] {
        carrier.carry(name, async |engine, meta| {
            engine
                .cancel_order(CancelOrder { meta, order: order_id(order), lines, shipment: None })
                .await
        });
    }
    carrier.carry("accept_shipment", async |engine, meta| {
        let order = order_id("place_order");
        engine.accept_shipment(AcceptShipment { meta, order, shipment: 1 }).await
    });
    carrier.carry("claim_shipment", async |engine, meta| {
        let order = order_id("place_order");
        let owner = OwnerId::new("owner", "anna").expect("an id");
        let seconds = Some(60);
        engine.claim_shipment(ClaimShipment { meta, order, shipment: 1, owner, seconds }).await
    });
    carrier.carry("ship_shipment", async |engine, meta| {
        let (carrier, tracking) = (text("Owl Post"), text("1Z"));
        let order = order_id("place_order");
        let step = Step::Ship { packages: Vec::new(), carrier, tracking };
        engine.progress_shipment(ProgressShipment { meta, order, shipment: 1, step }).await
    });
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.order("place_order_declined", |_| {});
    carrier.carry("decline_shipment", async |engine, meta| {
        let (order, reason) = (order_id("place_order_declined"), DeclineReason::Closed);
        engine
            .decline_shipment(DeclineShipment {
                meta,
                order,
                shipment: 1,
                reason,
                lines: LineUnits::new(),
                paused_until: None,
            })
            .await
    });
}

fn holds(carrier: &mut Carrier) {
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.carry("create_hold", async |engine, meta| {
        let owner = OwnerId::new("owner", "X").ok();
        engine.create_hold(CreateHold { meta, owner, ..hold("H") }).await
    });
    carrier.carry("extend_hold", async |engine, meta| {
        engine.extend_hold(ExtendHold { meta, ..extend("H") }).await
    });
    carrier.carry("extend_hold_payment", async |engine, meta| {
        let by = Extension::PaymentStarted;
        engine.extend_hold(ExtendHold { meta, by, ..extend("H") }).await
    });
    carrier.carry("confirm_hold", async |engine, meta| {
        let confirm = ConfirmHold {
            meta,
            order: order_id("confirm_hold"),
            customer: CustomerId::new("customer", "C-1").ok(),
            channel: Some(text("web")),
            destination: PostalCode::new("postal_code", "10001").ok().map(Into::into),
            service: ServiceName::new("service", "first_class").ok(),
            deliver_by: Some(Day::from_epoch_days(30_000)),
            lines: order().order.lines,
            ..confirm("H")
        };
        engine.confirm_hold(confirm).await
    });
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    run(&mut carrier.pump, carrier.engine.create_hold(hold("I")));
    carrier.carry("release_hold", async |engine, meta| {
        engine.release_hold(ReleaseHold { meta, ..release("I") }).await
    });
}

fn priorities(carrier: &mut Carrier) {
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.order("place_order_prioritised", |command| {
        command.order.priority = Priority::new(PriorityClass::Gain, 2).expect("a tier");
    });
    carrier.carry("set_order_priority", async |engine, meta| {
        let order = order_id("place_order_prioritised");
        engine.set_order_priority(SetOrderPriority { meta, order, ..prioritise() }).await
    });
}

fn pair_terms(carrier: &mut Carrier) {
    let terms = PairTerms {
        off_sourcing: true,
        channel_safety: vec![ChannelSafety { channel: text("web"), units: 7 }],
        ..PairTerms::default()
    };
    carrier.stock("set_terms", NODE, StockOperation::SetTerms(Box::new(terms)));
}

fn items_off_sale(carrier: &mut Carrier) {
    carrier.carry("define_item_off_sale", async |engine, meta| {
        let item = Item { sale: Sale::Off, ..item("B").item };
        engine.define_item(DefineItem::new(meta, item)).await
    });
    carrier.carry("define_item_for_which_some_wait", async |engine, meta| {
        engine.define_item(DefineItem { meta, ..queueable("B", 500) }).await
    });
}

fn changed_holds(carrier: &mut Carrier) {
    for _ in 0..2 {
        run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    }
    run(&mut carrier.pump, carrier.engine.create_hold(hold("C")));
    carrier.carry("change_hold", async |engine, meta| {
        engine.change_hold(ChangeHold { meta, ..change_hold("C") }).await
    });
}

fn overdue_supply(carrier: &mut Carrier) {
    carrier.carry("set_policy_overdue", async |engine, meta| {
        let policy = Policy { overdue_days: Some(14), ..Policy::default() };
        engine.set_policy(SetPolicy { meta, policy }).await
    });
}

fn suppliers(carrier: &mut Carrier) {
    carrier.carry("define_node_minimum", async |engine, meta| {
        let node = definition("V", NodeKind::Supplier);
        let node = NodeDefinition { min_order_quantity: Some(6), ..node };
        engine.define_node(DefineNode { meta, node }).await
    });
}

fn own_stock_first(carrier: &mut Carrier) {
    carrier.carry("set_policy_own_stock", async |engine, meta| {
        let policy = Policy { own_stock: OwnStock::First, ..Policy::default() };
        engine.set_policy(SetPolicy { meta, policy }).await
    });
}

fn what_bounds_nodes(carrier: &mut Carrier) {
    carrier.carry("define_node_shipments", async |engine, meta| {
        let node = definition("V", NodeKind::Supplier);
        let node = NodeDefinition { capacity_shipments_per_day: Some(9), ..node };
        engine.define_node(DefineNode { meta, node }).await
    });
}

fn pickups(carrier: &mut Carrier) {
    carrier.carry("define_node_pickup", async |engine, meta| {
        engine.define_node(DefineNode { meta, ..store("S") }).await
    });
    carrier.order("place_order_pickup", |command| {
        command.order.destination = node_id("S").into();
        command.order.shortage = Some(Shortage::Backorder);
    });
    let only_there = Destination::Pickup(Pickup { node: node_id("S"), only_there: true });
    carrier.order("place_order_pickup_there", |command| {
        command.order.destination = only_there.clone();
        command.order.shortage = Some(Shortage::Backorder);
    });
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", "S")));
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", "S")));
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", "S")));
    run(&mut carrier.pump, carrier.engine.create_hold(hold("P")));
    carrier.carry("confirm_hold_pickup", async |engine, meta| {
        let (order, destination) = (order_id("confirm_hold_pickup"), Some(only_there));
        engine.confirm_hold(ConfirmHold { meta, order, destination, ..confirm("P") }).await
    });
}

fn bundles(carrier: &mut Carrier) {
    carrier.carry("define_item_bundle", async |engine, meta| {
        engine.define_item(DefineItem { meta, ..bundle("SET", &[("A", 1), ("B", 2)]) }).await
    });
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", "S")));
    let receipt = ChangeStock {
        operation: StockOperation::Receive { quantity: 2, unavailable: 0 },
        ..receive("B", "S")
    };
    run(&mut carrier.pump, carrier.engine.change_stock(receipt));
    carrier.order("place_order_bundle", |command| {
        command.order.lines.0[0].sku = sku("SET");
    });
    carrier.carry("cancel_order_bundle", async |engine, meta| {
        let lines = vec![LineCancellation { line: 2, quantity: 1, of_bundle: true }];
        engine
            .cancel_order(CancelOrder {
                meta,
                order: order_id("place_order_bundle"),
                lines,
                shipment: None,
            })
            .await
    });
}

fn openings(carrier: &mut Carrier) {
    carrier.carry("define_node_reliability", async |engine, meta| {
        let node = definition("V", NodeKind::Supplier);
        let node = NodeDefinition { reliability: Some(9_750), ..node };
        engine.define_node(DefineNode { meta, node }).await
    });
    carrier.carry("define_node_pickup_days", async |engine, meta| {
        let node = definition("P", NodeKind::Store);
        let release = Some(ReleaseRule::BeforeCutOff(120));
        let node = NodeDefinition { pickup_days: Some(7), release, ..node };
        engine.define_node(DefineNode { meta, node }).await
    });
    carrier.carry("define_item_whose_sale_opens", async |engine, meta| {
        engine.define_item(DefineItem { meta, ..opening("OPENS", AT) }).await
    });
}

fn dated_feeds(carrier: &mut Carrier) {
    let as_of = Some(AT);
    let feed = StockOperation::SupplierFeed { quantity: Some(40), as_of };
    carrier.stock("supplier_feed_dated", "V", feed);
    let feed = StockOperation::SupplierFeed { quantity: None, as_of };
    carrier.stock("supplier_feed_dated_unlimited", "V", feed);
}

/// An order with prices, and all that can be told of its money.
fn payments(carrier: &mut Carrier) {
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    let captured = card("card", 500, Taken::Captured);
    carrier.order("place_order_priced", |command| {
        command.order.prices =
            Some(Box::new(OrderPrices::Asked(prices(1, vec![captured.clone()]))));
    });
    let (payment, reference) = (captured.id, text("ref"));
    let (amount, id) = (Minor(1), RefundId::new("refund_id", "R").expect("an id"));
    let (of, reason) = (AllowedOf::Order, text("late"));
    let outcome = PaymentOutcome::Unknown;
    for (name, step) in [
        ("record_payment", PaymentStep::Allow(Allowance { id, amount, of, reason })),
        (
            "payment_result",
            PaymentStep::Result {
                intent: 1,
                outcome,
                amount: None,
                reference: reference.clone(),
                observed_at: Some(AT),
                expires: None,
            },
        ),
        (
            "payment_event",
            PaymentStep::Unasked {
                payment,
                kind: LedgerKind::Captured,
                amount,
                reference,
                expires: None,
            },
        ),
        ("add_payment", PaymentStep::Add(card("other", 1, Taken::Nothing))),
    ] {
        carrier.carry(name, async |engine, meta| {
            let order = order_id("place_order_priced");
            engine.record_payment(RecordPayment { meta, order, step }).await
        });
    }
    carrier.carry("keep_provider_event", async |engine, meta| {
        let command = KeepProviderEvent { meta, ..keep_provider_event("pi") };
        engine.record_provider_event(&command).await.map(|(done, _)| done)
    });
    carrier.carry("resolve_provider_event", async |engine, meta| {
        let command = ResolveProviderEvent { meta, ..let_go_of_provider_event("pi") };
        engine.resolve_provider_event(command).await
    });
}

/// A return, and all that can be done of it: it is lost, credited, and comes after all.
fn returns(carrier: &mut Carrier) {
    let order = order_id("place_order_returned");
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.order("place_order_returned", |_| {});
    carrier.carry("ship_returned", async |engine, meta| {
        let order = order.clone();
        engine.progress_shipment(ProgressShipment { meta, order, ..ship(1) }).await
    });
    let terms = Some(TermsAsked { needs_review: true, covers_loss: true, ..TermsAsked::default() });
    carrier.carry("request_return", async |engine, meta| {
        let order = order.clone();
        engine.request_return(RequestReturn { meta, order, terms, ..request_return() }).await
    });
    let lines = || LineUnits::from_slice(&[(0, 1)]);
    let (carrier_name, tracking) = (text("Owl Post"), text("1Z"));
    let verdict = Some(Verdict::Reduce(Reduction::new("basis_points", 500).expect("it is one")));
    let finding = Finding { grade: Grade::B, verdict, disposition: None };
    for (name, step) in [
        ("decide_return", ReturnStep::Decide { granted: true }),
        (
            "send_return",
            ReturnStep::Send { carrier: carrier_name, tracking, eta: Some(AT), lines: lines() },
        ),
        ("lose_return", ReturnStep::Lose(lines())),
        ("grant_lost_return", ReturnStep::GrantLost(lines())),
        (
            "receive_return",
            ReturnStep::Receive {
                revision: 1,
                node: Some(node_id(NODE)),
                lines: lines(),
                strays: vec![(sku("A"), 1)],
            },
        ),
        ("inspect_return", ReturnStep::Inspect { lines: lines(), finding }),
        ("dispose_return", ReturnStep::Dispose { lines: lines(), how: Disposition::Restock }),
    ] {
        carrier.carry(name, async |engine, meta| {
            let (order, id) = (order.clone(), return_id());
            engine.progress_return(ProgressReturn { meta, order, id, step }).await
        });
    }
    let order = order_id("place_order_cancelled_return");
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.order("place_order_cancelled_return", |_| {});
    let shipped = ProgressShipment { order: order.clone(), ..ship(1) };
    run(&mut carrier.pump, carrier.engine.progress_shipment(shipped));
    let requested = RequestReturn { order: order.clone(), ..request_return() };
    run(&mut carrier.pump, carrier.engine.request_return(requested));
    carrier.carry("progress_return", async |engine, meta| {
        engine.progress_return(ProgressReturn { meta, order, ..progress_return() }).await
    });
}

fn order_holds(carrier: &mut Carrier) {
    carrier.carry("hold_order", async |engine, meta| {
        let (order, owner) = (order_id("place_order_prioritised"), text("Ann"));
        let stock_until = Some(AT.saturating_add_micros(1));
        let hold = HoldOrder { meta, order, owner, stock_until, ..hold_order("1") };
        engine.hold_order(hold).await
    });
    carrier.carry("release_order_hold", async |engine, meta| {
        let order = order_id("place_order_prioritised");
        let release = ReleaseOrderHold { meta, order, ..release_order_hold("1") };
        engine.release_order_hold(release).await
    });
    carrier.carry("cancel_order_of_shipment", async |engine, meta| {
        let (order, shipment) = (order_id("place_order_prioritised"), Some(1));
        engine.cancel_order(CancelOrder { meta, order, lines: Vec::new(), shipment }).await
    });
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", "S")));
    let there = Destination::Pickup(Pickup { node: node_id("S"), only_there: true });
    carrier.order("place_order_declined_pickup", |command| command.order.destination = there);
    let order = order_id("place_order_declined_pickup");
    let declined = DeclineShipment { order: order.clone(), ..decline(1) };
    run(&mut carrier.pump, carrier.engine.decline_shipment(declined));
    carrier.carry("resolve_decline", async |engine, meta| {
        engine.resolve_decline(ResolveDecline { meta, order, shipment: 1 }).await
    });
}

#[test]
fn a_request_has_the_fingerprint_that_it_always_had() {
    let (engine, pump) = one_unit();
    let mut carrier = Carrier { engine, pump, seen: Vec::new() };
    define(&mut carrier);
    change_stock(&mut carrier);
    orders(&mut carrier);
    holds(&mut carrier);
    who_may_have_it(&mut carrier);
    priorities(&mut carrier);
    items_off_sale(&mut carrier);
    changed_holds(&mut carrier);
    what_bounds_nodes(&mut carrier);
    own_stock_first(&mut carrier);
    suppliers(&mut carrier);
    overdue_supply(&mut carrier);
    pair_terms(&mut carrier);
    pickups(&mut carrier);
    bundles(&mut carrier);
    openings(&mut carrier);
    dated_feeds(&mut carrier);
    fulfilment(&mut carrier);
    changes(&mut carrier);
    order_holds(&mut carrier);
    pauses(&mut carrier);
    payments(&mut carrier);
    what_prices_are_made_of(&mut carrier);
    returns(&mut carrier);
    partners(&mut carrier);
    what_may_come_back(&mut carrier);
    assortment(&mut carrier);
    exchanges(&mut carrier);
    let lines = carrier.seen.iter().map(|(name, print)| format!("{name} {print:016x}"));
    let seen = lines.collect::<Vec<_>>().join("\n");
    assert!(seen == GOLDEN.trim_end(), "the fingerprints are now\n{seen}");
}

fn exchanges(carrier: &mut Carrier) {
    let order = order_id("place_order_exchanged");
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.order("place_order_exchanged", |_| {});
    let shipped = ProgressShipment { order: order.clone(), ..ship(1) };
    run(&mut carrier.pump, carrier.engine.progress_shipment(shipped));
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    let (quote, change) = (hold_id("of-exchange"), request_exchange().quote.change);
    let asked = QuoteChange { meta: meta(), order: order.clone(), quote, change };
    let quote = run(&mut carrier.pump, carrier.engine.quote_change(&asked)).quote;
    let quote = quote.expect("a quote");
    carrier.carry("request_exchange", async |engine, meta| {
        let asked = RequestReturn { meta, order, ..request_return() };
        let made = RequestExchange::new(asked, (quote, ExchangeMode::Reserve), None);
        engine.request_exchange(made).await
    });
}

fn what_may_come_back(carrier: &mut Carrier) {
    carrier.carry("set_return_policy", async |engine, meta| {
        engine.set_return_policy(SetReturnPolicy { meta, ..set_return_policy() }).await
    });
    let order = order_id("place_order_returned_by_policy");
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.order("place_order_returned_by_policy", |_| {});
    let shipped = ProgressShipment { order: order.clone(), ..ship(1) };
    run(&mut carrier.pump, carrier.engine.progress_shipment(shipped));
    carrier.carry("request_return_by_policy", async |engine, meta| {
        let (terms, tier) = (None, Some(3));
        let said = Said { tier, condition: Some(Condition::Used), way: Some(ReturnWay::Store) };
        engine.request_return(RequestReturn { meta, order, terms, said, ..request_return() }).await
    });
}

fn pauses(carrier: &mut Carrier) {
    carrier.carry("define_node_paused", async |engine, meta| {
        let node = definition("P", NodeKind::Store);
        let paused_until = Some(AT.saturating_add_micros(1));
        engine.define_node(DefineNode { meta, node: NodeDefinition { paused_until, ..node } }).await
    });
    run(&mut carrier.pump, carrier.engine.change_stock(receive("A", NODE)));
    carrier.order("place_order_paused", |_| {});
    carrier.carry("decline_shipment_paused", async |engine, meta| {
        let (order, paused_until) = (order_id("place_order_paused"), Some(AT));
        let reason = DeclineReason::Capacity;
        let declined = DeclineShipment { meta, order, reason, paused_until, ..decline(1) };
        engine.decline_shipment(declined).await
    });
}

fn assortment(carrier: &mut Carrier) {
    carrier.carry("define_styles", async |engine, meta| {
        engine.define_styles(DefineStyles { meta, ..styles(&["A"]) }).await
    });
    carrier.carry("set_associations", async |engine, meta| {
        engine.set_associations(SetAssociations { meta, ..associations("A", "B") }).await
    });
}

fn what_prices_are_made_of(carrier: &mut Carrier) {
    carrier.carry("define_price_list", async |engine, meta| {
        engine.define_price_list(DefinePriceList { meta, ..price_list("L") }).await
    });
    carrier.carry("set_prices", async |engine, meta| {
        engine.set_prices(SetPrices { meta, ..set_prices("L", "A") }).await
    });
    carrier.carry("define_promotion", async |engine, meta| {
        engine.define_promotion(DefinePromotion { meta, ..promotion("P") }).await
    });
    carrier.carry("define_tax_rates", async |engine, meta| {
        engine.define_tax_rates(DefineTaxRates { meta, ..tax_rates() }).await
    });
    carrier.carry("define_shipping_rates", async |engine, meta| {
        engine.define_shipping_rates(DefineShippingRates { meta, ..shipping_rates() }).await
    });
    carrier.carry("set_tax_categories", async |engine, meta| {
        engine.set_tax_categories(SetTaxCategories { meta, ..tax_categories("A") }).await
    });
}

fn fulfilment(carrier: &mut Carrier) {
    carrier.carry("release_wave", async |engine, meta| {
        let wave = Wave {
            services: vec![Policy::default().services[1].name.clone()],
            ship_by: Some(Day::from_epoch_days(20_000)),
            class: Some(PriorityClass::Win),
            ..wave(NODE).wave
        };
        engine.release_wave(ReleaseWave { meta, wave, found: WaveFound::default() }).await
    });
    run(&mut carrier.pump, carrier.engine.define_item(item("W")));
    run(&mut carrier.pump, carrier.engine.change_stock(receive("W", NODE)));
    carrier.order("place_order_worked", |command| {
        command.order.lines = Lines(vec![LineRequest { sku: sku("W"), quantity: 1 }].into());
    });
    let package = || PackageId::new("package", "P").expect("an id");
    let one = || LineUnits::from_slice(&[(0, 1)]);
    let until = AT.saturating_add_micros(1);
    let ship = || Step::Ship {
        packages: vec![package()],
        carrier: text("Owl Post"),
        tracking: text("1Z"),
    };
    for (name, step) in [
        ("progress_shipment", Step::Release),
        ("recall_shipment", Step::Recall { until }),
        ("pick_shipment", Step::Pick(one())),
        ("unpick_shipment", Step::Unpick(one())),
        ("pack_shipment", Step::Pack { package: package(), lines: one() }),
        ("unpack_shipment", Step::Unpack(package())),
        ("pack_all", Step::Pack { package: package(), lines: LineUnits::new() }),
        ("ship_package", ship()),
        ("lose_package", Step::Lose(vec![package()])),
        ("deliver_package", Step::Deliver { packages: vec![package()], at: Some(AT) }),
    ] {
        carrier.carry(name, async |engine, meta| {
            let order = order_id("place_order_worked");
            engine.progress_shipment(ProgressShipment { meta, order, shipment: 1, step }).await
        });
    }
}

fn changes(carrier: &mut Carrier) {
    let asked = QuoteChange {
        meta: meta(),
        order: order_id("place_order_prioritised"),
        quote: hold_id("of-change"),
        change: Change { operations: vec![Operation::SetNote(text("Ring"))], ..Change::default() },
    };
    let answer = run(&mut carrier.pump, carrier.engine.quote_change(&asked));
    let quote = answer.quote.expect("a quote");
    carrier.carry("commit_change", async |engine, meta| {
        engine.commit_change(CommitChange { meta, quote }).await
    });
}

fn partners(carrier: &mut Carrier) {
    carrier.carry("define_partner", async |engine, meta| {
        engine.define_partner(DefinePartner { meta, ..define_partner("3PL", &[NODE]) }).await
    });
    carrier.carry("report_partner", async |engine, meta| {
        engine.report_partner(&report_partner(meta)).await
    });
    carrier.carry("discard_partner_message", async |engine, meta| {
        let discard = discard_partner_message("3PL", "m-1");
        engine.discard_partner_message(DiscardPartnerMessage { meta, ..discard }).await
    });
    let came = ReportPartner::new(meta(), came_back(7, "BOX", 1, 1));
    run(&mut carrier.pump, carrier.engine.report_partner(&came));
    carrier.carry("match_arrival", async |engine, meta| {
        let order = order_id("place_order_returned");
        engine.match_arrival(MatchArrival { meta, order, ..match_arrival() }).await
    });
    let crate_of_nobody = came_back(8, "CRATE", 1, 1);
    let names = Some(&crate_of_nobody.subject).and_then(Subject::return_names).cloned();
    let names = names.expect("it came back");
    let came = ReportPartner::new(meta(), crate_of_nobody);
    run(&mut carrier.pump, carrier.engine.report_partner(&came));
    carrier.carry("dispose_goods", async |engine, meta| {
        engine.dispose_goods(DisposeGoods { meta, names: names.clone(), ..dispose_goods() }).await
    });
}

/// A change of stock has the name of its operation there.
#[test]
fn every_command_has_a_golden_fingerprint() {
    let golden: Vec<_> = GOLDEN.lines().filter_map(|line| line.split_once(' ')).collect();
    for command in commands() {
        let name = match command.as_str() {
            "ChangeStock" => "receive".to_owned(),
            _ => snake(&command),
        };
        assert!(golden.iter().any(|(of, _)| *of == name), "{command} has no line {name}");
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}
