//! A server that dies while a partner speaks, and is told everything again.

use std::path::Path;

use super::*;

/// What the revisions of a delivery state, one after the other: it goes up and down.
const UNITS: [u32; 10] = [1, 4, 3, 6, 5, 8, 7, 2, 10, 9];

/// Messages about three deliveries, in ten revisions each.
fn script() -> Vec<Value> {
    let revisions = (1..).zip(UNITS).flat_map(|of| (0..3).map(move |delivery| (delivery, of)));
    let message = |(seq, (delivery, (revision, units))): (u64, (u32, (u32, u32)))| {
        receipt(seq, &format!("PO-{delivery}"), revision, units, 0)
    };
    (1..).zip(revisions).map(message).collect()
}

async fn start(data: &Path) -> TestServer {
    let mut server = TestServer::start(data).await;
    server.stock().await;
    define(&mut server, "3pl-7", &["NYC"]).await;
    for no in 0..3 {
        let inbound = announcement("SKU", &format!("PO-{no}"), 10);
        server.inventory.announce_inbound(inbound).await.expect("announced");
    }
    server
}

/// It is killed after every third message, once with a snapshot before; the partner, who does not know what
/// was taken, begins from the start each time. Nothing is lost, and nothing counts twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_while_a_partner_speaks_loses_nothing_and_doubles_nothing() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = start(data.path()).await;
    let script = script();
    for told in (3..=script.len()).step_by(9) {
        for message in &script[..told] {
            let answer = say(&mut server, message).await;
            assert_ne!(answer.status(), v1::MessageStatus::Quarantined, "{message}");
        }
        if told == 12 {
            server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("a snapshot");
        }
        let hash = server.state_hash();
        server.kill().await;
        server = TestServer::start(data.path()).await;
        assert_eq!(server.state_hash(), hash, "what was answered is there");
    }
    for message in script.iter().rev() {
        say(&mut server, message).await;
    }
    let last = u64::from(UNITS[9]);
    assert_eq!(server.on_hand("SKU", "NYC").await, 10 + 3 * last);
    let partner = partner(&mut server).await;
    assert_eq!((partner.expected_seq, partner.gaps.len()), (31, 0));
    server.audit().await;
    server.stop().await.expect("it ends");
}
