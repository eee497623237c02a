//! Where a return goes whose caller does not say it: where it is waited for, and what that costs.

use super::super::server::{node, waiting_order};
use super::*;
use v1::ReturnChoice::{Chosen, Dearer, FewerWaitedFor, MoreFree};

/// Of a return by mail, or in another way, without a word on where it goes.
fn anywhere(id: &str, units: &[(u32, u32)]) -> v1::RequestReturnRequest {
    v1::RequestReturnRequest { node_id: String::new(), ..asked(id, units) }
}

fn destination(node: &str, ways: &[v1::ReturnWay], unit_cost_minor: i64) -> v1::ReturnDestination {
    let ways = ways.iter().map(|way| (*way).into()).collect();
    v1::ReturnDestination { node_id: node.into(), ways, unit_cost_minor, ..Default::default() }
}

fn policy(destinations: Vec<v1::ReturnDestination>) -> v1::SetReturnPolicyRequest {
    let shipping = v1::ReturnShipping::None.into();
    let rule = v1::ReturnRule { days: Some(30), shipping, ..Default::default() };
    let policy = v1::ReturnPolicy { rules: vec![rule], destinations, ..Default::default() };
    v1::SetReturnPolicyRequest { policy: Some(policy), ..Default::default() }
}

impl Shop {
    async fn returns_go_to(&mut self, destinations: Vec<v1::ReturnDestination>) {
        let set = policy(destinations);
        self.server.returns.set_return_policy(set.clone()).await.expect("set");
        let get = v1::GetReturnPolicyRequest::default();
        let read = self.server.returns.get_return_policy(get).await.expect("read").into_inner();
        assert_eq!(read.policy, set.policy, "there and back");
    }
}

fn choices(of: &v1::Return) -> Vec<(&str, v1::ReturnChoice)> {
    of.considered.iter().map(|of| (of.node_id.as_str(), of.choice())).collect()
}

/// The customer lives in Boston. What nobody waits for goes where it costs least, and what is waited for
/// on the other coast goes there; either way the return says why, also after a start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_goes_where_it_is_waited_for_and_says_why() {
    let (mut shop, _) = Shop::sold(&[("A", 4, 100_000)]).await;
    shop.server.define_node(node("LAX", "90001")).await;
    shop.server.define_node(node("CHI", "60601")).await;
    let all = ["LAX", "CHI", "NYC"].map(|name| destination(name, &[], 0));
    shop.returns_go_to(all.to_vec()).await;
    let near = shop.ask(anywhere("NEAR", &[(0, 1)])).await.expect("granted");
    assert_eq!(near.node_id, "NYC");
    assert_eq!(choices(&near), [("NYC", Chosen), ("CHI", Dearer), ("LAX", Dearer)]);
    let costs: Vec<_> = near.considered.iter().map(|of| of.cost_minor).collect();
    assert!(costs[0] > 0 && costs.is_sorted(), "{costs:?}");

    // Somebody in Los Angeles waits for one.
    shop.server.set_stock("A", "LAX", 0).await;
    let destination_postal_code = "90001".into();
    let waits = waiting_order("WAITS", &[("A", 1)]);
    shop.place(v1::PlaceOrderRequest { destination_postal_code, ..waits }).await;
    let far = shop.ask(anywhere("FAR", &[(0, 2)])).await.expect("granted");
    let waits_at = shop.order("WAITS").await.shipments[0].node_id.clone();
    assert_eq!((&far.node_id, far.considered[0].waiting), (&waits_at, 1));
    assert!(choices(&far)[1..].iter().all(|of| of.1 == FewerWaitedFor), "{far:?}");

    // It is known, whatever would be chosen by now.
    let again = shop.ask(anywhere("NEAR", &[(0, 1)])).await.expect("known");
    assert_eq!((&again.node_id, again.considered.len()), (&near.node_id, 3));
    let elsewhere =
        v1::RequestReturnRequest { node_id: "CHI".into(), ..anywhere("NEAR", &[(0, 1)]) };
    shop.ask(elsewhere).await.expect_err("another one under that id");
    let named = v1::RequestReturnRequest { node_id: "CHI".into(), ..anywhere("NAMED", &[(0, 1)]) };
    let named = shop.ask(named).await.expect("granted");
    assert_eq!((&*named.node_id, named.considered.len()), ("CHI", 0), "who says it is obeyed");

    let hash = shop.server.state_hash();
    shop = shop.restart().await;
    assert_eq!(shop.server.state_hash(), hash);
    assert_eq!(choices(&shop.rma("NEAR").await), choices(&near));
    shop.server.audit().await;
}

/// A node takes what it can: in its ways, at its price, and never while it is turned off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_takes_what_comes_in_its_ways_and_what_it_costs_counts() {
    use v1::ReturnWay::{DropOff, Mail, Store};
    let (mut shop, _) = Shop::sold(&[("A", 5, 100_000)]).await;
    shop.server.define_node(node("BOS", "02101")).await;
    shop.server.define_node(node("SHOP", "10001")).await;
    shop.server.set_stock("A", "NYC", 7).await;
    let dear = destination("NYC", &[Mail], 10_000);
    let far = destination("BOS", &[Mail], 0);
    shop.returns_go_to(vec![dear, far, destination("SHOP", &[Store], 0)]).await;
    let by = |way: v1::ReturnWay, id| v1::RequestReturnRequest {
        way: way.into(),
        ..anywhere(id, &[(0, 1)])
    };
    let mailed = shop.ask(by(Mail, "MAIL")).await.expect("granted");
    assert_eq!(choices(&mailed), [("BOS", Chosen), ("NYC", Dearer)]);
    let brought = shop.ask(by(Store, "STORE")).await.expect("granted");
    assert_eq!((choices(&brought), brought.considered[0].cost_minor), (vec![("SHOP", Chosen)], 0));
    let dropped = shop.ask(by(DropOff, "DROP")).await.expect("granted");
    assert_eq!((&*dropped.node_id, dropped.considered.len()), ("", 0), "nobody takes it");

    let off = v1::Node { enabled: Some(false), ..node("BOS", "02101") };
    shop.server.define_node(off).await;
    let mailed = shop.ask(by(Mail, "OFF")).await.expect("granted");
    assert_eq!(choices(&mailed), [("NYC", Chosen)]);

    // As dear, and as much waited for: where fewer are free.
    shop.returns_go_to(vec![destination("NYC", &[], 0), destination("SHOP", &[], 0)]).await;
    let scarce = shop.ask(by(Mail, "SCARCE")).await.expect("granted");
    assert_eq!(choices(&scarce), [("SHOP", Chosen), ("NYC", MoreFree)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn destinations_that_cannot_be_are_refused() {
    let (mut shop, _) = Shop::sold(&[("A", 1, 100_000)]).await;
    for (destinations, said) in [
        (vec![destination("NONE", &[], 0)], "NONE"),
        (vec![destination("NYC", &[], -1)], "unit_cost_minor"),
        (vec![destination("NYC", &[], 0), destination("NYC", &[], 0)], "destinations[1].node_id"),
        (vec![destination("NYC", &[], 0); 257], "destinations"),
    ] {
        let refused = shop.server.returns.set_return_policy(policy(destinations)).await;
        let refused = refused.expect_err("it cannot be");
        assert!(refused.message().contains(said), "{said}: {}", refused.message());
    }
}
