//! An order tells its whole story: each decision on it, with its cause and its candidates.

use backstock_proto::v1;

use super::overdue::{date, today};
use super::server::{TestServer, announcement, waiting_order};

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
