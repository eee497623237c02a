//! The packages of an order's shipments.

use std::collections::BTreeMap;

use backstock_engine::model::{Package, Timestamp, UnitState};

use super::{Allotted, Order};
use crate::naive::pair::same;

/// What is in a package, by line, and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Units by line.
    pub lines: Vec<(u16, u32)>,
    /// Where.
    pub state: UnitState,
    /// Until when it waits for the customer.
    pub until: Option<Timestamp>,
}

impl Parcel {
    /// The engine's package.
    pub fn of(package: &Package) -> Self {
        let Package { lines, until, .. } = package;
        Self { lines: lines.to_vec(), state: package.state(), until: *until }
    }

    /// Whether it waits for the customer, and no longer than until then.
    fn is_over(&self, now: Timestamp) -> bool {
        self.state == UnitState::Ready && self.until.is_some_and(|until| until <= now)
    }
}

impl Order {
    /// Whether a shipment, from 0, has a package of that id.
    pub fn has_package(&self, shipment: u16, id: &str) -> bool {
        self.packages.contains_key(&(shipment, id.to_owned()))
    }

    /// A package is as it is from now on: no more, if nothing is in it.
    pub fn pack(&mut self, shipment: u16, id: &str, parcel: Parcel) {
        let at = (shipment, id.to_owned());
        if parcel.lines.is_empty() {
            self.packages.remove(&at);
        } else {
            self.packages.insert(at, parcel);
        }
    }

    /// Packages of a shipment, from 0, which are ready and over by then, go back to the shelf; the
    /// parts that their units are of, with units.
    pub fn expire(
        &mut self,
        (shipment, at): (u16, Timestamp),
        ids: &[String],
        parts: &[(u16, u32)],
    ) -> Result<Vec<Allotted>, String> {
        if !self.holds.is_empty() {
            return Err(format!("nothing expires of an order on hold: {self:?}"));
        }
        let mut in_them = BTreeMap::<u16, u32>::new();
        for id in ids {
            let parcel = self.packages.remove(&(shipment, id.clone())).ok_or("no such package")?;
            if !parcel.is_over(at) {
                return Err(format!("{id} is not over at {at}: {parcel:?}"));
            }
            for (line, units) in parcel.lines {
                *in_them.entry(line).or_default() += units;
            }
        }
        let back = self.put_back(parts)?;
        let mut given = BTreeMap::<u16, u32>::new();
        for (part, units) in parts {
            let at = usize::from(*part);
            if self.allotted[at].shipment != shipment || *units > self.loose(at) {
                return Err(format!("{units} of part {at} expire of shipment {shipment}"));
            }
            self.cancelled[at] += units;
            *given.entry(self.allotted[at].line).or_default() += units;
        }
        same("what was in packages that expire", &given, &in_them)?;
        Ok(back)
    }

    /// A package that is over by then, if one is: of an order that is not on hold. Bundles are
    /// expired whole, and not looked at here.
    pub fn overdue(&self, now: Timestamp) -> Option<(&(u16, String), &Parcel)> {
        let may_expire = self.holds.is_empty() && self.bundles.is_empty();
        self.packages.iter().find(|(_, parcel)| may_expire && parcel.is_over(now))
    }

    /// What is in packages is picked, or left, and nothing else left.
    pub fn check_packages(&self) -> Result<(), String> {
        let parts = || self.allotted.iter().enumerate();
        for (_, of) in parts() {
            let at = (of.shipment, of.line);
            let packed = |here: bool| -> u32 {
                let all = self.packages.iter().filter(|((shipment, _), parcel)| {
                    *shipment == at.0 && (parcel.state <= UnitState::Ready) == here
                });
                let lines = all.flat_map(|(_, parcel)| &parcel.lines);
                lines.filter(|(line, _)| *line == at.1).map(|(_, units)| units).sum()
            };
            let here = parts().filter(|(_, part)| (part.shipment, part.line) == at);
            let (mut picked, mut left) = (0, 0);
            here.for_each(|(at, _)| {
                (picked, left) = (picked + self.picked[at], left + self.shipped[at]);
            });
            if packed(true) > picked || packed(false) != left {
                let found = (packed(true), picked, packed(false), left);
                return Err(format!("packages of {at:?}: {found:?}"));
            }
        }
        Ok(())
    }
}
