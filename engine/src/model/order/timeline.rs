//! What happened to an order after it was placed, in order: kept with it, because the journal is cut.

use minicbor::{Decode, Decoder, Encode, Encoder};

use super::amended::Amounts;
use super::decision::Cause;
use super::hold::OrderHold;
use super::redirect::Redirect;
use crate::limits::{TIMELINE_BYTES_MAX, TIMELINE_ENTRIES_MAX};
use crate::model::answer::DeclineReason;
use crate::model::event::Origin;
use crate::model::ids::{PackageId, Text};
use crate::model::lsn::Lsn;
use crate::model::time::{Day, Timestamp};

/// What a record says of its event: when, by whom, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// When the engine took the command.
    pub at: Timestamp,
    /// The actor that sent it, the channel and the reason.
    pub origin: Option<Box<Origin>>,
}

impl Said {
    /// Whether it names who sent the command, or why.
    pub fn names_somebody(&self) -> bool {
        let origin = self.origin.as_deref();
        origin.is_some_and(|of| !of.actor.as_str().is_empty() || !of.reason.as_str().is_empty())
    }
}

/// What happened to an order. The numbers are those of packed orders, and are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Happened {
    /// Units were cancelled.
    #[n(1)]
    Cancelled,
    /// Packages left.
    #[n(2)]
    Shipped,
    /// The node may work on a shipment.
    #[n(3)]
    Released,
    /// A shipment was asked back, or taken back.
    #[n(4)]
    Recalled,
    /// Units were picked.
    #[n(5)]
    Picked,
    /// Units went back to the shelf.
    #[n(6)]
    Unpicked,
    /// Units came into a package.
    #[n(7)]
    Packed,
    /// A package was opened.
    #[n(8)]
    Unpacked,
    /// Packages wait for the customer.
    #[n(9)]
    MadeReady,
    /// Packages arrived.
    #[n(10)]
    Delivered,
    /// The customer collected packages.
    #[n(11)]
    Collected,
    /// The carrier lost packages.
    #[n(12)]
    Lost,
    /// The node ships a shipment.
    #[n(13)]
    Accepted,
    /// The node does not ship it, or units of it.
    #[n(14)]
    Declined,
    /// Units rest on other supply, and nobody was told another day.
    #[n(15)]
    Resourced,
    /// Shipments arrive on other days.
    #[n(16)]
    DateMoved,
    /// The order is served before others, or after them.
    #[n(17)]
    Prioritised,
    /// The hold that it was has its units for longer.
    #[n(18)]
    HoldExtended,
    /// The hold that it was became another one.
    #[n(19)]
    HoldChanged,
    /// The hold gave up its units.
    #[n(20)]
    HoldEnded,
    /// The node does not give back a shipment that it is asked for.
    #[n(21)]
    RecallRefused,
    /// The order was put on hold.
    #[n(30)]
    OrderHeld,
    /// A hold on the order ended.
    #[n(31)]
    OrderHoldReleased,
    /// The order was on hold for so long that its units wait.
    #[n(32)]
    StockLetGo,
    /// The order was changed.
    #[n(22)]
    Changed,
    /// The node where the customer collects does not have units: the customer is asked.
    #[n(33)]
    CustomerAsked,
    /// What the customer was asked about is sourced anew.
    #[n(34)]
    DeclineResolved,
    /// Nobody collected packages in time: their units went back to the shelf.
    #[n(35)]
    Expired,
    /// It was placed by somebody: all else of that is in its header.
    #[n(36)]
    Placed,
    /// The hold that it was was created by somebody: all else of that is in its header.
    #[n(37)]
    Held,
    /// A payment provider told something of its money.
    #[n(38)]
    PaymentTold,
    /// It is paid by something else as well.
    #[n(39)]
    PaymentAdded,
    /// An amount alone was given back.
    #[n(40)]
    Allowed,
    /// A payment provider told that something is done, and that it is not.
    #[n(41)]
    PaymentConflict,
    /// Units are to come back.
    #[n(42)]
    ReturnRequested,
    /// A return was granted.
    #[n(43)]
    ReturnAuthorised,
    /// A return was not granted.
    #[n(44)]
    ReturnRefused,
    /// Units of a return do not come back after all.
    #[n(45)]
    ReturnCancelled,
    /// Units of a return are on their way.
    #[n(46)]
    ReturnSent,
    /// A node told what came of a return.
    #[n(47)]
    ReturnReceived,
    /// Units that came back were looked at.
    #[n(48)]
    ReturnInspected,
    /// It was decided what becomes of units that came back.
    #[n(49)]
    ReturnDisposed,
    /// The carrier lost units of a return.
    #[n(50)]
    ReturnLost,
    /// The customer is credited for what the carrier lost of a return.
    #[n(51)]
    ReturnGranted,
    /// Units of a return did not come in time.
    #[n(52)]
    ReturnExpired,
    /// What was credited before the goods came is taken back: they did not come.
    #[n(53)]
    ReturnChargedBack,
    /// Units are to come back, and the customer gets others for them.
    #[n(54)]
    ExchangeRequested,
}

impl Happened {
    /// Each of them.
    pub const ALL: [Self; 47] = [
        Self::Cancelled,
        Self::Shipped,
        Self::Released,
        Self::Recalled,
        Self::Picked,
        Self::Unpicked,
        Self::Packed,
        Self::Unpacked,
        Self::MadeReady,
        Self::Delivered,
        Self::Collected,
        Self::Lost,
        Self::Accepted,
        Self::Declined,
        Self::Resourced,
        Self::DateMoved,
        Self::Prioritised,
        Self::HoldExtended,
        Self::HoldChanged,
        Self::HoldEnded,
        Self::RecallRefused,
        Self::OrderHeld,
        Self::OrderHoldReleased,
        Self::StockLetGo,
        Self::Changed,
        Self::CustomerAsked,
        Self::DeclineResolved,
        Self::Expired,
        Self::Placed,
        Self::Held,
        Self::PaymentTold,
        Self::PaymentAdded,
        Self::Allowed,
        Self::PaymentConflict,
        Self::ReturnRequested,
        Self::ReturnAuthorised,
        Self::ReturnRefused,
        Self::ReturnCancelled,
        Self::ReturnSent,
        Self::ReturnReceived,
        Self::ReturnInspected,
        Self::ReturnDisposed,
        Self::ReturnLost,
        Self::ReturnGranted,
        Self::ReturnExpired,
        Self::ReturnChargedBack,
        Self::ExchangeRequested,
    ];

    /// Whether the engine does it by itself, so that it repeats as often as supply moves.
    const fn is_of_supply(self) -> bool {
        matches!(self, Self::Resourced | Self::DateMoved)
    }
}

/// One entry of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// The event.
    #[n(0)]
    pub lsn: Lsn,
    /// When the engine took its command.
    #[n(1)]
    pub at: Timestamp,
    /// What happened.
    #[n(2)]
    pub what: Happened,
    /// The shipment, from 0, if it is of one.
    #[n(3)]
    pub shipment: Option<u16>,
    /// Who, through which channel and why, if that was said.
    #[n(4)]
    pub origin: Option<Box<Origin>>,
    /// Units by line, from 0, where it is of some: as many lines as an entry has at most.
    #[n(5)]
    pub lines: Option<Vec<(u16, u32)>>,
    /// The packages, where it is of some.
    #[n(6)]
    pub packages: Option<Vec<PackageId>>,
    /// The carrier and its tracking number, where packages left.
    #[n(7)]
    pub carrier: Option<Box<(Text, Text)>>,
    /// Days of shipments that were told anew.
    #[n(8)]
    pub dates: Option<Vec<DateMoved>>,
    /// What brought that about.
    #[n(9)]
    pub cause: Option<Cause>,
    /// Why a node declined.
    #[n(10)]
    pub declined: Option<DeclineReason>,
    /// Until when: a hold has its units, a node may answer that it is asked for a shipment, or packages
    /// wait for the customer.
    #[n(11)]
    pub until: Option<Timestamp>,
    /// When it was so, where that is another time than the engine was told.
    #[n(12)]
    pub was_at: Option<Timestamp>,
    /// How many lines, packages and days it was of that an entry has no room for.
    #[n(13)]
    pub left_out: Option<u32>,
    /// The hold on the order, where it is of one.
    #[n(14)]
    pub hold: Option<Box<OrderHold>>,
    /// Units by line, from 0, that were added.
    #[n(15)]
    pub added: Option<Vec<(u16, u32)>>,
    /// Where the order goes since then, if a change said so.
    #[n(16)]
    pub goes_to: Option<Box<Redirect>>,
    /// What is said of the order since then, for people, if a change said so.
    #[n(17)]
    pub note: Option<Text>,
    /// What lines cost since then, if a change said so: of as many lines as an entry has at most.
    #[n(18)]
    pub amounts: Option<Box<Amounts>>,
    /// The return, from 0, if it is of one.
    #[n(19)]
    pub of_return: Option<u16>,
}

impl Entry {
    /// Whether somebody took a shipment back from its node. That a node is asked for one takes nothing.
    pub fn takes_back(&self) -> bool {
        self.what == Happened::Recalled && self.until.is_none()
    }

    /// Whether a later one tells more of the same.
    fn is_followed_by(&self, later: &Self) -> bool {
        let kind = |of: &Self| (of.what, of.shipment, of.until.is_some());
        kind(self) == kind(later)
    }
}

/// The day by which a shipment arrives, told anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DateMoved {
    /// Which one, from 0.
    #[n(0)]
    pub shipment: u16,
    /// As it was told before; none if none was.
    #[n(1)]
    pub before: Option<Day>,
    /// From then on; none while units of it wait.
    #[n(2)]
    pub after: Option<Day>,
}

/// What happened to an order after it was placed, the oldest first, as far as it is kept: see
/// [`TIMELINE_ENTRIES_MAX`] and [`TIMELINE_BYTES_MAX`].
///
/// It is kept as bytes: nearly all that reads or changes an order passes them on as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline(
    /// An array: how many entries were dropped, then those that are kept. No byte where nothing
    /// happened.
    Box<[u8]>,
);

impl Timeline {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many entries were dropped, as there were too many.
    pub fn dropped(&self) -> u32 {
        self.read().0
    }

    /// The entries, read one after the other.
    ///
    /// # Panics
    /// When the bytes are not those of entries: they are checked when they come in.
    pub fn iter(&self) -> impl Iterator<Item = Entry> + '_ {
        let (_, count, mut bytes) = self.read();
        (0..count).map(move |_| bytes.decode().expect("REPLAY_EQUAL: what was kept is read"))
    }

    /// Keeps one more, and drops those that are too many.
    pub fn keep(&mut self, entry: &Entry) {
        let new = encoded(entry);
        let (dropped, count, at) = self.read();
        let known = &self.0[at.position()..];
        let fits =
            count < TIMELINE_ENTRIES_MAX as u64 && known.len() + new.len() <= TIMELINE_BYTES_MAX;
        self.0 = if fits {
            written(dropped, count + 1, &[known, &new])
        } else {
            self.with_room_for(entry, new)
        };
    }

    /// Of so many entries, those that are told least by are dropped.
    #[cold]
    fn with_room_for(&self, entry: &Entry, new: Vec<u8>) -> Box<[u8]> {
        let mut dropped = self.dropped();
        let known = self.iter().map(|entry| (encoded(&entry), entry));
        let mut all: Vec<_> = known.chain([(new, entry.clone())]).collect();
        let mut bytes: usize = all.iter().map(|(bytes, _)| bytes.len()).sum();
        while all.len() > TIMELINE_ENTRIES_MAX || bytes > TIMELINE_BYTES_MAX {
            bytes -= all.remove(least(&all)).0.len();
            dropped = dropped.saturating_add(1);
        }
        let entries: Vec<_> = all.iter().map(|(bytes, _)| bytes.as_slice()).collect();
        written(dropped, all.len() as u64, &entries)
    }

    /// How many were dropped, how many are kept, and where they begin.
    fn read(&self) -> (u32, u64, Decoder<'_>) {
        let mut bytes = Decoder::new(&self.0);
        if self.0.is_empty() {
            return (0, 0, bytes);
        }
        let (dropped, count) = head(&mut bytes).expect("REPLAY_EQUAL: what was kept is read");
        (dropped, count, bytes)
    }

    /// Whether it begins with who placed the order, or its hold: such an entry comes before all others.
    pub(super) fn names_who(&self) -> bool {
        let (_, count, mut bytes) = self.read();
        count > 0
            && bytes
                .decode::<Entry>()
                .is_ok_and(|first| matches!(first.what, Happened::Placed | Happened::Held))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes the bytes of an order, which were checked when they came in.
    pub(super) fn kept(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// Whether these are the bytes of some entries, and of nothing else.
    pub(super) fn are(bytes: &[u8]) -> bool {
        let mut from = Decoder::new(bytes);
        let Some((_, count)) = head(&mut from) else { return false };
        let is_read = (0..count).all(|_| from.decode::<Entry>().is_ok());
        count > 0 && is_read && from.position() == bytes.len()
    }
}

/// The first one that supply moved again, or else that a later one follows, or else the first; one that
/// takes a shipment back only if there are no others, since whose the shipment is rests on it.
fn least(all: &[(Vec<u8>, Entry)]) -> usize {
    let repeats = |at: &usize| all[at + 1..].iter().any(|(_, of)| all[*at].1.is_followed_by(of));
    let of_supply = (0..all.len()).filter(|at| all[*at].1.what.is_of_supply()).find(repeats);
    let other = || (0..all.len()).find(|at| !all[*at].1.takes_back());
    of_supply.or_else(|| (0..all.len()).find(repeats)).or_else(other).unwrap_or(0)
}

fn head(from: &mut Decoder<'_>) -> Option<(u32, u64)> {
    let length = from.array().ok().flatten()?;
    Some((from.u32().ok()?, length.checked_sub(1)?))
}

fn encoded(entry: &Entry) -> Vec<u8> {
    minicbor::to_vec(entry).expect("memory takes what is written")
}

fn written(dropped: u32, count: u64, entries: &[&[u8]]) -> Box<[u8]> {
    let mut out = Vec::with_capacity(16 + entries.iter().map(|of| of.len()).sum::<usize>());
    let mut to = Encoder::new(&mut out);
    let head = to.array(count + 1).and_then(|to| to.u32(dropped));
    head.expect("memory takes what is written");
    for of in entries {
        out.extend_from_slice(of);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(lsn: u64, what: Happened, reason: &str) -> Entry {
        let text = |text: &str| Text::new("text", text).unwrap();
        let reason = text(reason);
        let origin = Some(Box::new(Origin { actor: text("Ann"), channel: text("desk"), reason }));
        let lsn = Lsn::new(lsn);
        Entry { origin, ..Entry::new(lsn, what, &Said::default()) }
    }

    /// A supply that slips for years pushes none of what people did out of the order's story.
    #[test]
    fn dates_that_move_again_and_again_are_dropped_first_and_counted() {
        let mut timeline = Timeline::default();
        timeline.keep(&entry(1, Happened::Picked, "a"));
        for lsn in 2..=1000 {
            timeline.keep(&entry(lsn, Happened::DateMoved, "late"));
        }
        let all: Vec<_> = timeline.iter().map(|entry| entry.lsn.get()).collect();
        assert_eq!((all.len(), all[0], all[1]), (256, 1, 1000 - 254));
        assert_eq!(timeline.dropped(), 1000 - 256);
        assert!(Timeline::are(timeline.bytes()));
    }

    /// Whose a shipment is rests on it: a rule releases none that somebody took back.
    #[test]
    fn that_a_shipment_was_taken_back_stays_whatever_happens_to_others() {
        let mut timeline = Timeline::default();
        let of = |lsn, shipment| Entry { shipment, ..entry(lsn, Happened::Recalled, "why") };
        timeline.keep(&of(1, Some(0)));
        for lsn in 2..=600 {
            let (until, other) = (Some(Timestamp::default()), u16::try_from(lsn).ok());
            timeline.keep(&match lsn % 3 {
                0 => Entry { until, ..of(lsn, Some(0)) },
                1 => of(lsn, other),
                _ => Entry { what: Happened::Picked, ..of(lsn, other) },
            });
        }
        assert!(timeline.dropped() > 0);
        assert_eq!(timeline.iter().next().map(|entry| entry.lsn), Some(Lsn::new(1)));
    }

    #[test]
    fn long_reasons_take_no_more_room_than_there_is() {
        let mut timeline = Timeline::default();
        let reason = "x".repeat(250);
        for lsn in 1..=200u64 {
            timeline.keep(&entry(lsn, Happened::Prioritised, &reason));
            assert!(timeline.bytes().len() <= TIMELINE_BYTES_MAX + 16);
            assert_eq!(u64::from(timeline.dropped()) + timeline.iter().count() as u64, lsn);
        }
        assert!(timeline.dropped() > 100);
        assert_eq!(timeline.iter().last().map(|entry| entry.lsn), Some(Lsn::new(200)));
    }

    #[test]
    fn bytes_that_are_no_timeline_are_refused() {
        let mut timeline = Timeline::default();
        timeline.keep(&entry(3, Happened::Cancelled, "why"));
        let bytes = timeline.bytes();
        for end in 0..bytes.len() {
            assert!(!Timeline::are(&bytes[..end]), "{end}");
        }
        assert!(!Timeline::are(&[bytes, &[0]].concat()));
    }
}
