//! What an order would get by each service.

use backstock_proto::v1;

use super::server::{TestServer, fields, node, order, waiting_order};

fn quote(of: v1::PlaceOrderRequest, services: &[&str]) -> v1::QuoteServicesRequest {
    v1::QuoteServicesRequest {
        destination_postal_code: of.destination_postal_code,
        shortage_policy: of.shortage_policy,
        lines: of.lines,
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        ..Default::default()
    }
}

async fn ask(
    server: &mut TestServer,
    request: v1::QuoteServicesRequest,
) -> v1::QuoteServicesResponse {
    server.orders.quote_services(request).await.expect("quoted").into_inner()
}

/// Each service says how many shipments, when the last arrives, and what it costs; and placing the
/// order by that service comes to the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_basket_is_quoted_by_each_service_with_its_days_and_its_cost() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("LAX", "90001")).await;
    server.set_stock("RARE", "LAX", 5).await;
    let basket = || order("o", &[("SKU", 2), ("RARE", 3)]);
    let before = server.state_hash();
    let all = ask(&mut server, quote(basket(), &[])).await;
    assert_eq!((&*all.currency_code, server.state_hash()), ("USD", before));
    let names: Vec<_> = all.quotes.iter().map(|quote| &*quote.service).collect();
    assert_eq!(names, ["standard", "second_class", "first_class", "same_day"]);
    for quote in &all.quotes {
        assert_eq!((quote.outcome(), quote.shipments.len()), (v1::OrderOutcome::Allocated, 2));
        let last = quote.shipments.iter().filter_map(|shipment| shipment.deliver_by);
        let day = |date: &v1::Date| (date.year, date.month, date.day);
        assert_eq!(quote.promised_by, last.max_by_key(day), "{}", quote.service);
        // Boston is 300 km from New York, and 4,200 from Los Angeles: a shipment from each, two
        // units of the one and three of the other.
        assert_eq!(quote.cost_minor, (100 + 650) + 2 * (10 + 30) + (100 + 1_200) + 3 * (10 + 80));
    }
    let days = |date: Option<v1::Date>| date.map(|date| (date.year, date.month, date.day));
    let [standard, .., same_day] = &all.quotes[..] else { panic!("four services") };
    assert!(days(same_day.promised_by) < days(standard.promised_by));

    let placed = v1::PlaceOrderRequest { service: "first_class".into(), ..basket() };
    let some = ask(&mut server, quote(basket(), &["first_class", "standard"])).await;
    let placed = server.orders.place_order(placed).await.expect("placed").into_inner();
    let names: Vec<_> = some.quotes.iter().map(|quote| &*quote.service).collect();
    assert_eq!(names, ["first_class", "standard"]);
    assert_eq!(some.quotes[0].shipments, placed.shipments);
    assert_eq!(some.quotes[0].promised_by, placed.promised_by);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_had_is_quoted_as_such_and_what_waits_costs_nothing_yet() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let sold_out = ask(&mut server, quote(order("o", &[("RARE", 3)]), &["standard"])).await;
    let [rejected] = &sold_out.quotes[..] else { panic!("one service") };
    assert_eq!((rejected.outcome(), rejected.cost_minor), (v1::OrderOutcome::Rejected, 0));
    assert_eq!((rejected.shortages.len(), rejected.shipments.len()), (1, 0));

    let waits = ask(&mut server, quote(waiting_order("o", &[("SKU", 13)]), &["standard"])).await;
    let [waits] = &waits.quotes[..] else { panic!("one service") };
    assert_eq!(waits.outcome(), v1::OrderOutcome::PartiallyAllocated);
    assert_eq!((waits.shortages[0].short, waits.promised_by), (3, None));
    assert_eq!(waits.cost_minor, 100 + 650 + 10 * (10 + 30));

    // Nothing can wait at a supplier, and no other node is there.
    server.define_node(v1::Node { enabled: Some(false), ..node("NYC", "10001") }).await;
    let fault = ask(&mut server, quote(waiting_order("o", &[("RARE", 1)]), &["standard"])).await;
    let fault = fault.quotes[0].fault.as_ref().expect("it can wait nowhere");
    assert_eq!((fault.code, &*fault.reason), (9, "NO_NODE"));
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_quote_by_services_is_told_by_its_field() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let (good, none) = (order("o", &[("SKU", 1)]), order("o", &[]));
    let many = vec!["standard"; 33];
    let cases = [
        (quote(good.clone(), &["standard", "balloon"]), &["services[1]"][..]),
        (quote(good.clone(), &["standard", "standard"]), &["services[1]"]),
        (quote(good.clone(), &["", "standard"]), &["services[0]"]),
        (quote(good.clone(), &many), &["services"]),
        (quote(none, &[]), &["lines"]),
        (
            quote(v1::PlaceOrderRequest { destination_postal_code: "0".into(), ..good }, &[]),
            &["destination_postal_code"],
        ),
    ];
    for (request, broken) in cases {
        let status = server.orders.quote_services(request).await.expect_err("refused");
        assert_eq!(fields(&status), broken);
    }
    let unknown = quote(order("o", &[("NONE", 1)]), &[]);
    let status = server.orders.quote_services(unknown).await.expect_err("refused");
    assert_eq!(status.code(), tonic::Code::NotFound);
    server.stop().await.expect("drained");
}
