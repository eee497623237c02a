//! Orders by what payment providers call what they did for them. Derived from the orders: kept by the applier,
//! made anew at the start, and in no snapshot. There are as many of them as entries of ledgers that have one.

use std::collections::HashMap;

use parking_lot::Mutex;
use smallvec::SmallVec;

use crate::model::digest::fingerprint;
use crate::model::{Order, OrderNo, Telling, Text};

/// Most orders that are known by one reference: where there are more, it says nothing of which.
const OF_ONE_MAX: usize = 4;

/// Which orders may have a reference: it is known by its hash alone, so who reads the order finds out.
#[derive(Default)]
pub struct References(Mutex<HashMap<u64, Orders, foldhash::fast::RandomState>>);

type Orders = SmallVec<[OrderNo; 1]>;

impl References {
    /// An order has a reference from now on.
    pub fn note(&self, no: OrderNo, reference: &Text) {
        if reference.as_str().is_empty() {
            return;
        }
        let mut all = self.0.lock();
        let known = all.entry(fingerprint(reference)).or_default();
        if known.len() < OF_ONE_MAX && !known.contains(&no) {
            known.push(no);
        }
    }

    /// All references of an order.
    pub fn note_all(&self, order: &Order) {
        let Some(money) = order.money.as_deref() else { return };
        for of in &money.ledger {
            self.note(order.no, &of.reference);
        }
        for of in &money.intents {
            self.note(order.no, &of.reference);
        }
    }

    /// The references of what is told of an order.
    pub fn note_told(&self, no: OrderNo, told: &Telling) {
        match told {
            Telling::Result { reference, .. } | Telling::Unasked { reference, .. } => {
                self.note(no, reference);
            }
            Telling::Added(_, entries) => {
                for of in entries {
                    self.note(no, &of.reference);
                }
            }
            Telling::Conflict { .. } | Telling::Allowed(_) | Telling::Ending { .. } => {}
        }
    }

    /// The orders that may have a reference.
    pub fn of(&self, reference: &Text) -> SmallVec<[OrderNo; 1]> {
        self.0.lock().get(&fingerprint(reference)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_known_once_by_each_reference_and_few_by_one() {
        let text = |text: &str| Text::new("reference", text).expect("a text");
        let references = References::default();
        references.note(OrderNo(1), &text(""));
        for no in [3, 3, 4, 5, 6, 7] {
            references.note(OrderNo(no), &text("pi"));
        }
        assert_eq!(references.of(&text("pi")).to_vec(), [3, 4, 5, 6].map(OrderNo));
        assert!(references.of(&text("")).is_empty() && references.of(&text("x")).is_empty());
    }
}
