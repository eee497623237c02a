//! Who waits for a return or a refund, and for how long.

use super::super::server::node;
use super::*;
use v1::ReturnStage as Stage;

impl Shop {
    /// Open returns of a stage and a node, page by page of one: their ids, with their units at that stage.
    async fn open(&mut self, stage: Stage, node: &str) -> Vec<(String, u32)> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = v1::ListOpenReturnsRequest {
                stage: stage.into(),
                node_id: node.into(),
                page_size: 1,
                page_token,
                ..Default::default()
            };
            let page = self.server.returns.list_open_returns(request).await.expect("a page");
            let page = page.into_inner();
            assert!(page.returns.len() <= 1);
            all.extend(page.returns.into_iter().map(|of| {
                let seconds = |at: &Option<_>| at.map(|at: prost_types::Timestamp| at.seconds);
                assert!(seconds(&of.since) >= seconds(&of.requested_time), "{of:?}");
                assert!(of.age_seconds < 3_600, "{of:?}");
                let at =
                    of.units.iter().filter(|at| stage == Stage::Unspecified || at.stage() == stage);
                (of.return_id.clone(), at.map(|at| at.quantity).sum())
            }));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    async fn refunds_due(&mut self) -> Vec<v1::RefundDue> {
        let request = v1::ListRefundsDueRequest::default();
        let page =
            self.server.returns.list_refunds_due(request).await.expect("a page").into_inner();
        assert_eq!(page.next_page_token, "");
        page.refunds
    }

    async fn sent(&mut self, id: &str) {
        let request = v1::MarkReturnSentRequest {
            order_id: "O".into(),
            return_id: id.into(),
            tracking: format!("1Z-{id}"),
            ..Default::default()
        };
        self.server.returns.mark_return_sent(request).await.expect("sent");
    }
}

fn all(of: &[(&str, u32)]) -> Vec<(String, u32)> {
    of.iter().map(|(id, units)| ((*id).to_owned(), *units)).collect()
}

/// Nobody asks where a return is: it is on a list, the oldest first, until it is done with. The lists are the
/// same after a start from the journal, and after one from a snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_returns_are_listed_by_stage_and_node_the_oldest_first() {
    let (mut shop, _) = Shop::sold(&[("A", 9, 100_000)]).await;
    shop.server.define_node(node("LAX", "90001")).await;
    let to_lax = |id, units| v1::RequestReturnRequest { node_id: "LAX".into(), ..asked(id, units) };
    let review = Some(v1::ReturnTerms { needs_review: true, ..Default::default() });
    shop.ask(asked("R1", &[(0, 2)])).await.expect("granted");
    shop.ask(to_lax("R2", &[(0, 1)])).await.expect("granted");
    shop.ask(asked("R3", &[(0, 3)])).await.expect("granted");
    let reviewed = v1::RequestReturnRequest { terms: review, ..to_lax("R4", &[(0, 1)]) };
    shop.ask(reviewed).await.expect("asked for");
    shop.sent("R2").await;
    shop.sent("R1").await;
    shop.receive(report("R3", 1, &[(0, 2)])).await.expect("received");
    for restarts in ["none", "from the journal", "from a snapshot"] {
        let open = shop.open(Stage::Unspecified, "").await;
        assert_eq!(open, all(&[("R1", 2), ("R2", 1), ("R3", 3), ("R4", 2)]), "{restarts}");
        assert_eq!(shop.open(Stage::Requested, "").await, all(&[("R4", 1)]));
        assert_eq!(shop.open(Stage::Expected, "").await, all(&[("R3", 1), ("R4", 1)]));
        let in_transit = shop.open(Stage::InTransit, "").await;
        assert_eq!(in_transit, all(&[("R2", 1), ("R1", 2)]), "R2 was sent before");
        assert_eq!(shop.open(Stage::InTransit, "LAX").await, all(&[("R2", 1)]));
        assert_eq!(shop.open(Stage::Received, "").await, all(&[("R3", 2)]));
        assert_eq!(shop.open(Stage::Received, "LAX").await, all(&[]));
        shop = shop.restart().await;
        if restarts == "from the journal" {
            shop.server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
            shop = shop.restart().await;
        }
    }
    let at = |node: &str| v1::ReceiveReturnRequest {
        node_id: node.into(),
        ..report("R1", 1, &[(0, 2)])
    };
    shop.receive(at("LAX")).await.expect("received");
    assert_eq!(shop.open(Stage::Received, "LAX").await, all(&[("R1", 2)]), "it came in there");
    shop.inspect(as_new("R1")).await.expect("looked at");
    let left = shop.open(Stage::Unspecified, "").await;
    assert_eq!(left, all(&[("R2", 1), ("R3", 3), ("R4", 2)]), "it is done with");
    let unknown = v1::ListOpenReturnsRequest { node_id: "NONE".into(), ..Default::default() };
    let refused = shop.server.returns.list_open_returns(unknown).await.expect_err("unknown");
    assert_eq!(refused.code(), tonic::Code::NotFound);
    let odd = v1::ListOpenReturnsRequest {
        stage: 99,
        page_size: -1,
        page_token: "p0".into(),
        ..Default::default()
    };
    let odd = shop.server.returns.list_open_returns(odd).await.expect_err("three faults");
    assert!(odd.message().starts_with("3 fields"), "{}", odd.message());
    shop.server.audit().await;
}

/// Scenario 5: a refund that nobody pays is on a list, with its amount and age, until it is paid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_is_due_until_the_provider_paid_it() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 3, 100_000)]).await;
    shop.ask(asked("R", &[(0, 2)])).await.expect("granted");
    shop.receive(report("R", 1, &[(0, 2)])).await.expect("received");
    assert_eq!(shop.refunds_due().await, []);
    shop.inspect(as_new("R")).await.expect("looked at");
    for _ in 0..2 {
        let due = shop.refunds_due().await;
        let [of] = &*due else { panic!("{due:?}") };
        assert_eq!((of.order_id.as_str(), of.return_ids.join(" ").as_str()), ("O", "R"));
        assert_eq!((of.amount_minor, of.asked_minor, &*of.currency_code), (2_000, 2_000, "USD"));
        shop = shop.restart().await;
    }
    assert_eq!(shop.refunded(&mut provider).await, 2_000);
    assert_eq!(shop.refunds_due().await, []);
    shop.server.audit().await;
}

/// A provider that takes nothing back, and a caller who settles by himself: what is owed stays on the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_that_nobody_pays_stays_due() {
    let (mut shop, mut provider) = Shop::sold(&[("A", 1, 100_000)]).await;
    shop.back("R", &[(0, 1)]).await;
    provider.declines_all();
    provider.answer_all(&mut shop, 1).await;
    let due = shop.refunds_due().await;
    let [of] = &*due else { panic!("{due:?}") };
    assert_eq!((of.amount_minor, of.asked_minor), (1_000, 0), "nobody is asked any more");
}
