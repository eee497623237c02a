//! What can be promised while supply arrives.

use std::pin::pin;

use backstock_proto::v1;

use super::overdue::{date, today};
use super::server::{TestServer, announcement, fields, waiting_order};

/// Units announced, which arrive one by one.
const UNITS: u64 = 40;

/// What arrives is on its way in one moment and free in the next: no reader finds it in
/// neither place, or in both, also while its receipt is on its way to the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_that_arrive_are_promised_at_every_moment() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let announced = announcement("RARE", "PO-1", UNITS);
    let at = announced.inbound.as_ref().expect("an announcement").eta;
    server.inventory.announce_inbound(announced).await.expect("announced");
    let (mut dock, mut shop) = (server.inventory.clone(), server.inventory.clone());
    let receipts = async {
        for _ in 0..UNITS {
            let receive = v1::ReceiveInboundRequest {
                sku: "RARE".into(),
                node_id: "NYC".into(),
                inbound_id: "PO-1".into(),
                quantity: 1,
                ..Default::default()
            };
            dock.receive_inbound(receive).await.expect("received");
        }
    };
    let mut receipts = pin!(receipts);
    loop {
        let get = v1::GetAvailabilityRequest { sku: "RARE".into(), at, ..Default::default() };
        let answer = tokio::select! {
            () = receipts.as_mut() => break,
            answer = shop.get_availability(get) => answer.expect("read").into_inner(),
        };
        let node = &answer.availability.expect("the item").nodes[0];
        let free = u64::try_from(node.free_now).expect("nothing is short");
        assert_eq!((node.atp_at, free + node.inbound_free), (UNITS, UNITS), "{node:?}");
    }
    server.stop().await.expect("drained");
}

/// How many units of an order of one line have a supply on its way, and how many wait.
async fn units(server: &mut TestServer, order: &str) -> (u32, u32) {
    let get = v1::GetOrderRequest { order_id: order.into(), min_version: 0 };
    let order = server.orders.get_order(get).await.expect("read").into_inner().order;
    let units = order.expect("the order").lines[0].units.expect("units");
    (units.preordered, units.backordered)
}

/// Says that another part of the supply counts; what is free of it then.
async fn weigh(server: &mut TestServer, basis_points: u32) -> Result<u64, tonic::Status> {
    let update = v1::UpdateInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO-1".into(),
        confidence_basis_points: Some(basis_points),
        ..Default::default()
    };
    let updated = server.inventory.update_inbound(update).await?.into_inner();
    Ok(updated.stock.expect("the stock").inbound[0].free)
}

/// A vendor who mostly sends less is worth what he sends: orders beyond that wait, until more of
/// it is counted on. A promise that was made is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supply_counts_for_what_it_is_worth() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut announced = announcement("RARE", "PO-1", 10);
    let inbound = announced.inbound.as_mut().expect("an announcement");
    inbound.eta = Some(date(today(&server).plus(3)));
    inbound.confidence_basis_points = Some(7_500);
    let announced = server.inventory.announce_inbound(announced).await.expect("announced");
    let stock = announced.into_inner().stock.expect("the stock");
    let supply = &stock.inbound[0];
    assert_eq!((supply.quantity, supply.free, supply.confidence_basis_points), (10, 7, 7_500));

    for order in ["A", "B"] {
        server.orders.place_order(waiting_order(order, &[("RARE", 5)])).await.expect("placed");
    }
    assert_eq!(units(&mut server, "A").await, (5, 0));
    assert_eq!(units(&mut server, "B").await, (2, 3), "no more of it counts");

    let refused = weigh(&mut server, 10_001).await.expect_err("more than all");
    assert_eq!(fields(&refused), ["confidence_basis_points"]);
    assert_eq!(weigh(&mut server, 1_000).await.expect("weighed"), 0);
    assert_eq!(units(&mut server, "A").await, (5, 0), "what was promised stays");
    assert_eq!(units(&mut server, "B").await, (2, 3));
    assert_eq!(weigh(&mut server, 10_000).await.expect("weighed"), 0);
    assert_eq!(units(&mut server, "B").await, (5, 0), "who waited has it before the answer");
    server.stop().await.expect("drained");
}
