//! `PartnerService`: who partners are, and what they say. A file a method, and what they share.
//!
//! | file | what |
//! |---|---|
//! | `answer` | what a partner is answered of one message |
//! | `take` | one message, read and handed to the engine |

mod answer;
mod define_partner;
mod discard_message;
mod dispose_goods;
mod get_partner;
mod list_partner_gaps;
mod match_goods;
mod replay_message;
mod report;
mod take;

use backstock_proto::v1;
use backstock_proto::v1::partner_service_server::PartnerService;
use tonic::{Request, Response, Status};

use super::Api;
use super::service::service;

service! {
    PartnerService:
    define_partner(v1::DefinePartnerRequest) -> v1::DefinePartnerResponse;
    report(v1::ReportRequest) -> v1::ReportResponse;
    get_partner(v1::GetPartnerRequest) -> v1::GetPartnerResponse;
    list_partner_gaps(v1::ListPartnerGapsRequest) -> v1::ListPartnerGapsResponse;
    match_goods(v1::MatchGoodsRequest) -> v1::MatchGoodsResponse;
    dispose_goods(v1::DisposeGoodsRequest) -> v1::DisposeGoodsResponse;
    replay_message(v1::ReplayMessageRequest) -> v1::ReplayMessageResponse;
    discard_message(v1::DiscardMessageRequest) -> v1::DiscardMessageResponse;
}
