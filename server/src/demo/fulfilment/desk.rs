//! What customers ask for after they ordered, and what the desk does.

use backstock_proto::v1;
use backstock_proto::v1::change_operation::Operation;

use super::super::error::DemoError;
use crate::client::Client;

/// Who reviews orders.
const REVIEWER: &str = "fraud desk";

/// An order at the desk.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) client: &'a Client,
    pub(super) order: &'a str,
}

impl Desk<'_> {
    /// The order as it is.
    pub(super) async fn read(self) -> Result<v1::Order, DemoError> {
        let request = v1::GetOrderRequest { order_id: self.order.to_owned(), min_version: 0 };
        let answer = self.client.orders().get_order(request).await?.into_inner();
        Ok(answer.order.unwrap_or_default())
    }

    /// Changes it as asked: quotes that, and commits the quote. None where it cannot be had.
    pub(super) async fn change(self, asked: Operation) -> Result<Option<v1::Order>, DemoError> {
        let request = v1::QuoteChangeRequest {
            order_id: self.order.to_owned(),
            operations: vec![v1::ChangeOperation { operation: Some(asked) }],
            reason: "the customer called".to_owned(),
            ..v1::QuoteChangeRequest::default()
        };
        let quote = self.client.orders().quote_change(request).await?.into_inner();
        if !quote.faults.is_empty() {
            return Ok(None);
        }
        let (order_id, change_token) = (self.order.to_owned(), quote.change_token);
        let request = v1::CommitChangeRequest { order_id, change_token };
        let answer = self.client.orders().commit_change(request).await?.into_inner();
        let is_done = answer.outcome() == v1::ChangeOutcome::Committed;
        Ok(answer.order.filter(|_| is_done))
    }

    /// Cancels all of it that has not left, or all of one shipment.
    pub(super) async fn cancel(self, shipment_number: u32) -> Result<v1::Order, DemoError> {
        let request = v1::CancelOrderRequest {
            order_id: self.order.to_owned(),
            shipment_number,
            reason: "the customer called".to_owned(),
            request_id: format!("cancel-{}-{shipment_number}", self.order),
            ..v1::CancelOrderRequest::default()
        };
        let answer = self.client.orders().cancel_order(request).await?.into_inner();
        Ok(answer.order.unwrap_or_default())
    }

    /// No node is to work on it until it was looked at.
    pub(super) async fn hold(self) -> Result<(), DemoError> {
        let request = v1::HoldOrderRequest {
            order_id: self.order.to_owned(),
            order_hold_id: "review".to_owned(),
            kind: v1::OrderHoldKind::Fraud.into(),
            reason: "paid with a new card".to_owned(),
            owner: REVIEWER.to_owned(),
            request_id: format!("hold-{}", self.order),
            ..v1::HoldOrderRequest::default()
        };
        self.client.orders().hold_order(request).await?;
        Ok(())
    }

    /// It was looked at, and is good.
    pub(super) async fn release(self) -> Result<(), DemoError> {
        let request = v1::ReleaseOrderHoldRequest {
            order_id: self.order.to_owned(),
            order_hold_id: "review".to_owned(),
            reason: "the bank knows the card".to_owned(),
            request_id: format!("good-{}", self.order),
            ..v1::ReleaseOrderHoldRequest::default()
        };
        self.client.orders().release_order_hold(request).await?;
        Ok(())
    }

    /// The customer waits for what his store did not have.
    pub(super) async fn resolve(self, shipment_number: u32) -> Result<v1::Order, DemoError> {
        let request = v1::ResolveDeclineRequest {
            order_id: self.order.to_owned(),
            shipment_number,
            reason: "the customer waits for it".to_owned(),
            request_id: format!("resolve-{}-{shipment_number}", self.order),
            ..v1::ResolveDeclineRequest::default()
        };
        let answer = self.client.orders().resolve_decline(request).await?.into_inner();
        Ok(answer.order.unwrap_or_default())
    }
}
