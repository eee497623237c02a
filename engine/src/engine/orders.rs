//! Where orders are found: by the caller's id, and by their number.

use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::actor::{ActorCell, order::OrderActor};
use crate::model::{OrderId, OrderNo};

/// An order actor, shared by all who hold on to it.
pub type OrderCell = Arc<ActorCell<OrderActor>>;

/// Numbers are dense, so that a number is a place: this many to a chunk.
const CHUNK: usize = 4_096;

type Chunk = Box<[OnceLock<OrderCell>]>;

/// All orders. An index, never the authority: the actor is.
#[derive(Default)]
pub struct Orders {
    by_id: DashMap<OrderId, OrderCell, foldhash::fast::RandomState>,
    by_no: boxcar::Vec<Chunk>,
}

impl Orders {
    /// Finds the order, or makes room for it. True when the room is new: it is
    /// then the caller's to place the order, or to give the room up.
    pub fn begin(&self, id: &OrderId) -> (OrderCell, bool) {
        // Sharding is by key, so that this lock is held for one probe.
        match self.by_id.entry(id.clone()) {
            Entry::Occupied(there) => (Arc::clone(there.get()), false),
            Entry::Vacant(room) => {
                let cell = Arc::new(ActorCell::new(OrderActor::default(), ()));
                room.insert(Arc::clone(&cell));
                (cell, true)
            }
        }
    }

    /// Gives up the room of an order that came to nothing.
    pub fn abandon(&self, id: &OrderId) {
        self.by_id.remove(id);
    }

    /// Finds an order by the caller's id.
    pub fn by_id(&self, id: &OrderId) -> Option<OrderCell> {
        self.by_id.get(id).map(|cell| Arc::clone(&cell))
    }

    /// Finds a placed order by its number.
    pub fn by_no(&self, no: OrderNo) -> Option<OrderCell> {
        let (chunk, place) = place_of(no);
        self.by_no.get(chunk).and_then(|chunk| chunk[place].get()).map(Arc::clone)
    }

    /// Enters a placed order under its number. Only the applier does this.
    pub fn number(&self, no: OrderNo, cell: &OrderCell) {
        let (chunk, place) = place_of(no);
        while self.by_no.count() <= chunk {
            self.by_no.push((0..CHUNK).map(|_| OnceLock::new()).collect());
        }
        // Replay over a snapshot enters an order a second time.
        let _ = self.by_no[chunk][place].set(Arc::clone(cell));
    }

    /// All placed orders, ascending by number.
    pub fn iter(&self) -> impl Iterator<Item = OrderCell> + '_ {
        self.by_no.iter().flat_map(|(_, chunk)| chunk.iter().filter_map(OnceLock::get).cloned())
    }

    /// How many orders there are, those being placed included.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }
}

fn place_of(no: OrderNo) -> (usize, usize) {
    let at = usize::try_from(no.0).expect("orders fit memory");
    (at / CHUNK, at % CHUNK)
}
