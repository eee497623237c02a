//! Orders of which payment providers may still have something to answer. Derived from the orders: kept by
//! the applier, made anew at the start, and in no snapshot. There are no more of them than orders in
//! memory.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use crate::model::OrderNo;

/// Orders that asked payment providers for something, each with how often one was noted by then. It may
/// have been answered since: who reads the order finds out.
#[derive(Default)]
pub struct OpenIntents(Mutex<Noted>);

#[derive(Default)]
struct Noted {
    orders: BTreeMap<OrderNo, u64>,
    times: u64,
}

impl OpenIntents {
    /// An order asked for something.
    pub fn note(&self, no: OrderNo) {
        let mut noted = self.0.lock();
        noted.times += 1;
        let times = noted.times;
        noted.orders.insert(no, times);
    }

    /// The first orders behind one, at most so many, each with when it was noted.
    pub fn behind(&self, no: OrderNo, most: usize) -> Vec<(OrderNo, u64)> {
        let noted = self.0.lock();
        let next = OrderNo(no.0.saturating_add(1));
        noted.orders.range(next..).take(most).map(|(no, times)| (*no, *times)).collect()
    }

    /// When an order was noted, if it was.
    pub fn noted(&self, no: OrderNo) -> Option<u64> {
        self.0.lock().orders.get(&no).copied()
    }

    /// Nothing of an order is open as it was read after it was noted then.
    pub fn forget(&self, no: OrderNo, times: u64) {
        let mut noted = self.0.lock();
        if noted.orders.get(&no) == Some(&times) {
            noted.orders.remove(&no);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_asks_again_while_it_is_read_stays() {
        let open = OpenIntents::default();
        open.note(OrderNo(3));
        open.note(OrderNo(5));
        let seen = open.behind(OrderNo(0), 9);
        assert_eq!(seen, [(OrderNo(3), 1), (OrderNo(5), 2)]);
        open.note(OrderNo(3));
        for (no, times) in seen {
            open.forget(no, times);
        }
        assert_eq!(open.behind(OrderNo(0), 9), [(OrderNo(3), 3)]);
        assert_eq!(open.behind(OrderNo(3), 9), []);
        let noted = open.noted(OrderNo(3)).expect("it is there");
        open.forget(OrderNo(3), noted);
        assert_eq!((open.noted(OrderNo(3)), open.behind(OrderNo(0), 9)), (None, vec![]));
    }
}
