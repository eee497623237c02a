//! What happens to orders after they were placed: cancelled, changed, or shipped.
//!
//! ```text
//!   answers --> follow-ups --+--> cancel, ship: as many in flight as go
//!                            \--> change, in a task of its own, so that its latency is not that of
//!                                 those before it
//! ```

use std::sync::Arc;

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
use super::changes::{Delays, Granted, SharedDelays, Wish};
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
    /// Orders cancelled; of `hold`, carts that lapsed.
    pub cancelled: u64,
    /// Their units.
    pub cancelled_units: u64,
    /// Orders changed.
    pub changed: u64,
    /// Units that they have since.
    pub added_units: u64,
    /// Units that they gave up.
    pub given_up_units: u64,
    /// Shipments shipped.
    pub shipped: u64,
    /// Their units.
    pub shipped_units: u64,
}

impl Followed {
    /// Adds what another task did.
    pub const fn add(&mut self, other: Self) {
        self.cancelled += other.cancelled;
        self.cancelled_units += other.cancelled_units;
        self.changed += other.changed;
        self.added_units += other.added_units;
        self.given_up_units += other.given_up_units;
        self.shipped += other.shipped;
        self.shipped_units += other.shipped_units;
    }

    /// Units that orders still have, of so many that were placed.
    pub const fn kept_of(&self, placed: u64) -> u64 {
        placed + self.added_units - self.given_up_units - self.cancelled_units
    }

    const fn count(&mut self, done: Done) {
        match done {
            Done::Changed { granted, shipped } => {
                self.changed += 1;
                self.added_units += granted.added;
                self.given_up_units += granted.given_up;
                if shipped {
                    self.shipped += 1;
                    self.shipped_units += granted.first_shipment;
                }
            }
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
    Changed { granted: Granted, shipped: bool },
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

/// Where follow-ups go.
#[derive(Clone, Debug)]
pub struct FollowUps {
    changes: mpsc::Sender<FollowUp>,
    others: mpsc::Sender<FollowUp>,
}

impl FollowUps {
    /// Hands one on. A follower that failed says so when the run ends.
    pub async fn send(&self, follow_up: FollowUp) {
        let to = match follow_up {
            FollowUp::Change(_) => &self.changes,
            FollowUp::Cancel(..) | FollowUp::Ship(..) => &self.others,
        };
        let _ = to.send(follow_up).await;
    }
}

/// Tasks that carry follow-ups out until no sender is left.
pub struct Follower {
    tasks: [JoinHandle<Result<Followed, LoadError>>; 2],
    delays: SharedDelays,
}

impl Follower {
    /// Starts them, and says where they take follow-ups. Changes name SKUs below `skus`.
    pub fn start(way: &Way, skus: u32) -> (Self, FollowUps) {
        let delays = Delays::new();
        let start = || {
            let (sender, receiver) = mpsc::channel(WAITING_MAX);
            let means = (skus, Arc::clone(&delays));
            (sender, tokio::spawn(follow(way.clone(), means, receiver)))
        };
        let ((changes, changing), (others, following)) = (start(), start());
        (Self { tasks: [changing, following], delays }, FollowUps { changes, others })
    }

    /// How long changes took.
    pub fn delays(&self) -> SharedDelays {
        Arc::clone(&self.delays)
    }

    /// Waits until all is done.
    pub async fn end(self) -> Result<Followed, LoadError> {
        let mut followed = Followed::default();
        for task in self.tasks {
            followed.add(task.await.expect("no panic")?);
        }
        Ok(followed)
    }
}

/// The SKUs that changes may name, and where their delays go.
type Means = (u32, SharedDelays);

async fn follow(
    way: Way,
    means: Means,
    receiver: mpsc::Receiver<FollowUp>,
) -> Result<Followed, LoadError> {
    let in_flight = match &way {
        Way::Engine(_) => IN_FLIGHT_MAX,
        Way::Server(_) => CALLS_IN_FLIGHT_MAX,
    };
    let mut followed = Followed::default();
    let carried_out = ReceiverStream::new(receiver)
        .map(|follow_up| carry_out(way.clone(), means.clone(), follow_up));
    let mut carried_out = carried_out.buffer_unordered(in_flight);
    while let Some(done) = carried_out.try_next().await? {
        followed.count(done);
    }
    Ok(followed)
}

async fn carry_out(
    way: Way,
    (skus, delays): Means,
    follow_up: FollowUp,
) -> Result<Done, LoadError> {
    if let FollowUp::Change(wish) = follow_up {
        return change(way, (skus, &delays), wish).await;
    }
    match way {
        Way::Engine(engine) => by_engine(&engine, follow_up).await,
        Way::Server(channel) => by_server(channel, follow_up).await,
    }
}

/// Changes an order; its first shipment leaves after that, if there is something in it.
async fn change(way: Way, means: (u32, &SharedDelays), wish: Wish) -> Result<Done, LoadError> {
    let granted = match &way {
        Way::Engine(engine) => wish.by_engine(engine, means).await?,
        Way::Server(channel) => wish.by_server(channel.clone(), means).await?,
    };
    let shipped = wish.leaves && granted.first_shipment > 0;
    if shipped {
        let ship = FollowUp::Ship(wish.order, granted.first_shipment);
        match way {
            Way::Engine(engine) => by_engine(&engine, ship).await?,
            Way::Server(channel) => by_server(channel, ship).await?,
        };
    }
    Ok(Done::Changed { granted, shipped })
}

async fn by_engine(engine: &Engine, follow_up: FollowUp) -> Result<Done, LoadError> {
    match follow_up {
        FollowUp::Change(_) => unreachable!("changes have a function of their own"),
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
        FollowUp::Change(_) => unreachable!("changes have a function of their own"),
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
