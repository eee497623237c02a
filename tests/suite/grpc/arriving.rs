//! What can be promised while supply arrives.

use std::pin::pin;

use backstock_proto::v1;

use super::server::{TestServer, announcement};

/// Units announced, which arrive one by one.
const UNITS: u64 = 40;

/// What arrives is on its way in one moment and free in the next: no reader finds it in
/// neither place, or in both, also while its receipt is on its way to the disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_that_arrive_are_promised_at_every_moment() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = TestServer::stocked(directory.path()).await;
    let announced = announcement("RARE", "PO-1", UNITS);
    let at = announced.inbound.as_ref().expect("an announcement").eta;
    server.inventory.announce_inbound(announced).await.expect("announced");
    let (mut dock, mut shop) = (server.inventory.clone(), server.inventory.clone());
    let receipts = async {
        for _ in 0..UNITS {
            let receive = v1::ReceiveInboundRequest {
                sku: "RARE".into(),
                node_id: "NYC".into(),
                inbound_id: "PO-1".into(),
                quantity: 1,
                ..Default::default()
            };
            dock.receive_inbound(receive).await.expect("received");
        }
    };
    let mut receipts = pin!(receipts);
    loop {
        let get = v1::GetAvailabilityRequest { sku: "RARE".into(), at, ..Default::default() };
        let answer = tokio::select! {
            () = receipts.as_mut() => break,
            answer = shop.get_availability(get) => answer.expect("read").into_inner(),
        };
        let node = &answer.availability.expect("the item").nodes[0];
        let free = u64::try_from(node.free_now).expect("nothing is short");
        assert_eq!((node.atp_at, free + node.inbound_free), (UNITS, UNITS), "{node:?}");
    }
    server.stop().await.expect("drained");
}
