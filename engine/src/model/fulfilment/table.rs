//! The one table of what a step does to units in a state: it decides, it says why not, the tests go
//! through it row by row, and the one in ARCHITECTURE is written from it.

use minicbor::{Decode, Encode};

/// Where units of an order line are, in the order in which they get there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitState {
    /// They have no supply yet, or one that is on its way.
    Waiting,
    /// They are on a shelf, or a supplier has them.
    Allocated,
    /// The node was told to work on them.
    Released,
    /// They are off the shelf, in no package.
    Picked,
    /// They are in a package.
    Packed,
    /// Their package waits for the customer to collect it.
    Ready,
    /// They left the node.
    Shipped,
    /// They arrived at the customer's address, or at the node where he collects them.
    Delivered,
    /// The customer collected them.
    Collected,
    /// The carrier lost them.
    Lost,
    /// Nobody wants them any more.
    Cancelled,
}

impl UnitState {
    /// Each of them.
    pub const ALL: [Self; 11] = [
        Self::Waiting,
        Self::Allocated,
        Self::Released,
        Self::Picked,
        Self::Packed,
        Self::Ready,
        Self::Shipped,
        Self::Delivered,
        Self::Collected,
        Self::Lost,
        Self::Cancelled,
    ];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Allocated => "allocated",
            Self::Released => "released",
            Self::Picked => "picked",
            Self::Packed => "packed",
            Self::Ready => "ready",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Collected => "collected",
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A step of a shipment's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(index_only)]
pub enum Act {
    /// The node is told to work on the shipment.
    #[n(1)]
    Release = 1,
    /// The shipment is taken back from the node, which did not begin.
    #[n(2)]
    Recall = 2,
    /// Units are taken off the shelf.
    #[n(3)]
    Pick = 3,
    /// Units go back to the shelf.
    #[n(4)]
    Unpick = 4,
    /// Units are put into a package.
    #[n(5)]
    Pack = 5,
    /// A package is opened: its units are picked, in no package.
    #[n(6)]
    Unpack = 6,
    /// A package waits for the customer to collect it.
    #[n(7)]
    MakeReady = 7,
    /// A package leaves with a carrier.
    #[n(8)]
    Ship = 8,
    /// A package arrived.
    #[n(9)]
    Deliver = 9,
    /// The carrier lost a package.
    #[n(10)]
    Lose = 10,
    /// The customer collected a package.
    #[n(11)]
    Collect = 11,
    /// The node does not ship units: they are sourced anew, from other nodes.
    #[n(12)]
    Decline = 12,
    /// Units are not wanted any more.
    #[n(13)]
    Cancel = 13,
    /// The node, which is asked, does not give the shipment back.
    #[n(14)]
    RefuseRecall = 14,
    /// Nobody collected a package in time: its units go back to the shelf.
    #[n(15)]
    Expire = 15,
}

impl Act {
    /// Each of them.
    pub const ALL: [Self; 15] = [
        Self::Release,
        Self::Recall,
        Self::Pick,
        Self::Unpick,
        Self::Pack,
        Self::Unpack,
        Self::MakeReady,
        Self::Ship,
        Self::Deliver,
        Self::Lose,
        Self::Collect,
        Self::Decline,
        Self::Cancel,
        Self::RefuseRecall,
        Self::Expire,
    ];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Recall => "recall",
            Self::Pick => "pick",
            Self::Unpick => "unpick",
            Self::Pack => "pack",
            Self::Unpack => "unpack",
            Self::MakeReady => "make_ready",
            Self::Ship => "ship",
            Self::Deliver => "deliver",
            Self::Lose => "lose",
            Self::Collect => "collect",
            Self::Decline => "decline",
            Self::Cancel => "cancel",
            Self::RefuseRecall => "refuse_recall",
            Self::Expire => "expire",
        }
    }
}

/// What a step does to units in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// They come to be in that state. The steps between are made as well where they were not told.
    Becomes(UnitState),
    /// Nothing: it was done before, or the units are further on.
    Stays,
    /// Refused.
    Refused(Obstacle),
}

/// Why a step is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Obstacle {
    /// The units are not there yet.
    NotReceived,
    /// They are picked.
    Picked,
    /// They are in a package.
    Packed,
    /// Their package waits for the customer.
    Ready,
    /// They have not left the node.
    NotShipped,
    /// They left the node.
    Left,
    /// They arrived, or were collected.
    Arrived,
    /// They are cancelled.
    Cancelled,
}

impl Obstacle {
    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotReceived => "not received",
            Self::Picked => "picked",
            Self::Packed => "packed",
            Self::Ready => "ready",
            Self::NotShipped => "not shipped",
            Self::Left => "left",
            Self::Arrived => "arrived",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What each step does to units in each state, a row for each step, in the order of [`Act::ALL`], and
/// in it a cell for each state, in the order of [`UnitState::ALL`].
// As a table, which a formatter would take apart.
#[rustfmt::skip]
const TABLE: [[Rule; UnitState::ALL.len()]; Act::ALL.len()] = {
    use Rule::{Refused as No, Stays};
    const fn to(state: UnitState) -> Rule { Rule::Becomes(state) }
    const ALLOCATED: Rule = to(UnitState::Allocated);
    const RELEASED: Rule = to(UnitState::Released);
    const PICKED: Rule = to(UnitState::Picked);
    const PACKED: Rule = to(UnitState::Packed);
    const READY: Rule = to(UnitState::Ready);
    const SHIPPED: Rule = to(UnitState::Shipped);
    const DELIVERED: Rule = to(UnitState::Delivered);
    const COLLECTED: Rule = to(UnitState::Collected);
    const LOST: Rule = to(UnitState::Lost);
    const WAITING: Rule = to(UnitState::Waiting);
    const CANCELLED: Rule = to(UnitState::Cancelled);
    const LATER: Rule = No(Obstacle::NotReceived);
    const PICK: Rule = No(Obstacle::Picked);
    const PACK: Rule = No(Obstacle::Packed);
    const WAIT: Rule = No(Obstacle::Ready);
    const HERE: Rule = No(Obstacle::NotShipped);
    const LEFT: Rule = No(Obstacle::Left);
    const THERE: Rule = No(Obstacle::Arrived);
    const GONE: Rule = No(Obstacle::Cancelled);
    [
        // waiting, allocated, released, picked, packed, ready, shipped, delivered, collected, lost, cancelled
        /* release */ [LATER, RELEASED, Stays, Stays, Stays, Stays, Stays, Stays, Stays, Stays, GONE],
        /* recall  */ [Stays, Stays, ALLOCATED, PICK, PACK, WAIT, LEFT, LEFT, LEFT, LEFT, GONE],
        /* pick    */ [LATER, PICKED, PICKED, Stays, Stays, Stays, Stays, Stays, Stays, Stays, GONE],
        /* unpick  */ [Stays, Stays, Stays, RELEASED, PACK, WAIT, LEFT, LEFT, LEFT, LEFT, GONE],
        /* pack    */ [LATER, PACKED, PACKED, PACKED, Stays, WAIT, LEFT, LEFT, LEFT, LEFT, GONE],
        /* unpack  */ [Stays, Stays, Stays, Stays, PICKED, PICKED, LEFT, LEFT, LEFT, LEFT, GONE],
        /* ready   */ [LATER, READY, READY, READY, READY, Stays, Stays, Stays, Stays, Stays, GONE],
        /* ship    */ [LATER, SHIPPED, SHIPPED, SHIPPED, SHIPPED, WAIT, Stays, Stays, Stays, Stays, GONE],
        /* deliver */ [LATER, DELIVERED, DELIVERED, DELIVERED, DELIVERED, WAIT, DELIVERED, Stays, Stays, DELIVERED, GONE],
        /* lose    */ [HERE, HERE, HERE, HERE, HERE, HERE, LOST, THERE, THERE, Stays, GONE],
        /* collect */ [LATER, COLLECTED, COLLECTED, COLLECTED, COLLECTED, COLLECTED, COLLECTED, COLLECTED, Stays, COLLECTED, GONE],
        /* decline */ [WAITING, WAITING, WAITING, WAITING, PACK, WAIT, LEFT, LEFT, LEFT, LEFT, GONE],
        /* cancel  */ [CANCELLED, CANCELLED, CANCELLED, CANCELLED, CANCELLED, CANCELLED, LEFT, LEFT, LEFT, LEFT, GONE],
        /* keep    */ [Stays, Stays, Stays, Stays, Stays, Stays, Stays, Stays, Stays, Stays, GONE],
        /* expire  */ [Stays, Stays, Stays, Stays, Stays, CANCELLED, Stays, Stays, Stays, Stays, GONE],
    ]
};

/// What a step does to units in a state.
pub const fn rule(act: Act, state: UnitState) -> Rule {
    TABLE[act as usize - 1][state as usize]
}

/// What a hold on the order does to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnHold {
    /// It is refused where it would change anything.
    Refused,
    /// Only what is in packages already goes on: it has left the building when the node says so.
    PackedOnly,
    /// It is made: it takes the goods back, or tells what happened outside.
    Made,
}

impl OnHold {
    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "*on hold*",
            Self::PackedOnly => "packed only",
            Self::Made => "made",
        }
    }
}

/// What a hold on the order does to a step.
pub const fn on_hold(act: Act) -> OnHold {
    match act {
        // Who may not have his package yet does not lose it for that.
        Act::Release | Act::Pick | Act::Pack | Act::MakeReady | Act::Expire => OnHold::Refused,
        Act::Ship => OnHold::PackedOnly,
        Act::Recall
        | Act::Unpick
        | Act::Unpack
        | Act::Deliver
        | Act::Lose
        | Act::Collect
        | Act::Decline
        | Act::Cancel
        | Act::RefuseRecall => OnHold::Made,
    }
}

/// The table for people, as Markdown.
pub fn markdown() -> String {
    let cell = |act, state| match rule(act, state) {
        Rule::Becomes(to) => to.as_str().to_owned(),
        Rule::Stays => "–".to_owned(),
        Rule::Refused(obstacle) => format!("*{}*", obstacle.as_str()),
    };
    let row = |first: &str, cells: Vec<String>| format!("| {first} | {} |\n", cells.join(" | "));
    let mut heads = UnitState::ALL.map(|state| state.as_str().to_owned()).to_vec();
    heads.push("order on hold".to_owned());
    let rule = format!("|---|{}\n", "---|".repeat(heads.len()));
    let acts = Act::ALL.iter().map(|act| {
        let cells = UnitState::ALL.iter().map(|state| cell(*act, *state));
        row(act.as_str(), cells.chain([on_hold(*act).as_str().to_owned()]).collect())
    });
    [row("", heads), rule].into_iter().chain(acts).collect()
}
