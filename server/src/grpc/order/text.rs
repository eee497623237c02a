//! Orders as they lie in the bytes of a request: read in place, nothing copied.

use backstock_proto::{undecodable, v1};
use bytes::Bytes;
use prost::Message;
use smallvec::SmallVec;
use tonic::Status;

use crate::grpc::wire::{Fields, NotPlain, Value};

/// A line of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::grpc) struct LineText<'a> {
    /// The item.
    pub(super) sku: &'a str,
    /// Units, any number.
    pub(super) quantity: u32,
}

/// An order. Its fields are those of [`v1::PlaceOrderRequest`]; nothing of them is
/// checked but that texts are UTF-8.
#[derive(Debug, Default)]
pub(in crate::grpc) struct OrderText<'a> {
    /// What it was read from.
    pub(super) bytes: &'a [u8],
    pub(super) order_id: &'a str,
    pub(super) customer_id: &'a str,
    pub(super) channel: &'a str,
    pub(super) placed_time: Option<prost_types::Timestamp>,
    pub(super) destination_postal_code: &'a str,
    pub(super) service: &'a str,
    pub(super) wanted_by: Option<v1::Date>,
    pub(super) shortage_policy: i32,
    pub(super) split_policy: i32,
    pub(super) lines: SmallVec<[LineText<'a>; 4]>,
    pub(super) validate_only: bool,
    pub(super) destination_country_code: &'a str,
    pub(super) priority: i32,
    pub(super) tier: Option<u32>,
    pub(super) pickup: Option<v1::Pickup>,
    pub(super) pricing: Option<v1::Pricing>,
    pub(super) server_pricing: Option<v1::ServerPricing>,
}

impl<'a> OrderText<'a> {
    /// Reads an order that is encoded as prost does it.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, NotPlain> {
        let mut order = Self { bytes, ..Self::default() };
        for field in Fields::of(bytes) {
            let (field, value) = field?;
            order.take(field, value)?;
        }
        Ok(order)
    }

    fn take(&mut self, field: u8, value: Value<'a>) -> Result<(), NotPlain> {
        match field {
            1 => self.order_id = value.text()?,
            2 => self.customer_id = value.text()?,
            3 => self.channel = value.text()?,
            4 => once(&mut self.placed_time, value)?,
            5 => self.destination_postal_code = value.text()?,
            6 => self.service = value.text()?,
            7 => once(&mut self.wanted_by, value)?,
            8 => self.shortage_policy = value.number()?.cast_signed(),
            9 => self.split_policy = value.number()?.cast_signed(),
            10 => self.lines.push(LineText::read(value.bytes()?)?),
            11 => self.validate_only = value.flag()?,
            12 => self.destination_country_code = value.text()?,
            13 => self.priority = value.number()?.cast_signed(),
            14 => self.tier = Some(value.number()?),
            15 => once(&mut self.pickup, value)?,
            16 => once(&mut self.pricing, value)?,
            17 => once(&mut self.server_pricing, value)?,
            _ => return Err(NotPlain),
        }
        Ok(())
    }

    /// The node where it is collected; empty where it goes to an address.
    pub(super) fn pickup_node(&self) -> String {
        self.pickup.as_ref().map(|pickup| pickup.node_id.clone()).unwrap_or_default()
    }
}

/// What a hold would take, as an order without an id.
impl<'a> From<&'a v1::CreateHoldRequest> for OrderText<'a> {
    fn from(request: &'a v1::CreateHoldRequest) -> Self {
        Self {
            customer_id: &request.customer_id,
            channel: &request.channel,
            destination_postal_code: &request.destination_postal_code,
            service: &request.service,
            wanted_by: request.wanted_by,
            split_policy: request.split_policy,
            lines: request.lines.iter().map(LineText::from).collect(),
            validate_only: request.validate_only,
            destination_country_code: &request.destination_country_code,
            priority: request.priority,
            tier: request.tier,
            pickup: request.pickup.clone(),
            ..Self::default()
        }
    }
}

/// A basket, as an order without an id.
impl<'a> From<&'a v1::SuggestRequest> for OrderText<'a> {
    fn from(request: &'a v1::SuggestRequest) -> Self {
        Self {
            channel: &request.channel,
            destination_postal_code: &request.destination_postal_code,
            destination_country_code: &request.destination_country_code,
            service: &request.service,
            wanted_by: request.wanted_by,
            lines: request.lines.iter().map(LineText::from).collect(),
            pickup: request.pickup.clone(),
            ..Self::default()
        }
    }
}

/// What is quoted, as an order without an id or a service.
impl<'a> From<&'a v1::QuoteServicesRequest> for OrderText<'a> {
    fn from(request: &'a v1::QuoteServicesRequest) -> Self {
        Self {
            customer_id: &request.customer_id,
            channel: &request.channel,
            destination_postal_code: &request.destination_postal_code,
            destination_country_code: &request.destination_country_code,
            wanted_by: request.wanted_by,
            shortage_policy: request.shortage_policy,
            split_policy: request.split_policy,
            lines: request.lines.iter().map(LineText::from).collect(),
            pickup: request.pickup.clone(),
            ..Self::default()
        }
    }
}

impl<'a> From<&'a v1::PlaceOrderLine> for LineText<'a> {
    fn from(line: &'a v1::PlaceOrderLine) -> Self {
        Self { sku: &line.sku, quantity: line.quantity }
    }
}

/// A message in a message. One that comes in parts is left to prost.
fn once<M: Message + Default>(place: &mut Option<M>, value: Value<'_>) -> Result<(), NotPlain> {
    let message = M::decode(value.bytes()?).map_err(|_| NotPlain)?;
    if place.replace(message).is_some() { Err(NotPlain) } else { Ok(()) }
}

impl<'a> LineText<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, NotPlain> {
        let mut line = Self::default();
        for field in Fields::of(bytes) {
            match field? {
                (1, value) => line.sku = value.text()?,
                (2, value) => line.quantity = value.number()?,
                _ => return Err(NotPlain),
            }
        }
        Ok(line)
    }
}

/// How many orders a [`v1::PlaceOrdersRequest`] has: two bytes are one, and what is
/// made of it is a hundred times as long, so that they are counted first.
pub(super) fn count(bytes: &[u8]) -> usize {
    Fields::of(bytes).filter(|field| matches!(field, Ok((1, _)))).count()
}

/// Reads the orders of a [`v1::PlaceOrdersRequest`].
pub(super) fn orders(bytes: &[u8]) -> Result<Vec<OrderText<'_>>, NotPlain> {
    let mut orders = Vec::new();
    for field in Fields::of(bytes) {
        match field? {
            (1, value) => orders.push(OrderText::read(value.bytes()?)?),
            _ => return Err(NotPlain),
        }
    }
    Ok(orders)
}

/// The same message as prost encodes it, without what this version does not know:
/// it can be read in place.
pub(super) fn canonical<M: Message + Default>(bytes: &[u8]) -> Result<Bytes, Status> {
    let message = M::decode(bytes).map_err(|error| undecodable(&error))?;
    Ok(message.encode_to_vec().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> v1::PlaceOrdersRequest {
        let line = |sku: &str, quantity| v1::PlaceOrderLine { sku: sku.into(), quantity };
        let full = v1::PlaceOrderRequest {
            order_id: "WEB-1".into(),
            customer_id: "C".into(),
            channel: "caf\u{e9}".into(),
            placed_time: Some(prost_types::Timestamp { seconds: -5, nanos: 7 }),
            destination_postal_code: "10001".into(),
            service: "standard".into(),
            wanted_by: Some(v1::Date { year: 2026, month: 11, day: 25 }),
            shortage_policy: 2,
            split_policy: -1,
            lines: vec![line("SKU-1", 1), line("", 0), line("SKU-2", u32::MAX)],
            validate_only: true,
            destination_country_code: "us".into(),
            priority: 1,
            tier: Some(0),
            pickup: Some(v1::Pickup { node_id: "S".into(), only_stock_there: true }),
            pricing: Some(v1::Pricing { currency_code: "USD".into(), ..Default::default() }),
            server_pricing: Some(v1::ServerPricing { taxed: true, ..Default::default() }),
        };
        v1::PlaceOrdersRequest { orders: vec![full, v1::PlaceOrderRequest::default()] }
    }

    fn message(order: &OrderText<'_>) -> v1::PlaceOrderRequest {
        let lines = order.lines.iter();
        let line =
            |l: &LineText<'_>| v1::PlaceOrderLine { sku: l.sku.into(), quantity: l.quantity };
        v1::PlaceOrderRequest {
            order_id: order.order_id.into(),
            customer_id: order.customer_id.into(),
            channel: order.channel.into(),
            placed_time: order.placed_time,
            destination_postal_code: order.destination_postal_code.into(),
            service: order.service.into(),
            wanted_by: order.wanted_by,
            shortage_policy: order.shortage_policy,
            split_policy: order.split_policy,
            lines: lines.map(line).collect(),
            validate_only: order.validate_only,
            destination_country_code: order.destination_country_code.into(),
            priority: order.priority,
            tier: order.tier,
            pickup: order.pickup.clone(),
            pricing: order.pricing.clone(),
            server_pricing: order.server_pricing.clone(),
        }
    }

    fn messages(bytes: &[u8]) -> Result<v1::PlaceOrdersRequest, NotPlain> {
        let orders = orders(bytes)?.iter().map(message).collect();
        Ok(v1::PlaceOrdersRequest { orders })
    }

    #[test]
    fn what_prost_encodes_is_read_as_it_is() {
        assert_eq!(messages(&request().encode_to_vec()), Ok(request()));
    }

    /// With any byte changed or the end cut off, what is read in place is what
    /// prost reads; and what prost reads can be read in place once it is canonical.
    #[test]
    fn what_is_read_in_place_is_what_prost_reads() {
        let whole = request().encode_to_vec();
        let mut not_plain = 0;
        let mut check = |bytes: &[u8]| {
            let by_prost = v1::PlaceOrdersRequest::decode(bytes);
            if let Ok(in_place) = messages(bytes) {
                assert_eq!(by_prost.as_ref(), Ok(&in_place), "{bytes:x?}");
            } else if let Ok(message) = by_prost {
                not_plain += 1;
                let canonical = canonical::<v1::PlaceOrdersRequest>(bytes).unwrap();
                assert_eq!(messages(&canonical), Ok(message), "{bytes:x?}");
            }
        };
        for at in 0..whole.len() {
            check(&whole[..at]);
            for byte in 0..=u8::MAX {
                let mut changed = whole.clone();
                changed[at] = byte;
                check(&changed);
            }
        }
        assert!(not_plain > 100, "only {not_plain} were left to prost");
    }

    /// A sender may know fields that this version does not.
    #[test]
    fn fields_of_newer_versions_are_passed_over() {
        let mut newer = request().orders[0].encode_to_vec();
        // Field 200, a text.
        newer.extend([0xc2, 0x0c, 2, b'h', b'i']);
        assert_eq!(OrderText::read(&newer).unwrap_err(), NotPlain);
        let canonical = canonical::<v1::PlaceOrderRequest>(&newer).unwrap();
        assert_eq!(message(&OrderText::read(&canonical).unwrap()), request().orders[0]);
    }
}
