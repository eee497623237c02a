//! An order tells its whole story: each decision on it, with its cause and its candidates.

use backstock_proto::v1;

use super::bundles::bundle;
use super::changes::{add, change, commit, quote};
use super::overdue::{date, today};
use super::server::{TestServer, announcement, node, order, waiting_order};

async fn traces(server: &mut TestServer) -> Vec<v1::SourcingTrace> {
    let explain = v1::ExplainOrderRequest { order_id: "A".into(), min_version: 0 };
    server.orders.explain_order(explain).await.expect("explained").into_inner().traces
}

/// The cause of the last decision, and what moved by it: from what to what.
fn told(traces: &[v1::SourcingTrace]) -> (v1::DecisionCause, Vec<(u32, i32, i32)>) {
    let last = traces.last().expect("a decision");
    let kind = |supply: &Option<v1::Supply>| supply.as_ref().expect("a supply").kind;
    let moved = |m: &v1::UnitsMoved| (m.quantity, kind(&m.from_supply), kind(&m.to_supply));
    (last.cause(), last.moves.iter().map(moved).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_tells_each_decision_on_it_with_its_cause_and_its_candidates() {
    use v1::{DecisionCause as Cause, SupplyKind as Kind};
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let day = today(&server);
    server.orders.place_order(waiting_order("A", &[("RARE", 2)])).await.expect("placed");
    assert_eq!(told(&traces(&mut server).await), (Cause::Placed, vec![]));

    let mut announced = announcement("RARE", "PO", 2);
    announced.inbound.as_mut().expect("an announcement").eta = Some(date(day.plus(1)));
    let version = server.inventory.announce_inbound(announced).await.expect("announced");
    let version = version.into_inner().version;
    let all = traces(&mut server).await;
    let came = vec![(2, Kind::Backorder.into(), Kind::Inbound.into())];
    assert_eq!(told(&all), (Cause::SupplyCame, came));
    let decided = &all[1];
    assert_eq!((decided.cause_version, decided.version), (version, version + 1));
    let chosen = decided.candidates.iter().find(|tried| tried.taken > 0).expect("a candidate");
    assert_eq!((&*chosen.node_id, chosen.taken), ("NYC", 2));
    assert_eq!(chosen.verdict(), v1::CandidateVerdict::Chosen);
    let first_day = decided.days.last().expect("a day").deliver_by;
    assert!(first_day.is_some() && decided.decided_time.is_some());

    let slips = v1::UpdateInboundRequest {
        sku: "RARE".into(),
        node_id: "NYC".into(),
        inbound_id: "PO".into(),
        eta: Some(date(day.plus(3))),
        ..Default::default()
    };
    server.inventory.update_inbound(slips).await.expect("moved");
    let all = traces(&mut server).await;
    assert_eq!(told(&all), (Cause::SupplyMoved, vec![]));
    let days = all[2].days[0];
    assert!(days.deliver_by_before == first_day && days.deliver_by != first_day, "{days:?}");

    server.set_stock("RARE", "NYC", 2).await;
    let all = traces(&mut server).await;
    let sooner = vec![(2, Kind::Inbound.into(), Kind::OnHand.into())];
    assert_eq!(told(&all), (Cause::SoonerSupply, sooner));
    assert_eq!(all.len(), 4);
    server.stop().await.expect("drained");

    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(traces(&mut server).await, all, "the story is as it was after a restart");
    server.stop().await.expect("drained");
}

/// A change plans what it adds by itself: the order tells on what that was decided as well, between
/// the decisions before it and after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_change_added_is_explained_as_what_was_placed() {
    use v1::CandidateVerdict as Verdict;
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("BOSTON", "02116")).await;
    server.define_item("HAT").await;
    server.set_stock("HAT", "BOSTON", 3).await;
    server.catalog.update_item(bundle("SET", &[("SKU", 1), ("HAT", 2)])).await.expect("defined");
    server.set_stock("HAT", "NYC", 5).await;
    server.orders.place_order(order("A", &[("SKU", 1)])).await.expect("placed");
    let token = quote(&mut server, change(vec![add("HAT", 3), add("SET", 2)])).await.change_token;
    let committed = commit(&mut server, &token).await.expect("committed");
    let all = traces(&mut server).await;
    assert_eq!(told(&all), (v1::DecisionCause::Changed, vec![]));
    let added = &all[1];
    assert_eq!((all.len(), added.version), (2, committed.version));
    assert!(added.decided_time.is_some() && added.optimal && added.shipments > 0, "{added:?}");
    let taken = |line_index: u32| -> u32 {
        let of_line = added.candidates.iter().filter(|tried| tried.line_index == line_index);
        of_line.map(|tried| tried.taken).sum()
    };
    assert_eq!((taken(0), taken(1), taken(2)), (0, 3, 2), "{added:?}");
    let chosen = |tried: &&v1::CandidateTrace| tried.verdict() == Verdict::Chosen;
    assert!(added.candidates.iter().filter(chosen).all(|tried| tried.taken > 0), "{added:?}");
    let nodes = added.candidates.iter().filter(|tried| tried.line_index == 1);
    assert_eq!(nodes.count(), 2, "the one that was not chosen as well: {added:?}");

    // More changes than are explained: the newest are.
    for _ in 0..4 {
        let token = quote(&mut server, change(vec![add("SKU", 1)])).await.change_token;
        commit(&mut server, &token).await.expect("committed");
    }
    let all = traces(&mut server).await;
    let lines = all[1..].iter().map(|trace| trace.candidates[0].line_index);
    assert_eq!(lines.collect::<Vec<_>>(), [4, 5, 6, 7], "{all:?}");

    // What is added late was not late when the order was placed.
    let mut announced = announcement("RARE", "PO", 2);
    announced.inbound.as_mut().expect("an announcement").eta = Some(date(today(&server).plus(9)));
    server.inventory.announce_inbound(announced).await.expect("announced");
    let token = quote(&mut server, change(vec![add("RARE", 2)])).await.change_token;
    let late = commit(&mut server, &token).await.expect("committed").order.expect("the order");
    let day = |of: Option<v1::Date>| of.map(|of| (of.year, of.month, of.day));
    let is_late = |of: &v1::Shipment| day(of.deliver_by) > day(late.wanted_by);
    assert!(late.shipments.iter().any(is_late), "{late:?}");
    let all = traces(&mut server).await;
    assert_eq!((all[0].late_units, all[0].late_unit_days), (0, 0), "{all:?}");
    server.stop().await.expect("drained");

    let mut server = TestServer::start(directory.path()).await;
    assert_eq!(traces(&mut server).await, all, "the story is as it was after a restart");
    server.stop().await.expect("drained");
}
