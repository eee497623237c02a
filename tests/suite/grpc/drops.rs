//! The opening of a sale over a real connection.

use std::time::{Duration, Instant, SystemTime};

use backstock_proto::v1;
use tonic_types::StatusExt;

use super::holds::hold;
use super::server::{LONG, TestServer, order};

/// Has the sale of `SKU` open so many seconds from now.
async fn opens_in(server: &mut TestServer, seconds: i64) -> prost_types::Timestamp {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let seconds = i64::try_from(now.as_secs()).expect("not that late") + seconds;
    let opens = prost_types::Timestamp { seconds, nanos: 0 };
    let item = v1::Item { sku: "SKU".into(), opens_time: Some(opens), ..Default::default() };
    let request = v1::UpdateItemRequest {
        item: Some(item),
        update_mask: Some(prost_types::FieldMask { paths: vec!["opens_time".into()] }),
        ..Default::default()
    };
    let updated = server.catalog.update_item(request).await.expect("updated").into_inner();
    assert_eq!(updated.item.expect("the item").opens_time, Some(opens));
    opens
}

async fn read(server: &mut TestServer, id: &str) -> v1::Hold {
    let get = v1::GetHoldRequest { hold_id: id.into(), min_version: 0 };
    server.holds.get_hold(get).await.expect("read").into_inner().hold.expect("a hold")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_wait_for_a_sale_to_open_and_have_places_in_line_from_then_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let opens = opens_in(&mut server, 3).await;
    let refused = server.orders.place_order(order("EARLY", &[("SKU", 1)])).await;
    let refused = refused.expect_err("its sale is to open");
    assert_eq!(refused.get_details_error_info().expect("a reason").reason, "SALE_NOT_OPEN");
    let waits =
        |id: &str, units| v1::CreateHoldRequest { wait: true, ..hold(id, 600, &[("SKU", units)]) };
    for (id, units) in [("ONE", 1), ("MANY", 90_000), ("MORE", 90_000)] {
        // Else those who want more than there is might be drawn before it, and have all of it.
        let class =
            if units == 1 { v1::PriorityClass::Win } else { v1::PriorityClass::Unspecified };
        let waits = v1::CreateHoldRequest { priority: class.into(), ..waits(id, units) };
        let would = v1::CreateHoldRequest { validate_only: true, ..waits.clone() };
        for request in [would, waits] {
            let answer = server.holds.create_hold(request).await.expect("answered").into_inner();
            let hold = answer.hold.expect("a hold");
            assert_eq!((hold.state(), hold.holds_ahead), (v1::HoldState::Waiting, None), "{id}");
            // As long after the opening as others wait.
            let until = hold.expire_time.expect("an instant").seconds;
            assert_eq!(until, opens.seconds + 43_200, "{id}");
        }
    }
    let began = Instant::now();
    while read(&mut server, "ONE").await.state() == v1::HoldState::Waiting {
        assert!(began.elapsed() < LONG, "the sale opens");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut ahead = Vec::new();
    for id in ["MANY", "MORE"] {
        ahead.extend(read(&mut server, id).await.holds_ahead);
    }
    ahead.sort_unstable();
    assert_eq!(ahead, [0, 1]);
    let placed = server.orders.place_order(order("LATE", &[("SKU", 1)])).await.expect("answered");
    let outcome = placed.into_inner().outcome();
    assert_ne!(outcome, v1::OrderOutcome::Allocated, "others are in line");
    server.stop().await.expect("drained");
}
