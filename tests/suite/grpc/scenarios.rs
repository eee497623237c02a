//! The scenarios, each from end to end and by its name.

mod on_account;

use std::collections::BTreeMap;
use std::path::Path;

use backstock::clock::ClockKind;
use backstock::serve::ServeOptions;
use backstock_engine::command::{AnyEvent, BacklogRepegged};
use backstock_engine::model::{Day, Lsn};
use backstock_proto::v1;

use super::changes;
use super::feed;
use super::overdue::{date, today};
use super::server::{TestServer, announcement, configuration, node, order, waiting_order};

/// A server that goes by the clock of its orders: it is ten in the morning in New York, on the Tuesday
/// three days before Christmas.
pub(super) async fn before_christmas(data: &Path) -> TestServer {
    let config = configuration(data);
    let now = "2026-12-22T15:00:00Z".parse().expect("a time");
    let options = ServeOptions::new(&config, ClockKind::Replay(now));
    TestServer::start_with(&config, options).await
}

pub(super) const fn december(day: i32) -> v1::Date {
    v1::Date { year: 2026, month: 12, day }
}

/// Orders of a hundred units each.
const ORDERS: u64 = 50;

/// What is on its way in all.
const UNITS: u64 = 5_000;

/// The first four orders of a name are to be served last, the last two but one first.
fn class(at: u64) -> v1::PriorityClass {
    match at {
        0..4 => v1::PriorityClass::Lose,
        47..49 => v1::PriorityClass::Win,
        _ => v1::PriorityClass::Unspecified,
    }
}

async fn receive(server: &mut TestServer, id: &str, quantity: u64, complete: bool) {
    let (sku, node_id, inbound_id) = ("RARE".into(), "NYC".into(), id.into());
    let receive = v1::ReceiveInboundRequest {
        sku,
        node_id,
        inbound_id,
        quantity,
        complete,
        ..Default::default()
    };
    server.inventory.receive_inbound(receive).await.expect("received");
}

async fn announce(server: &mut TestServer, id: &str, quantity: u64, day: Day) {
    let mut announced = announcement("RARE", id, quantity);
    announced.inbound.as_mut().expect("an announcement").eta = Some(date(day));
    server.inventory.announce_inbound(announced).await.expect("announced");
}

/// The day on which each order of that name arrives, if it has one.
async fn days(server: &mut TestServer, name: &str) -> Vec<Option<v1::Date>> {
    let mut days = Vec::new();
    for at in 0..ORDERS {
        let (order_id, min_version) = (format!("{name}-{at}"), 0);
        let get = v1::GetOrderRequest { order_id, min_version };
        let order = server.orders.get_order(get).await.expect("read").into_inner().order;
        let shipments = order.expect("the order").shipments;
        days.push(shipments.last().expect("one").deliver_by);
    }
    days
}

/// The orders that were told of a day since a version: the day before, and from then on.
fn told(server: &TestServer, since: u64) -> BTreeMap<String, (Option<Day>, Option<Day>)> {
    let last = server.engine.status().applied;
    let mut told = BTreeMap::new();
    for version in (since + 1..=last.get()).map(Lsn::new) {
        let Some(AnyEvent::BacklogRepegged(BacklogRepegged { lines, .. })) =
            server.engine.event(version)
        else {
            continue;
        };
        for line in lines {
            for days in &line.line.told {
                let after = days.days.map(|(_, deliver_by)| deliver_by);
                let before = (days.deliver_by_before, after);
                assert_eq!(told.insert(line.id.to_string(), before), None, "told twice");
            }
        }
    }
    told
}

/// Scenario 2. A popular item is sold out, and five thousand of it arrive tomorrow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_thousand_tomorrow() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let day = today(&server);
    announce(&mut server, "PO-5000", UNITS, day.plus(1)).await;
    announce(&mut server, "PO-LATER", UNITS, day.plus(9)).await;

    // The product page says when.
    let at = Some(date(day.plus(1)));
    let get = v1::GetAvailabilityRequest { sku: "RARE".into(), at, ..Default::default() };
    let page = server.inventory.get_availability(get).await.expect("read").into_inner();
    let node = &page.availability.expect("the item").nodes[0];
    assert_eq!((node.free_now, node.next_inbound_eta, node.atp_at), (0, at, UNITS));

    // Orders are taken against both shipments, and each gets a date.
    for name in ["soon", "later"] {
        for at in 0..ORDERS {
            let order = waiting_order(&format!("{name}-{at}"), &[("RARE", 100)]);
            let order = v1::PlaceOrderRequest { priority: class(at).into(), ..order };
            server.orders.place_order(order).await.expect("placed");
        }
    }
    let (soon, later) = (days(&mut server, "soon").await, days(&mut server, "later").await);
    assert!(soon.iter().chain(&later).all(Option::is_some), "each order has a date");
    assert_ne!(soon[0], later[0]);

    // It slips two days: the orders that rest on it, and only those, get new dates and are told.
    let before = server.engine.status().applied.get();
    let slips = v1::UpdateInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-5000".into(),
        eta: Some(date(day.plus(3))),
        ..Default::default()
    };
    server.inventory.update_inbound(slips).await.expect("moved");
    let slipped = days(&mut server, "soon").await;
    assert!(slipped.iter().zip(&soon).all(|(now, then)| now != then && now.is_some()));
    assert_eq!(days(&mut server, "later").await, later);
    let all_told = told(&server, before);
    assert_eq!(all_told.len() as u64, ORDERS);
    for at in 0..ORDERS {
        let (then, now) = all_told[&format!("soon-{at}")];
        let place = usize::try_from(at).expect("few");
        assert_eq!((then.map(date), now.map(date)), (soon[place], slipped[place]));
    }

    // The oldest but one has to be served first after all: his customer called.
    let first = v1::SetOrderPriorityRequest {
        order_id: "soon-1".into(),
        priority: v1::PriorityClass::Gain.into(),
        tier: Some(0),
        ..Default::default()
    };
    let changed = server.orders.set_order_priority(first).await.expect("changed").into_inner();
    let changed = changed.order.expect("the order");
    assert_eq!((changed.priority(), changed.tier), (v1::PriorityClass::Gain, 0));

    // It arrives short by 400: those of the worst class wait for the later one, and are told.
    let before = server.engine.status().applied.get();
    receive(&mut server, "PO-5000", UNITS - 400, true).await;
    let arrived = told(&server, before);
    let waits = [0, 2, 3, 49].map(|at| format!("soon-{at}"));
    for order in &waits {
        let (_, after) = arrived.get(order).expect("it is told");
        assert_eq!(*after, None, "{order} waits");
    }
    for at in [1, 4, 47, 48] {
        let there = arrived.get(&format!("soon-{at}"));
        assert!(there.is_none_or(|(_, after)| after.is_some()), "soon-{at} has a date: {there:?}");
    }
    let report = server.engine.audit().expect("it runs");
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.allocated, report.waiting), (UNITS - 400, 400), "nobody is passed");
    server.stop().await.expect("drained");
}

/// An order as it stands.
async fn read(server: &mut TestServer, id: &str) -> v1::Order {
    let get = v1::GetOrderRequest { order_id: id.into(), min_version: 0 };
    server.orders.get_order(get).await.expect("read").into_inner().order.expect("the order")
}

/// The number of the shipment that has the units of an order, which has one such.
fn live(order: &v1::Order) -> &v1::Shipment {
    let mut live = order.shipments.iter().filter(|shipment| !shipment.lines.is_empty());
    let found = live.next().expect("a shipment");
    assert_eq!(live.next(), None, "one shipment has all");
    found
}

/// A node says that it does not ship the shipment that has the units of an order; the order
/// after that.
async fn decline(
    server: &mut TestServer,
    order: &v1::Order,
    number: u32,
    reason: v1::DeclineReason,
) -> v1::Order {
    let decline = v1::DeclineShipmentRequest {
        order_id: order.order_id.clone(),
        shipment_number: number,
        reason: reason.into(),
        ..Default::default()
    };
    let declined = server.fulfillment.decline_shipment(decline.clone()).await.expect("declined");
    let after = declined.into_inner().order.expect("the order");
    // Said again, as messages are, it changes nothing.
    let hash = server.state_hash();
    let again = server.fulfillment.decline_shipment(decline).await.expect("answered as before");
    assert_eq!(again.into_inner().order.as_ref(), Some(&after));
    assert_eq!(server.state_hash(), hash);
    after
}

/// What an order was told of the days of its shipments since a version, each before and after.
fn told_of(
    server: &TestServer,
    since: u64,
    order: &str,
) -> Vec<(Option<v1::Date>, Option<v1::Date>)> {
    let mut told = Vec::new();
    for version in (since + 1..=server.engine.status().applied.get()).map(Lsn::new) {
        let Some(AnyEvent::BacklogRepegged(event)) = server.engine.event(version) else { continue };
        for of_line in event.lines.iter().filter(|of_line| of_line.id.as_str() == order) {
            let days = of_line.line.told.iter();
            told.extend(days.map(|told| {
                let after = told.days.map(|(_, deliver_by)| date(deliver_by));
                (told.deliver_by_before.map(date), after)
            }));
        }
    }
    told
}

/// A supplier who has a few units and needs so many days.
async fn supplier(server: &mut TestServer, id: &str, lead_time_days: u32, cost: i64) {
    let supplier = v1::Node {
        kind: v1::NodeKind::Supplier.into(),
        lead_time_days,
        shipment_cost_minor: cost,
        ..node(id, "10001")
    };
    server.define_node(supplier).await;
    let amount = Some(v1::vendor_feed::Amount::Quantity(5));
    let vendor_feed = Some(v1::VendorFeed { amount, as_of: None });
    let set = v1::SetStockRequest {
        sku: "RARE".into(),
        node_id: id.into(),
        level: Some(v1::StockLevel { vendor_feed, ..Default::default() }),
        ..Default::default()
    };
    server.inventory.set_stock(set).await.expect("the feed is in");
}

/// Scenario 3. Only suppliers have it: the customer gets a date. One after the other rejects his
/// purchase order; the date is kept, or told anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_aisle() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = before_christmas(directory.path()).await;
    server.stock().await;
    supplier(&mut server, "ACME", 2, 100).await;
    supplier(&mut server, "BOLT", 2, 300).await;
    supplier(&mut server, "CRUX", 5, 200).await;

    let order = v1::PlaceOrderRequest { validate_only: true, ..order("web-1", &[("RARE", 2)]) };
    let shown = server.orders.place_order(order.clone()).await.expect("quoted").into_inner();
    assert_eq!(shown.outcome(), v1::OrderOutcome::Allocated, "it is not out of stock");
    let shown = shown.promised_by.expect("a date");
    let order = v1::PlaceOrderRequest { validate_only: false, ..order };
    server.orders.place_order(order).await.expect("placed");
    let sent = read(&mut server, "web-1").await;
    let purchase = live(&sent);
    assert_eq!((purchase.node_id.as_str(), purchase.state()), ("ACME", v1::ShipmentState::Planned));
    assert_eq!(sent.promised_by, Some(shown));
    // Two days until it leaves the supplier, and two on the way to Boston.
    assert_eq!((purchase.ship_by, sent.promised_by), (Some(december(24)), Some(december(26))));

    // The first acknowledges it, and rejects it all the same: the date is kept.
    let accept = v1::AcceptShipmentRequest {
        order_id: "web-1".into(),
        shipment_number: purchase.number,
        ..Default::default()
    };
    let accepted = server.fulfillment.accept_shipment(accept.clone()).await.expect("accepted");
    let accepted = accepted.into_inner().shipment.expect("the shipment");
    assert_eq!(accepted.state(), v1::ShipmentState::Accepted);
    assert!(accepted.answered_time.is_some());
    let before = server.engine.status().applied.get();
    let second = decline(&mut server, &sent, purchase.number, v1::DeclineReason::NotFound).await;
    let rejected = &second.shipments[0];
    assert_eq!(rejected.state(), v1::ShipmentState::Declined);
    assert_eq!(rejected.decline_reason(), v1::DeclineReason::NotFound);
    assert_eq!(live(&second).node_id, "BOLT");
    assert_eq!(second.promised_by, Some(shown), "the date is kept");
    let status = server.fulfillment.accept_shipment(accept).await.expect_err("it was rejected");
    assert_eq!(status.message(), "shipment 1 was declined by its node");
    let kept = Some(shown);
    assert_eq!(told_of(&server, before, "web-1"), [(kept, None), (None, kept)], "from, to");

    // The second has no time for it: the third needs three days more, and the customer is told.
    let before = server.engine.status().applied.get();
    let third =
        decline(&mut server, &second, live(&second).number, v1::DeclineReason::Capacity).await;
    assert_eq!(live(&third).node_id, "CRUX");
    let later = third.promised_by;
    assert_eq!((live(&third).ship_by, later), (Some(december(27)), Some(december(29))));
    assert_eq!(told_of(&server, before, "web-1"), [(kept, None), (None, later)], "from, to");

    // The third rejects it as well: it waits, without a date, and nobody is asked twice.
    let last =
        decline(&mut server, &third, live(&third).number, v1::DeclineReason::Unspecified).await;
    assert_eq!(last.lines[0].units.expect("units").backordered, 2);
    assert_eq!(last.promised_by, None);
    let free = v1::GetAvailabilityRequest { sku: "RARE".into(), ..Default::default() };
    let free = server.inventory.get_availability(free).await.expect("read").into_inner();
    let free = free.availability.expect("the item");
    assert_eq!(free.atp_now, 10, "he who has none is not counted on, the others are");
    server.stop().await.expect("drained");
}

/// Scenario 4. No node has all five lines. A store that is given two of them does not find them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn split_and_join() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = before_christmas(directory.path()).await;
    let skus = ["A", "B", "C", "D", "E"];
    for sku in skus {
        server.define_item(sku).await;
    }
    let nodes: [(&str, i64, &[&str]); 4] = [
        ("MAIN", 100, &["A", "B", "C"]),
        ("DEAR", 900, &["D", "E"]),
        ("NEAR", 200, &["D", "E"]),
        ("ONE", 100, &["E"]),
    ];
    for (id, shipment_cost_minor, has) in nodes {
        let kind = v1::NodeKind::Store.into();
        server.define_node(v1::Node { kind, shipment_cost_minor, ..node(id, "10001") }).await;
        for sku in has {
            server.set_stock(sku, id, 3).await;
        }
    }
    let five: Vec<_> = skus.iter().map(|sku| (*sku, 2)).collect();
    server.orders.place_order(waiting_order("web-1", &five)).await.expect("placed");
    let other = waiting_order("web-2", &[("D", 1)]);
    server.orders.place_order(other).await.expect("placed");
    let placed = read(&mut server, "web-1").await;
    let sources = |order: &v1::Order| {
        let with_units = order.shipments.iter().filter(|shipment| !shipment.lines.is_empty());
        with_units.map(|shipment| shipment.node_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(sources(&placed), ["MAIN", "NEAR"], "the fewest, then the cheapest");
    assert_eq!(sources(&read(&mut server, "web-2").await), ["NEAR"]);
    let promised = Some(december(24));
    assert_eq!(placed.promised_by, promised);
    let days = |order: &v1::Order| {
        let with_units = order.shipments.iter().filter(|shipment| !shipment.lines.is_empty());
        with_units.map(|shipment| shipment.deliver_by).collect::<Vec<_>>()
    };
    assert_eq!(days(&placed), [promised, promised]);

    // Its shelf is empty: its count is corrected, and both orders go elsewhere.
    let before = server.engine.status().applied.get();
    let store = placed.shipments.iter().find(|shipment| shipment.node_id == "NEAR");
    let number = store.expect("its shipment").number;
    let after = decline(&mut server, &placed, number, v1::DeclineReason::NotFound).await;
    assert_eq!(sources(&after), ["MAIN", "DEAR"], "still two shipments");
    assert_eq!((after.promised_by, days(&after)), (promised, vec![promised; 2]), "it is kept");
    let told = told_of(&server, before, "web-1");
    let days: Vec<_> = told.iter().map(|(_, after)| *after).collect();
    assert!(days.contains(&promised) && days.iter().flatten().all(|day| Some(*day) == promised));
    // What the store said of both items, of this order and of its count, is one event.
    let events = (before + 1..=server.engine.status().applied.get()).map(Lsn::new);
    let events = events.filter_map(|version| server.engine.event(version));
    let declined = events.filter_map(|event| match event {
        AnyEvent::ShipmentDeclined(declined) => Some(declined.pairs.len()),
        _ => None,
    });
    assert_eq!(declined.collect::<Vec<_>>(), [2]);
    assert_eq!(sources(&read(&mut server, "web-2").await), ["DEAR"], "nor is it there for others");
    for sku in ["D", "E"] {
        let get = v1::GetStockRequest { sku: sku.into(), node_id: "NEAR".into(), min_version: 0 };
        let stock = server.inventory.get_stock(get).await.expect("read").into_inner();
        let stock = stock.stock.expect("the stock");
        assert_eq!((stock.on_hand, stock.allocated, stock.free), (0, 0, 0), "{sku}");
    }
    server.stop().await.expect("drained");
}

/// A system that follows the feed under a name, with what it has heard.
struct Follower {
    id: &'static str,
    wants: v1::ReadRequest,
    heard: Vec<v1::Event>,
    version: u64,
}

impl Follower {
    async fn named(server: &TestServer, id: &'static str, wants: v1::ReadRequest) -> Self {
        feed::put(server, feed::consumer(id, Some(0))).await;
        let wants = v1::ReadRequest { consumer_id: id.to_owned(), follow: true, ..wants };
        Self { id, wants, heard: Vec::new(), version: 0 }
    }

    /// Follows until it has heard of a version, works it off, and says so.
    async fn hears_of(&mut self, server: &TestServer, version: u64) {
        let mut told = feed::read(server, self.wants.clone()).await.expect("a place");
        while self.version < version {
            let response = feed::next(&mut told).await;
            self.version = response.version;
            self.heard.extend(response.events);
        }
        let acknowledged = feed::acknowledge(server, self.id, self.version).await;
        assert_eq!(acknowledged.expect("it is there"), self.version);
    }

    fn versions(&self) -> Vec<u64> {
        self.heard.iter().map(|event| event.stream_version).collect()
    }
}

/// Sells, ships, counts and cancels, so many times.
async fn business(server: &mut TestServer, day: &str, orders: u32) {
    for at in 0..orders {
        server.set_stock("SKU", "NYC", 50).await;
        let id = format!("{day}-{at}");
        server.orders.place_order(order(&id, &[("SKU", 2)])).await.expect("placed");
        if at % 3 == 0 {
            let cancel = v1::CancelOrderRequest { order_id: id, ..Default::default() };
            server.orders.cancel_order(cancel).await.expect("cancelled");
            continue;
        }
        let ship = v1::ShipShipmentRequest {
            order_id: id,
            shipment_number: 1,
            carrier: "UPS".into(),
            ..Default::default()
        };
        server.fulfillment.ship_shipment(ship).await.expect("shipped");
    }
}

/// Every change reaches the ERP, the 3PL and the search index, in order and without a gap; one of
/// them is down for long, and the server restarts meanwhile; it goes on from where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_10_the_erp_hears_of_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let types = ["order_placed", "shipment_shipped", "order_cancelled"];
    let types = types.map(|name| format!("backstock.{name}.v1")).to_vec();
    let subjects = vec!["stock/SKU/".to_owned()];
    let all = v1::ReadRequest::default();
    let mut erp = Follower::named(&server, "erp", all.clone()).await;
    let mut partner =
        Follower::named(&server, "3pl", v1::ReadRequest { types, ..all.clone() }).await;
    let mut index = Follower::named(&server, "index", v1::ReadRequest { subjects, ..all }).await;
    business(&mut server, "MON", 6).await;
    let monday = server.engine.version().get();
    for follower in [&mut erp, &mut partner, &mut index] {
        follower.hears_of(&server, monday).await;
    }

    // Within milliseconds of the answer; the bound is for a machine that is busy.
    let request = v1::ReadRequest { from_version: monday + 1, ..erp.wants.clone() };
    let request = v1::ReadRequest { consumer_id: String::new(), ..request };
    let mut live = feed::read(&server, request).await.expect("a place");
    let placed = server.orders.place_order(order("SOON", &[("SKU", 1)])).await.expect("placed");
    let answered = std::time::Instant::now();
    assert_eq!(feed::next(&mut live).await.version, placed.into_inner().version);
    assert!(answered.elapsed() < std::time::Duration::from_secs(1), "{:?}", answered.elapsed());
    drop(live);

    // The ERP is down.
    for day in ["TUE", "WED"] {
        business(&mut server, day, 6).await;
        let version = server.engine.version().get();
        partner.hears_of(&server, version).await;
        index.hears_of(&server, version).await;
        server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
        server.stop().await.expect("drained");
        server = TestServer::start(directory.path()).await;
    }
    let newest = server.engine.version().get();
    let behind = feed::consumers(&server).await;
    let behind: Vec<_> = behind.iter().map(|of| (&*of.consumer_id, of.events_behind)).collect();
    assert_eq!(behind, [("3pl", 0), ("erp", newest - monday), ("index", 0)]);
    erp.hears_of(&server, newest).await;
    assert_eq!(erp.versions(), (1..=newest).collect::<Vec<_>>());
    // The others were told the very same of what they asked for.
    let of = |wanted: &dyn Fn(&v1::Event) -> bool| {
        erp.heard.iter().filter(|event| wanted(event)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(partner.heard, of(&|event| partner.wants.types.contains(&event.r#type)));
    assert_eq!(index.heard, of(&|event| event.subjects.contains(&"stock/SKU/NYC".to_owned())));
    server.stop().await.expect("drained");
}

/// She ordered a red blouse, and wants a navy one instead, and a scarf with it. Whatever is asked
/// for on the phone is hers while she thinks about it; one commit changes all of it; the shipment
/// goes out on the day on which it was to go out. Prices are what the caller says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenario_1_the_red_blouse() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = before_christmas(directory.path()).await;
    for sku in ["RED", "GREEN", "NAVY", "SCARF"] {
        server.define_item(sku).await;
    }
    server.define_node(node("NYC", "10001")).await;
    server.define_node(node("RENO", "89501")).await;
    for (sku, node_id, units) in [("RED", "NYC", 1), ("NAVY", "NYC", 1), ("SCARF", "NYC", 2)] {
        server.set_stock(sku, node_id, units).await;
    }
    // There are green ones far away, which another customer has.
    server.set_stock("GREEN", "RENO", 1).await;
    server.orders.place_order(order("B", &[("GREEN", 1)])).await.expect("placed");
    let placed = server.orders.place_order(order("A", &[("RED", 1)])).await.expect("placed");
    let promised = placed.into_inner().shipments[0].clone();

    let green = changes::change(vec![changes::swap(0, "GREEN", 1)]);
    let answer = changes::quote(&mut server, green).await;
    let reason = |of: &v1::ChangeFault| of.fault.clone().expect("a fault").reason;
    assert_eq!(answer.faults.iter().map(reason).collect::<Vec<_>>(), ["CHANGE_SHORT"]);

    let mut wanted = changes::change(vec![changes::swap(0, "NAVY", 1), changes::add("SCARF", 1)]);
    wanted.reason = "She saw it on a friend".into();
    let quote = changes::quote(&mut server, wanted).await;
    assert_eq!(quote.faults, []);
    let leaves = |order: &v1::Order| {
        let mut last = order.shipments.clone();
        last.retain(|shipment| !shipment.lines.is_empty());
        assert_eq!(last.len(), 1, "one parcel");
        (last[0].ship_by, last[0].deliver_by)
    };
    let as_promised = (promised.ship_by, promised.deliver_by);
    assert_eq!(as_promised, (Some(december(22)), Some(december(24))), "it goes out today");
    assert_eq!(leaves(&quote.order.clone().expect("the order")), as_promised);
    // The red one is hers still, and nobody gets the navy one meanwhile.
    let rival = server.orders.place_order(order("X", &[("NAVY", 1)])).await.expect("an answer");
    assert_eq!(rival.into_inner().outcome(), v1::OrderOutcome::Rejected);

    let done = changes::commit(&mut server, &quote.change_token).await.expect("an answer");
    assert_eq!(done.outcome(), v1::ChangeOutcome::Committed);
    let order = done.order.expect("the order");
    assert_eq!(leaves(&order), as_promised);
    let open = |line: &v1::OrderLine| (line.sku.clone(), line.units.expect("units").allocated);
    let lines: Vec<_> = order.lines.iter().map(open).collect();
    assert_eq!(lines, [("RED".into(), 0), ("NAVY".into(), 1), ("SCARF".into(), 1)]);
    // One event did all of it, and the red one is free for others at once.
    let event = server.engine.event(Lsn::new(done.version));
    let Some(AnyEvent::OrderChanged(changed)) = event else { panic!("{event:?}") };
    assert_eq!((changed.off.len(), changed.change.lines.len()), (1, 2));
    let red = server.orders.place_order(self::order("R", &[("RED", 1)])).await.expect("placed");
    assert_eq!(red.into_inner().outcome(), v1::OrderOutcome::Allocated);
    // What happened is told to whoever asks.
    let (order_id, audience) = ("A".into(), v1::TimelineAudience::Desk.into());
    let request = v1::GetTimelineRequest { order_id, audience, ..Default::default() };
    let told = server.orders.get_timeline(request).await.expect("read").into_inner().entries;
    let last = told.last().expect("an entry");
    assert_eq!(last.event(), v1::TimelineEvent::Changed);
    assert_eq!((last.lines.len(), last.added_lines.len()), (1, 2));
    server.stop().await.expect("it drains");
}
