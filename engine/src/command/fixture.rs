//! Commands, and what they are about, for tests of several folders.

use std::fmt::Debug;
use std::pin::pin;
use std::task::Poll;

use crate::command::{
    AcceptShipment, CancelOrder, Change, ChangeHold, ChangeQuote, ChangeStock, ClaimShipment,
    CommitChange, ConfirmHold, CreateHold, DeclineShipment, DefineItem, DefineNode, DefinePartner,
    DefinePriceList, DefinePromotion, DefineShippingRates, DefineTaxRates, DiscardPartnerMessage,
    DispatchTransfer, DisposeGoods, ExtendHold, Extension, HoldOrder, ItemCategory, ItemPrices,
    KeepProviderEvent, LineRequest, Lines, MatchArrival, Meta, NodeDefinition, Operation,
    OrderRequest, PaymentStep, PlaceOrder, ProgressReturn, ProgressShipment,
    ProviderEventResolution, RecallTransfer, RecordPayment, ReleaseHold, ReleaseOrderHold,
    ReleaseWave, ReportPartner, RequestExchange, RequestReturn, ResolveDecline,
    ResolveProviderEvent, ReturnStep, Said, SetOrderPriority, SetPrices, SetReturnPolicy,
    SetTaxCategories, StockOperation, TermsAsked, Wanted, Wave, WaveAt, WaveFound,
};
use crate::command::{DefineStyles, ItemAssociations, SetAssociations};
use crate::companions::{Associated, Association, Attribute, Style, StyleValue, Variant};
use crate::engine::EngineError;
use crate::engine::tests::poll;
use crate::model::partner::{Detail, FactLine, Measure, PartnerMessage, ReturnNames, Subject};
use crate::model::returns::{
    Applies, Disposition, ExchangeMode, Fees, Grade, Grants, LabelPayer, ReturnMode, ReturnPolicy,
    ReturnReason, ReturnRule, ShippingRefund,
};
use crate::model::{
    Allowance, AllowedOf, Component, Components, Currency, DeclineReason, Eligibility, HoldId,
    InboundId, Item, LedgerKind, LineUnits, Location, MessageId, Minor, Node, NodeId, NodeKind,
    OrderHoldId, OrderHoldKind, OrderId, PartnerId, PickupOffer, PostalCode, PriceListId, Priority,
    PriorityClass, PromotionId, ProviderEvent, Reference, RefundId, Refusal, RefusalKind,
    RequestId, ReturnId, Sale, Shortage, Sku, SkuNo, Step, StyleId, Text, Timestamp, UnitPrice,
    Violation, WeekdayCutOffs,
};
use crate::pricing::{
    Discount, OnChange, PriceListDefinition, PriceRow, Promotion, Scope, ShippingRate, SkuPrices,
    Stack, TaxRate, TaxRates, Validity, Zone,
};

/// When the commands are taken.
pub const AT: Timestamp = Timestamp::from_micros(1_795_435_200_000_000);

/// Without a key.
pub fn meta() -> Meta {
    Meta { request_id: None, content: None, origin: None, at: AT, validate_only: false }
}

/// With that key.
pub fn keyed(key: &str) -> Meta {
    Meta { request_id: RequestId::new("request_id", key).ok(), ..meta() }
}

/// The SKU of that name.
pub fn sku(name: &str) -> Sku {
    Sku::new("sku", name).expect("a sku")
}

/// The id of that name.
pub fn node_id(name: &str) -> NodeId {
    NodeId::new("node", name).expect("a node id")
}

fn code() -> PostalCode {
    PostalCode::new("postal_code", "00000").expect("a code")
}

/// A node of that name and kind, which always works.
pub fn definition(name: &str, kind: NodeKind) -> NodeDefinition {
    NodeDefinition {
        id: node_id(name),
        kind,
        title: Text::default(),
        postal_code: code(),
        time_zone: "UTC".into(),
        working_days: 0b111_1111,
        cut_off_minute: 0,
        holidays: Vec::new(),
        capacity_units_per_day: 0,
        capacity_shipments_per_day: None,
        min_order_quantity: None,
        shipment_cost: 0,
        unit_cost: 0,
        lead_time_days: 0,
        enabled: true,
        weekday_cut_offs: WeekdayCutOffs::default(),
        eligibility: Eligibility::default(),
        pickup: PickupOffer::default(),
        reliability: None,
        pickup_days: None,
        release: None,
        paused_until: None,
    }
}

/// Defines a store of that name, where customers collect.
pub fn store(name: &str) -> DefineNode {
    let pickup = PickupOffer::Offered;
    let node = NodeDefinition { pickup, ..definition(name, NodeKind::Store) };
    DefineNode { meta: meta(), node }
}

/// The same, where it is.
pub fn located(name: &str, kind: NodeKind) -> Node {
    definition(name, kind).at(Location::new(0, 0).expect("a location"))
}

/// Defines a warehouse of that name, which always works.
pub fn node(name: &str) -> DefineNode {
    DefineNode { meta: meta(), node: definition(name, NodeKind::Warehouse) }
}

/// Defines an item without a title.
pub fn item(name: &str) -> DefineItem {
    let item = Item {
        sku: sku(name),
        title: Text::default(),
        sale: Sale::On,
        waiting_max: None,
        components: Components::default(),
        opens: None,
    };
    DefineItem::new(meta(), item)
}

/// Defines a price list in EUR for everybody.
pub fn price_list(name: &str) -> DefinePriceList {
    let id = PriceListId::new("price_list_id", name).expect("an id");
    let currency = Currency::new("currency_code", "EUR").expect("a currency");
    let definition = PriceListDefinition { id, currency, scope: Scope::Everybody };
    DefinePriceList { meta: meta(), definition }
}

/// What one unit costs from so many on, always, in ten-thousandths.
pub fn price_row(min_units: u32, price: i64) -> PriceRow {
    PriceRow { min_units, valid: Validity::ALWAYS, price: UnitPrice(price) }
}

/// A price of the first item.
pub fn prices() -> Vec<SkuPrices> {
    vec![SkuPrices { sku: SkuNo(0), rows: vec![price_row(1, 199_900)] }]
}

/// Sets the price of an item in a list.
pub fn set_prices(list: &str, name: &str) -> SetPrices {
    let items = vec![ItemPrices { sku: sku(name), rows: vec![price_row(1, 199_900)] }];
    SetPrices { meta: meta(), list: price_list(list).definition.id, items }
}

/// Defines a promotion of 10% off A.
pub fn promotion(name: &str) -> DefinePromotion {
    let promotion = Promotion {
        id: PromotionId::new("promotion_id", name).expect("an id"),
        title: Text::default(),
        lane: 0,
        priority: 0,
        discount: Discount::Percent(1_000),
        currency: None,
        skus: vec![sku("A")],
        from: Minor::ZERO,
        channels: Vec::new(),
        groups: Vec::new(),
        coupon: None,
        valid: Validity::ALWAYS,
        stack: Stack::Best,
        exclusive: false,
        on_change: OnChange::Keep,
        condition: None,
        limit: None,
        limit_per_customer: None,
    };
    DefinePromotion { meta: meta(), promotion: Box::new(promotion) }
}

/// Sets a tax of 20% in all prices.
pub fn tax_rates() -> DefineTaxRates {
    let rate = TaxRate { category: None, zone: Zone::EVERYWHERE, basis_points: 2_000 };
    let rates = TaxRates { inclusive: true, shipping_category: None, rates: vec![rate] };
    DefineTaxRates { meta: meta(), rates }
}

/// Sets a shipping charge of 4.90 for all services.
pub fn shipping_rates() -> DefineShippingRates {
    let (from, charge) = (Minor::ZERO, Minor(490));
    let currency = price_list("list").definition.currency;
    let rate = ShippingRate { currency, service: None, zone: Zone::EVERYWHERE, from, charge };
    DefineShippingRates { meta: meta(), rates: vec![rate] }
}

/// A style by size, the first item being the smallest one.
pub fn style(name: &str, items: &[&str]) -> Style<Sku> {
    let text = |text: String| Text::new("text", text).expect("a text");
    let value = |no| StyleValue { value: text(format!("size {no}")), family: None };
    let variants = items.iter().enumerate();
    let variants =
        variants.map(|(no, item)| Variant { sku: sku(item), values: vec![value(no)] }).collect();
    let id = StyleId::new("style_id", name).expect("an id");
    Style { id, attributes: vec![Attribute { name: text("size".into()), weight: 100 }], variants }
}

/// Defines a style of these items.
pub fn styles(items: &[&str]) -> DefineStyles {
    DefineStyles { meta: meta(), styles: vec![style("S", items)] }
}

/// Says that an item goes with another one.
pub fn associations(name: &str, with: &str) -> SetAssociations {
    let associated = Associated { association: Association::Complement, sku: sku(with) };
    let items = vec![ItemAssociations { sku: sku(name), associated: vec![associated] }];
    SetAssociations { meta: meta(), items }
}

/// Gives an item the tax category of books.
pub fn tax_categories(name: &str) -> SetTaxCategories {
    let category = Text::new("category", "books").ok();
    SetTaxCategories { meta: meta(), items: vec![ItemCategory { sku: sku(name), category }] }
}

/// The same, off sale.
pub fn bundle(name: &str, components: &[(&str, u32)]) -> DefineItem {
    let component = |&(name, units): &(&str, u32)| Component { sku: sku(name), units };
    let components = Components(components.iter().map(component).collect());
    let DefineItem { meta, item, .. } = item(name);
    DefineItem::new(meta, Item { components, ..item })
}

/// An item that is off sale.
pub fn off_sale(name: &str) -> DefineItem {
    let DefineItem { meta, item, .. } = item(name);
    DefineItem::new(meta, Item { sale: Sale::Off, ..item })
}

/// Defines an item whose sale opens then.
pub fn opening(name: &str, opens: Timestamp) -> DefineItem {
    let DefineItem { meta, item, .. } = item(name);
    DefineItem::new(meta, Item { opens: Some(opens), ..item })
}

/// Defines an item for which so many units may wait.
pub fn queueable(name: &str, waiting_max: u32) -> DefineItem {
    let DefineItem { meta, item, .. } = item(name);
    DefineItem::new(meta, Item { waiting_max: Some(waiting_max), ..item })
}

/// A partner of these nodes.
pub fn define_partner(name: &str, nodes: &[&str]) -> DefinePartner {
    let partner = PartnerId::new("partner", name).expect("a partner id");
    DefinePartner { meta: meta(), partner, nodes: nodes.iter().map(|node| node_id(node)).collect() }
}

/// Message `seq` of a partner, `m-SEQ`: what came of a delivery to the node `N`.
pub fn partner_message(
    partner: &str,
    seq: u64,
    inbound: &str,
    revision: u32,
    units: &[(&str, i64)],
) -> PartnerMessage {
    let inbound = InboundId::new("inbound", inbound).expect("an id");
    let counts = |units: i64| vec![(Measure::Received, units)];
    let line = |&(name, units): &(&str, i64)| FactLine { sku: sku(name), counts: counts(units) };
    PartnerMessage {
        sender: PartnerId::new("partner", partner).expect("a partner id"),
        seq,
        id: MessageId::new("id", format!("m-{seq}")).expect("a message id"),
        subject: Subject::Receipt { inbound, part: None },
        node: Some(node_id("N")),
        occurred_at: AT,
        revision,
        lines: units.iter().map(line).collect(),
        detail: Detail::Nothing,
    }
}

/// The partner `3PL` says that one unit of `A` came of the delivery `PO`.
pub fn report_partner(meta: Meta) -> ReportPartner {
    ReportPartner::new(meta, partner_message("3PL", 1, "PO", 1, &[("A", 1)]))
}

/// Lets go of a message in quarantine.
pub fn discard_partner_message(partner: &str, message: &str) -> DiscardPartnerMessage {
    let partner = PartnerId::new("partner", partner).expect("a partner id");
    let message = MessageId::new("message", message).expect("a message id");
    DiscardPartnerMessage { meta: meta(), partner, message }
}

/// Message `seq` of the partner `3PL`: so many units of `A` came back under the id of a return.
pub fn came_back(seq: u64, rma: &str, revision: u32, units: i64) -> PartnerMessage {
    let rma = Some(Reference::new("rma", rma).expect("an id"));
    let subject = Subject::ReturnReceipt(ReturnNames { rma, ..ReturnNames::default() });
    PartnerMessage { subject, ..partner_message("3PL", seq, "PO", revision, &[("A", units)]) }
}

/// What the partner `3PL` has under the name `BOX` is of that return.
pub fn match_arrival() -> MatchArrival {
    let rma = Some(Reference::new("rma", "BOX").expect("an id"));
    let names = ReturnNames { rma, ..ReturnNames::default() };
    let partner = PartnerId::new("partner", "3PL").expect("a partner id");
    MatchArrival { meta: meta(), partner, names, order: order().order.id, id: return_id() }
}

/// What the partner `3PL` has under the name `BOX` is sold.
pub fn dispose_goods() -> DisposeGoods {
    let MatchArrival { meta, partner, names, .. } = match_arrival();
    let (how, grade) = (Disposition::Restock, Some(Grade::A));
    let reason = Text::new("reason", "nobody asked").expect("a text");
    DisposeGoods { meta, partner, names, lines: Vec::new(), how, grade, reason }
}

/// Changes the supply of a pair.
pub fn change(name: &str, node: &str, operation: StockOperation) -> ChangeStock {
    ChangeStock { meta: meta(), sku: sku(name), node: node_id(node), operation }
}

/// One unit more.
pub fn receive(name: &str, node: &str) -> ChangeStock {
    change(name, node, StockOperation::Receive { quantity: 1, unavailable: 0 })
}

/// One unit of `A` leaves a node for another.
pub fn dispatch(from: &str, to: &str) -> DispatchTransfer {
    let (meta, sku, id) = (meta(), sku("A"), InboundId::new("id", "TR-1").expect("an id"));
    let (from, to) = (node_id(from), node_id(to));
    DispatchTransfer { meta, id, sku, from, to, quantity: 1, eta: AT }
}

/// It turns back.
pub fn recall(from: &str, to: &str) -> RecallTransfer {
    let DispatchTransfer { meta, id, sku, from, to, .. } = dispatch(from, to);
    RecallTransfer { meta, id, sku, from, to }
}

/// The order `O` of one unit of the item `A`, which is not to wait.
pub fn order() -> PlaceOrder {
    let order = OrderRequest {
        id: OrderId::new("order", "O").expect("an order id"),
        customer: None,
        channel: None,
        destination: code().into(),
        service: None,
        deliver_by: None,
        shortage: Some(Shortage::Reject),
        split: None,
        lines: Lines([LineRequest { sku: sku("A"), quantity: 1 }].into_iter().collect()),
        priority: Priority::DEFAULT,
        prices: None,
    };
    PlaceOrder { meta: meta(), placed_at: None, order }
}

/// Puts that order on hold, under that id.
pub fn hold_order(name: &str) -> HoldOrder {
    HoldOrder {
        meta: meta(),
        order: order().order.id,
        hold: OrderHoldId::new("order_hold_id", name).expect("an id"),
        kind: OrderHoldKind::Fraud,
        reason: Text::default(),
        owner: Text::default(),
        stock_until: None,
    }
}

/// Releases that hold.
pub fn release_order_hold(name: &str) -> ReleaseOrderHold {
    let HoldOrder { meta, order, hold, .. } = hold_order(name);
    ReleaseOrderHold { meta, order, hold }
}

/// Has a shipment of that order sourced anew, which the customer is asked about.
pub fn resolve_decline(shipment: u16) -> ResolveDecline {
    ResolveDecline { meta: meta(), order: order().order.id, shipment }
}

/// Cancels all of that order.
pub fn cancel() -> CancelOrder {
    CancelOrder { meta: meta(), order: order().order.id, lines: Vec::new(), shipment: None }
}

/// Commits a change of that order of which nothing was told.
pub fn commit(id: &str) -> CommitChange {
    let quote = ChangeQuote {
        id: hold_id(id),
        order: order().order.id,
        change: Change {
            operations: vec![Operation::SetQuantity { line: 0, quantity: 0 }],
            currency: None,
            apart: false,
        },
        has_hold: false,
        until: AT.saturating_add_micros(1),
        fingerprint: 0,
        origin: None,
    };
    CommitChange { meta: meta(), quote }
}

/// Has that order served first.
pub fn prioritise() -> SetOrderPriority {
    let priority = Priority::new(PriorityClass::Win, 0).expect("a tier");
    SetOrderPriority { meta: meta(), order: order().order.id, priority }
}

/// Gives an amount of that order back.
pub fn record_payment() -> RecordPayment {
    let id = RefundId::new("refund_id", "R").expect("an id");
    let (amount, of, reason) = (Minor(1), AllowedOf::Order, Text::default());
    let step = PaymentStep::Allow(Allowance { id, amount, of, reason });
    RecordPayment { meta: meta(), order: order().order.id, step }
}

/// Keeps what a provider told under a reference, of an order that nobody knows.
pub fn keep_provider_event(reference: &str) -> KeepProviderEvent {
    let event = ProviderEvent {
        order: OrderId::new("order_id", "LATER").ok(),
        payment: None,
        kind: LedgerKind::Captured,
        amount: Minor(500),
        reference: Text::new("reference", reference).expect("a text"),
        expires: None,
        since: AT,
    };
    KeepProviderEvent { meta: meta(), event }
}

/// Lets go of that.
pub fn let_go_of_provider_event(reference: &str) -> ResolveProviderEvent {
    let KeepProviderEvent { meta, event } = keep_provider_event(reference);
    let (kind, reference) = (event.kind, event.reference);
    let resolution = ProviderEventResolution::LetGo(Text::default());
    ResolveProviderEvent { meta, kind, reference, resolution }
}

/// Asks that a unit of that order comes back.
pub fn request_return() -> RequestReturn {
    RequestReturn {
        meta: meta(),
        order: order().order.id,
        id: return_id(),
        mode: ReturnMode::Normal,
        reason: ReturnReason::DoesNotFit,
        note: None,
        node: None,
        lines: LineUnits::from_slice(&[(0, 1)]),
        expires_at: None,
        advance_until: None,
        terms: Some(TermsAsked::default()),
        said: Said::default(),
        label: None,
    }
}

/// Exchanges a unit of that order for another one.
pub fn request_exchange() -> RequestExchange {
    let wanted = Wanted { sku: sku("A"), quantity: 1, amount: None, price: None };
    let operations = vec![Operation::Add(wanted)];
    let change = Change { operations, apart: true, ..Change::default() };
    let quote = ChangeQuote { change, has_hold: true, ..commit("Q").quote };
    RequestExchange::new(request_return(), (quote, ExchangeMode::Reserve), None)
}

/// Takes everything back for thirty days.
pub fn set_return_policy() -> SetReturnPolicy {
    let grants = Grants {
        days: Some(30),
        reasons: Vec::new(),
        ways: Vec::new(),
        keep_it_up_to: Some(Minor(500)),
        advance_up_to: None,
        lost_up_to: None,
        review_from: None,
        fees: Fees::default(),
        label_payer: LabelPayer::Seller,
        shipping: ShippingRefund::None,
        fault_days: None,
    };
    let rules = vec![ReturnRule { applies: Applies::default(), grants }];
    SetReturnPolicy { meta: meta(), policy: ReturnPolicy { rules, ..ReturnPolicy::default() } }
}

/// The id of the return.
pub fn return_id() -> ReturnId {
    ReturnId::new("return_id", "R-88").expect("an id")
}

/// Cancels that return.
pub fn progress_return() -> ProgressReturn {
    let step = ReturnStep::Cancel(LineUnits::new());
    ProgressReturn { meta: meta(), order: order().order.id, id: return_id(), step }
}

/// Ships a shipment of that order.
pub fn ship(shipment: u16) -> ProgressShipment {
    let (carrier, tracking) = ("Owl Post", "1Z");
    let text = |text| Text::new("text", text).expect("a text");
    let (carrier, tracking) = (text(carrier), text(tracking));
    let step = Step::Ship { packages: Vec::new(), carrier, tracking };
    ProgressShipment { meta: meta(), order: order().order.id, shipment, step }
}

/// Says that its node ships a shipment of that order.
pub fn claim(shipment: u16) -> ClaimShipment {
    let owner = crate::model::OwnerId::new("owner", "anna").expect("an id");
    let (meta, order) = (meta(), order().order.id);
    ClaimShipment { meta, order, shipment, owner, seconds: Some(60) }
}

pub fn accept(shipment: u16) -> AcceptShipment {
    AcceptShipment { meta: meta(), order: order().order.id, shipment }
}

/// Says that its node does not: it finds nothing.
pub fn decline(shipment: u16) -> DeclineShipment {
    let (order, reason) = (order().order.id, DeclineReason::NotFound);
    DeclineShipment {
        meta: meta(),
        order,
        shipment,
        reason,
        lines: LineUnits::new(),
        paused_until: None,
    }
}

/// Holds the unit of the item `A` for a minute.
pub fn hold(id: &str) -> CreateHold {
    CreateHold::new(meta(), hold_id(id), (60, None), order().order)
}

/// The id of that name.
pub fn hold_id(id: &str) -> HoldId {
    HoldId::new("hold", id).expect("a hold id")
}

/// Gives that hold up.
pub fn release(id: &str) -> ReleaseHold {
    ReleaseHold { meta: meta(), hold: hold_id(id) }
}

/// Has it lapse a minute from now.
pub fn extend(id: &str) -> ExtendHold {
    ExtendHold { meta: meta(), hold: hold_id(id), by: Extension::Seconds(60) }
}

/// Has that hold hold two units of `A`.
pub fn change_hold(id: &str) -> ChangeHold {
    let mut lines = order().order.lines;
    lines.0[0].quantity = 2;
    ChangeHold { meta: meta(), hold: hold_id(id), lines }
}

/// Makes the order `O` of it.
pub fn confirm(id: &str) -> ConfirmHold {
    ConfirmHold {
        meta: meta(),
        hold: hold_id(id),
        order: order().order.id,
        customer: None,
        channel: None,
        destination: None,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    }
}

/// Releases what was found at that node, which is nothing.
pub fn wave(node: &str) -> ReleaseWave {
    let (at, services) = (WaveAt::Node(node_id(node)), Vec::new());
    let wave = Wave { at, services, ship_by: None, class: None, shipments_max: 10 };
    ReleaseWave { meta: meta(), wave, found: WaveFound::default() }
}

/// Checks the rows of a table: the question, the answer, and the answer that is expected.
/// Returns the refusals among the answers.
pub fn check<A: Debug, T: Debug + PartialEq>(
    rows: impl IntoIterator<Item = (A, Result<T, Refusal>, Result<T, Refusal>)>,
) -> Vec<RefusalKind> {
    let mut refused = Vec::new();
    for (asked, came_to, expected) in rows {
        assert_eq!(came_to, expected, "{asked:?}");
        refused.extend(came_to.err().map(|refusal| refusal.kind()));
    }
    refused
}

/// What is wrong with a command, each as a caller reads it.
pub fn said(checked: Result<(), Vec<Violation>>) -> Vec<String> {
    checked.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// The refusal of a command that is refused at its first poll.
pub fn told<T>(command: impl Future<Output = Result<T, EngineError>>) -> Refusal {
    match poll(pin!(command)) {
        Poll::Ready(Err(EngineError::Refused(refusal))) => refusal,
        Poll::Ready(Err(error)) => panic!("no refusal: {error}"),
        Poll::Ready(Ok(_)) => panic!("it is not refused"),
        Poll::Pending => panic!("it is not refused at once"),
    }
}

/// The refusal that a caller gets when all of these apply.
pub fn first(apply: &[RefusalKind]) -> RefusalKind {
    let given = RefusalKind::ALL.iter().find(|kind| apply.contains(kind));
    *given.expect("at least one applies")
}
