//! What nodes and carriers say of a shipment.

use backstock_engine::model::RefusalKind;
use backstock_proto::v1;

use super::super::error::DemoError;
use crate::client::{Client, ClientError};

/// A shipment, and whom it is told to.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    pub(super) client: &'a Client,
    pub(super) order: &'a str,
    pub(super) number: u32,
}

/// A message about the whole shipment, named by what it says.
macro_rules! says {
    ($($(#[$doc:meta])* $name:ident: $method:ident, $request:ident, { $($field:ident: $type:ty),* };)*) => {$(
        $(#[$doc])*
        pub(super) async fn $name(self, $($field: $type),*) -> Result<v1::Shipment, DemoError> {
            let request = v1::$request {
                order_id: self.order.to_owned(),
                shipment_number: self.number,
                request_id: self.key(stringify!($name)),
                $($field,)*
                ..v1::$request::default()
            };
            let answer = self.client.fulfillment().$method(request).await?.into_inner();
            Ok(answer.shipment.unwrap_or_default())
        }
    )*};
}

impl Node<'_> {
    says! {
        /// It has it to ship.
        accept: accept_shipment, AcceptShipmentRequest, {};
        /// It waits for the customer.
        make_ready: make_shipment_ready, MakeShipmentReadyRequest, {};
        /// The customer has it.
        collect: collect_shipment, CollectShipmentRequest, {};
        /// It is where it was to go.
        deliver: deliver_shipment, DeliverShipmentRequest, {};
    }

    /// A node's own message of this name, one of its kind for the shipment: sent again, it is the
    /// same.
    fn key(self, name: &str) -> String {
        format!("{name}-{}-{}", self.order, self.number)
    }

    /// The node is told to work on it: whether all of its units are there.
    pub(super) async fn release(self) -> Result<bool, DemoError> {
        let request = v1::ReleaseShipmentRequest {
            order_id: self.order.to_owned(),
            shipment_number: self.number,
            request_id: self.key("release"),
            ..v1::ReleaseShipmentRequest::default()
        };
        let answer = self.client.fulfillment().release_shipment(request).await;
        unless(answer.map(drop), RefusalKind::SupplyNotReceived)
    }

    /// So many units of lines are off the shelf by now; all where none is named.
    pub(super) async fn pick(
        self,
        lines: Vec<v1::LineQuantity>,
    ) -> Result<v1::Shipment, DemoError> {
        let what = if lines.is_empty() { "pick" } else { "pick-some" };
        let request = v1::PickShipmentRequest {
            order_id: self.order.to_owned(),
            shipment_number: self.number,
            request_id: self.key(what),
            lines,
            ..v1::PickShipmentRequest::default()
        };
        let answer = self.client.fulfillment().pick_shipment(request).await?.into_inner();
        Ok(answer.shipment.unwrap_or_default())
    }

    /// The node says that it picks: whether the order is not on hold.
    pub(super) async fn may_pick(self) -> Result<bool, DemoError> {
        let request = v1::PickShipmentRequest {
            order_id: self.order.to_owned(),
            shipment_number: self.number,
            ..v1::PickShipmentRequest::default()
        };
        let answer = self.client.fulfillment().pick_shipment(request).await;
        unless(answer.map(drop), RefusalKind::OrderOnHold)
    }

    /// What is in a box; all that is in none where no line is named.
    pub(super) async fn pack(
        self,
        package_id: &str,
        lines: Vec<v1::LineQuantity>,
    ) -> Result<v1::Shipment, DemoError> {
        let request = v1::PackShipmentRequest {
            order_id: self.order.to_owned(),
            shipment_number: self.number,
            package_id: package_id.to_owned(),
            lines,
            request_id: self.key(&format!("pack-{package_id}")),
            ..v1::PackShipmentRequest::default()
        };
        let answer = self.client.fulfillment().pack_shipment(request).await?.into_inner();
        Ok(answer.shipment.unwrap_or_default())
    }

    /// A truck takes a box; all that is left where none is named.
    pub(super) async fn ship(
        self,
        carrier: &str,
        package_ids: Vec<String>,
    ) -> Result<v1::Shipment, DemoError> {
        let what = format!("ship-{}", package_ids.concat());
        let request = v1::ShipShipmentRequest {
            order_id: self.order.to_owned(),
            shipment_number: self.number,
            carrier: carrier.to_owned(),
            tracking: format!("{}-{}{}", self.order, self.number, package_ids.concat()),
            package_ids,
            request_id: self.key(&what),
            ..v1::ShipShipmentRequest::default()
        };
        let answer = self.client.fulfillment().ship_shipment(request).await?.into_inner();
        Ok(answer.shipment.unwrap_or_default())
    }

    /// The node does not ship it, or these units of it.
    pub(super) async fn decline(
        self,
        reason: v1::DeclineReason,
        lines: Vec<v1::LineQuantity>,
    ) -> Result<v1::Order, DemoError> {
        let request = v1::DeclineShipmentRequest {
            order_id: self.order.to_owned(),
            shipment_number: self.number,
            reason: reason.into(),
            request_id: self.key("decline"),
            lines,
            ..v1::DeclineShipmentRequest::default()
        };
        let answer = self.client.fulfillment().decline_shipment(request).await?.into_inner();
        Ok(answer.order.unwrap_or_default())
    }
}

/// Whether it was done; or else refused for this reason.
fn unless(answer: Result<(), tonic::Status>, reason: RefusalKind) -> Result<bool, DemoError> {
    match answer.map_err(ClientError::from) {
        Ok(()) => Ok(true),
        Err(ClientError::Refused(refused)) if refused.reason == reason.name() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
