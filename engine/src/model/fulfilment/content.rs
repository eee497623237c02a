//! Where the units of a shipment are, line by line.

use super::table::UnitState;
use super::work::{Package, Work};
use crate::model::ids::PackageId;
use crate::model::order::{Allocation, AllocationUnits, Order, Shipment};
use crate::model::stock::LineUnits;

/// Units of one line of a shipment, by state. Those that wait count as allocated here: what they rest
/// on is known to their pairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing([u32; UnitState::ALL.len()]);

impl Standing {
    /// Units in a state.
    pub const fn units(&self, state: UnitState) -> u32 {
        self.0[state as usize]
    }

    /// So many more in a state.
    pub fn add(&mut self, state: UnitState, units: u32) {
        self.0[state as usize] += units;
    }

    /// The states that units are in.
    pub fn states(&self) -> impl DoubleEndedIterator<Item = (UnitState, u32)> + '_ {
        let all = UnitState::ALL.into_iter().map(|state| (state, self.units(state)));
        all.filter(|(_, units)| *units > 0)
    }

    /// Units that are still at the node.
    pub fn open(&self) -> u32 {
        let here = self.states().filter(|(state, _)| *state <= UnitState::Ready);
        here.map(|(_, units)| units).sum()
    }

    /// All of them.
    pub fn all(&self) -> u32 {
        self.0.iter().sum()
    }
}

/// More units were to be taken than there are: so many are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany(pub u32);

/// A shipment of an order, and where its units are.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    order: &'a Order,
    at: u16,
}

impl<'a> Content<'a> {
    /// Of the shipment of that index.
    pub const fn of(order: &'a Order, at: u16) -> Self {
        Self { order, at }
    }

    fn shipment(&self) -> &'a Shipment {
        &self.order.shipments[usize::from(self.at)]
    }

    /// What its node did of it, if anything.
    pub fn work(&self) -> Option<&'a Work> {
        self.shipment().work.as_deref()
    }

    /// Its packages. One that left whole, as older versions had it, is a package by itself.
    pub fn packages(&self) -> Vec<Package> {
        let known = self.work().map_or(&[][..], |work| &work.packages);
        match &self.shipment().shipped {
            Some(dispatch) if known.is_empty() => {
                let lines = self.lines().map(|line| (line, self.sum(line, |a| a.shipped)));
                let lines: LineUnits = lines.filter(|(_, units)| *units > 0).collect();
                let dispatch = Some(dispatch.clone());
                let id = PackageId::numbered(1);
                let (ready, ended, until) = (None, None, None);
                let whole = Package { id, lines, ready, dispatch, ended, until };
                Some(whole).filter(|whole| !whole.lines.is_empty()).into_iter().collect()
            }
            _ => known.to_vec(),
        }
    }

    /// The lines, from 0, of which it has or had units, ascending.
    pub fn lines(&self) -> impl Iterator<Item = u16> + 'a {
        let this = *self;
        let all = 0..u16::try_from(self.order.lines.len()).expect("few lines");
        all.filter(move |line| this.allocations(*line).any(|(_, a)| a.units > a.moved))
    }

    fn allocations(&self, line: u16) -> impl DoubleEndedIterator<Item = (usize, &'a Allocation)> {
        let at = self.at;
        let all = self.order.allocations.iter().enumerate();
        all.filter(move |(_, a)| (a.line, a.shipment) == (line, at))
    }

    fn sum(&self, line: u16, units: impl Fn(&Allocation) -> u32) -> u32 {
        self.allocations(line).map(|(_, a)| units(a)).sum()
    }

    /// Where the units of a line are.
    pub fn standing(&self, line: u16) -> Standing {
        let mut standing = Standing::default();
        let is_released = self.work().is_some_and(|work| work.released.is_some());
        let loose = if is_released { UnitState::Released } else { UnitState::Allocated };
        standing.add(loose, self.sum(line, Allocation::loose));
        standing.add(UnitState::Cancelled, self.sum(line, |a| a.cancelled));
        standing.add(UnitState::Picked, self.unpacked(line));
        for package in self.packages() {
            standing.add(package.state(), package.units(line));
        }
        standing
    }

    /// Units of a line that are picked, in no package.
    pub fn unpacked(&self, line: u16) -> u32 {
        let packages = self.work().map_or(&[][..], |work| &work.packages).iter();
        let packed: u32 = packages.filter(|p| p.is_here()).map(|p| p.units(line)).sum();
        self.sum(line, |a| a.picked) - packed
    }

    /// Units of a line that left.
    pub fn left(&self, line: u16) -> u32 {
        self.sum(line, |a| a.shipped)
    }

    /// Units of a line that are on the shelf, or wait.
    pub fn loose(&self, line: u16) -> u32 {
        self.sum(line, Allocation::loose)
    }

    /// So many units of a line that are not picked, allocation by allocation.
    ///
    /// # Errors
    /// There are fewer.
    pub fn take_loose(
        &self,
        line: u16,
        units: u32,
        into: &mut Vec<AllocationUnits>,
    ) -> Result<(), TooMany> {
        self.take((line, units), Allocation::loose, into)
    }

    /// So many units of a line that are picked.
    ///
    /// # Errors
    /// There are fewer.
    pub fn take_picked(
        &self,
        line: u16,
        units: u32,
        into: &mut Vec<AllocationUnits>,
    ) -> Result<(), TooMany> {
        self.take((line, units), |a| a.picked, into)
    }

    fn take(
        &self,
        (line, units): (u16, u32),
        there: impl Fn(&Allocation) -> u32,
        into: &mut Vec<AllocationUnits>,
    ) -> Result<(), TooMany> {
        let mut left = units;
        for (place, allocation) in self.allocations(line) {
            let taken = there(allocation).min(left);
            if taken > 0 {
                into.push(self.order.units_of(place, taken));
                left -= taken;
            }
        }
        if left > 0 { Err(TooMany(units - left)) } else { Ok(()) }
    }
}
