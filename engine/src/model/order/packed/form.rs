//! How an order is packed: its version, what is there beyond it, and the flags in it.

use crate::model::answer::{Answer, AnswerKind, DeclineReason};
use crate::model::fulfilment::Work;
use crate::model::order::{Added, Order, Payment};
use crate::model::pack::{Unpackable, Unpacker};

pub(super) const VERSION: u8 = 1;
/// The version of an order whose units came to rest on other supply.
pub(super) const VERSION_REPEGGED: u8 = 2;
/// The version of an order that began as a hold. It has what version 2 has.
pub(super) const VERSION_HELD: u8 = 3;
/// The version of an order with [features](Features).
pub(super) const VERSION_FEATURED: u8 = 4;
/// The version of an order with features that version 4 has no place for: three bytes of them.
pub(super) const VERSION_WIDE: u8 = 5;

/// What a packed order of [version 4](VERSION_FEATURED) or [5](VERSION_WIDE) has that not all have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Features(pub(super) u32);

impl Features {
    /// It began as a hold.
    pub(super) const HELD: Self = Self(1);
    /// Nodes answered that they ship it, or that they do not.
    pub(super) const ANSWERED: Self = Self(2);
    /// It has another priority than orders have that say nothing.
    pub(super) const PRIORITISED: Self = Self(4);
    /// The customer collects it at a node.
    pub(super) const COLLECTED: Self = Self(8);
    /// It has bundles.
    pub(super) const BUNDLED: Self = Self(16);
    /// Decisions on it are kept after the first one.
    pub(super) const DECIDED_ANEW: Self = Self(32);
    /// It began as a hold that takes a part of what it waits for.
    pub(super) const IN_PART: Self = Self(64);
    /// A second byte of features follows.
    const MORE: Self = Self(128);
    /// Nodes worked on it.
    pub(super) const WORKED: Self = Self(1 << 8);
    /// What happened to it is kept.
    pub(super) const TIMELINE: Self = Self(1 << 9);
    /// No node is to work on it.
    pub(super) const ON_HOLD: Self = Self(1 << 10);
    /// The customer is asked what becomes of units that were declined.
    pub(super) const ASKED: Self = Self(1 << 11);
    /// It was changed: lines were added, or something is said of it beside its lines.
    pub(super) const CHANGED: Self = Self(1 << 12);
    /// Packages of it wait for the customer until an instant, or went back to the shelf then.
    pub(super) const EXPIRES: Self = Self(1 << 13);
    /// A node has fewer of it than were counted, or its timeline says who placed it: that is said where
    /// answers and timelines are, in words that older versions do not know.
    pub(super) const NEWER_WORDS: Self = Self(1 << 14);
    /// Somebody works on shipments of it, or did.
    pub(super) const CLAIMED: Self = Self(1 << 15);
    /// It has prices.
    pub(super) const PRICED: Self = Self(1 << 16);
    /// Units of it come back.
    pub(super) const RETURNED: Self = Self(1 << 17);
    /// It is paid by what is authorised until an instant.
    pub(super) const AUTHORISED: Self = Self(1 << 18);
    /// What no chunk of a snapshot before version 14 has.
    pub(super) const OF_VERSION_14: Self =
        Self(Self::PRICED.0 | Self::RETURNED.0 | Self::AUTHORISED.0);
    /// What no chunk of a snapshot before version 11 has.
    pub(super) const OF_VERSION_11: Self =
        Self(Self::ON_HOLD.0 | Self::ASKED.0 | Self::CHANGED.0 | Self::CLAIMED.0);
    /// What no chunk of a snapshot before version 12 has.
    pub(super) const OF_VERSION_12: Self = Self::EXPIRES;
    /// What no chunk of a snapshot before version 13 has.
    pub(super) const OF_VERSION_13: Self = Self::NEWER_WORDS;
    /// What no chunk of a snapshot before version 10 has.
    pub(super) const OF_VERSION_10: Self = Self(Self::WORKED.0 | Self::TIMELINE.0);
    /// What no chunk of a snapshot before version 8 has.
    pub(super) const OF_VERSION_8: Self =
        Self(Self::COLLECTED.0 | Self::BUNDLED.0 | Self::IN_PART.0);
    pub(super) const ALL: Self = Self(
        Self::OF_VERSION_7.0
            | Self::OF_VERSION_8.0
            | Self::OF_VERSION_10.0
            | Self::OF_VERSION_11.0
            | Self::OF_VERSION_12.0
            | Self::OF_VERSION_13.0
            | Self::OF_VERSION_14.0,
    );
    const OF_VERSION_7: Self =
        Self(Self::HELD.0 | Self::ANSWERED.0 | Self::PRIORITISED.0 | Self::DECIDED_ANEW.0);

    pub(super) const fn has(self, feature: Self) -> bool {
        self.0 & feature.0 != 0
    }

    /// These, and that one if it is there.
    pub(super) const fn with(self, feature: Self, is_there: bool) -> Self {
        if is_there { Self(self.0 | feature.0) } else { self }
    }

    /// Those of bytes that begin so, and how many bytes say it, the version among them.
    pub(super) const fn at(bytes: &[u8]) -> (Self, usize) {
        match bytes {
            [VERSION_FEATURED, first, second, ..] if *first as u32 & Self::MORE.0 != 0 => {
                let first = *first as u32 & !Self::MORE.0;
                (Self(first | (*second as u32) << 8), 3)
            }
            [VERSION_FEATURED, first, ..] => (Self(*first as u32), 2),
            [VERSION_WIDE, first, second, third, ..] => {
                (Self(u32::from_le_bytes([*first, *second, *third, 0])), 4)
            }
            [VERSION_HELD, ..] => (Self::HELD, 1),
            _ => (Self(0), 1),
        }
    }

    fn put(self, out: &mut Vec<u8>) {
        let [first, second, third, _] = self.0.to_le_bytes();
        if third != 0 {
            out.extend_from_slice(&[first, second, third]);
        } else if second == 0 {
            out.push(first);
        } else {
            out.extend_from_slice(&[first | Self::MORE.0.to_le_bytes()[0], second]);
        }
    }

    fn read(from: &mut Unpacker<'_>) -> Result<Self, Unpackable> {
        let first = u32::from(from.byte("features")?);
        if first & Self::MORE.0 == 0 {
            return Ok(Self(first));
        }
        let second = u32::from(from.byte("features")?);
        let all = Self(first & !Self::MORE.0 | second << 8);
        // They are packed in one way alone.
        if second == 0 { Err(Unpackable { at: "features" }) } else { Ok(all) }
    }

    fn read_wide(from: &mut Unpacker<'_>) -> Result<Self, Unpackable> {
        let [first, second, third] =
            [from.byte("features")?, from.byte("features")?, from.byte("features")?];
        let all = Self(u32::from_le_bytes([first, second, third, 0]));
        // They are packed in one way alone, and without a byte that says that more follow.
        let is_sound = third != 0 && !all.has(Self::MORE);
        is_sound.then_some(all).ok_or(Unpackable { at: "features" })
    }

    pub(super) const fn is_wide(self) -> bool {
        self.0 >> 16 != 0
    }

    pub(super) fn of(order: &Order) -> Self {
        let all = Self::of_all_orders(order);
        // One look: most orders have neither.
        let all = if order.money.is_some() | !order.returns.is_empty() {
            all.with_money(order)
        } else {
            all
        };
        if order.timeline.is_empty() {
            return all;
        }
        all.with(Self::TIMELINE, true).with(Self::NEWER_WORDS, order.timeline.names_who())
    }

    /// These, and that it has prices, or that units of it come back.
    #[cold]
    fn with_money(self, order: &Order) -> Self {
        let money = order.money.as_deref();
        let ends = |of: &Payment| of.expires.is_some() || of.ending.is_some();
        self.with(Self::PRICED, money.is_some())
            .with(Self::AUTHORISED, money.is_some_and(|money| money.payments.iter().any(ends)))
            .with(Self::RETURNED, !order.returns.is_empty())
    }

    /// Those that an order may have to which nothing happened yet.
    fn of_all_orders(order: &Order) -> Self {
        Self::of_shipments(order)
            .with(Self::HELD, order.header.hold.is_some())
            .with(Self::ANSWERED, !order.declined.is_empty())
            .with(Self::PRIORITISED, !order.header.priority.is_default())
            .with(Self::COLLECTED, order.header.destination.pickup().is_some())
            .with(Self::BUNDLED, !order.bundles.is_empty())
            .with(Self::DECIDED_ANEW, !order.decisions.is_empty())
            .with(Self::IN_PART, order.header.hold.as_ref().is_some_and(|hold| hold.accepts_part))
            .with(Self::ON_HOLD, order.is_on_hold())
            .with(Self::CHANGED, order.added.lines > 0 || order.amended.is_some())
    }

    /// Those that its shipments have, in one pass over them: each order that is placed is packed.
    fn of_shipments(order: &Order) -> Self {
        order.shipments.iter().fold(Self::default(), |all, shipment| {
            let work = shipment.work.as_deref();
            all.with(Self::ANSWERED, shipment.answer.is_some())
                .with(Self::WORKED, work.is_some())
                .with(Self::CLAIMED, work.is_some_and(|work| work.claim.is_some()))
                .with(Self::EXPIRES, work.is_some_and(Work::has_expiry))
                .with(Self::ASKED, shipment.asks)
                .with(Self::NEWER_WORDS, shipment.answer.is_some_and(is_short))
        })
    }
}

/// Whether a node said that it has fewer than were counted.
fn is_short(answer: Answer) -> bool {
    answer.kind == AnswerKind::Declined(DeclineReason::Short)
}

/// How an order is packed: its version, and what is there beyond it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) version: u8,
    pub(super) features: Features,
}

impl Form {
    /// The oldest version that can say all of the order.
    pub(super) fn of(order: &Order) -> Self {
        let features = Features::of(order);
        let version = match features {
            Features(0) if is_repegged(order) => VERSION_REPEGGED,
            Features(0) => VERSION,
            Features::HELD => VERSION_HELD,
            all if all.is_wide() => VERSION_WIDE,
            _ => VERSION_FEATURED,
        };
        Self { version, features }
    }

    pub(super) fn put(self, out: &mut Vec<u8>) {
        out.push(self.version);
        if self.version >= VERSION_FEATURED {
            self.features.put(out);
        }
    }

    pub(super) fn read(from: &mut Unpacker<'_>) -> Result<Self, Unpackable> {
        let version = from.byte("version")?;
        let features = match version {
            VERSION | VERSION_REPEGGED => Features::default(),
            VERSION_HELD => Features::HELD,
            VERSION_FEATURED => Features::read(from)?,
            VERSION_WIDE => Features::read_wide(from)?,
            _ => return Err(Unpackable { at: "version" }),
        };
        let is_known = features.0 & !Features::ALL.0 == 0;
        is_known.then_some(Self { version, features }).ok_or(Unpackable { at: "features" })
    }

    /// Whether units may have come to rest on other supply.
    pub(super) const fn is_repegged(self) -> bool {
        self.version >= VERSION_REPEGGED
    }

    pub(super) const fn has(self, feature: Features) -> bool {
        self.features.has(feature)
    }
}

pub(super) const SHIPS: u8 = 1;
pub(super) const DELIVERS: u8 = 2;
pub(super) const SHIPPED: u8 = 4;
/// Its days were told anew: of units that were there, or not.
pub(super) const TOLD_THERE: u8 = 8;
pub(super) const TOLD_NOT_THERE: u8 = 16;
/// The customer is asked what becomes of it.
pub(super) const ASKS: u8 = 32;

/// Its node worked on it.
pub(super) const WORKED: u8 = 1;
pub(super) const RELEASED: u8 = 2;
pub(super) const RECALLED: u8 = 4;
pub(super) const CLAIMED: u8 = 8;
pub(super) const EXPIRED: u8 = 16;

/// A package left.
pub(super) const LEFT: u8 = 1;
pub(super) const READY: u8 = 2;
/// From which bit on it is said how its way ended.
pub(super) const ENDED_AT: u32 = 2;
/// It waits for the customer until an instant.
pub(super) const UNTIL: u8 = 16;

pub(super) const CUSTOMER: u8 = 1;
pub(super) const CHANNEL: u8 = 2;
/// It was not taken when the customer ordered. Packed since orders know of it.
pub(super) const DECIDED: u8 = 4;
/// It began as a hold.
pub(super) const HELD: u8 = 8;
/// The hold has an owner.
pub(super) const OWNER: u8 = 16;
/// The hold was given its grace for a payment.
pub(super) const PAYING: u8 = 32;

/// Whether something can be said of the order that version 1 has no place for.
fn is_repegged(order: &Order) -> bool {
    order.added != Added::default()
        || order.shipments.iter().any(|shipment| shipment.told_of_units_there.is_some())
        || order.allocations.iter().any(|allocation| allocation.moved > 0)
}
