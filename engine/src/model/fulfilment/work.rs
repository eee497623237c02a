//! What a node did of a shipment.

use minicbor::{Decode, Encode};

use super::lines;
use super::table::UnitState;
use crate::model::ids::{OwnerId, PackageId, Text};
use crate::model::stock::LineUnits;
use crate::model::time::Timestamp;

/// What a node did of a shipment, beyond its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Since when it may work on it; none before it was told to, and after a recall.
    pub released: Option<Timestamp>,
    /// The shipment is asked back from a node that may have begun: until when it may answer.
    pub recall: Option<Timestamp>,
    /// Its packages, in the order in which they came to be, each of another id.
    pub packages: Vec<Package>,
    /// Who works on it, so that nobody else begins.
    pub claim: Option<Box<WorkClaim>>,
    /// When packages of it went back to the shelf, because nobody collected them.
    pub expired: Option<Timestamp>,
}

/// Who works on a shipment, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct WorkClaim {
    /// A person or a scanner.
    #[n(0)]
    pub owner: OwnerId,
    /// Until when it is his alone.
    #[n(1)]
    pub until: Timestamp,
}

/// How a shipment, or a package, left.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Dispatch {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// The carrier.
    #[n(1)]
    pub carrier: Text,
    /// The carrier's tracking number.
    #[n(2)]
    pub tracking: Text,
}

/// Units of a shipment in one box.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Package {
    /// The caller's id, unique in the shipment.
    #[n(0)]
    pub id: PackageId,
    /// Units by line, from 0, ascending; never 0.
    #[cbor(n(1), with = "lines")]
    pub lines: LineUnits,
    /// Since when it waits for the customer at its node.
    #[n(2)]
    pub ready: Option<Timestamp>,
    /// How it left; none before.
    #[n(3)]
    pub dispatch: Option<Box<Dispatch>>,
    /// Where its way ended.
    #[n(4)]
    pub ended: Option<Ended>,
    /// Until when it waits for the customer; none for as long as nobody cancels it.
    #[n(5)]
    pub until: Option<Timestamp>,
}

/// Where the way of a package ended, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ended {
    /// Where.
    #[n(0)]
    pub how: Ending,
    /// When.
    #[n(1)]
    pub at: Timestamp,
}

/// Where the way of a package ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Ending {
    /// It arrived.
    #[n(1)]
    Delivered = 1,
    /// The customer collected it.
    #[n(2)]
    Collected = 2,
    /// The carrier lost it.
    #[n(3)]
    Lost = 3,
}

impl Ending {
    /// What the number stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Delivered),
            2 => Some(Self::Collected),
            3 => Some(Self::Lost),
            _ => None,
        }
    }
}

impl Package {
    /// Where its units are.
    pub fn state(&self) -> UnitState {
        match self.ended {
            Some(Ended { how: Ending::Delivered, .. }) => UnitState::Delivered,
            Some(Ended { how: Ending::Collected, .. }) => UnitState::Collected,
            Some(Ended { how: Ending::Lost, .. }) => UnitState::Lost,
            None if self.dispatch.is_some() => UnitState::Shipped,
            None if self.ready.is_some() => UnitState::Ready,
            None => UnitState::Packed,
        }
    }

    /// Whether it is still at its node.
    pub fn is_here(&self) -> bool {
        self.state() <= UnitState::Ready
    }

    /// Takes units of a line out of it, at most those that are in it.
    pub fn take_out(&mut self, line: u16, units: u32) {
        for (_, there) in self.lines.iter_mut().filter(|(of, _)| *of == line) {
            *there = there.saturating_sub(units);
        }
        self.lines.retain(|(_, units)| *units > 0);
    }

    /// Units of a line in it.
    pub fn units(&self, line: u16) -> u32 {
        self.lines.iter().find(|(of, _)| *of == line).map_or(0, |(_, units)| *units)
    }
}

impl Work {
    /// Whether nothing was done by an instant, and nobody works on it: a claim that ended is nothing.
    pub fn is_nothing_by(&self, now: Timestamp) -> bool {
        let Self { released, recall, packages, claim, expired } = self;
        let is_claimed = claim.as_deref().is_some_and(|claim| claim.until > now);
        let times = [released, recall, expired];
        !is_claimed && packages.is_empty() && times.iter().all(|at| at.is_none())
    }

    /// Whether packages of it wait until an instant, or did.
    pub fn has_expiry(&self) -> bool {
        self.expired.is_some() || self.packages.iter().any(|package| package.until.is_some())
    }

    /// Puts a package in the place of the one of its id; one without lines is no more.
    pub(in crate::model) fn put(&mut self, package: &Package) {
        let known = self.packages.iter().position(|known| known.id == package.id);
        match known {
            Some(at) if package.lines.is_empty() => drop(self.packages.remove(at)),
            Some(at) => self.packages[at] = package.clone(),
            None if package.lines.is_empty() => {}
            None => self.packages.push(package.clone()),
        }
    }
}
