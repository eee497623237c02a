//! Supply that did not come on its day, and supply of today.

use std::time::SystemTime;

use backstock_engine::model::{Day, NodeId, Timestamp};
use backstock_proto::v1;

use super::server::{TestServer, announcement};

/// Today at `NYC`.
pub(super) fn today(server: &TestServer) -> Day {
    let since = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_micros();
    let now = Timestamp::from_micros(i64::try_from(since).expect("in range"));
    let nyc = NodeId::new("node_id", "NYC").expect("an id");
    server.engine.calendar(&nyc).expect("the node").zone().local_day(now)
}

pub(super) fn date(day: Day) -> v1::Date {
    let text = day.to_string();
    let parts: Vec<i32> = text.split('-').map(|part| part.parse().expect("a number")).collect();
    v1::Date { year: parts[0], month: parts[1], day: parts[2] }
}

async fn announce(server: &mut TestServer, id: &str, day: Day, quantity: u64) {
    let mut announced = announcement("RARE", id, quantity);
    announced.inbound.as_mut().expect("an announcement").eta = Some(date(day));
    server.inventory.announce_inbound(announced).await.expect("announced");
}

async fn availability(server: &mut TestServer, day: Day) -> v1::NodeAvailability {
    let at = Some(date(day));
    let get = v1::GetAvailabilityRequest { sku: "RARE".into(), at, ..Default::default() };
    let answer = server.inventory.get_availability(get).await.expect("read").into_inner();
    answer.availability.expect("the item").nodes.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_overdue_counts_from_tomorrow_on_and_what_comes_today_today() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let day = today(&server);
    announce(&mut server, "PO-OLD", day.minus(3), 10).await;
    let seen = [availability(&mut server, day).await, availability(&mut server, day.plus(1)).await];
    announce(&mut server, "PO-NOW", day, 4).await;
    let with_today = availability(&mut server, day).await;
    // At midnight the day is another one.
    if today(&server) == day {
        assert_eq!(seen.clone().map(|node| node.atp_at), [0, 10]);
        let next = seen.map(|node| node.next_inbound_eta);
        assert_eq!(next, [Some(date(day.plus(1))), Some(date(day.plus(1)))]);
        assert_eq!((with_today.atp_at, with_today.next_inbound_eta), (4, Some(date(day))));
    }
    server.stop().await.expect("drained");
}
