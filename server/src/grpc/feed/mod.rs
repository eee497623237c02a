//! `FeedService`: the journal, for systems that follow it. What it tells is made by the engine's
//! `feed`; here it gets the fields of `CloudEvents`.

mod acknowledge;
mod consumer;
mod delete_consumer;
mod event;
mod list_consumers;
mod read;
mod update_consumer;
mod wanted;

use backstock_proto::v1;
use backstock_proto::v1::feed_service_server::FeedService;
use tonic::{Request, Response, Status};

use super::Api;
use super::service::service;
use super::transport::streams::Answers;
pub(super) use event::type_of;
pub(crate) use event::{SOURCE, SPEC_VERSION, event};
pub(super) use read::Feeds;
pub(super) use wanted::filter;

service! {
    FeedService:
    acknowledge(v1::AcknowledgeRequest) -> v1::AcknowledgeResponse;
    list_consumers(v1::ListConsumersRequest) -> v1::ListConsumersResponse;
    update_consumer(v1::UpdateConsumerRequest) -> v1::UpdateConsumerResponse;
    delete_consumer(v1::DeleteConsumerRequest) -> v1::DeleteConsumerResponse;
    {
        type ReadStream = Answers<v1::ReadResponse>;

        async fn read(
            &self,
            request: Request<v1::ReadRequest>,
        ) -> Result<Response<Self::ReadStream>, Status> {
            read::start(self, request).await.map(Response::new)
        }
    }
}
