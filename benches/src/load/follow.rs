//! What happens to orders after they were placed: cancelled, or shipped.

use backstock_engine::command::{CancelOrder, ProgressShipment};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Step, Text};
use backstock_proto::v1::fulfillment_service_client::FulfillmentServiceClient;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::{CancelOrderRequest, ShipShipmentRequest};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::answers::FollowUp;
use super::error::LoadError;
use crate::workload::network::meta;

/// Follow-ups that wait for their turn; a task that has more waits.
const WAITING_MAX: usize = 8_192;
/// Of those, how many are in flight, in process.
const IN_FLIGHT_MAX: usize = 2_048;
/// The same over gRPC.
const CALLS_IN_FLIGHT_MAX: usize = 32;
/// The carrier of all shipments.
const CARRIER: &str = "parcel";

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// Orders cancelled.
    pub cancelled: u64,
    /// Their units.
    pub cancelled_units: u64,
    /// Shipments shipped.
    pub shipped: u64,
    /// Their units.
    pub shipped_units: u64,
}

impl Followed {
    const fn count(&mut self, done: Done) {
        match done {
            Done::Cancelled(units) => {
                self.cancelled += 1;
                self.cancelled_units += units;
            }
            Done::Shipped(units) => {
                self.shipped += 1;
                self.shipped_units += units;
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Done {
    Cancelled(u64),
    Shipped(u64),
}

/// How follow-ups reach the engine.
#[derive(Clone)]
pub enum Way {
    /// By its functions.
    Engine(Engine),
    /// By calls on this connection.
    Server(Channel),
}

/// A task that carries follow-ups out until no sender is left.
pub struct Follower {
    task: JoinHandle<Result<Followed, LoadError>>,
}

impl Follower {
    /// Starts it, and says where it takes follow-ups.
    pub fn start(way: Way) -> (Self, mpsc::Sender<FollowUp>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Self { task: tokio::spawn(follow(way, receiver)) }, sender)
    }

    /// Waits until all is done.
    pub async fn end(self) -> Result<Followed, LoadError> {
        self.task.await.expect("no panic")
    }
}

async fn follow(way: Way, receiver: mpsc::Receiver<FollowUp>) -> Result<Followed, LoadError> {
    let in_flight = match &way {
        Way::Engine(_) => IN_FLIGHT_MAX,
        Way::Server(_) => CALLS_IN_FLIGHT_MAX,
    };
    let mut followed = Followed::default();
    let carried_out =
        ReceiverStream::new(receiver).map(|follow_up| carry_out(way.clone(), follow_up));
    let mut carried_out = carried_out.buffer_unordered(in_flight);
    while let Some(done) = carried_out.try_next().await? {
        followed.count(done);
    }
    Ok(followed)
}

async fn carry_out(way: Way, follow_up: FollowUp) -> Result<Done, LoadError> {
    match way {
        Way::Engine(engine) => by_engine(&engine, follow_up).await,
        Way::Server(channel) => by_server(channel, follow_up).await,
    }
}

async fn by_engine(engine: &Engine, follow_up: FollowUp) -> Result<Done, LoadError> {
    match follow_up {
        FollowUp::Cancel(order, units) => {
            engine
                .cancel_order(CancelOrder {
                    meta: meta(),
                    order,
                    lines: Vec::new(),
                    shipment: None,
                })
                .await?;
            Ok(Done::Cancelled(units))
        }
        FollowUp::Ship(order, units) => {
            let carrier = Text::new("carrier", CARRIER).expect("a short text");
            let (shipment, tracking) = (1, Text::default());
            let step = Step::Ship { packages: Vec::new(), carrier, tracking };
            let ship = ProgressShipment { meta: meta(), order, shipment, step };
            engine.progress_shipment(ship).await?;
            Ok(Done::Shipped(units))
        }
    }
}

async fn by_server(channel: Channel, follow_up: FollowUp) -> Result<Done, LoadError> {
    match follow_up {
        FollowUp::Cancel(order, units) => {
            let order_id = order.to_string();
            let cancel = CancelOrderRequest { order_id, ..CancelOrderRequest::default() };
            OrderServiceClient::new(channel).cancel_order(cancel).await?;
            Ok(Done::Cancelled(units))
        }
        FollowUp::Ship(order, units) => {
            let ship = ShipShipmentRequest {
                order_id: order.to_string(),
                shipment_number: 1,
                carrier: CARRIER.into(),
                ..ShipShipmentRequest::default()
            };
            FulfillmentServiceClient::new(channel).ship_shipment(ship).await?;
            Ok(Done::Shipped(units))
        }
    }
}
