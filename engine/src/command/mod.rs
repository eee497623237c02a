//! Commands: what callers may ask for, a room each, and the list of their events.

pub mod assortment;
pub mod backlog;
pub mod catalogue;
pub mod events;
#[cfg(test)]
pub(crate) mod fixture;
pub mod hold;
pub mod order;
pub mod partner;
pub mod pricing;
pub mod supply;

pub use assortment::define_styles::{DefineStyles, StylesDefined};
pub use assortment::set_associations::{AssociationsSet, ItemAssociations, SetAssociations};
pub use backlog::repeg::event::{BacklogRepegged, BundleMoved, Repegged};
pub use backlog::repeg::opening::SaleOpened;
pub use catalogue::define_item::{DefineItem, EnsureItem, ItemField};
pub use catalogue::define_node::{DefineNode, NodeDefinition};
pub use catalogue::set_policy::SetPolicy;
pub use events::AnyEvent;
pub use hold::change::{ChangeHold, HoldChanged};
pub use hold::confirm::ConfirmHold;
pub use hold::create::{CreateHold, HoldCreated};
pub use hold::ended::{EndedHold, HoldsEnded};
pub use hold::extend::{ExtendHold, Extension, HoldExtended};
pub use hold::prolonged::{HoldsProlonged, ProlongedHold};
pub use hold::release::ReleaseHold;
pub use hold::replaced::HoldReplaced;
pub use order::accept::AcceptShipment;
pub use order::cancel::CancelOrder;
pub use order::cancelled::LineCancellation;
pub use order::change::{
    Change, ChangeQuote, CommitChange, Fault, HoldTaken, Operation, OrderChanged, QuoteChange,
    Wanted,
};
pub use order::claim::ClaimShipment;
pub use order::decline::DeclineShipment;
pub use order::due::expire::ShipmentExpired;
pub use order::due::let_go::OrderStockLetGo;
pub use order::exchange::{ExchangeRequested, RequestExchange};
pub use order::hold::{HoldOrder, OrderHeld};
pub use order::payment::{PaymentRecorded, PaymentStep, RecordPayment};
pub use order::payment_event::keep::KeepProviderEvent;
pub use order::payment_event::resolve::{ProviderEventResolution, ResolveProviderEvent};
pub use order::place::request::PlaceOrder;
pub use order::prioritise::{OrderPrioritised, SetOrderPriority};
pub use order::progress::ProgressShipment;
pub use order::release_hold::{OrderHoldReleased, ReleaseOrderHold};
pub use order::released::{Released, ShipmentsReleased};
pub use order::resolve_decline::{DeclineResolved, ResolveDecline};
pub use order::returned::ReturnProgressed;
pub use order::returns::progress::{ProgressReturn, ReturnStep};
pub use order::returns::request::{RequestReturn, ReturnRequested, Said, TermsAsked};
pub use order::returns::set_policy::{ReturnPolicySet, SetReturnPolicy};
pub use order::wave::{ReleaseWave, Wave, WaveAt, WaveFilter, WaveFound};
pub use partner::define::{DefinePartner, PartnerDefined};
pub use partner::discard::{DiscardPartnerMessage, PartnerMessageDiscarded};
pub use partner::dispose::{DisposeGoods, GoodsDisposed};
pub use partner::match_arrival::{ArrivalMatched, MatchArrival};
pub use partner::report::{
    Became, PairReported, PartnerAnswer, PartnerStatus, PartnerTold, ReportPartner,
};
pub use pricing::define_price_list::{DefinePriceList, PriceListDefined};
pub use pricing::define_promotion::{DefinePromotion, PromotionDefined};
pub use pricing::define_shipping_rates::DefineShippingRates;
pub use pricing::define_tax_rates::DefineTaxRates;
pub use pricing::rates::{Rates, RatesSet};
pub use pricing::set_prices::{ItemPrices, PricesSet, SetPrices};
pub use pricing::set_tax_categories::{ItemCategory, SetTaxCategories};
pub use supply::change_stock::ChangeStock;
pub use supply::transfer::dispatch::DispatchTransfer;
pub use supply::transfer::recall::RecallTransfer;

pub use crate::model::{Meta, StockOperation};
pub use crate::placing::request::{LineRequest, Lines, OrderRequest};

#[cfg(test)]
pub(crate) mod tests;
