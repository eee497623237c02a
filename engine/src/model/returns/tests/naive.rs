//! A return as rows of single units, against which the counts are checked.

use super::*;

/// Units of each line, one by one, and what is there beyond them.
#[derive(Clone, Debug)]
pub(super) struct Naive {
    pub(super) lines: Vec<(Vec<Status>, u32)>,
}

impl Naive {
    /// As a return begins.
    pub(super) fn of(start: &Return) -> Self {
        let rows = |line: &ReturnLine| {
            let units = line.buckets.iter();
            let rows = units.flat_map(|of| (0..of.units).map(|_| of.status));
            (rows.collect(), line.surplus)
        };
        Self { lines: start.lines.iter().map(rows).collect() }
    }

    /// Whether a return has the same units at the same places.
    pub(super) fn is(&self, of: &Return) -> bool {
        let same = |((rows, surplus), line): (&(Vec<Status>, u32), &ReturnLine)| {
            let count = |status| u32::try_from(rows.iter().filter(|row| **row == status).count());
            *surplus == line.surplus
                && rows.iter().all(|row| count(*row) == Ok(line.sum(|status| status == *row)))
                && rows.len() == line.units() as usize
        };
        self.lines.iter().zip(&of.lines).all(same)
    }

    /// What a change makes of all units that it can be made of.
    pub(super) fn all(&mut self, change: impl Fn(Status) -> Option<Status>) {
        for row in self.lines.iter_mut().flat_map(|(rows, _)| rows) {
            *row = change(*row).unwrap_or(*row);
        }
    }

    /// What a change makes of so many units of a line, if it can be made of as many.
    pub(super) fn some(
        &mut self,
        at: usize,
        units: u32,
        change: impl Fn(Status) -> Option<Status>,
    ) {
        let rows = &mut self.lines[at].0;
        sort(rows);
        let movable = |row: &Status| change(*row).is_some_and(|to| to != *row);
        if rows.iter().filter(|row| movable(row)).count() >= units as usize {
            for row in rows.iter_mut().filter(|row| movable(row)).take(units as usize) {
                *row = change(*row).unwrap_or(*row);
            }
        }
    }

    /// So many units came, one after the other, or did not after all; false where that cannot be.
    pub(super) fn came(&mut self, at: usize, total: u32, is_sent: bool) -> bool {
        let (rows, surplus) = &mut self.lines[at];
        sort(rows);
        let known = |rows: &[Status], surplus: u32| {
            let came = rows.iter().filter(|row| row.goods.has_arrived()).count();
            u32::try_from(came).expect("few") + surplus
        };
        while known(rows, *surplus) < total {
            let next = rows.iter_mut().find(|row| {
                use Goods::{Expected, Expired, InTransit, Lost};
                matches!(row.goods, Expected | InTransit | Lost | Expired)
            });
            match next {
                Some(row) => row.goods = Goods::Received,
                None => *surplus += 1,
            }
        }
        while known(rows, *surplus) > total {
            let last = rows.iter_mut().find(|row| row.goods == Goods::Received);
            let open = if is_sent { Goods::InTransit } else { Goods::Expected };
            match last {
                _ if *surplus > 0 => *surplus -= 1,
                Some(row) => row.goods = open,
                None => return false,
            }
        }
        true
    }
}

/// Those on their way before those that nobody sent, and both before all others.
fn sort(rows: &mut [Status]) {
    rows.sort_by_key(|row| {
        let place = match row.goods {
            Goods::InTransit => 0,
            Goods::Expected => 1,
            _ => 2,
        };
        (place, *row)
    });
}
