//! `SuggestionService`: what goes with a basket, and what may take an item's place. A file a method, and what they
//! share.
//!
//! | file | what |
//! |---|---|
//! | `style` | styles and associations as callers see them, there and back |
//! | `suggested` | suggestions as callers see them |

mod get_assortment;
mod set_associations;
mod style;
mod suggest;
mod suggested;
mod update_styles;

use backstock_proto::v1;
use backstock_proto::v1::suggestion_service_server::SuggestionService;
use tonic::{Request, Response, Status};

use super::Api;
use super::service::service;

service! {
    SuggestionService:
    suggest(v1::SuggestRequest) -> v1::SuggestResponse;
    update_styles(v1::UpdateStylesRequest) -> v1::UpdateStylesResponse;
    set_associations(v1::SetAssociationsRequest) -> v1::SetAssociationsResponse;
    get_assortment(v1::GetAssortmentRequest) -> v1::GetAssortmentResponse;
}
