//! The list of all events, and what the journal has of each.

use minicbor::{Decode, Encode};
use serde_json::Value;

use super::assortment::define_styles::StylesDefined;
use super::assortment::set_associations::AssociationsSet;
use super::backlog::repeg::event::{BacklogRepegged, BundleMoved};
use super::backlog::repeg::opening::SaleOpened;
use super::catalogue::define_item::ItemDefined;
use super::catalogue::define_node::NodeDefined;
use super::catalogue::set_policy::PolicySet;
use super::hold::change::HoldChanged;
use super::hold::create::HoldCreated;
use super::hold::ended::HoldsEnded;
use super::hold::extend::HoldExtended;
use super::hold::prolonged::HoldsProlonged;
use super::hold::replaced::HoldReplaced;
use super::order::accept::ShipmentAccepted;
use super::order::cancel::OrderCancelled;
use super::order::change::OrderChanged;
use super::order::claim::ShipmentClaimed;
use super::order::decline::ShipmentDeclined;
use super::order::due::expire::ShipmentExpired;
use super::order::due::let_go::OrderStockLetGo;
use super::order::exchange::ExchangeRequested;
use super::order::hold::OrderHeld;
use super::order::payment::PaymentRecorded;
use super::order::payment_event::keep::ProviderEventKept;
use super::order::payment_event::resolve::ProviderEventResolved;
use super::order::place::event::{OrderPlaced, OrderPlacedV1};
use super::order::prioritise::OrderPrioritised;
use super::order::progress::ShipmentProgressed;
use super::order::release_hold::OrderHoldReleased;
use super::order::released::ShipmentsReleased;
use super::order::resolve_decline::DeclineResolved;
use super::order::returned::ReturnProgressed;
use super::order::returns::request::ReturnRequested;
use super::order::returns::set_policy::ReturnPolicySet;
use super::order::shipped::ShipmentShipped;
use super::partner::define::PartnerDefined;
use super::partner::discard::PartnerMessageDiscarded;
use super::partner::dispose::GoodsDisposed;
use super::partner::match_arrival::ArrivalMatched;
use super::partner::report::PartnerTold;
use super::pricing::define_price_list::PriceListDefined;
use super::pricing::define_promotion::PromotionDefined;
use super::pricing::rates::RatesSet;
use super::pricing::set_prices::PricesSet;
use super::supply::change_stock::StockChanged;
use super::supply::transfer::dispatch::TransferDispatched;
use super::supply::transfer::recall::TransferRecalled;
use crate::model::event::{Event, Listed, encode_numbered};
use crate::model::{OrderMinted, Request, Unpackable, describe_minted};
use crate::transaction::command::{Replay, Replayed};
use crate::transaction::minting::{self, minted};
use crate::transaction::written::Written;

/// Makes of a list of numbers, names and events their enum, as the journal has it. Further
/// numbers are of an event with fields that older versions would pass over.
macro_rules! events {
    ($($number:literal $(or $extended:literal)* $name:literal $event:ident,)*) => {
        /// An event of any kind. Numbers are never reused; an unknown one is an error.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum AnyEvent {
            $(#[doc = concat!("Number ", $number, ".")] $event($event),)*
        }

        $(impl Listed for $event {
            const NUMBERS: &'static [u32] = &[$number $(, $extended)*];
            const NAME: &'static str = $name;
        }

        impl From<$event> for AnyEvent {
            fn from(event: $event) -> Self {
                Self::$event(event)
            }
        })*

        impl AnyEvent {
            /// The number and the name of every event.
            #[cfg(test)]
            pub const LIST: &[(u32, &str)] = &[$(($number, $name)),*];

            /// What events may be [called](Self::name), one of several versions as often.
            pub fn names() -> impl Iterator<Item = &'static str> {
                let all: [(&'static str, &'static [&'static str]); _] =
                    [$(($name, $event::CALLED)),*];
                let names = |(name, called): (&'static str, &'static [&'static str])| {
                    let by_kind = Some(name).filter(|_| called.is_empty());
                    by_kind.into_iter().chain(called.iter().copied())
                };
                // What is settled is called what it is.
                all.into_iter().filter(|(name, _)| *name != minting::NAME).flat_map(names)
            }

            /// Its number.
            #[cfg(test)]
            pub const fn number(&self) -> u32 {
                match self {
                    $(Self::$event(_) => $number,)*
                }
            }

            /// What the journal's inspection and the feed call it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$event(event) => event.called().unwrap_or($name),)*
                }
            }

            /// The event as the applier takes it, and the order that it places.
            ///
            /// # Errors
            /// When the order in it does not unpack.
            pub fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable> {
                match self {
                    $(Self::$event(event) => event.replay(request),)*
                }
            }

            /// What happened, for a person or a script.
            pub fn describe(&self) -> Value {
                match self {
                    $(Self::$event(event) => event.describe(),)*
                }
            }
        }

        impl<C> Encode<C> for AnyEvent {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                match self {
                    $(Self::$event(event) => encode_numbered(event, e),)*
                }
            }
        }

        impl<'b, C> Decode<'b, C> for AnyEvent {
            fn decode(
                d: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                let at = d.position();
                if d.array()? != Some(2) {
                    return Err(minicbor::decode::Error::message("an event is an array of two").at(at));
                }
                let at = d.position();
                match d.i64()? {
                    $($number $(| $extended)* => Ok(Self::$event(d.decode()?)),)*
                    unknown => Err(minicbor::decode::Error::unknown_variant(unknown).at(at)),
                }
            }
        }
    };
}

events! {
    1 or 39 or 51 or 48 or 53 "item_defined" ItemDefined,
    2 or 24 or 38 or 44 or 55 or 66 or 71 "node_defined" NodeDefined,
    3 or 25 or 45 "policy_set" PolicySet,
    10 or 26 "stock_changed" StockChanged,
    20 "order_placed" OrderPlacedV1,
    21 or 27 or 58 "order_cancelled" OrderCancelled,
    22 "shipment_shipped" ShipmentShipped,
    23 "order_placed" OrderPlaced,
    28 or 31 or 47 "backlog_repegged" BacklogRepegged,
    29 "transfer_dispatched" TransferDispatched,
    30 "transfer_recalled" TransferRecalled,
    32 "hold_created" HoldCreated,
    33 "hold_extended" HoldExtended,
    34 "hold_replaced" HoldReplaced,
    35 "holds_ended" HoldsEnded,
    36 "shipment_accepted" ShipmentAccepted,
    37 or 40 or 59 or 63 or 72 "shipment_declined" ShipmentDeclined,
    41 or 89 or 99 "order_changed" OrderChanged,
    46 "order_prioritised" OrderPrioritised,
    50 "bundle_moved" BundleMoved,
    52 "hold_changed" HoldChanged,
    54 "sale_opened" SaleOpened,
    56 "holds_prolonged" HoldsProlonged,
    57 or 67 or 74 "shipment_progressed" ShipmentProgressed,
    60 "order_held" OrderHeld,
    61 or 73 "order_hold_released" OrderHoldReleased,
    62 "order_stock_let_go" OrderStockLetGo,
    64 "decline_resolved" DeclineResolved,
    65 "shipment_claimed" ShipmentClaimed,
    68 "shipment_expired" ShipmentExpired,
    70 "shipments_released" ShipmentsReleased,
    76 "price_list_defined" PriceListDefined,
    77 "prices_set" PricesSet,
    78 "promotion_defined" PromotionDefined,
    79 "rates_set" RatesSet,
    90 "styles_defined" StylesDefined,
    91 "associations_set" AssociationsSet,
    75 "intents_minted" EventMinted,
    80 "payment_recorded" PaymentRecorded,
    84 "return_requested" ReturnRequested,
    85 "return_progressed" ReturnProgressed,
    81 "partner_told" PartnerTold,
    82 "partner_defined" PartnerDefined,
    83 "partner_message_discarded" PartnerMessageDiscarded,
    86 "return_policy_set" ReturnPolicySet,
    93 "partner_goods_matched" ArrivalMatched,
    94 "partner_goods_disposed" GoodsDisposed,
    87 "exchange_requested" ExchangeRequested,
    49 "payment_event_kept" ProviderEventKept,
    69 "payment_event_resolved" ProviderEventResolved,
}

/// An event of any kind, and what it had orders ask of payment providers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EventMinted {
    /// The event.
    #[n(0)]
    pub event: Box<AnyEvent>,
    /// What orders of it asked for.
    #[n(1)]
    pub orders: Vec<OrderMinted>,
}

impl Replay for EventMinted {
    fn replay(self, request: Option<Request>) -> Result<Replayed, Unpackable> {
        let (written, placed) = self.event.replay(request)?;
        let Written::Other(mut recorded) = written else {
            // What is placed says by itself what it asks for.
            return Err(Unpackable { at: "minted" });
        };
        recorded.effects = minted(recorded.effects, self.orders);
        Ok((Written::Other(recorded), placed))
    }
}

impl Event for EventMinted {
    fn called(&self) -> Option<&'static str> {
        Some(self.event.name())
    }

    fn describe(&self) -> Value {
        describe_minted(self.event.describe(), &self.orders)
    }
}

#[cfg(test)]
mod tests;
