//! Where orders are found: by the caller's id, and by their number.

use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use crate::actor::{ActorCell, ActorPanicked};
use crate::limits::ORDER_SHARDS;
use crate::model::{KeptOrder, Lsn, OrderId, OrderNo};
use crate::state::order::{OrderActor, OrderMessage, OrderReply};

/// An order actor. It never moves.
pub type OrderCell = ActorCell<OrderActor>;

/// Numbers are dense, so that a number is a place: this many to a chunk.
const CHUNK: usize = 4_096;

/// The number of an order that has none yet; orders are numbered from 1.
const UNNUMBERED: OrderNo = OrderNo(0);

/// All orders. An index, never the authority: the actor is.
pub struct Orders {
    by_id: DashMap<OrderId, OrderNo, foldhash::fast::RandomState>,
    /// By the id of the hold that they began as.
    by_hold: DashMap<OrderId, OrderNo, foldhash::fast::RandomState>,
    by_no: boxcar::Vec<Box<[OrderCell]>>,
    /// How many of them left memory.
    archived: AtomicUsize,
}

/// What is known of an order's id.
pub enum Found<'a> {
    /// It was never used.
    Unknown,
    /// An order under it is being placed.
    InFlight,
    /// The number and the actor of the order under it, which may not be placed yet.
    There(OrderNo, &'a OrderCell),
}

impl Default for Orders {
    fn default() -> Self {
        let by_id = || {
            let hasher = foldhash::fast::RandomState::default();
            DashMap::with_capacity_and_hasher_and_shard_amount(0, hasher, ORDER_SHARDS)
        };
        Self {
            by_id: by_id(),
            by_hold: by_id(),
            by_no: boxcar::Vec::new(),
            archived: AtomicUsize::new(0),
        }
    }
}

impl Orders {
    /// Where an id is looked for.
    #[inline]
    fn named(&self, id: &OrderId) -> &DashMap<OrderId, OrderNo, foldhash::fast::RandomState> {
        if id.is_of_hold() { &self.by_hold } else { &self.by_id }
    }

    /// Finds the order, or takes the id: unknown, it is then the caller's, to be
    /// numbered or abandoned.
    pub fn begin(&self, id: &OrderId) -> Found<'_> {
        // Sharding is by key, so that this lock is held for one probe.
        match self.named(id).entry(id.clone()) {
            Entry::Occupied(there) => self.found(*there.get()),
            Entry::Vacant(vacant) => {
                vacant.insert(UNNUMBERED);
                Found::Unknown
            }
        }
    }

    /// Gives an id that was taken its number. The actor may still be empty.
    pub fn number(&self, id: &OrderId, no: OrderNo) {
        if let Some(mut there) = self.named(id).get_mut(id) {
            *there = no;
        }
    }

    /// Gives an id its number at once, as recovery does; false when it has one.
    pub fn recover(&self, id: OrderId, no: OrderNo) -> bool {
        self.named(&id).insert(id, no).is_none()
    }

    /// Has an id name the later of two orders that have it: the one with the higher number.
    pub fn renumber(&self, id: OrderId, no: OrderNo) {
        let mut there = self.named(&id).entry(id).or_insert(no);
        *there = no.max(*there);
    }

    /// Gives up the id of an order that was not placed.
    pub fn abandon(&self, id: &OrderId) {
        self.named(id).remove(id);
    }

    /// Finds an order by the caller's id. The journal may still refuse an order in
    /// flight, and its number may then go to a later order: a reader of the actor
    /// compares the id.
    pub fn by_id(&self, id: &OrderId) -> Found<'_> {
        let no = self.named(id).get(id).map(|no| *no);
        no.map_or(Found::Unknown, |no| self.found(no))
    }

    fn found(&self, no: OrderNo) -> Found<'_> {
        match self.by_no(no) {
            Some(cell) if no != UNNUMBERED => Found::There(no, cell),
            _ => Found::InFlight,
        }
    }

    /// The actor of that number; none when no order of about that number was placed.
    pub fn by_no(&self, no: OrderNo) -> Option<&OrderCell> {
        let (chunk, place) = place_of(no);
        self.by_no.get(chunk).map(|chunk| &chunk[place])
    }

    /// The actor of that number, made when there is none. Only the applier does this,
    /// and recovery before it.
    pub fn cell(&self, no: OrderNo) -> &OrderCell {
        let (chunk, place) = place_of(no);
        while self.by_no.count() <= chunk {
            let cells = (0..CHUNK).map(|_| ActorCell::new(OrderActor::default(), ()));
            self.by_no.push(cells.collect());
        }
        &self.by_no[chunk][place]
    }

    /// All actors, ascending by number; some are without an order.
    pub fn iter(&self) -> impl Iterator<Item = (OrderNo, &OrderCell)> + '_ {
        let cells = self.by_no.iter().flat_map(|(_, chunk)| chunk);
        (0..).map(OrderNo).zip(cells)
    }

    /// Lets the content of an order leave memory, if it is closed, no command has it in
    /// hand, and the event at `up_to` or an earlier one changed it last; whether it did.
    /// Snapshots have it.
    pub fn archive(&self, no: OrderNo, up_to: Lsn) -> Result<bool, ActorPanicked> {
        let Some(cell) = self.by_no(no) else { return Ok(false) };
        // Counted before: a command that brings the order back at once never counts below
        // zero.
        self.archived.fetch_add(1, Ordering::Relaxed);
        let left = cell.ask(OrderMessage::Archive { up_to }).wait().map(moved);
        if !matches!(left, Ok(true)) {
            self.archived.fetch_sub(1, Ordering::Relaxed);
        }
        left
    }

    /// Brings an order back that left memory; does nothing when another command did so
    /// before.
    pub fn recall(&self, no: OrderNo, order: KeptOrder) -> Result<(), ActorPanicked> {
        let Some(cell) = self.by_no(no) else { return Ok(()) };
        let is_back = moved(cell.ask(OrderMessage::Recall(order)).wait()?);
        self.archived.fetch_sub(usize::from(is_back), Ordering::Relaxed);
        Ok(())
    }

    /// How many orders there are, those being placed and those that left memory
    /// included. A hold that was not confirmed is none.
    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// How many orders left memory.
    pub fn archived(&self) -> usize {
        self.archived.load(Ordering::Relaxed)
    }
}

fn moved(reply: OrderReply) -> bool {
    match reply {
        OrderReply::Moved(moved) => moved,
        other => unreachable!("who is asked to leave or come back says so, not {other:?}"),
    }
}

fn place_of(no: OrderNo) -> (usize, usize) {
    let at = usize::try_from(no.0).expect("orders fit memory");
    (at / CHUNK, at % CHUNK)
}
