//! Whom nodes serve, from the request to the verdict on a candidate.

use backstock_proto::v1;

use super::server::{TestServer, fields, node, order};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_told_which_nodes_do_not_serve_its_channel_or_service() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let reno = v1::Node { channels: vec!["shop".into()], ..node("RENO", "89501") };
    server.define_node(reno.clone()).await;
    server.set_stock("SKU", "RENO", 10).await;
    let get = v1::GetNodeRequest { node_id: "RENO".into(), min_version: 0 };
    let read = server.catalog.get_node(get).await.expect("read").into_inner();
    assert_eq!(read.node, Some(reno));
    let boise = v1::Node { services: vec!["same_day".into()], ..node("BOISE", "83702") };
    server.define_node(boise).await;
    server.set_stock("SKU", "BOISE", 10).await;

    let wanted = v1::PlaceOrderRequest { channel: "web".into(), ..order("web", &[("SKU", 1)]) };
    server.orders.place_order(wanted).await.expect("placed");
    let explain = v1::ExplainOrderRequest { order_id: "web".into(), min_version: 0 };
    let explained = server.orders.explain_order(explain).await.expect("explained").into_inner();
    let candidates = explained.traces[0].candidates.iter();
    let verdicts: Vec<_> = candidates.map(|c| (&*c.node_id, c.verdict())).collect();
    for expected in [
        ("RENO", v1::CandidateVerdict::ChannelNotServed),
        ("BOISE", v1::CandidateVerdict::ServiceNotServed),
    ] {
        assert!(verdicts.contains(&expected), "{verdicts:?}");
    }

    let get = |channel: &str, service: &str| v1::GetAvailabilityRequest {
        sku: "SKU".into(),
        channel: channel.into(),
        service: service.into(),
        ..Default::default()
    };
    for (channel, service, expected) in [
        ("web", "standard", &["RENO", "BOISE"][..]),
        ("shop", "standard", &["BOISE"]),
        ("web", "", &["RENO"]),
        ("", "", &[]),
    ] {
        let answer = server.inventory.get_availability(get(channel, service)).await;
        let there = answer.expect("read").into_inner().availability.expect("the item");
        let is_there = |name: &&str| there.nodes.iter().any(|node| node.node_id == **name);
        let left_out: Vec<_> = ["RENO", "BOISE"].into_iter().filter(|n| !is_there(n)).collect();
        assert_eq!(left_out, expected, "{channel} by {service}");
    }
    let status = server.inventory.get_availability(get("", "owl")).await.expect_err("refused");
    assert_eq!(fields(&status), ["service"]);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_and_services_that_cannot_be_are_told_with_their_field() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let too_many = (0..33).map(|no| no.to_string()).collect();
    for (channels, services, expected) in [
        (vec!["web".into(), String::new(), "web".into()], vec![], vec![1, 2]),
        (vec!["x".repeat(9_999), "web".into(), "web".into()], vec![], vec![0, 2]),
        (too_many, vec![], vec![]),
    ] {
        let node = v1::Node { channels, services, ..node("RENO", "89501") };
        let update =
            v1::UpdateNodeRequest { node: Some(node), allow_missing: true, ..Default::default() };
        let status = server.catalog.update_node(update).await.expect_err("refused");
        let field = |at: &u32| format!("node.channels[{at}]");
        let mut expected: Vec<_> = expected.iter().map(field).collect();
        if expected.is_empty() {
            expected.push("node.channels".into());
        }
        assert_eq!(fields(&status), expected);
    }
    let services = ["same_day", "owl", "same_day"].map(String::from).to_vec();
    let node = v1::Node { services, ..node("RENO", "89501") };
    let update =
        v1::UpdateNodeRequest { node: Some(node), allow_missing: true, ..Default::default() };
    let status = server.catalog.update_node(update).await.expect_err("refused");
    assert_eq!(fields(&status), ["node.services[2]"]);
    let services = vec!["owl".into()];
    let node = v1::Node { services, ..super::server::node("RENO", "89501") };
    let update =
        v1::UpdateNodeRequest { node: Some(node), allow_missing: true, ..Default::default() };
    let status = server.catalog.update_node(update).await.expect_err("refused");
    assert_eq!(fields(&status), ["node.services[0]"]);
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}
