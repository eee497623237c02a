//! A thin gRPC client, shared by all commands that talk to a server: one
//! connection, the services over it, and what can go wrong.

mod error;
mod says;
pub mod words;

use std::future::Future;
use std::time::Duration;

use backstock_proto::v1;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

pub use error::{ClientError, Concern, Refused};
pub use says::{BadName, Name, Says};

use crate::cli::{ServerAddr, Timeout};

/// A server that does not answer in this time is not there. It is long for a
/// network, and short for a person who waits.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest response of the feed that is taken: the .proto file says so.
const FEED_RESPONSE_BYTES_MAX: usize = 32 << 20;

/// A connection whose calls say who makes them.
pub type Wire = InterceptedService<Channel, Says>;

/// A connection to one server. Cheap to clone; all clones share it.
#[derive(Debug, Clone)]
pub struct Client {
    wire: Wire,
}

impl Client {
    /// Connects to a server, for nobody in particular.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`].
    pub async fn connect(addr: &ServerAddr) -> Result<Self, ClientError> {
        Self::connect_for(addr, Says::default()).await
    }

    /// Connects to a server: each call says this.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`].
    pub async fn connect_for(addr: &ServerAddr, says: Says) -> Result<Self, ClientError> {
        let unreachable = || ClientError::Unreachable(addr.to_string());
        let endpoint = Endpoint::from_shared(addr.uri().to_owned()).map_err(|_| unreachable())?;
        let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT).tcp_nodelay(true);
        let channel = endpoint.connect().await.map_err(|_| unreachable())?;
        Ok(Self { wire: InterceptedService::new(channel, says) })
    }

    /// Items, nodes and the policy.
    pub fn catalog(&self) -> v1::catalog_service_client::CatalogServiceClient<Wire> {
        v1::catalog_service_client::CatalogServiceClient::new(self.wire.clone())
    }

    /// Availability and stock.
    pub fn inventory(&self) -> v1::inventory_service_client::InventoryServiceClient<Wire> {
        v1::inventory_service_client::InventoryServiceClient::new(self.wire.clone())
    }

    /// Orders.
    pub fn orders(&self) -> v1::order_service_client::OrderServiceClient<Wire> {
        v1::order_service_client::OrderServiceClient::new(self.wire.clone())
    }

    /// Shipments.
    pub fn fulfillment(&self) -> v1::fulfillment_service_client::FulfillmentServiceClient<Wire> {
        v1::fulfillment_service_client::FulfillmentServiceClient::new(self.wire.clone())
    }

    /// What prices are made of.
    pub fn pricing(&self) -> v1::pricing_service_client::PricingServiceClient<Wire> {
        v1::pricing_service_client::PricingServiceClient::new(self.wire.clone())
    }

    /// Holds.
    pub fn holds(&self) -> v1::hold_service_client::HoldServiceClient<Wire> {
        v1::hold_service_client::HoldServiceClient::new(self.wire.clone())
    }

    /// Partners, and what they say.
    pub fn partners(&self) -> v1::partner_service_client::PartnerServiceClient<Wire> {
        v1::partner_service_client::PartnerServiceClient::new(self.wire.clone())
    }

    /// What goes with what.
    pub fn suggestions(&self) -> v1::suggestion_service_client::SuggestionServiceClient<Wire> {
        v1::suggestion_service_client::SuggestionServiceClient::new(self.wire.clone())
    }

    /// What happened. Some events are long.
    pub fn feed(&self) -> v1::feed_service_client::FeedServiceClient<Wire> {
        let client = v1::feed_service_client::FeedServiceClient::new(self.wire.clone());
        client.max_decoding_message_size(FEED_RESPONSE_BYTES_MAX)
    }

    /// The money of orders.
    pub fn payments(&self) -> v1::payment_service_client::PaymentServiceClient<Wire> {
        v1::payment_service_client::PaymentServiceClient::new(self.wire.clone())
    }

    /// Units of orders that come back.
    pub fn returns(&self) -> v1::return_service_client::ReturnServiceClient<Wire> {
        v1::return_service_client::ReturnServiceClient::new(self.wire.clone())
    }

    /// Those whom the feed is sent to.
    pub fn webhooks(&self) -> v1::webhook_service_client::WebhookServiceClient<Wire> {
        v1::webhook_service_client::WebhookServiceClient::new(self.wire.clone())
    }

    /// Operators' work.
    pub fn admin(&self) -> v1::admin_service_client::AdminServiceClient<Wire> {
        v1::admin_service_client::AdminServiceClient::new(self.wire.clone())
    }
}

/// Does a command's work, and gives it up once `timeout` has passed.
///
/// # Errors
/// Those of the work, or [`ClientError::TimedOut`].
pub async fn within<T, E: From<ClientError>>(
    timeout: Option<Timeout>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let Some(Timeout(timeout)) = timeout else { return work.await };
    let ended = tokio::time::timeout(timeout, work).await;
    ended.unwrap_or_else(|_| Err(ClientError::TimedOut(timeout).into()))
}

/// Runs a client's work to its end on this thread. One connection keeps no
/// second thread busy.
///
/// # Errors
/// The runtime cannot be made: the process is out of file descriptors.
pub fn block_on<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work))
}
