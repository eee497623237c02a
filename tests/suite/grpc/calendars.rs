//! Cut-offs of weekdays, pickup days and days in transit, from the request to the dates of
//! an order.

use backstock_engine::model::Day;
use backstock_proto::v1;
use backstock_proto::v1::DayOfWeek;

use super::server::{TestServer, fields, node, order};

const MONDAY_TO_FRIDAY: [i32; 5] = [1, 2, 3, 4, 5];

/// Days since 1970-01-01, a Thursday.
fn days(date: Option<&v1::Date>) -> i32 {
    let date = date.expect("a date");
    let text = format!("{:04}-{:02}-{:02}", date.year, date.month, date.day);
    let is_it = |days: &i32| Day::from_epoch_days(*days).to_string() == text;
    (0..80_000).find(is_it).expect("a day of two centuries")
}

async fn policy(server: &mut TestServer) -> v1::SourcingPolicy {
    let get = v1::GetSourcingPolicyRequest { min_version: 0 };
    let read = server.catalog.get_sourcing_policy(get).await.expect("read").into_inner();
    read.policy.expect("a policy")
}

fn update(policy: &v1::SourcingPolicy) -> v1::UpdateSourcingPolicyRequest {
    v1::UpdateSourcingPolicyRequest { policy: Some(policy.clone()), ..Default::default() }
}

fn only(day: DayOfWeek) -> Vec<i32> {
    vec![day.into()]
}

/// `standard` is picked up on Thursdays, takes two working days to Boston and is delivered on
/// Mondays; `second_class` is picked up on Sundays, on which `NYC` does not work.
async fn set_up(server: &mut TestServer) {
    // Nothing of a Thursday ships on that day, whatever time it is now.
    let own = v1::WeekdayCutOffs { thursday_minutes: Some(0), ..Default::default() };
    let nyc = v1::Node {
        working_days: MONDAY_TO_FRIDAY.to_vec(),
        weekday_cut_offs: Some(own),
        ..node("NYC", "10001")
    };
    server.define_node(nyc.clone()).await;
    let get = v1::GetNodeRequest { node_id: "NYC".into(), min_version: 0 };
    let read = server.catalog.get_node(get).await.expect("read").into_inner();
    assert_eq!(read.node, Some(nyc));
    server.define_node(node("RENO", "89501")).await;
    server.set_stock("SKU", "RENO", 10).await;

    let mut policy = policy(server).await;
    assert!(policy.services.iter().all(|service| service.pickup_weekdays.is_empty()));
    policy.services[0].pickup_weekdays = only(DayOfWeek::Thursday);
    policy.services[0].transit_weekdays = MONDAY_TO_FRIDAY.to_vec();
    policy.services[0].delivery_weekdays = only(DayOfWeek::Monday);
    policy.services[1].pickup_weekdays = only(DayOfWeek::Sunday);
    let set = server.catalog.update_sourcing_policy(update(&policy)).await.expect("set");
    assert_eq!(set.into_inner().policy, Some(policy));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_ships_and_comes_on_the_days_of_node_and_carrier() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    set_up(&mut server).await;
    let mut objectives = policy(&mut server).await;
    objectives.objectives = vec![v1::SourcingObjective::Cost.into()];
    server.catalog.update_sourcing_policy(update(&objectives)).await.expect("set");

    let placed = server.orders.place_order(order("standard", &[("SKU", 1)])).await;
    let placed = placed.expect("placed").into_inner();
    let [shipment] = &placed.shipments[..] else { panic!("one shipment: {placed:?}") };
    assert_eq!(shipment.node_id, "NYC");
    let ship_by = days(shipment.ship_by.as_ref());
    // Two days that count after a Thursday, it is Monday.
    assert_eq!(ship_by % 7, 0, "a Thursday: {shipment:?}");
    assert_eq!(days(shipment.deliver_by.as_ref()), ship_by + 4);

    let service = "second_class".to_owned();
    let wanted = v1::PlaceOrderRequest { service, ..order("sunday", &[("SKU", 1)]) };
    let placed = server.orders.place_order(wanted).await.expect("placed").into_inner();
    let shipments = placed.shipments;
    assert_eq!(shipments[0].node_id, "RENO");
    assert_eq!(days(shipments[0].ship_by.as_ref()) % 7, 3, "a Sunday");
    let explain = v1::ExplainOrderRequest { order_id: "sunday".into(), min_version: 0 };
    let explained = server.orders.explain_order(explain).await.expect("explained").into_inner();
    let candidates = explained.traces[0].candidates.iter();
    let verdicts: Vec<_> = candidates.map(|c| (&*c.node_id, c.verdict())).collect();
    let expected =
        [("NYC", v1::CandidateVerdict::NoPickup), ("RENO", v1::CandidateVerdict::Chosen)];
    assert!(expected.iter().all(|of| verdicts.contains(of)), "{verdicts:?}");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn weekdays_that_are_none_or_said_twice_are_told_with_their_field() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let before = server.state_hash();
    let own = v1::WeekdayCutOffs {
        monday_minutes: Some(1_440),
        friday_minutes: Some(1_441),
        sunday_minutes: Some(70_000),
        ..Default::default()
    };
    let node = v1::Node { weekday_cut_offs: Some(own), ..node("NYC", "10001") };
    let refused = v1::UpdateNodeRequest { node: Some(node), ..Default::default() };
    let status = server.catalog.update_node(refused).await.expect_err("refused");
    let mut named = fields(&status);
    named.sort_unstable();
    let expected = ["node.weekday_cut_offs.friday_minutes", "node.weekday_cut_offs.sunday_minutes"];
    assert_eq!(named, expected);

    let mut policy = policy(&mut server).await;
    policy.services[0].pickup_weekdays = vec![1, 2, 1];
    policy.services[1].transit_weekdays = vec![8];
    policy.services[2].delivery_weekdays = vec![0];
    let status = server.catalog.update_sourcing_policy(update(&policy)).await;
    let expected = [
        "policy.services[0].pickup_weekdays[2]",
        "policy.services[1].transit_weekdays[0]",
        "policy.services[2].delivery_weekdays[0]",
    ];
    assert_eq!(fields(&status.expect_err("refused")), expected);
    assert_eq!(server.state_hash(), before);
    server.stop().await.expect("drained");
}
