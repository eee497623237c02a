//! What is planned: an order whose names are resolved.

use std::ops::RangeInclusive;
use std::sync::Arc;

use smallvec::SmallVec;

use super::common::{self, Common};
use super::made::Bundled;
use super::room::{Replanned, Rooms};
use super::way::Way;
use crate::actor::Row;
use crate::model::{
    Day, Load, Loads, NodeDay, NodeNo, OrderNo, Pair, Pegged, Shortage, SkuNo, Split, Supply, Text,
    Timestamp,
};
use crate::sourcing::Verdict;
use crate::state::catalogue::Entry;
use crate::state::stock::{AtAny, Glance, StockActor};

/// An order whose names are resolved.
pub struct Wanted<'a> {
    /// Lines of distinct SKUs, but for what stands for a shipment that there is. Of a bundle, the
    /// row of pairs is that of its first component.
    pub lines: SmallVec<[WantedLine<'a>; 4]>,
    /// Where it goes, and how.
    pub way: Way,
    /// Where it comes in, if the caller says so: not every node serves every channel.
    pub channel: Option<&'a Text>,
    /// The day that counts as on time.
    pub promise_by: Day,
    /// What happens to units without supply.
    pub shortage: Shortage,
    /// Whether a line may be split.
    pub split: Split,
    /// Now: what can still be done counts from here.
    pub at: Timestamp,
    /// What is free of its lines, where that is not what the pairs publish: units that they have
    /// themselves are free to them.
    pub seen: Option<&'a Seen>,
    /// Units that the order has already, and that are free to it.
    pub own: Option<&'a Own>,
    /// How it goes about items whose sale is to open.
    pub opening: Opening,
    /// What is planned to leave nodes.
    pub rooms: Rooms<'a>,
    /// What its lines are made of, if one of them is a bundle.
    pub bundled: Option<Arc<Bundled<'a>>>,
}

/// How an order goes about items whose sale is to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It joins their line, or has units of them already: it gets no more before they open.
    Joined,
    /// It takes units of them: it waits until they open if their time has come, and is refused
    /// otherwise.
    Awaited,
}

/// What an order sees of its SKUs, where that is not what their pairs publish.
#[derive(Default)]
pub struct Seen {
    /// What is free, by line and node.
    pub free: SmallVec<[Vec<(NodeNo, Glance)>; 1]>,
    /// The nodes at which a line has units. They may ship what is there, also when sourcing may
    /// not choose them any more.
    pub homes: SmallVec<[(usize, NodeNo); 2]>,
    /// Where a line may not have all that is free at a node, by line and node: why.
    pub limits: SmallVec<[(usize, NodeNo, Verdict); 1]>,
    /// Units that leave for each unit of a line, from the first line on; of others one.
    pub units_each: SmallVec<[u32; 4]>,
    /// What lines draw on that need the same items.
    pub common: Common,
    /// Whether the order goes as it was to go, so that a node ships it although its carrier does
    /// not come there any more.
    pub goes_as_before: bool,
    /// Whether units leave a node in one shipment, on a day with room for all of them.
    pub goes_in_one: bool,
    /// Whether it comes in where it came in, and goes by the service that it was to go by, so that
    /// a node ships it although it serves others by now.
    pub was_served: bool,
}

/// Units from which an order or a hold is planned: those of a hold that it comes to, or is taken
/// over by, and those of an order that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Own {
    /// The hold, or the order.
    pub no: OrderNo,
    /// Its channel.
    pub channel: Option<Text>,
    /// What they rest on.
    pub units: Vec<Pegged>,
    /// Those of them that stay with the order that has them: what is planned on them is not
    /// claimed.
    pub stays: Vec<Pegged>,
    /// What there is for the order already, by item or bundle: it takes no more of it, though it
    /// may take others.
    pub has: Vec<(SkuNo, u32)>,
    /// What they put on days.
    pub loads: Replanned,
    /// What of that is given up once what is planned happens.
    pub given_up: Loads,
    /// Whether it is planned for the channel and the service that it has them for.
    pub was_served: bool,
    /// Whether the hold that has them is in hand.
    pub in_hand: bool,
    /// From where else units may come.
    pub others: Others,
}

/// From where units may come that an order has not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Others {
    /// From this node.
    From(NodeNo),
    /// From any node but these.
    NotFrom(Vec<NodeNo>),
    /// From none: it is planned on what it has.
    None,
}

impl Others {
    /// From any node.
    pub const ANY: Self = Self::NotFrom(Vec::new());

    /// Whether units may come from a node.
    pub fn allow(&self, no: NodeNo) -> bool {
        match self {
            Self::From(only) => no == *only,
            Self::NotFrom(but) => !but.contains(&no),
            Self::None => false,
        }
    }
}

impl Own {
    /// Units that it has on a supply of a pair.
    pub fn on(&self, pair: Pair, supply: Supply) -> u32 {
        let of_pair = self.units.iter().filter(|peg| (peg.pair, peg.supply) == (pair, supply));
        of_pair.map(|peg| peg.units).sum()
    }

    /// Whether it has so many units of an item, or so many bundles, already.
    pub fn has(&self, sku: SkuNo, units: u32) -> bool {
        self.has.iter().any(|(of, has)| *of == sku && *has >= units)
    }
}

impl<'a> Wanted<'a> {
    /// Whether what came free of its SKUs was offered to older orders.
    #[inline]
    pub fn is_settled(&self) -> bool {
        let is_settled = !self.lines.iter().any(|line| line.entry.is_unsettled());
        is_settled && self.bundled.as_ref().is_none_or(|bundled| bundled.is_settled())
    }

    /// Whether the sale of an item of one of its lines is to open.
    #[inline]
    pub fn has_closed(&self) -> bool {
        self.lines.iter().any(|line| line.entry.is_closed())
    }

    /// How many of its lines are of items whose sale is to open.
    pub fn closed(&self) -> usize {
        self.lines.iter().filter(|line| line.entry.is_closed()).count()
    }

    /// Whether nobody gets units for a line now: its sale is to open.
    #[inline]
    pub fn is_closed(&self, line: usize) -> bool {
        self.lines[line].entry.is_closed()
    }

    /// One of the items that a line takes units of: its own, or those of which it is made.
    pub fn item_of(&self, line: usize, at: usize) -> Option<(SkuNo, &'a Entry)> {
        match &self.bundled {
            None => (at == 0).then(|| (self.lines[line].sku, self.lines[line].entry)),
            Some(bundled) => bundled.0[line].parts.get(at).map(|part| (part.sku, part.entry)),
        }
    }

    /// All of them.
    pub fn items_of(&self, line: usize) -> impl Iterator<Item = (SkuNo, &'a Entry)> {
        (0..).map_while(move |at| self.item_of(line, at))
    }

    /// Whether a node may ship a line although that speaks against it: the line has units there,
    /// and is planned anew.
    pub(super) fn forgives(&self, line: usize, no: NodeNo, off: Verdict) -> bool {
        let is_home = |seen: &&Seen| seen.homes.contains(&(line, no));
        let seen = self.seen.filter(is_home);
        seen.is_some_and(|seen| match off {
            Verdict::NodeDisabled | Verdict::PairOffSourcing => true,
            Verdict::ChannelNotServed | Verdict::ServiceNotServed => {
                seen.goes_as_before || seen.was_served
            }
            _ => seen.goes_as_before,
        })
    }

    /// Why a line may not have all that is free at a node, if so.
    pub(super) fn limit(&self, line: usize, no: NodeNo) -> Option<Verdict> {
        let limits = self.seen.map_or(&[][..], |seen| &seen.limits);
        limits.iter().find(|(of, at, _)| (*of, *at) == (line, no)).map(|(.., why)| *why)
    }

    /// Whether sourcing may not choose the pair of a line at a node.
    pub(super) fn is_off_sourcing(&self, line: usize, no: NodeNo) -> bool {
        self.limit(line, no) == Some(Verdict::PairOffSourcing)
    }

    /// Whether what comes to a node is shown to a line with all that is there by then.
    pub(super) fn shows_all(&self, line: usize) -> bool {
        self.seen.is_some_and(|seen| seen.common.lines.contains(&line))
    }

    /// These lines, and those with them that need the same items as one of them: what one has
    /// another lacks.
    pub fn with_common(&self, lines: impl Iterator<Item = usize>) -> Vec<usize> {
        let mut all: Vec<usize> = lines.collect();
        let common = self.bundled.as_ref().map(|bundled| common::lines(bundled));
        if let Some(common) = common.filter(|of| all.iter().any(|line| of.contains(line))) {
            all.extend(common);
            all.sort_unstable();
            all.dedup();
        }
        all
    }

    /// Units that leave for each unit of a line: of a bundle, all of its components.
    pub(super) fn units_each(&self, line: usize) -> u32 {
        self.seen.and_then(|seen| seen.units_each.get(line)).copied().unwrap_or(1)
    }

    /// The fewest and the most of any line.
    pub(super) fn units_of_each(&self) -> RangeInclusive<u32> {
        let each = (0..self.lines.len()).map(|line| self.units_each(line));
        each.clone().min().unwrap_or(1)..=each.max().unwrap_or(1)
    }

    /// Units that leave in all.
    pub(super) fn units(&self) -> u32 {
        let lines = self.lines.iter().enumerate();
        let units = lines.map(|(at, line)| line.quantity.saturating_mul(self.units_each(at)));
        units.fold(0, u32::saturating_add)
    }

    /// Units that may leave each node in one shipment of what is there: of all lines what is
    /// free, as far as it is wanted.
    pub(super) fn units_by_node(&self, units: &mut ByNode) {
        units.clear();
        for (line, WantedLine { quantity, .. }) in self.lines.iter().enumerate() {
            let each = self.units_each(line);
            self.each_free(line, |no, free| {
                let is_left_out = self.split == Split::WholeLine && free < *quantity;
                let leaves = if is_left_out { 0 } else { free.min(*quantity) };
                units.add(no, leaves.saturating_mul(each));
            });
        }
    }

    /// Units of a line that are free now, by node.
    pub(super) fn free_by_node(&self, line: usize, units: &mut ByNode) {
        units.clear();
        self.each_free(line, |no, free| units.add(no, free));
    }

    fn each_free(&self, line: usize, mut show: impl FnMut(NodeNo, u32)) {
        let show = |no, glance: Glance| show(no, glance.free.max(0).cast_unsigned());
        match self.seen {
            None => self.lines[line].entry.row.each(show),
            Some(seen) => seen.free[line][..].each(show),
        };
    }

    /// Whether a hold is in hand of which units are planned anew: who has one lets go of it before
    /// he waits.
    pub fn has_in_hand(&self) -> bool {
        self.own.is_some_and(|own| own.in_hand)
    }

    /// What is given up on days when a draft is claimed.
    pub fn gives_up(&self) -> &[(NodeDay, Load)] {
        self.own.map_or(&[], |own| &own.given_up)
    }

    /// The same order, with units that it has already.
    pub fn with_own<'b>(&'b self, own: &'b Own) -> Wanted<'b> {
        let rooms = Rooms { replanned: Some(&own.loads), ..self.rooms };
        Wanted { own: Some(own), rooms, ..self.again() }
    }

    /// The same order, which sees that of its SKUs.
    pub fn that_sees<'b>(&'b self, seen: &'b Seen) -> Wanted<'b> {
        Wanted { seen: Some(seen), ..self.again() }
    }

    fn again(&self) -> Wanted<'_> {
        let lines = self.lines.iter().copied().collect();
        Wanted { lines, bundled: self.bundled.clone(), ..*self }
    }

    /// The same order with some of its lines only.
    #[must_use]
    pub fn with_lines(&self, lines: impl Iterator<Item = usize>) -> Self {
        let places: SmallVec<[usize; 4]> = lines.collect();
        let bundled = self.bundled.as_ref().map(|bundled| {
            Arc::new(Bundled(places.iter().map(|line| bundled.0[*line].clone()).collect()))
        });
        Self { lines: places.iter().map(|line| self.lines[*line]).collect(), bundled, ..*self }
    }
}

/// One line of it.
#[derive(Clone, Copy)]
pub struct WantedLine<'a> {
    /// The item.
    pub sku: SkuNo,
    /// The item's row of pairs.
    pub entry: &'a Entry,
    /// Units, from 1.
    pub quantity: u32,
}

/// Units by node.
#[derive(Default)]
pub(super) struct ByNode(Vec<u32>);

impl ByNode {
    pub(super) fn at(&self, no: NodeNo) -> u32 {
        self.0.get(usize::from(no.0)).copied().unwrap_or(0)
    }

    fn clear(&mut self) {
        self.0.clear();
    }

    fn add(&mut self, no: NodeNo, units: u32) {
        let at = usize::from(no.0);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        self.0[at] = self.0[at].saturating_add(units);
    }
}

/// What is free of an item, by node: what its pairs publish, or what a line sees. Planning is
/// compiled for each of them, so that the loop over a row, which most orders are planned on,
/// calls nothing.
pub(super) trait Glances {
    /// Shows what is free at each node; answers what is so at any of the pairs.
    fn each(&self, show: impl FnMut(NodeNo, Glance)) -> AtAny;
}

impl Glances for Row<StockActor> {
    #[inline]
    fn each(&self, show: impl FnMut(NodeNo, Glance)) -> AtAny {
        self.glances(show)
    }
}

impl Glances for [(NodeNo, Glance)] {
    fn each(&self, mut show: impl FnMut(NodeNo, Glance)) -> AtAny {
        let mut at_any = AtAny::default();
        for (node, glance) in self {
            show(*node, *glance);
            at_any.in_flight |= glance.in_flight;
        }
        // Supplies on their way were read before.
        at_any
    }
}
