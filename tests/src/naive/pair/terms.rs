//! Who may have the units of a pair.

use backstock_engine::model::{Kept, Supply};

use super::{Pair, UNLIMITED, Unit, count};

/// Whose orders are to have something.
#[derive(Clone, Copy, Debug)]
pub enum Asking<'a> {
    /// Of whoever may have most.
    Anybody,
    /// Of a channel, or of none.
    Channel(Option<&'a str>),
}

impl Pair {
    /// Units that an order of a channel, or of none, may have now.
    pub fn free_for(&self, channel: Option<&str>) -> i64 {
        let withheld = self.terms.channel_safety.iter();
        let withheld = withheld.filter(|of| Some(of.channel.as_str()) == channel);
        let withheld = withheld.map(|of| i64::from(of.units)).sum::<i64>();
        let (mut left, mut kept, mut own) = (self.free().max(0), 0, i64::MAX);
        for segment in &self.terms.segments.0 {
            let is_its = |name: Option<&str>| {
                segment.channels.iter().any(|channel| Some(channel.as_str()) == name)
            };
            let firm = |unit: &&Unit| unit.supply.is_there();
            let firm = self.units.iter().filter(firm);
            let used = firm.filter(|unit| is_its(self.channel_of(unit.order))).count();
            let unmet = (self.kept(segment.kept) - count(used)).max(0);
            let here = unmet.min(left);
            left -= here;
            if !is_its(channel) {
                kept += here;
            } else if !segment.borrows {
                own = unmet;
            }
        }
        (self.free() - withheld - kept).min(own).max(self.free().min(0))
    }

    fn kept(&self, kept: Kept) -> i64 {
        let there = if self.unlimited { UNLIMITED } else { self.on_hand() - self.unavailable };
        match kept {
            Kept::Units(units) => i64::from(units),
            Kept::BasisPoints(basis_points) => there.max(0) * i64::from(basis_points) / 10_000,
        }
    }

    /// An order is of this channel, or of none.
    pub fn belongs(&mut self, order: u64, channel: Option<String>) {
        self.channels.insert(order, channel);
    }

    fn channel_of(&self, order: u64) -> Option<&str> {
        self.channels.get(&order)?.as_deref()
    }

    /// Whether sourcing may not choose it.
    pub fn is_off_sourcing(&self) -> bool {
        self.terms.off_sourcing
    }

    /// What orders of a channel may have of what is free, if some of it is kept from them.
    pub fn left_to(&self, channel: Option<&str>) -> Option<i64> {
        let left = self.free_for(channel);
        (left < self.free()).then_some(left.max(0))
    }

    /// Refuses a unit on hand that an order of a channel is to have, if it may not.
    pub fn check_may_have(&self, channel: Option<&str>, supply: Supply) -> Result<(), String> {
        let is_there = supply.is_there();
        if is_there && self.free_for(channel) <= 0 {
            return Err(format!("{channel:?} may not have a unit of what is free: {self:?}"));
        }
        Ok(())
    }
}
