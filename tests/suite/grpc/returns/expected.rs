//! What customers are to send back, as those see it who ask what can be promised.

use super::*;

impl Shop {
    /// What is to come back of `A` to `NYC`, and what can be promised of it.
    async fn expected(&mut self) -> (Option<v1::ReturnsExpected>, u64) {
        let sku = String::from("A");
        let get = v1::GetAvailabilityRequest { sku, ..Default::default() };
        let got = self.server.inventory.get_availability(get).await.expect("read").into_inner();
        let all = got.availability.expect("an availability");
        (all.nodes[0].returns_expected, all.atp_now)
    }

    async fn on_its_way(&mut self, id: &str, eta: Option<&str>) {
        let request = v1::MarkReturnSentRequest {
            order_id: "O".into(),
            return_id: id.into(),
            eta: eta.map(|eta| eta.parse().expect("an instant")),
            ..Default::default()
        };
        self.server.returns.mark_return_sent(request).await.expect("sent");
    }
}

/// How many units, how sure they are, and how many of them are likely.
fn sums(of: Option<v1::ReturnsExpected>) -> (u64, u32, u64) {
    of.map_or((0, 0, 0), |of| (of.quantity, of.confidence_bp, of.likely_quantity))
}

/// Breadth D: what is announced, or on its way, is expected at the node where it goes, with a day and with what
/// was learnt of that node. It is promised to nobody, and is on hand only once somebody looked at it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn returns_on_their_way_are_expected_with_a_confidence_learnt_from_what_became_of_others() {
    let (mut shop, _) = Shop::sold(&[("A", 9, 100_000)]).await;
    assert_eq!(shop.expected().await, (None, 0));
    let review = Some(v1::ReturnTerms { needs_review: true, ..Default::default() });
    let asks = v1::RequestReturnRequest { terms: review, ..asked("REVIEW", &[(0, 1)]) };
    shop.ask(asks).await.expect("asked for");
    assert_eq!(shop.expected().await, (None, 0), "nobody granted it");
    shop.ask(asked("GOOD", &[(0, 4)])).await.expect("granted");
    assert_eq!(sums(shop.expected().await.0), (4, 5_000, 2), "nothing is known yet");
    shop.ask(asked("LOST", &[(0, 2)])).await.expect("granted");
    shop.on_its_way("LOST", Some("2031-05-04T12:00:00Z")).await;
    let (of, atp) = shop.expected().await;
    let last = of.as_ref().and_then(|of| of.last_eta).expect("a day");
    assert_eq!((last.year, last.month, last.day, atp), (2031, 5, 4, 0), "as its carrier says");
    assert!(of.and_then(|of| of.first_eta).expect("a day").year < 2031);

    // Half of what comes is there and not sellable, and is expected no more.
    shop.receive(report("GOOD", 1, &[(0, 2)])).await.expect("received");
    assert_eq!(sums(shop.expected().await.0), (4, 5_000, 2));
    shop.inspect(as_new("GOOD")).await.expect("looked at");
    // Two of two, beside what is usual: ten, of which five are sold again.
    let (of, atp) = shop.expected().await;
    assert_eq!((sums(of), atp), ((4, 5_833, 2), 2));
    let lost = v1::MarkReturnLostRequest {
        order_id: "O".into(),
        return_id: "LOST".into(),
        ..Default::default()
    };
    shop.server.returns.mark_return_lost(lost).await.expect("lost");
    assert_eq!(sums(shop.expected().await.0), (2, 5_000, 1), "two of four");

    for restarts in ["from the journal", "from a snapshot"] {
        let (before, hash) = (shop.expected().await, shop.server.state_hash());
        if restarts == "from a snapshot" {
            shop.server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
        }
        shop = shop.restart().await;
        assert_eq!(shop.expected().await, before, "{restarts}");
        assert_eq!(shop.server.state_hash(), hash, "{restarts}");
    }

    // What was lost comes after all, and is sold again.
    shop.receive(report("LOST", 1, &[(0, 2)])).await.expect("received");
    assert_eq!(sums(shop.expected().await.0), (2, 5_833, 1), "nobody knows yet what becomes of it");
    shop.inspect(as_new("LOST")).await.expect("looked at");
    assert_eq!(sums(shop.expected().await.0), (2, 6_428, 1), "four of four");
    let cancel = v1::CancelReturnRequest {
        order_id: "O".into(),
        return_id: "GOOD".into(),
        ..Default::default()
    };
    shop.server.returns.cancel_return(cancel).await.expect("cancelled");
    assert_eq!(shop.expected().await, (None, 4), "nothing is to come any more");
    shop.server.audit().await;
}
