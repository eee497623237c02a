//! Identifiers: the callers' own names, and the dense numbers that stand for them.

use std::fmt;

use compact_str::CompactString;
use minicbor::{Decode, Encode};

use super::violation::{Rule, Violation};
use crate::limits;

/// Refuses what is empty, longer than `max` bytes or not printable ASCII.
fn check_ascii(field: &str, value: &str, max: usize) -> Result<(), Violation> {
    if value.is_empty() {
        return Err(Violation::new(field, value, Rule::Required));
    }
    if value.len() > max {
        return Err(Violation::new(field, value, Rule::TooLong { max }));
    }
    if !value.bytes().all(|b| (0x20..=0x7e).contains(&b)) {
        return Err(Violation::new(field, value, Rule::NotPrintableAscii));
    }
    Ok(())
}

/// In events, a name is the text that it is. Names are kept inline up to 24 bytes,
/// which most have: an order makes no allocation for each of its names.
macro_rules! encoded_as_text {
    ($name:ident) => {
        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                e: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.str(&self.0)?;
                Ok(())
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(
                d: &mut minicbor::Decoder<'b>,
                _: &mut C,
            ) -> Result<Self, minicbor::decode::Error> {
                d.str().map(|text| Self(text.into()))
            }
        }
    };
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(CompactString);

        encoded_as_text!($name);

        impl $name {
            /// Takes a name of 1 to
            #[doc = concat!("`", stringify!($max), "`")]
            /// bytes of printable ASCII; `field` is what a violation names.
            pub fn new(field: &str, value: impl Into<CompactString>) -> Result<Self, Violation> {
                let value = value.into();
                check_ascii(field, &value, $max)?;
                Ok(Self(value))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// A sellable thing's id, as the caller knows it.
    Sku,
    limits::ID_BYTES_MAX
);
name!(
    /// A fulfilment node's id, as the caller knows it.
    NodeId,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of a consumer of the feed, as the caller knows it.
    ConsumerId,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of an endpoint that the feed is sent to, as the caller knows it.
    EndpointId,
    limits::ENDPOINT_ID_BYTES_MAX
);
name!(
    /// An order's id, as the caller knows it. It is an idempotency key.
    OrderId,
    limits::ID_BYTES_MAX
);
name!(
    /// A hold's id, as the caller knows it: that of a cart or of a quote. It is an idempotency
    /// key, and no order's id.
    HoldId,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of a hold on an order, as the caller knows it: unique among the holds on the order.
    OrderHoldId,
    limits::ID_BYTES_MAX
);
name!(
    /// Whose cart a hold is, as the caller knows it: a session or a customer. An owner has one
    /// live hold at a time.
    OwnerId,
    limits::ID_BYTES_MAX
);
name!(
    /// An inbound supply's id (a purchase order, a transfer), unique at its pair.
    InboundId,
    limits::ID_BYTES_MAX
);
name!(
    /// A customer's id, as the caller knows it.
    CustomerId,
    limits::ID_BYTES_MAX
);
name!(
    /// A package's id, as the caller knows it: unique in its shipment.
    PackageId,
    limits::ID_BYTES_MAX
);
name!(
    /// A return's id, as the caller knows it: unique in its order.
    ReturnId,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of a partner: a 3PL, a return centre or a supplier.
    PartnerId,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of a partner's message: unique among those of its sender.
    MessageId,
    limits::ID_BYTES_MAX
);
name!(
    /// The number of a document of a partner's, or of ours as a partner knows it: an RMA, a tracking
    /// number, an adjustment.
    Reference,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of what an order is paid by, as the caller knows it: unique in the order.
    PaymentId,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of an amount that is given back, as the caller knows it: unique in the order.
    RefundId,
    limits::ID_BYTES_MAX
);
name!(
    /// An idempotency key.
    RequestId,
    limits::ID_BYTES_MAX
);
name!(
    /// The name of a shipping service of the policy, such as `standard`.
    ServiceName,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of a price list, as the caller knows it.
    PriceListId,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of a promotion, as the caller knows it.
    PromotionId,
    limits::ID_BYTES_MAX
);
name!(
    /// What a customer types to get a promotion. Small letters and capitals are the same.
    CouponCode,
    limits::ID_BYTES_MAX
);
name!(
    /// The id of a style, as the caller knows it: what items are that differ by size and colour alone.
    StyleId,
    limits::ID_BYTES_MAX
);
impl PackageId {
    /// The id of a package that nobody named.
    pub fn numbered(number: usize) -> Self {
        Self(compact_str::format_compact!("{number}"))
    }
}

name!(
    /// A postal code, as written in its country.
    PostalCode,
    limits::POSTAL_CODE_BYTES_MAX
);

impl OrderId {
    /// Stands before the id of a hold. No caller's id has it.
    const OF_HOLD: char = '\u{1}';

    /// The id under which an order is found that began as a hold, whatever id it has since it
    /// was confirmed. No caller's order has such an id.
    pub fn of_hold(hold: &HoldId) -> Self {
        let mut id = CompactString::with_capacity(1 + hold.0.len());
        id.push(Self::OF_HOLD);
        id.push_str(&hold.0);
        Self(id)
    }

    /// Whether this is the id of a hold.
    #[inline]
    pub fn is_of_hold(&self) -> bool {
        self.0.starts_with(Self::OF_HOLD)
    }

    /// The hold whose id this is, if it is one's.
    pub fn hold(&self) -> Option<HoldId> {
        self.0.strip_prefix(Self::OF_HOLD).map(|hold| HoldId(hold.into()))
    }

    /// An id as it was packed: a caller's, or that of a hold.
    pub(super) fn packed(field: &str, value: CompactString) -> Result<Self, Violation> {
        match value.strip_prefix(Self::OF_HOLD) {
            Some(hold) => HoldId::new(field, hold).map(|hold| Self::of_hold(&hold)),
            None => Self::new(field, value),
        }
    }
}

impl OwnerId {
    /// Stands before the id of an order. No caller's id has it.
    const OF_ORDER: char = '\u{1}';

    /// The owner of the hold of units that an order is to get. No caller's cart has such an owner.
    pub fn of_order(order: &OrderId) -> Self {
        let mut id = CompactString::with_capacity(1 + order.0.len());
        id.push(Self::OF_ORDER);
        id.push_str(&order.0);
        Self(id)
    }

    /// Whether this is an order, and no owner of a cart.
    pub fn is_order(&self) -> bool {
        self.0.starts_with(Self::OF_ORDER)
    }

    /// An id as it was packed: a caller's, or that of an order.
    pub(super) fn packed(field: &str, value: CompactString) -> Result<Self, Violation> {
        match value.strip_prefix(Self::OF_ORDER) {
            Some(order) => OrderId::new(field, order).map(|order| Self::of_order(&order)),
            None => Self::new(field, value),
        }
    }
}

/// Free text of up to [`limits::TEXT_BYTES_MAX`] bytes without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text(CompactString);

encoded_as_text!(Text);

impl Text {
    /// Takes text; empty is allowed, control characters are not.
    pub fn new(field: &str, value: impl Into<CompactString>) -> Result<Self, Violation> {
        let value = value.into();
        if value.len() > limits::TEXT_BYTES_MAX {
            let max = limits::TEXT_BYTES_MAX;
            return Err(Violation::new(field, &value, Rule::TooLong { max }));
        }
        if value.chars().any(char::is_control) {
            return Err(Violation::new(field, &value, Rule::ControlCharacter));
        }
        Ok(Self(value))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode,
        )]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// The dense number of an item, from 0, in the order of definition.
    SkuNo,
    u32
);
number!(
    /// The dense number of a node, from 0, in the order of definition.
    NodeNo,
    u16
);
number!(
    /// The number of an order, from 1, in the order of placing. A number whose
    /// order was not written may be given to the next order, or stays unused.
    OrderNo,
    u64
);
number!(
    /// The number of a shipping service in the policy's list.
    ServiceNo,
    u8
);
number!(
    /// The number of an inbound supply at its pair. It is used again, after all
    /// others, once the supply is closed.
    InboundNo,
    u16
);

number!(
    /// The dense number of a price list, from 0, in the order of definition.
    PriceListNo,
    u32
);
number!(
    /// The dense number of a promotion, from 0, in the order of definition.
    PromotionNo,
    u32
);

number!(
    /// The dense number of a style, from 0, in the order of definition.
    StyleNo,
    u32
);

/// A SKU-location pair: the address of a stock actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Pair {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// The node.
    #[n(1)]
    pub node: NodeNo,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_to_sixty_four_bytes_of_printable_ascii() {
        assert!(Sku::new("sku", "OFF-PA-10000174").is_ok());
        assert!(Sku::new("sku", "x".repeat(64)).is_ok());
        for bad in [String::new(), "x".repeat(65), "a\nb".into(), "caf\u{e9}".into()] {
            let violation = Sku::new("sku", bad).expect_err("refused");
            assert_eq!(violation.field, "sku");
        }
    }
}
