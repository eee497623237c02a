//! Who may have the units of a pair, from the request to the verdict on a candidate.

use backstock_proto::v1;
use tonic::Code;

use super::changes;
use super::server::{TestServer, fields, node, order};

fn terms(off_sourcing: bool, safety: &[(&str, u64)]) -> v1::StockTerms {
    let safety = safety
        .iter()
        .map(|(channel, safety)| v1::ChannelSafety { channel: (*channel).into(), safety: *safety });
    v1::StockTerms { off_sourcing, channel_safety: safety.collect(), segments: Vec::new() }
}

fn set(node: &str, terms: v1::StockTerms) -> v1::SetStockTermsRequest {
    v1::SetStockTermsRequest {
        sku: "SKU".into(),
        node_id: node.into(),
        terms: Some(terms),
        ..Default::default()
    }
}

async fn atp(server: &mut TestServer, channel: &str) -> u64 {
    let get = v1::GetAvailabilityRequest {
        sku: "SKU".into(),
        channel: channel.into(),
        ..Default::default()
    };
    let answer = server.inventory.get_availability(get).await.expect("read").into_inner();
    answer.availability.expect("the item").atp_now
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_for_others_and_what_is_off_sourcing_is_told_as_such() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("RENO", "89501")).await;
    server.define_node(node("BOISE", "83702")).await;
    for node in ["RENO", "BOISE"] {
        server.set_stock("SKU", node, 10).await;
    }
    let stated = terms(false, &[("web", 10), ("shop", 4)]);
    let request =
        v1::SetStockTermsRequest { request_id: "T".into(), ..set("RENO", stated.clone()) };
    let before = atp(&mut server, "").await;
    for is_repeat in [false, true] {
        let answer = server.inventory.set_stock_terms(request.clone()).await.expect("set");
        let answer = answer.into_inner();
        assert_eq!(answer.is_repeat, is_repeat);
        assert_eq!(answer.stock.expect("the pair").terms, Some(stated.clone()));
    }
    assert_eq!(atp(&mut server, "").await, before, "some may have all of it");
    assert_eq!(atp(&mut server, "web").await, before - 10);
    assert_eq!(atp(&mut server, "shop").await, before - 4);
    server.inventory.set_stock_terms(set("BOISE", terms(true, &[]))).await.expect("set");
    assert_eq!(atp(&mut server, "web").await, before - 20);

    let wanted = v1::PlaceOrderRequest { channel: "web".into(), ..order("web", &[("SKU", 1)]) };
    server.orders.place_order(wanted).await.expect("placed");
    let explain = v1::ExplainOrderRequest { order_id: "web".into(), min_version: 0 };
    let explained = server.orders.explain_order(explain).await.expect("explained").into_inner();
    let candidates = explained.traces[0].candidates.iter();
    let verdicts: Vec<_> = candidates.map(|c| (&*c.node_id, c.verdict())).collect();
    for expected in [
        ("RENO", v1::CandidateVerdict::KeptForOthers),
        ("BOISE", v1::CandidateVerdict::OffSourcing),
    ] {
        assert!(verdicts.contains(&expected), "{verdicts:?}");
    }
    server.inventory.set_stock_terms(set("RENO", terms(false, &[]))).await.expect("set");
    let get =
        v1::GetStockRequest { sku: "SKU".into(), node_id: "RENO".into(), ..Default::default() };
    let stock = server.inventory.get_stock(get).await.expect("read").into_inner().stock;
    assert_eq!(stock.expect("the pair").terms, None);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_that_cannot_be_are_told_with_their_field() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let names: Vec<String> = (0..17).map(|no| no.to_string()).collect();
    let many: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    for (stated, expected) in [
        (None, vec!["terms"]),
        (Some(terms(false, &many)), vec!["terms.channel_safety"]),
        (
            Some(terms(false, &[("web", 1_000_000_001), ("", 1), ("web", 1)])),
            vec![
                "terms.channel_safety[0].safety",
                "terms.channel_safety[1].channel",
                "terms.channel_safety[2].channel",
            ],
        ),
    ] {
        let request = v1::SetStockTermsRequest { terms: stated, ..set("NYC", terms(false, &[])) };
        let status = server.inventory.set_stock_terms(request).await.expect_err("refused");
        assert_eq!((status.code(), fields(&status)), (Code::InvalidArgument, to_owned(&expected)));
    }
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}

fn to_owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).into()).collect()
}

fn segment(name: &str, kept: v1::segment::Kept) -> v1::Segment {
    v1::Segment {
        name: name.into(),
        channels: vec![name.into()],
        kept: Some(kept),
        borrows: true,
        release_time: Some(prost_types::Timestamp { seconds: 4_000_000_000, nanos: 5_000 }),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_are_stated_and_shown_and_those_over_the_whole_refused() {
    use v1::segment::Kept;
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.set_stock("RARE", "NYC", 10).await;
    let part = |name, part| segment(name, Kept::KeptBasisPoints(part));
    let of = |segments| v1::SetStockTermsRequest {
        sku: "RARE".into(),
        ..set("NYC", v1::StockTerms { segments, ..terms(false, &[]) })
    };
    let over = of(vec![part("web", 6_000), part("shop", 4_001)]);
    let status = server.inventory.set_stock_terms(over).await.expect_err("refused");
    assert_eq!(fields(&status), ["terms.segments.kept_basis_points"]);
    let unsaid = of(vec![v1::Segment { kept: None, ..part("web", 1) }]);
    let status = server.inventory.set_stock_terms(unsaid).await.expect_err("refused");
    assert_eq!(fields(&status), ["terms.segments[0].kept"]);
    let stated = of(vec![part("web", 6_000), segment("shop", Kept::KeptUnits(1))]);
    let answer = server.inventory.set_stock_terms(stated.clone()).await.expect("set");
    assert_eq!(answer.into_inner().stock.expect("the pair").terms, stated.terms);
    let wanted = v1::PlaceOrderRequest {
        channel: "fax".into(),
        shortage_policy: v1::ShortagePolicy::Reject.into(),
        ..order("fax", &[("RARE", 4)])
    };
    let answer = server.orders.place_order(wanted).await.expect("an answer").into_inner();
    assert_eq!(answer.outcome(), v1::OrderOutcome::Rejected, "three are not kept");
    server.stop().await.expect("drained");
}

/// The last units that a channel may have are held for a change, and are the order's when it is
/// committed; quoted anew meanwhile, its own units are its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_changed_on_the_last_units_that_its_channel_may_have() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.inventory.set_stock_terms(set("NYC", terms(false, &[("web", 7)]))).await.expect("set");
    let placed = v1::PlaceOrderRequest { channel: "web".into(), ..order("A", &[("SKU", 2)]) };
    server.orders.place_order(placed).await.expect("placed");
    let more = changes::quote(&mut server, changes::change(vec![changes::add("SKU", 1)])).await;
    assert_eq!(more.faults, []);
    let to = v1::SetDestination {
        destination_postal_code: "90210".into(),
        ..v1::SetDestination::default()
    };
    let elsewhere = v1::ChangeOperation {
        operation: Some(v1::change_operation::Operation::SetDestination(to)),
    };
    let both = vec![elsewhere, changes::add("SKU", 1)];
    let told = changes::quote(&mut server, changes::change(both)).await;
    assert_eq!(told.faults, []);
    let answer = changes::commit(&mut server, &told.change_token).await.expect("an answer");
    assert_eq!(answer.outcome(), v1::ChangeOutcome::Committed);
    let short = changes::quote(&mut server, changes::change(vec![changes::add("SKU", 1)])).await;
    assert_eq!(short.faults.len(), 1, "the others are kept for others");
    server.audit().await;
    server.stop().await.expect("drained");
}
