//! Images of items and of their stock actors. What is known of their supplies from version 5
//! on is beside them, in [`super::supply`].

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use crate::limits::{ITEMS_MAX, ORDER_LINES_MAX};
use crate::model::invariants::conservation;
use crate::model::{
    ClosedInbounds, Components, Confidence, Extras, Inbound, InboundId, InboundNo, Item, Lsn,
    NodeNo, OrderNo, Priority, Reservation, Sale, Sku, SkuNo, Stock, Supply, SupplySource, Text,
    Timestamp,
};
use crate::snapshot::parts::ItemState;
use crate::state::catalogue::Definition;

/// A chunk of items with their pairs, ascending by number.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemsV1 {
    pub items: Vec<ItemImageV1>,
}

/// Whether holds have units of these items.
pub(in crate::snapshot) fn have_holds(items: &[ItemState]) -> bool {
    let stocks = items.iter().flat_map(|item| &item.pairs);
    stocks.flat_map(|(_, stock)| stock.reservations.iter()).any(|r| r.held)
}

/// Whether units of these items are picked.
pub(in crate::snapshot) fn have_picked(items: &[ItemState]) -> bool {
    items.iter().flat_map(|item| &item.pairs).any(|(_, stock)| stock.picked() > 0)
}

/// Whether orders with a priority of their own have units of these items.
pub(in crate::snapshot) fn have_priorities(items: &[ItemState]) -> bool {
    let stocks = items.iter().flat_map(|item| &item.pairs);
    stocks.flat_map(|(_, stock)| stock.reservations.iter()).any(|r| !r.priority.is_default())
}

/// One item with its pairs, in the order of their coming to be.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemImageV1 {
    no: u32,
    last_lsn: u64,
    sku: String,
    title: String,
    pairs: Vec<StockImageV1>,
}

/// One pair.
#[derive(Archive, Serialize)]
struct StockImageV1 {
    last_lsn: u64,
    on_hand: u32,
    unavailable: u32,
    safety: u32,
    allocated: u32,
    waiting: u32,
    received: u32,
    shipped: u32,
    adjusted: u32,
    reservations: Vec<ReservationImageV1>,
    extras: Option<ExtrasImageV1>,
    node: u16,
}

/// In the line of a reservation: the order is a hold. No chunk before version 6 has it.
const HELD: u16 = 1 << 15;

/// Where in it the code of the priority begins, of six bits. No chunk before version 7 has one.
const PRIORITY_AT: u32 = 9;
const PRIORITY: u16 = 0x3f << PRIORITY_AT;
const _: () = assert!(ORDER_LINES_MAX <= 1 << PRIORITY_AT);

/// One reservation; `supply` is the code of [`Supply::code`].
#[derive(Archive, Serialize)]
struct ReservationImageV1 {
    order: u64,
    units: u32,
    line: u16,
    supply: u16,
}

/// What few pairs have.
#[derive(Archive, Serialize)]
struct ExtrasImageV1 {
    inbound: Vec<InboundImageV1>,
    inbound_next: u16,
    unlimited: bool,
}

/// One inbound supply; `eta_us` is microseconds since the Unix epoch.
#[derive(Archive, Serialize)]
struct InboundImageV1 {
    id: String,
    eta_us: i64,
    quantity: u32,
    pegged: u32,
    no: u16,
}

/// Set in the number of an item that is off sale. Versions before 7 have none, and are not
/// written of such an item.
const OFF_SALE: u32 = 1 << 31;

const _: () = assert!(ITEMS_MAX < OFF_SALE as usize);

/// Whether an item is off sale.
pub(in crate::snapshot) fn are_off_sale(items: &[ItemState]) -> bool {
    items.iter().any(is_off_sale)
}

fn is_off_sale(item: &ItemState) -> bool {
    item.definition.item.sale == Sale::Off
}

impl From<&ItemState> for ItemImageV1 {
    fn from(item: &ItemState) -> Self {
        Self {
            no: if is_off_sale(item) { item.no.0 | OFF_SALE } else { item.no.0 },
            last_lsn: item.definition.last_lsn.get(),
            sku: item.definition.item.sku.as_str().to_owned(),
            title: item.definition.item.title.as_str().to_owned(),
            pairs: item.pairs.iter().map(|(node, stock)| stock_image(*node, stock)).collect(),
        }
    }
}

fn stock_image(node: NodeNo, stock: &Stock) -> StockImageV1 {
    StockImageV1 {
        last_lsn: stock.last_lsn.get(),
        on_hand: stock.on_hand,
        unavailable: stock.unavailable,
        safety: stock.safety,
        allocated: stock.allocated,
        waiting: stock.waiting,
        received: stock.received,
        shipped: stock.shipped,
        adjusted: stock.adjusted,
        reservations: stock.reservations.iter().map(reservation_image).collect(),
        extras: stock.extras.as_deref().map(extras_image),
        node: node.0,
    }
}

fn reservation_image(r: Reservation) -> ReservationImageV1 {
    let priority = u16::from(r.priority.code()) << PRIORITY_AT;
    let line = r.line | priority | if r.held { HELD } else { 0 };
    ReservationImageV1 { order: r.order.0, units: r.units, line, supply: r.supply.code() }
}

fn extras_image(extras: &Extras) -> ExtrasImageV1 {
    let inbound = |i: &Inbound| InboundImageV1 {
        id: i.id.as_str().to_owned(),
        eta_us: i.eta.as_micros(),
        quantity: i.quantity,
        pegged: i.pegged,
        no: i.no.0,
    };
    ExtrasImageV1 {
        inbound: extras.inbound.iter().map(inbound).collect(),
        inbound_next: extras.inbound_next,
        unlimited: extras.unlimited,
    }
}

impl TryFrom<&ArchivedItemImageV1> for ItemState {
    type Error = ImageError;

    fn try_from(image: &ArchivedItemImageV1) -> Result<Self, ImageError> {
        let no = image.no.to_native();
        let item = Item {
            sku: Sku::new("sku", image.sku.as_str())?,
            title: Text::new("title", image.title.as_str())?,
            sale: if no & OFF_SALE == 0 { Sale::On } else { Sale::Off },
            waiting_max: None,
            opens: None,
            components: Components::default(),
        };
        let last_lsn = Lsn::new(image.last_lsn.to_native());
        let pairs =
            image.pairs.iter().map(|pair| Ok((NodeNo(pair.node.to_native()), stock(pair)?)));
        Ok(Self {
            no: SkuNo(no & !OFF_SALE),
            definition: Definition { item: item.into(), last_lsn, draw: None },
            pairs: pairs.collect::<Result<_, ImageError>>()?,
        })
    }
}

fn stock(image: &ArchivedStockImageV1) -> Result<Stock, ImageError> {
    let reservations = image.reservations.iter().map(reservation).collect::<Result<Vec<_>, _>>()?;
    let key = |r: &Reservation| (r.order, r.line, r.supply);
    if !reservations.is_sorted_by(|a, b| key(a) < key(b)) {
        return Err(ImageError::inconsistent("reservations", "not ascending"));
    }
    let picked = reservations.iter().filter(|r| r.supply == Supply::Picked);
    let picked = picked.map(|r| r.units).sum();
    let mut stock = Stock {
        on_hand: image.on_hand.to_native(),
        unavailable: image.unavailable.to_native(),
        safety: image.safety.to_native(),
        allocated: image.allocated.to_native(),
        waiting: image.waiting.to_native(),
        received: image.received.to_native(),
        shipped: image.shipped.to_native(),
        adjusted: image.adjusted.to_native(),
        last_lsn: Lsn::new(image.last_lsn.to_native()),
        reservations: reservations.into_iter().collect(),
        extras: image.extras.as_ref().map(extras).transpose()?.map(Box::new),
    };
    if picked > 0 {
        stock.extras.get_or_insert_default().picked = picked;
    }
    conservation(&stock)?;
    Ok(stock)
}

fn reservation(image: &ArchivedReservationImageV1) -> Result<Reservation, ImageError> {
    let code = image.supply.to_native();
    let supply = Supply::from_code(code);
    let units = image.units.to_native();
    if units == 0 {
        return Err(ImageError::inconsistent("reservations", "one has no units"));
    }
    let line = image.line.to_native();
    let code = (line & PRIORITY) >> PRIORITY_AT;
    let priority = u8::try_from(code).ok().and_then(Priority::from_code);
    Ok(Reservation {
        order: OrderNo(image.order.to_native()),
        line: line & !HELD & !PRIORITY,
        held: line & HELD != 0,
        priority: priority.ok_or(ImageError::Code { what: "priority", value: code.into() })?,
        supply: supply.ok_or(ImageError::Code { what: "supply", value: code.into() })?,
        units,
    })
}

fn extras(image: &ArchivedExtrasImageV1) -> Result<Extras, ImageError> {
    let inbound = image.inbound.iter().map(inbound).collect::<Result<Vec<_>, _>>()?;
    let inbound_next = image.inbound_next.to_native();
    // Not more: numbers begin anew after the last, so that the next may be below them.
    if !inbound.is_sorted_by(|a, b| a.no < b.no) {
        return Err(ImageError::inconsistent("inbound supplies", "not ascending"));
    }
    let closed = ClosedInbounds::default();
    let unlimited = image.unlimited;
    Ok(Extras { inbound, inbound_next, closed, unlimited, ..Extras::default() })
}

fn inbound(image: &ArchivedInboundImageV1) -> Result<Inbound, ImageError> {
    let no = image.no.to_native();
    if no > Supply::INBOUND_NO_MAX {
        return Err(ImageError::Code { what: "inbound supply", value: no.into() });
    }
    Ok(Inbound {
        no: InboundNo(no),
        id: InboundId::new("inbound", image.id.as_str())?,
        quantity: image.quantity.to_native(),
        pegged: image.pegged.to_native(),
        eta: Timestamp::from_micros(image.eta_us.to_native()),
        received: 0,
        from: None,
        untold: false,
        confidence: Confidence::WHOLE,
        source: SupplySource::default(),
    })
}
