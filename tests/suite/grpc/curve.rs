//! What can be promised day by day, and the first day for a quantity.

use backstock_engine::model::Day;
use backstock_proto::v1;

use super::overdue::{date, today};
use super::server::{TestServer, announcement, fields, node, order};

async fn announce(server: &mut TestServer, at: &str, id: &str, day: Day, quantity: u64) {
    let mut announced = announcement("RARE", id, quantity);
    announced.node_id = at.into();
    announced.inbound.as_mut().expect("an announcement").eta = Some(date(day));
    server.inventory.announce_inbound(announced).await.expect("announced");
}

async fn ask(server: &mut TestServer, nodes: &[&str], quantity: u64) -> v1::SkuAvailability {
    let ask = v1::GetAvailabilityRequest {
        sku: "RARE".into(),
        node_ids: nodes.iter().map(|id| (*id).to_owned()).collect(),
        curve: true,
        quantity,
        ..Default::default()
    };
    let answer = server.inventory.get_availability(ask).await.expect("read").into_inner();
    answer.availability.expect("the item")
}

fn steps(of: &[v1::AvailabilityStep]) -> Vec<(v1::Date, u64, u64)> {
    of.iter().map(|step| (step.date.expect("a day"), step.quantity, step.atp)).collect()
}

/// The next 24th that is not before the day after tomorrow.
fn the_24th(today: Day) -> Day {
    let mut days = (2..40).map(|ahead| today.plus(ahead));
    days.find(|day| date(*day).day == 24).expect("a month has one")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn availability_says_twelve_now_and_five_thousand_on_the_24th() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    server.define_node(node("CHI", "60601")).await;
    server.set_stock("RARE", "NYC", 12).await;
    let today = today(&server);
    let day = the_24th(today);
    announce(&mut server, "NYC", "PO-NYC", day, 3_000).await;
    announce(&mut server, "CHI", "PO-CHI", day, 2_000).await;
    // Beyond the policy's horizon, no new order is promised it.
    announce(&mut server, "CHI", "PO-LATE", today.plus(200), 700).await;

    let all = ask(&mut server, &[], 5_012).await;
    assert_eq!((all.atp_now, steps(&all.steps)), (12, vec![(date(day), 5_000, 5_012)]));
    assert_eq!(all.earliest_date, Some(date(day)));
    let by_node = all.nodes.iter().map(|node| (&*node.node_id, steps(&node.steps)));
    let expected =
        [("CHI", vec![(date(day), 2_000, 2_000)]), ("NYC", vec![(date(day), 3_000, 3_012)])];
    assert_eq!(by_node.collect::<Vec<_>>(), expected);
    assert!(all.nodes.iter().all(|node| node.earliest_date.is_none()), "none has all of it");

    // All nodes, one node, no node; none counts that was not asked for.
    assert_eq!(ask(&mut server, &[], 5_013).await.earliest_date, None);
    let alone = ask(&mut server, &[], 3_012).await;
    let days: Vec<_> = alone.nodes.iter().map(|node| node.earliest_date).collect();
    assert_eq!((alone.earliest_date, days), (Some(date(day)), vec![None, Some(date(day))]));
    assert_eq!(ask(&mut server, &["CHI"], 2_001).await.earliest_date, None);
    let now = ask(&mut server, &[], 12).await;
    if super::overdue::today(&server) == today {
        assert_eq!(now.earliest_date, Some(date(today)));
    }
    assert_eq!(ask(&mut server, &[], 0).await.earliest_date, None);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_overdue_is_on_the_curve_tomorrow_and_what_is_taken_is_not_on_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let day = today(&server);
    announce(&mut server, "NYC", "PO-OLD", day.minus(3), 10).await;
    announce(&mut server, "NYC", "PO-NEW", day.plus(1), 5).await;
    server.orders.place_order(order("o", &[("RARE", 4)])).await.expect("placed");
    let seen = ask(&mut server, &[], 11).await;
    // At midnight the day is another one.
    if today(&server) == day {
        let tomorrow = date(day.plus(1));
        assert_eq!(steps(&seen.steps), [(tomorrow, 11, 11)]);
        assert_eq!(seen.earliest_date, Some(tomorrow));
    }
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn curves_are_asked_for_few_skus_at_a_time_and_quantities_are_those_of_a_line() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let ask = |skus: usize, curve, quantity| v1::BatchGetAvailabilityRequest {
        skus: vec!["SKU".into(); skus],
        curve,
        quantity,
        ..Default::default()
    };
    for (skus, curve, quantity, broken) in [
        (1_000, false, 500_000, &[][..]),
        (100, true, 1, &[]),
        (101, true, 0, &["skus"]),
        (1_001, false, 500_001, &["skus", "quantity"]),
    ] {
        let answer = server.inventory.batch_get_availability(ask(skus, curve, quantity)).await;
        let found = answer.map_or_else(|status| fields(&status), |_| Vec::new());
        assert_eq!(found, broken, "{skus} {curve} {quantity}");
    }
    server.stop().await.expect("drained");
}
