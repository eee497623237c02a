//! All actors of one SKU, as sourcing reads them together.
//!
//! ```text
//! Row   len  next  8 nodes  8 published  8 cells
//!             |
//!             +-> Chunk  next  12 nodes  12 published  12 cells
//!                         |
//!                         +-> Chunk of 24 --> Chunk of 50 --> Chunk of 50 ...
//! ```
//! A row is a board: of each actor its node, what it publishes, and the number of
//! its cell in the arena, where the actor and its mailbox are. Nodes lie beside
//! nodes and published words beside published words: planning an item at 20 nodes
//! reads three cache lines and no actor.
//!
//! Append-only. Boards and cells are never moved, and readers take no lock.
//!
//! Invariant `PUBLISHED`: a slot below `len` is complete; `len` is stored (release)
//! after the slot, and read (acquire) before it.

use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicU32, Ordering},
};

use once_cell::race::OnceBox;
use parking_lot::Mutex;

use super::prefetch::{prefetch_all, prefetch_all_to_write};
use super::{Actor, Arena, Ask, Mailbox};
use crate::model::NodeNo;

/// Slots in the row itself. With them, what planning reads of a row of stock fills a
/// cache line.
const FIRST: usize = 8;
/// Slots in the chunks that follow: with these, a chunk of stock fills 128, 256 and
/// 512 bytes, which the allocator has sizes for. So an item at 20 nodes leaves no
/// slot empty.
const SHORT: usize = 12;
const MIDDLE: usize = 24;
const LONG: usize = 50;

/// The actors of one SKU, one for each node, in the order of their insertion.
/// That order is part of the state's history, so positions may be named in traces.
#[repr(C)]
pub struct Row<A: Actor> {
    len: AtomicU32,
    /// Held while a slot is added. Readers never take it.
    growth: Mutex<()>,
    next: OnceBox<Short<A>>,
    board: Board<A, FIRST>,
    arena: Arc<Arena<Mailbox<A>>>,
}

/// Sizes that a row's speed rests on, in bytes.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// The row itself.
    pub(crate) row: usize,
    /// What lies in the row before the numbers of its cells.
    pub(crate) before_cells: usize,
    /// The chunks that follow, in their order.
    pub(crate) chunks: [usize; 3],
}

/// Where an actor is: its position in its row, and the number of its cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    position: u32,
    cell: u32,
}

impl Seat {
    /// The position in the row, in the order of insertion.
    pub const fn position(self) -> usize {
        self.position as usize
    }
}

/// One actor of a row.
pub struct Slot<'row, A: Actor> {
    /// The node whose stock the actor owns.
    pub node: NodeNo,
    shared: &'row A::Shared,
    /// The cell is looked up when it is asked: most slots are only looked at.
    cell: &'row AtomicU32,
    arena: &'row Arena<Mailbox<A>>,
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
        let cell = self.arena.get(self.cell.load(Ordering::Relaxed));
        cell.expect("PUBLISHED: a cell is made before its slot").ask(self.shared, message)
    }
}

impl<A: Actor> Clone for Slot<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Actor> Copy for Slot<'_, A> {}

impl<A: Actor + Default> Default for Row<A>
where
    A::Shared: Default,
{
    /// A row with an arena of its own.
    fn default() -> Self {
        Self::new(&Arc::default())
    }
}

impl<A: Actor> Row<A> {
    /// The sizes of a row of such actors.
    pub(crate) const LAYOUT: Layout = Layout {
        row: size_of::<Self>(),
        before_cells: std::mem::offset_of!(Self, board.cells),
        chunks: [size_of::<Short<A>>(), size_of::<Middle<A>>(), size_of::<Long<A>>()],
    };
}

impl<A: Actor + Default> Row<A>
where
    A::Shared: Default,
{
    /// A row without actors, whose actors will have their cells in `arena`.
    pub fn new(arena: &Arc<Arena<Mailbox<A>>>) -> Self {
        Self {
            len: AtomicU32::new(0),
            growth: Mutex::new(()),
            next: OnceBox::new(),
            board: Board::default(),
            arena: Arc::clone(arena),
        }
    }

    /// Number of actors. At most 65,536, there being no more node numbers.
    #[inline]
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
        let mut views = self.views();
        Slots { row: self, index: 0, here: views.next(), views }
    }

    /// Shows every actor's node and what the actor publishes, in the order of their
    /// insertion. Reads no actor: planning's way through a row.
    #[inline]
    pub fn for_each(&self, mut show: impl FnMut(NodeNo, &A::Shared)) {
        for view in self.views() {
            for (node, shared) in view.nodes.iter().zip(view.shared) {
                show(NodeNo(node.load(Ordering::Relaxed)), shared);
            }
        }
    }

    /// Reads a word of each of the first cache lines; what it returns means
    /// nothing. A plan that will walk several rows touches all of them first, so
    /// that their waits for memory overlap.
    #[inline]
    pub fn touch(&self) -> u32 {
        let here = self.len.load(Ordering::Relaxed) ^ self.board.touch();
        here ^ self.next.get().map_or(0, |chunk| chunk.board.touch())
    }

    /// Prefetches the row itself: its first board, and where the actors are.
    #[inline]
    pub fn prefetch(&self) {
        prefetch_all(self);
    }

    /// Prefetches what a turn of the actor at `seat` reads and writes. This reads
    /// the row: it waits for memory unless the row was prefetched before.
    #[inline]
    pub fn prefetch_actor(&self, seat: Seat) {
        if let Some((view, index)) = self.view_of(seat.position as usize) {
            prefetch_all_to_write(&view.shared[index]);
        }
        if let Some(mailbox) = self.arena.get(seat.cell) {
            prefetch_all_to_write(mailbox);
        }
    }

    /// Asks the actor at `seat`, as [`Slot::ask`] does. Reads nothing of the row but
    /// what leads to the actor's published word.
    ///
    /// # Panics
    /// When there is no such seat: it is of another row.
    #[inline]
    pub fn ask_at(&self, seat: Seat, message: A::Message) -> Ask<A> {
        let (mailbox, shared) = self.at(seat);
        mailbox.ask(shared, message)
    }

    /// Shows the actor at `seat` to `look`, if it is idle: see [`Mailbox::peek`].
    ///
    /// # Panics
    /// When there is no such seat: it is of another row.
    #[inline]
    pub fn peek_at<R>(&self, seat: Seat, look: impl FnOnce(&A) -> R) -> Option<R> {
        let (mailbox, shared) = self.at(seat);
        mailbox.peek(shared, look)
    }

    #[inline]
    fn at(&self, seat: Seat) -> (&Mailbox<A>, &A::Shared) {
        let (view, index) = self.view_of(seat.position as usize).expect("a seat in this row");
        let mailbox = self.arena.get(seat.cell);
        (mailbox.expect("PUBLISHED: a cell is made before its slot"), &view.shared[index])
    }

    /// The actor at a position in the order of insertion.
    pub fn slot(&self, position: usize) -> Option<Slot<'_, A>> {
        self.view_of(position).map(|(view, index)| self.slot_in(view, index))
    }

    #[inline]
    fn view_of(&self, position: usize) -> Option<(View<'_, A>, usize)> {
        if position >= self.len() {
            return None;
        }
        let (mut view, mut link) = self.first();
        let mut index = position;
        while index >= view.nodes.len() {
            index -= view.nodes.len();
            (view, link) = link.follow()?;
        }
        Some((view, index))
    }

    /// Where the actor of `node` is, which is so for as long as this row is in memory.
    pub fn seat(&self, node: NodeNo) -> Option<Seat> {
        let mut before = 0;
        for view in self.views() {
            let mut nodes = view.nodes.iter();
            if let Some(index) = nodes.position(|here| here.load(Ordering::Relaxed) == node.0) {
                let position = u32::try_from(before + index).expect("a row has 65,536 at most");
                return Some(Seat { position, cell: view.cells[index].load(Ordering::Relaxed) });
            }
            before += view.nodes.len();
        }
        None
    }

    /// The actor of `node`. Linear in the row's length, at two bytes a node.
    pub fn find(&self, node: NodeNo) -> Option<Slot<'_, A>> {
        self.views().find_map(|view| {
            let mut nodes = view.nodes.iter();
            let index = nodes.position(|here| here.load(Ordering::Relaxed) == node.0)?;
            Some(self.slot_in(view, index))
        })
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
        let (mut view, mut link) = self.first();
        let mut index = len as usize;
        while index >= view.nodes.len() {
            index -= view.nodes.len();
            (view, link) = link.follow_or_grow();
        }
        view.cells[index].store(self.arena.add(), Ordering::Relaxed);
        view.nodes[index].store(node.0, Ordering::Relaxed);
        self.len.store(len + 1, Ordering::Release);
        self.arena.note_found();
        self.slot_in(view, index)
    }

    /// The published slots, board by board.
    #[inline]
    fn views(&self) -> Views<'_, A> {
        // Length first: what it counts is complete.
        let left = self.len();
        Views { left, next: Some(self.first()) }
    }

    #[inline]
    fn first(&self) -> (View<'_, A>, Link<'_, A>) {
        (self.board.view(), Link::Short(&self.next))
    }

    #[inline]
    fn slot_in<'row>(&'row self, view: View<'row, A>, index: usize) -> Slot<'row, A> {
        Slot {
            node: NodeNo(view.nodes[index].load(Ordering::Relaxed)),
            shared: &view.shared[index],
            cell: &view.cells[index],
            arena: &self.arena,
        }
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
pub struct Slots<'row, A: Actor> {
    row: &'row Row<A>,
    /// In `here`.
    index: usize,
    here: Option<View<'row, A>>,
    views: Views<'row, A>,
}

impl<'row, A: Actor + Default> Iterator for Slots<'row, A>
where
    A::Shared: Default,
{
    type Item = Slot<'row, A>;

    #[inline]
    fn next(&mut self) -> Option<Slot<'row, A>> {
        let slot = self.row.slot_in(self.here?, self.index);
        self.index += 1;
        if self.here.is_some_and(|here| self.index == here.nodes.len()) {
            (self.index, self.here) = (0, self.views.next());
        }
        Some(slot)
    }
}

/// Slots as three arrays. Which of them are taken, the row's `len` says.
#[repr(C)]
struct Board<A: Actor, const SLOTS: usize> {
    nodes: [AtomicU16; SLOTS],
    shared: [A::Shared; SLOTS],
    /// Numbers of cells in the arena.
    cells: [AtomicU32; SLOTS],
}

impl<A: Actor, const SLOTS: usize> Default for Board<A, SLOTS>
where
    A::Shared: Default,
{
    fn default() -> Self {
        Self {
            nodes: [const { AtomicU16::new(0) }; SLOTS],
            shared: std::array::from_fn(|_| A::Shared::default()),
            cells: [const { AtomicU32::new(0) }; SLOTS],
        }
    }
}

impl<A: Actor, const SLOTS: usize> Board<A, SLOTS> {
    #[inline]
    fn view(&self) -> View<'_, A> {
        View { nodes: &self.nodes, shared: &self.shared, cells: &self.cells }
    }

    /// Reads where the nodes begin and where the cells end.
    #[inline]
    fn touch(&self) -> u32 {
        let node = u32::from(self.nodes[0].load(Ordering::Relaxed));
        node ^ self.cells[SLOTS - 1].load(Ordering::Relaxed)
    }
}

/// A board, or as much of it as is published.
struct View<'row, A: Actor> {
    nodes: &'row [AtomicU16],
    shared: &'row [A::Shared],
    cells: &'row [AtomicU32],
}

impl<A: Actor> Clone for View<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Actor> Copy for View<'_, A> {}

/// The published slots of a row, board by board.
struct Views<'row, A: Actor> {
    left: usize,
    next: Option<(View<'row, A>, Link<'row, A>)>,
}

impl<'row, A: Actor> Iterator for Views<'row, A> {
    type Item = View<'row, A>;

    #[inline]
    fn next(&mut self) -> Option<View<'row, A>> {
        if self.left == 0 {
            return None;
        }
        let (View { nodes, shared, cells }, link) = self.next?;
        let published = self.left.min(nodes.len());
        self.left -= published;
        if self.left > 0 {
            self.next = link.follow();
        }
        let (nodes, shared, cells) =
            (&nodes[..published], &shared[..published], &cells[..published]);
        Some(View { nodes, shared, cells })
    }
}

/// A board of some size, and the way to the next one.
#[repr(C)]
struct Chunk<A: Actor, const SLOTS: usize, Next> {
    next: OnceBox<Next>,
    board: Board<A, SLOTS>,
}

type Short<A> = Chunk<A, SHORT, Middle<A>>;
type Middle<A> = Chunk<A, MIDDLE, Long<A>>;
/// A chunk that is followed by its like.
struct Long<A: Actor>(Chunk<A, LONG, Self>);

impl<A: Actor, const SLOTS: usize, Next> Default for Chunk<A, SLOTS, Next>
where
    A::Shared: Default,
{
    fn default() -> Self {
        Self { next: OnceBox::new(), board: Board::default() }
    }
}

impl<A: Actor> Default for Long<A>
where
    A::Shared: Default,
{
    fn default() -> Self {
        Self(Chunk::default())
    }
}

/// The way to a chunk, once there is one.
enum Link<'row, A: Actor> {
    Short(&'row OnceBox<Short<A>>),
    Middle(&'row OnceBox<Middle<A>>),
    Long(&'row OnceBox<Long<A>>),
}

impl<A: Actor> Clone for Link<'_, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A: Actor> Copy for Link<'_, A> {}

impl<'row, A: Actor> Link<'row, A> {
    #[inline]
    fn follow(self) -> Option<(View<'row, A>, Self)> {
        match self {
            Self::Short(link) => link.get().map(Self::past_short),
            Self::Middle(link) => link.get().map(Self::past_middle),
            Self::Long(link) => link.get().map(Self::past_long),
        }
    }

    /// Makes the chunk if there is none. The caller holds `growth`.
    fn follow_or_grow(self) -> (View<'row, A>, Self)
    where
        A::Shared: Default,
    {
        match self {
            Self::Short(link) => Self::past_short(link.get_or_init(Box::default)),
            Self::Middle(link) => Self::past_middle(link.get_or_init(Box::default)),
            Self::Long(link) => Self::past_long(link.get_or_init(Box::default)),
        }
    }

    #[inline]
    fn past_short(chunk: &'row Short<A>) -> (View<'row, A>, Self) {
        (chunk.board.view(), Self::Middle(&chunk.next))
    }

    #[inline]
    fn past_middle(chunk: &'row Middle<A>) -> (View<'row, A>, Self) {
        (chunk.board.view(), Self::Long(&chunk.next))
    }

    #[inline]
    fn past_long(Long(chunk): &'row Long<A>) -> (View<'row, A>, Self) {
        (chunk.board.view(), Self::Long(&chunk.next))
    }
}
