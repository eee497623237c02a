//! Returns that somebody waits for, and refunds that their customers wait for, the oldest first. Derived
//! from the orders: the applier notes an order as each step of events left it, a start notes all that are in
//! memory, and no snapshot has any of it. An order of which anything is listed stays in memory.
//!
//! ```text
//!   event of a return or its money --> order, once its turns are over --note--> lists, ages
//! ```

use std::collections::{BTreeMap, BTreeSet, HashMap};

use parking_lot::Mutex;

use crate::model::returns::ReturnStage;
use crate::model::{NodeNo, Order, OrderNo, Timestamp};
use crate::state::coming::{Coming, ComingReturns, coming};

/// Where a return is in a list: what comes before it has a lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReturnPlace {
    /// Since when it has been waited for.
    pub since: Timestamp,
    /// The number of its order.
    pub order: OrderNo,
    /// Which return of the order it is, from 0.
    pub no: u16,
}

/// Which returns are listed: those at a stage, or all open ones; of a node, or of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReturnList {
    /// Those of which units are at the stage.
    pub stage: Option<ReturnStage>,
    /// Those that go to the node, or came in there.
    pub node: Option<NodeNo>,
}

/// How many there are of something, and since when the oldest has been waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ageing {
    /// How many.
    pub count: u64,
    /// Since when; none where there is none.
    pub oldest: Option<Timestamp>,
}

/// Open returns and refunds that are due.
#[derive(Default)]
pub struct OpenReturns {
    listed: Mutex<Listed>,
    coming: ComingReturns,
}

#[derive(Default)]
struct Listed {
    lists: BTreeMap<ReturnList, BTreeSet<ReturnPlace>>,
    refunds: BTreeSet<(Timestamp, OrderNo)>,
    /// Each order that has a return, open or not.
    of: HashMap<OrderNo, Places, foldhash::fast::RandomState>,
}

/// Where an order is listed.
#[derive(Default)]
struct Places {
    returns: Vec<(ReturnList, ReturnPlace)>,
    refund: Option<Timestamp>,
    coming: Vec<Coming>,
}

impl Places {
    fn of(order: &Order) -> Self {
        let mut returns = Vec::new();
        for (no, of) in (0u16..).zip(&order.returns) {
            let stages = ReturnStage::ALL.into_iter();
            let stages = stages.filter_map(|stage| Some((Some(stage), of.waits_since(stage)?)));
            let open = of.is_open().then_some((None, of.requested_at));
            for (stage, since) in open.into_iter().chain(stages) {
                let place = ReturnPlace { since, order: order.no, no };
                returns.push((ReturnList { stage, node: None }, place));
                returns.extend(of.node.map(|node| (ReturnList { stage, node: Some(node) }, place)));
            }
        }
        let refund = order.refund_due().map(|due| due.since);
        Self { returns, refund, coming: coming(order) }
    }
}

impl Listed {
    /// Takes an order out; answers what of it was to come.
    fn take_out(&mut self, no: OrderNo) -> Vec<Coming> {
        let Some(Places { returns, refund, coming }) = self.of.remove(&no) else {
            return Vec::new();
        };
        for (list, place) in returns {
            if let Some(places) = self.lists.get_mut(&list) {
                places.remove(&place);
            }
        }
        if let Some(since) = refund {
            self.refunds.remove(&(since, no));
        }
        coming
    }
}

impl OpenReturns {
    /// An order with returns, as it is now.
    pub fn note(&self, order: &Order) {
        let (no, places) = (order.no, Places::of(order));
        let mut listed = self.listed.lock();
        let before = listed.take_out(no);
        self.coming.exchange(&before, &places.coming);
        for (list, place) in &places.returns {
            listed.lists.entry(*list).or_default().insert(*place);
        }
        listed.refunds.extend(places.refund.map(|since| (since, no)));
        listed.of.insert(no, places);
    }

    /// An order left memory: nothing of it is open.
    pub fn forget(&self, no: OrderNo) {
        let before = self.listed.lock().take_out(no);
        self.coming.exchange(&before, &[]);
    }

    /// What is to come back, by pair.
    pub const fn coming(&self) -> &ComingReturns {
        &self.coming
    }

    /// Whether an order has returns.
    pub fn knows(&self, no: OrderNo) -> bool {
        self.listed.lock().of.contains_key(&no)
    }

    /// Returns of a list behind a place, the oldest first; at most so many.
    pub fn list(
        &self,
        list: ReturnList,
        after: Option<ReturnPlace>,
        most: usize,
    ) -> Vec<ReturnPlace> {
        let listed = self.listed.lock();
        let places = listed.lists.get(&list).into_iter().flatten();
        match after {
            None => places.take(most).copied().collect(),
            Some(after) => {
                let behind = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
                let places = listed.lists.get(&list).map(|places| places.range(behind));
                places.into_iter().flatten().take(most).copied().collect()
            }
        }
    }

    /// Orders of which a refund is due behind one, the oldest first; at most so many.
    pub fn refunds(
        &self,
        after: Option<(Timestamp, OrderNo)>,
        most: usize,
    ) -> Vec<(Timestamp, OrderNo)> {
        let listed = self.listed.lock();
        let from = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        listed.refunds.range((from, std::ops::Bound::Unbounded)).take(most).copied().collect()
    }

    /// How many returns there are at a stage, or open ones, at all nodes.
    pub fn ageing(&self, stage: Option<ReturnStage>) -> Ageing {
        let listed = self.listed.lock();
        let places = listed.lists.get(&ReturnList { stage, node: None });
        places.map_or_else(Ageing::default, |places| Ageing {
            count: places.len() as u64,
            oldest: places.first().map(|place| place.since),
        })
    }

    /// Of how many orders a refund is due.
    pub fn refunds_ageing(&self) -> Ageing {
        let refunds = &self.listed.lock().refunds;
        Ageing { count: refunds.len() as u64, oldest: refunds.first().map(|(since, _)| *since) }
    }

    /// All that is listed, to be compared with what should be.
    pub fn all(&self) -> AllListed {
        let listed = self.listed.lock();
        let lists = listed.lists.iter().filter(|(_, places)| !places.is_empty());
        let lists = lists.map(|(list, places)| (*list, places.clone())).collect();
        (lists, listed.refunds.clone(), self.coming.all())
    }
}

/// All that is listed.
pub type AllListed =
    (BTreeMap<ReturnList, BTreeSet<ReturnPlace>>, BTreeSet<(Timestamp, OrderNo)>, Vec<Coming>);
