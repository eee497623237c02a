//! Holds that become orders.

use super::*;
use crate::grpc::overdue::{date, today};
use crate::grpc::server::{announcement, node};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_is_confirmed_twice_is_one_order() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut answers = Vec::new();
    for (id, key) in [("A", ""), ("B", "K")] {
        held(&mut server, hold(id, 600, &[("SKU", 2)])).await;
        let lines = order("", &[("SKU", 1), ("SKU", 1)]).lines;
        let request = v1::ConfirmHoldRequest { lines, request_id: key.into(), ..confirm(id, id) };
        let first = server.holds.confirm_hold(request.clone()).await.expect("confirmed");
        let repeat = v1::ConfirmHoldResponse { is_repeat: true, ..first.into_inner() };
        let again = server.holds.confirm_hold(request.clone()).await.expect("known").into_inner();
        assert_eq!(again, repeat);
        answers.push((request, repeat));
    }
    let status = server.holds.confirm_hold(confirm("A", "C")).await.expect_err("it is an order");
    assert_eq!(&*reason(&status), "HOLD_ENDED");
    let other = v1::ConfirmHoldRequest { channel: "store".into(), ..confirm("A", "A") };
    let status = server.holds.confirm_hold(other).await.expect_err("another one");
    assert_eq!((status.code(), &*reason(&status)), (Code::AlreadyExists, "ORDER_ID_REUSED"));
    server.stop().await.expect("drained");

    let mut server = TestServer::start(directory.path()).await;
    for (request, repeat) in answers {
        let again = server.holds.confirm_hold(request).await.expect("known").into_inner();
        assert_eq!(again, repeat);
    }
    assert_eq!(stock(&mut server).await.allocated, 4);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_goes_elsewhere_is_planned_anew_on_its_own_units() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("LAX", "90001")).await;
    for id in ["STAYS", "MOVES"] {
        held(&mut server, hold(id, 600, &[("SKU", 5)])).await;
    }
    let to_the_west = |hold: &str, order: &str| v1::ConfirmHoldRequest {
        destination_postal_code: "90012".into(),
        destination_country_code: "us".into(),
        ..confirm(hold, order)
    };
    let stays = server.holds.confirm_hold(to_the_west("STAYS", "A")).await.expect("confirmed");
    let stays = stays.into_inner().order.expect("an order");
    assert_eq!((&*stays.destination_postal_code, &*stays.shipments[0].node_id), ("90012", "NYC"));
    server.set_stock("SKU", "LAX", 5).await;
    let moves = server.holds.confirm_hold(to_the_west("MOVES", "B")).await.expect("confirmed");
    let moves = moves.into_inner().order.expect("an order");
    assert_eq!((&*moves.shipments[0].node_id, moves.lines[0].units), ("LAX", Some(allocated(5))));
    let stock = stock(&mut server).await;
    assert_eq!((stock.allocated, stock.held, stock.free), (5, 0, 5));
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lapsed_hold_is_confirmed_while_there_are_units_and_not_once_they_are_sold() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    for id in ["FREE", "SOLD"] {
        held(&mut server, hold(id, 1, &[("SKU", 5)])).await;
    }
    for id in ["FREE", "SOLD"] {
        lapsed(&mut server, id).await;
    }
    let late = server.holds.confirm_hold(confirm("FREE", "A")).await.expect("confirmed");
    let late = late.into_inner();
    assert_eq!(late.order.as_ref().expect("an order").lines[0].units, Some(allocated(5)));
    let confirmed = read(&mut server, "FREE").await;
    let stands = (confirmed.state(), &*confirmed.order_id);
    assert_eq!(stands, (v1::HoldState::Confirmed, "A"));
    server.orders.place_order(order("B", &[("SKU", 1)])).await.expect("placed");
    let status = server.holds.confirm_hold(confirm("SOLD", "C")).await.expect_err("gone");
    assert_eq!((status.code(), &*reason(&status)), (Code::FailedPrecondition, "HOLD_UNITS_GONE"));
    read_order(&mut server, "C").await.expect_err("there is no order");
    assert_eq!(read(&mut server, "SOLD").await.state(), v1::HoldState::Lapsed);
    let again = server.holds.confirm_hold(confirm("FREE", "A")).await.expect("known").into_inner();
    assert_eq!(again, v1::ConfirmHoldResponse { is_repeat: true, ..late });
    let again = create(&mut server, hold("FREE", 1, &[("SKU", 5)])).await;
    let order_id = again.hold.map(|hold| hold.order_id);
    assert_eq!((again.is_repeat, order_id.as_deref()), (true, Some("A")));
    server.stop().await.expect("drained");
}

/// The backlog is served with these holds in its hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_planned_anew_while_what_it_rests_on_arrives() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let mut announced = announcement("RARE", "PO-1", 1_000);
    announced.inbound.as_mut().expect("it announces").eta = Some(date(today(&server).plus(3)));
    server.inventory.announce_inbound(announced).await.expect("announced");
    for round in 0..40 {
        let [first, next, order] = ["F", "N", "O"].map(|name| format!("{name}{round}"));
        held(&mut server, owned(&first, "X", &[("RARE", 1)])).await;
        let (mut holds, mut inventory) = (server.holds.clone(), server.inventory.clone());
        let elsewhere = v1::ConfirmHoldRequest {
            destination_postal_code: "02108".into(),
            ..confirm(&first, &order)
        };
        let again = owned(&next, "X", &[("RARE", 1)]);
        let quote = v1::CreateHoldRequest { validate_only: true, ..again.clone() };
        let anew = async move {
            if round % 2 == 0 {
                holds.create_hold(quote).await.expect("quoted");
                holds.create_hold(again).await.map(|answer| drop(answer.into_inner().hold))
            } else {
                holds.confirm_hold(elsewhere).await.map(|answer| drop(answer.into_inner().order))
            }
        };
        let receive = v1::ReceiveStockRequest {
            sku: "RARE".into(),
            node_id: "NYC".into(),
            quantity: 1,
            ..Default::default()
        };
        let receive = async move { inventory.receive_stock(receive).await };
        let both = async { tokio::join!(tokio::spawn(anew), tokio::spawn(receive)) };
        let (anew, received) = tokio::time::timeout(LONG, both).await.expect("nobody is stuck");
        anew.expect("no panic").expect("planned anew");
        received.expect("no panic").expect("received");
        server.set_stock("RARE", "NYC", 0).await;
    }
    server.stop().await.expect("drained");
}

/// One of them has the key, and the other one the hold in hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_requests_under_one_key_one_is_refused() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.set_stock("SKU", "NYC", 1_000).await;
    for round in 0..100 {
        let [first, next, order] = ["F", "N", "O"].map(|name| format!("{name}{round}"));
        held(&mut server, owned(&first, "X", &[("SKU", 1)])).await;
        let key = format!("K{round}");
        let next =
            v1::CreateHoldRequest { request_id: key.clone(), ..owned(&next, "X", &[("SKU", 1)]) };
        let becomes = v1::ConfirmHoldRequest { request_id: key, ..confirm(&first, &order) };
        let (mut creating, mut confirming) = (server.holds.clone(), server.holds.clone());
        let create = async move { creating.create_hold(next).await.map(drop) };
        let confirm = async move { confirming.confirm_hold(becomes).await.map(drop) };
        let both = async { tokio::join!(tokio::spawn(create), tokio::spawn(confirm)) };
        let answers = tokio::time::timeout(LONG, both).await.expect("nobody is stuck");
        let answers = [answers.0, answers.1].map(|answer| answer.expect("no panic"));
        let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
        assert_eq!(refused.iter().map(|s| reason(s)).collect::<Vec<_>>(), ["REQUEST_ID_REUSED"]);
    }
    server.stop().await.expect("drained");
}
