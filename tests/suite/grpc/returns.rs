//! Units of orders that come back, over a real connection: each unit once in the books of its node, and
//! each cent once in those of its order.

mod complaints;
mod credits;
mod exchanges;
mod expected;
mod goods;
mod listed;
mod policy;
mod sourced;
mod ways;

use backstock_proto::v1;
use tonic::Status;

use super::money::provider::Provider;
use super::money::{Shop, captured, priced};

/// What a return comes to by its units: how many are in each state of the goods, decision and credit.
type Places = Vec<(u32, v1::ReturnGoods, v1::ReturnDecision, v1::ReturnCredit)>;

fn lines(lines: &[(u32, u32)]) -> Vec<v1::LineQuantity> {
    let line = |&(line_index, quantity): &(u32, u32)| v1::LineQuantity { line_index, quantity };
    lines.iter().map(line).collect()
}

/// Asks that units of the order `O` come back to `NYC`.
fn asked(id: &str, units: &[(u32, u32)]) -> v1::RequestReturnRequest {
    v1::RequestReturnRequest {
        order_id: "O".into(),
        return_id: id.into(),
        node_id: "NYC".into(),
        reason: v1::ReturnReason::DoesNotFit.into(),
        lines: lines(units),
        ..Default::default()
    }
}

fn report(id: &str, revision: u32, units: &[(u32, u32)]) -> v1::ReceiveReturnRequest {
    v1::ReceiveReturnRequest {
        order_id: "O".into(),
        return_id: id.into(),
        revision,
        lines: lines(units),
        ..Default::default()
    }
}

/// All that was received and not looked at is as new, is owed for, and goes back to the shelf.
fn as_new(id: &str) -> v1::InspectReturnRequest {
    v1::InspectReturnRequest {
        order_id: "O".into(),
        return_id: id.into(),
        grade: v1::ReturnGrade::A.into(),
        verdict: v1::ReturnVerdict::Approve.into(),
        disposition: v1::ReturnDisposition::Restock.into(),
        ..Default::default()
    }
}

impl Shop {
    async fn ask(&mut self, request: v1::RequestReturnRequest) -> Result<v1::Return, Status> {
        let answer = self.server.returns.request_return(request).await?;
        Ok(answer.into_inner().rma.expect("a return"))
    }

    async fn receive(&mut self, request: v1::ReceiveReturnRequest) -> Result<v1::Return, Status> {
        let answer = self.server.returns.receive_return(request).await?;
        Ok(answer.into_inner().rma.expect("a return"))
    }

    pub(super) async fn inspect(
        &mut self,
        request: v1::InspectReturnRequest,
    ) -> Result<v1::Return, Status> {
        let answer = self.server.returns.inspect_return(request).await?;
        Ok(answer.into_inner().rma.expect("a return"))
    }

    /// Units of the order `O` come back, as new: asked for, received and looked at.
    async fn back(&mut self, id: &str, units: &[(u32, u32)]) {
        self.ask(asked(id, units)).await.expect("granted");
        self.receive(report(id, 1, units)).await.expect("received");
        self.inspect(as_new(id)).await.expect("looked at");
    }

    pub(super) async fn rma(&mut self, id: &str) -> v1::Return {
        let (order_id, return_id) = ("O".into(), id.into());
        let get = v1::GetReturnRequest { order_id, return_id, min_version: 0 };
        let answer = self.server.returns.get_return(get).await.expect("it is there");
        answer.into_inner().rma.expect("a return")
    }

    /// Waits until the one unit of an item at `NYC` is free.
    async fn freed(&mut self, sku: &str) {
        let wait = async {
            while self.stock(sku, "NYC").await != (1, 0, 1) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), wait).await.expect("it is freed");
    }

    /// Units on hand, of those units that cannot be sold, and units that are free.
    pub(super) async fn stock(&mut self, sku: &str, node: &str) -> (u64, u64, i64) {
        let (sku, node_id) = (sku.into(), node.into());
        let get = v1::GetStockRequest { sku, node_id, ..Default::default() };
        let stock = self.server.inventory.get_stock(get).await.expect("the stock").into_inner();
        let stock = stock.stock.expect("a stock");
        (stock.on_hand, stock.unavailable, stock.free)
    }

    /// A shop whose order `O` of these items, units and unit prices left in one shipment and is paid.
    async fn sold(lines: &[(&str, u32, i64)]) -> (Self, Provider) {
        let paid = lines.iter().map(|(_, units, price)| i64::from(*units) * price / 100).sum();
        Self::sold_as(priced("O", lines, vec![captured("card", paid)])).await
    }

    /// The same, of an order that is paid by what is captured.
    pub(super) async fn sold_as(request: v1::PlaceOrderRequest) -> (Self, Provider) {
        let items: Vec<(&str, u32)> =
            request.lines.iter().map(|line| (line.sku.as_str(), line.quantity)).collect();
        let mut shop = Self::with(&items).await;
        shop.place(request.clone()).await;
        shop.ship("O", 1).await;
        let mut provider = Provider::default();
        provider.answer_all(&mut shop, 1).await;
        (shop, provider)
    }

    /// What was refunded by now, once the provider did all that it is asked for, twice told.
    pub(super) async fn refunded(&mut self, provider: &mut Provider) -> i64 {
        provider.answer_all(self, 2).await;
        let [total, captured, refunded, due] = self.sums("O").await;
        assert_eq!(due, 0, "of {total}, {captured} are captured and {refunded} refunded");
        assert_eq!(refunded, provider.sum(v1::IntentKind::Refund), "the books are the provider's");
        assert!(refunded <= captured);
        refunded
    }
}

fn places(of: &v1::Return) -> Places {
    let units = of.lines.iter().flat_map(|line| &line.units);
    units.map(|of| (of.quantity, of.goods(), of.decision(), of.credit())).collect()
}
