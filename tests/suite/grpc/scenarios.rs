//! The scenarios, each from end to end and by its name.

use std::collections::BTreeMap;

use backstock_engine::command::{AnyEvent, BacklogRepegged};
use backstock_engine::model::{Day, Lsn};
use backstock_proto::v1;

use super::overdue::{date, today};
use super::server::{TestServer, announcement, waiting_order};

/// Orders of a hundred units each.
const ORDERS: u64 = 50;

/// What is on its way in all.
const UNITS: u64 = 5_000;

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

    // It arrives short by 400: the youngest wait for the later one, and are told.
    let before = server.engine.status().applied.get();
    receive(&mut server, "PO-5000", UNITS - 400, true).await;
    let arrived = told(&server, before);
    let mut waits: Vec<_> = (0..ORDERS).map(|at| format!("soon-{at}")).collect();
    waits.drain(..waits.len() - 4);
    for order in &waits {
        assert!(arrived.contains_key(order), "{order} is told: {arrived:?}");
    }
    let report = server.engine.audit().expect("it runs");
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.allocated, report.waiting), (UNITS - 400, 400), "nobody is passed");
    server.stop().await.expect("drained");
}
