//! `WebhookService`: those whom the feed is sent to. Sending is done by [`crate::webhooks`].

mod delete_endpoint;
mod endpoint;
mod list_endpoints;
mod resume_endpoint;
mod test_endpoint;
mod update_endpoint;

use backstock_proto::v1;
use backstock_proto::v1::webhook_service_server::WebhookService;
use tonic::{Request, Response, Status};

use super::Api;
use super::service::service;

service! {
    WebhookService:
    update_endpoint(v1::UpdateEndpointRequest) -> v1::UpdateEndpointResponse;
    list_endpoints(v1::ListEndpointsRequest) -> v1::ListEndpointsResponse;
    delete_endpoint(v1::DeleteEndpointRequest) -> v1::DeleteEndpointResponse;
    resume_endpoint(v1::ResumeEndpointRequest) -> v1::ResumeEndpointResponse;
    test_endpoint(v1::TestEndpointRequest) -> v1::TestEndpointResponse;
}
