//! Orders by what parcels that come back are known by: the id of a return, or a tracking number. Derived from
//! the orders: kept by the applier, made anew at the start, and in no snapshot. There are no more of them than
//! returns of orders in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;

use crate::model::{Order, OrderNo, Returning};

/// By what a parcel is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelName<'a> {
    /// The id of its return, which is unique in its order alone.
    Rma(&'a str),
    /// The carrier's tracking number.
    Tracking(&'a str),
}

/// Which orders have a return of a name. Whether it still has is for who reads the order to find out.
#[derive(Default)]
pub struct Rmas(Mutex<Named>);

#[derive(Default)]
struct Named {
    rmas: BTreeSet<(Box<str>, OrderNo)>,
    tracking: BTreeSet<(Box<str>, OrderNo)>,
    of: HashMap<OrderNo, Names, foldhash::fast::RandomState>,
}

/// The names of an order's returns: the tracking number of each is the one that was told last.
#[derive(Default)]
struct Names {
    rmas: BTreeSet<Box<str>>,
    tracking: BTreeMap<u16, Box<str>>,
}

impl Named {
    fn rma(&mut self, no: OrderNo, id: &str) {
        self.rmas.insert((id.into(), no));
        self.of.entry(no).or_default().rmas.insert(id.into());
    }

    fn sent(&mut self, no: OrderNo, of: u16, number: &str) {
        let names = self.of.entry(no).or_default();
        if let Some(before) = names.tracking.remove(&of)
            && !names.tracking.values().any(|other| *other == before)
        {
            self.tracking.remove(&(before, no));
        }
        if !number.is_empty() {
            names.tracking.insert(of, number.into());
            self.tracking.insert((number.into(), no));
        }
    }
}

impl Rmas {
    /// Something was done of a return of an order.
    pub fn note(&self, no: OrderNo, returning: &Returning) {
        let mut named = self.0.lock();
        match returning {
            Returning::Asked(asked) => named.rma(no, asked.id.as_str()),
            Returning::Exchanged(exchanged) => named.rma(no, exchanged.asked.id.as_str()),
            Returning::Stepped { no: of, step } => {
                if let Some(sent) = &step.sent {
                    named.sent(no, *of, sent.tracking.as_str());
                }
            }
        }
    }

    /// An order that a start has read.
    pub fn note_all(&self, order: &Order) {
        let mut named = self.0.lock();
        for (of, it) in (0u16..).zip(&order.returns) {
            named.rma(order.no, it.id.as_str());
            if let Some(sent) = &it.sent {
                named.sent(order.no, of, sent.tracking.as_str());
            }
        }
    }

    /// An order left memory: a parcel of it is found by who names the order.
    pub fn forget(&self, no: OrderNo) {
        let mut named = self.0.lock();
        let Some(names) = named.of.remove(&no) else { return };
        for id in names.rmas {
            named.rmas.remove(&(id, no));
        }
        for number in names.tracking.into_values() {
            named.tracking.remove(&(number, no));
        }
    }

    /// The first orders that have a return of that name, ascending; at most so many.
    pub fn named(&self, name: ParcelName<'_>, max: usize) -> Vec<OrderNo> {
        let named = self.0.lock();
        let (list, name) = match name {
            ParcelName::Rma(id) => (&named.rmas, id),
            ParcelName::Tracking(number) => (&named.tracking, number),
        };
        let from = (Box::<str>::from(name), OrderNo(0));
        let some = list.range(from..).take_while(|(of, _)| **of == *name).take(max);
        some.map(|(_, no)| *no).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_is_found_by_its_last_number_and_by_the_id_of_its_return() {
        let rmas = Rmas::default();
        let rma = |id: &str| rmas.named(ParcelName::Rma(id), 9);
        let tracked = |number: &str| rmas.named(ParcelName::Tracking(number), 9);
        {
            let mut named = rmas.0.lock();
            named.rma(OrderNo(2), "R");
            named.rma(OrderNo(1), "R");
            named.rma(OrderNo(1), "R2");
            named.sent(OrderNo(1), 0, "1Z");
            named.sent(OrderNo(1), 1, "1Z");
            named.sent(OrderNo(1), 0, "2Z");
        }
        assert_eq!(rma("R"), [OrderNo(1), OrderNo(2)], "ids are unique in their order alone");
        assert_eq!((tracked("1Z"), tracked("2Z")), (vec![OrderNo(1)], vec![OrderNo(1)]));
        rmas.0.lock().sent(OrderNo(1), 1, "");
        assert_eq!((tracked("1Z"), tracked("Z")), (vec![], vec![]));
        rmas.forget(OrderNo(1));
        assert_eq!((rma("R"), rma("R2"), tracked("2Z")), (vec![OrderNo(2)], vec![], vec![]));
        let named = rmas.0.lock();
        assert_eq!((named.rmas.len(), named.tracking.len(), named.of.len()), (1, 0, 1));
    }
}
