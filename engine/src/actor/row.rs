//! All actors of one SKU, together in memory, because sourcing reads them together.
//!
//! ```text
//! Row  len   first ---> Chunk [group]   next ---> Chunk [group]   next ---> ...
//!                              4 nodes                   4 nodes
//!                              4 published               4 published
//!                              4 actors                  4 actors
//! ```
//! Append-only. Actors sit in chunks that are linked, not reallocated, so an actor
//! never moves and readers take no lock. A group's node numbers, and what its
//! actors publish, lie side by side: planning reads one cache line per group, and
//! no actor.
//!
//! Invariant `PUBLISHED`: a slot below `len` is complete; `len` is stored (release)
//! after the slot, and read (acquire) before it.

use std::sync::{
    OnceLock,
    atomic::{AtomicU16, AtomicU32, Ordering},
};

use parking_lot::Mutex;

use super::{Actor, Ask, Mailbox};
use crate::model::NodeNo;

/// Slots in a group: four node numbers fill a word.
const GROUP_SLOTS: usize = 4;

/// The actors of one SKU, one for each node, in the order of their insertion.
/// That order is part of the state's history, so positions may be named in traces.
pub struct Row<A: Actor> {
    first: Link<A>,
    len: AtomicU32,
    /// Held while a slot is added. Readers never take it.
    growth: Mutex<()>,
}

/// One actor of a row.
pub struct Slot<'row, A: Actor> {
    /// The node whose stock the actor owns.
    pub node: NodeNo,
    shared: &'row A::Shared,
    mailbox: &'row Mailbox<A>,
}

impl<'row, A: Actor> Slot<'row, A> {
    /// What the actor publishes, readable at any moment without a turn.
    pub fn shared(&self) -> &'row A::Shared {
        self.shared
    }

    /// Sends `message` and returns its reply, or the promise of it: see
    /// [`Mailbox::ask`].
    #[inline]
    pub fn ask(&self, message: A::Message) -> Ask<A> {
        self.mailbox.ask(self.shared, message)
    }
}

impl<A: Actor> Clone for Slot<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Actor> Copy for Slot<'_, A> {}

impl<A: Actor> Default for Row<A> {
    fn default() -> Self {
        Self { first: OnceLock::new(), len: AtomicU32::new(0), growth: Mutex::new(()) }
    }
}

impl<A: Actor + Default> Row<A>
where
    A::Shared: Default,
{
    /// Number of actors. At most 65,536, there being no more node numbers.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Acquire) as usize
    }

    /// Whether no node has an actor for this SKU.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The actors in the order of their insertion; those inserted after the call
    /// are left out.
    pub fn iter(&self) -> Slots<'_, A> {
        // Length first: what it counts is complete.
        let left = self.len();
        Slots { left, index: 0, groups: &[], next: self.first.get().map(Box::as_ref) }
    }

    /// The actor of `node`. Linear in the row's length, at two bytes a node.
    pub fn find(&self, node: NodeNo) -> Option<Slot<'_, A>> {
        let mut unseen = self.len();
        for group in self.groups() {
            let published = unseen.min(GROUP_SLOTS);
            if let Some(index) = group.position(node, published) {
                return Some(group.slot(index));
            }
            unseen -= published;
        }
        None
    }

    /// The actor of `node`, new if there was none. Inserting threads exclude each
    /// other; readers go on.
    pub fn get_or_insert(&self, node: NodeNo) -> Slot<'_, A> {
        if let Some(slot) = self.find(node) {
            return slot;
        }
        let _growing = self.growth.lock();
        // Another thread may have inserted it before this one got the lock.
        self.find(node).unwrap_or_else(|| self.append(node))
    }

    /// Adds a slot. The caller holds `growth`.
    fn append(&self, node: NodeNo) -> Slot<'_, A> {
        let len = self.len.load(Ordering::Relaxed);
        let position = len as usize;
        let group = self.group_or_grow(position / GROUP_SLOTS);
        let index = position % GROUP_SLOTS;
        group.nodes[index].store(node.0, Ordering::Relaxed);
        self.len.store(len + 1, Ordering::Release);
        group.slot(index)
    }

    /// The group at `index`, in a new last chunk if need be. The caller holds
    /// `growth`, and `index` is at most one past the last group.
    fn group_or_grow(&self, index: usize) -> &Group<A> {
        let mut groups_before = 0;
        let mut link = &self.first;
        loop {
            let chunk = link.get_or_init(|| Chunk::after(groups_before));
            if let Some(group) = chunk.groups.get(index - groups_before) {
                return group;
            }
            groups_before += chunk.groups.len();
            link = &chunk.next;
        }
    }

    fn groups(&self) -> impl Iterator<Item = &Group<A>> {
        let chunks = std::iter::successors(self.first.get(), |chunk| chunk.next.get());
        chunks.flat_map(|chunk| &chunk.groups)
    }
}

impl<'row, A: Actor + Default> IntoIterator for &'row Row<A>
where
    A::Shared: Default,
{
    type Item = Slot<'row, A>;
    type IntoIter = Slots<'row, A>;

    fn into_iter(self) -> Slots<'row, A> {
        self.iter()
    }
}

/// The actors of a row, in the order of their insertion.
///
/// Planning does little more for an actor than step to it, so that this is a loop
/// over two slices rather than iterators in each other.
pub struct Slots<'row, A: Actor> {
    left: usize,
    /// In the first of `groups`.
    index: usize,
    groups: &'row [Group<A>],
    next: Option<&'row Chunk<A>>,
}

impl<'row, A: Actor> Iterator for Slots<'row, A> {
    type Item = Slot<'row, A>;

    #[inline]
    fn next(&mut self) -> Option<Slot<'row, A>> {
        if self.left == 0 {
            return None;
        }
        if self.groups.is_empty() {
            let chunk = self.next?;
            (self.groups, self.next) = (&chunk.groups, chunk.next.get().map(Box::as_ref));
        }
        let slot = self.groups[0].slot(self.index);
        self.left -= 1;
        self.index += 1;
        if self.index == GROUP_SLOTS {
            (self.index, self.groups) = (0, &self.groups[1..]);
        }
        Some(slot)
    }
}

/// A chunk, once there is one.
type Link<A> = OnceLock<Box<Chunk<A>>>;

/// Some groups in one allocation.
struct Chunk<A: Actor, G: ?Sized = [Group<A>]> {
    next: Link<A>,
    groups: G,
}

impl<A: Actor + Default> Chunk<A>
where
    A::Shared: Default,
{
    /// The chunk that follows `groups_before` groups: a quarter of them, in sizes
    /// of which there is a type. So an item at 20 nodes leaves no slot empty, one
    /// at 60 two of them at most, and a row at every node has some 500 chunks.
    fn after(groups_before: usize) -> Box<Self> {
        match groups_before / 4 {
            0..2 => Chunk::boxed::<1>(),
            2..4 => Chunk::boxed::<2>(),
            4..8 => Chunk::boxed::<4>(),
            8..16 => Chunk::boxed::<8>(),
            16..32 => Chunk::boxed::<16>(),
            _ => Chunk::boxed::<32>(),
        }
    }

    fn boxed<const GROUPS: usize>() -> Box<Self> {
        let groups: [Group<A>; GROUPS] = std::array::from_fn(|_| Group::vacant());
        Box::new(Chunk { next: OnceLock::new(), groups })
    }
}

/// Four slots, actors and all. Which of them are taken, the row's `len` says.
struct Group<A: Actor> {
    nodes: [AtomicU16; GROUP_SLOTS],
    shared: [A::Shared; GROUP_SLOTS],
    mailboxes: [Mailbox<A>; GROUP_SLOTS],
}

impl<A: Actor + Default> Group<A>
where
    A::Shared: Default,
{
    fn vacant() -> Self {
        Self {
            nodes: Default::default(),
            shared: Default::default(),
            mailboxes: std::array::from_fn(|_| Mailbox::new(A::default())),
        }
    }
}

impl<A: Actor> Group<A> {
    /// Where `node` is among the first `published` slots.
    fn position(&self, node: NodeNo, published: usize) -> Option<usize> {
        let mut nodes = self.nodes[..published].iter();
        nodes.position(|here| here.load(Ordering::Relaxed) == node.0)
    }

    #[inline]
    fn slot(&self, index: usize) -> Slot<'_, A> {
        let node = NodeNo(self.nodes[index].load(Ordering::Relaxed));
        Slot { node, shared: &self.shared[index], mailbox: &self.mailboxes[index] }
    }
}
