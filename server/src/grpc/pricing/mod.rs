//! `PricingService`: price lists, promotions, rates, and what a basket costs. A file a method, and what
//! they share.
//!
//! | file | what |
//! |---|---|
//! | `list`, `promotion`, `rates` | each as callers see it, there and back |
//! | `basket` | a basket, read |
//! | `price` | what it costs, as callers see it |
//! | `parts` | currencies, zones, days of validity and texts, which they share |

mod basket;
mod get_shipping_rates;
mod get_tax_rates;
mod list;
mod list_price_lists;
mod list_prices;
mod list_promotions;
pub(in crate::grpc) mod parts;
pub(in crate::grpc) mod price;
mod price_basket;
mod promotion;
mod rates;
mod set_prices;
mod set_tax_categories;
mod update_price_list;
mod update_promotion;
mod update_shipping_rates;
mod update_tax_rates;

use backstock_proto::v1;
use backstock_proto::v1::pricing_service_server::PricingService;
use tonic::{Request, Response, Status};

use super::Api;
use super::service::service;

service! {
    PricingService:
    update_price_list(v1::UpdatePriceListRequest) -> v1::UpdatePriceListResponse;
    list_price_lists(v1::ListPriceListsRequest) -> v1::ListPriceListsResponse;
    set_prices(v1::SetPricesRequest) -> v1::SetPricesResponse;
    list_prices(v1::ListPricesRequest) -> v1::ListPricesResponse;
    update_promotion(v1::UpdatePromotionRequest) -> v1::UpdatePromotionResponse;
    list_promotions(v1::ListPromotionsRequest) -> v1::ListPromotionsResponse;
    update_tax_rates(v1::UpdateTaxRatesRequest) -> v1::UpdateTaxRatesResponse;
    get_tax_rates(v1::GetTaxRatesRequest) -> v1::GetTaxRatesResponse;
    set_tax_categories(v1::SetTaxCategoriesRequest) -> v1::SetTaxCategoriesResponse;
    update_shipping_rates(v1::UpdateShippingRatesRequest) -> v1::UpdateShippingRatesResponse;
    get_shipping_rates(v1::GetShippingRatesRequest) -> v1::GetShippingRatesResponse;
    price_basket(v1::PriceBasketRequest) -> v1::PriceBasketResponse;
}
