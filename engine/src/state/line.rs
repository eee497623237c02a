//! A line of those who wait, in the order in which they are served: any of them joins and leaves
//! in logarithmic time, wherever it stands, and so is it told how many are before it.
//!
//! A treap: a binary tree in order of places whose nodes are a heap by a number that is mixed from
//! the hold's. Its shape follows from who is in it, and is as deep as that of a random tree.

use crate::model::{OrderNo, Place, Priority};
use crate::random::Random;

/// Where somebody stands. The least is served first.
pub type Standing = (Priority, Place, OrderNo);

/// No node.
const NONE: u32 = u32::MAX;

/// Those who wait.
#[derive(Default)]
pub struct Line {
    nodes: Vec<Node>,
    /// Nodes that are in no tree.
    free: Vec<u32>,
    root: Option<u32>,
}

#[derive(Clone, Copy)]
struct Node {
    standing: Standing,
    left: u32,
    right: u32,
    /// Nodes below it, and itself.
    size: u32,
}

/// A node is above those of a lower number.
fn height(node: &Node) -> u64 {
    Random::new(node.standing.2.0).next()
}

impl Line {
    /// Of those, in any order.
    pub fn of(mut standings: Vec<Standing>) -> Self {
        standings.sort_unstable();
        let mut line = Self { nodes: Vec::with_capacity(standings.len()), ..Self::default() };
        // The right edge of the tree: each comes behind all that are in it.
        let mut edge = Vec::<u32>::new();
        for standing in standings {
            let node = line.node(standing);
            let mut below = NONE;
            while let Some(last) = edge.pop_if(|last| line.is_above(node, *last)) {
                line.count(last);
                below = last;
            }
            line.nodes[node as usize].left = below;
            if let Some(last) = edge.last() {
                line.nodes[*last as usize].right = node;
            }
            edge.push(node);
        }
        line.root = edge.first().copied();
        edge.iter().rev().for_each(|node| line.count(*node));
        line
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.size(self.root()) as usize
    }

    /// Whether there is nobody.
    pub const fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// One joins, who is not in it.
    pub fn join(&mut self, standing: Standing) {
        let (before, behind) = self.split(self.root(), &standing);
        let node = self.node(standing);
        let before = self.merged(before, node);
        let root = self.merged(before, behind);
        self.set_root(root);
    }

    /// One leaves, if he is in it.
    pub fn leave(&mut self, standing: &Standing) {
        let root = self.without(self.root(), standing);
        self.set_root(root);
    }

    /// How many are served before one who stands there.
    pub fn before(&self, standing: &Standing) -> usize {
        let (mut node, mut before) = (self.root(), 0);
        while node != NONE {
            let Node { standing: here, left, right, .. } = self.nodes[node as usize];
            if here < *standing {
                before += self.size(left) as usize + 1;
                node = right;
            } else {
                node = left;
            }
        }
        before
    }

    /// All of them, in no order.
    pub fn standings(&self) -> Vec<Standing> {
        let (mut standings, mut below) = (Vec::with_capacity(self.len()), vec![self.root()]);
        while let Some(node) = below.pop() {
            if node != NONE {
                let Node { standing, left, right, .. } = self.nodes[node as usize];
                standings.push(standing);
                below.extend([left, right]);
            }
        }
        standings
    }

    fn root(&self) -> u32 {
        self.root.unwrap_or(NONE)
    }

    fn set_root(&mut self, root: u32) {
        self.root = Some(root).filter(|root| *root != NONE);
    }

    fn size(&self, node: u32) -> u32 {
        if node == NONE { 0 } else { self.nodes[node as usize].size }
    }

    fn count(&mut self, node: u32) {
        let Node { left, right, .. } = self.nodes[node as usize];
        self.nodes[node as usize].size = self.size(left) + self.size(right) + 1;
    }

    fn is_above(&self, one: u32, other: u32) -> bool {
        height(&self.nodes[one as usize]) > height(&self.nodes[other as usize])
    }

    fn node(&mut self, standing: Standing) -> u32 {
        let node = Node { standing, left: NONE, right: NONE, size: 1 };
        if let Some(free) = self.free.pop() {
            self.nodes[free as usize] = node;
            return free;
        }
        self.nodes.push(node);
        u32::try_from(self.nodes.len() - 1).expect("fewer holds wait than 2^32")
    }

    /// The trees of those before a standing, and of the others.
    fn split(&mut self, node: u32, at: &Standing) -> (u32, u32) {
        if node == NONE {
            return (NONE, NONE);
        }
        let Node { standing, left, right, .. } = self.nodes[node as usize];
        if standing < *at {
            let (before, behind) = self.split(right, at);
            self.nodes[node as usize].right = before;
            self.count(node);
            (node, behind)
        } else {
            let (before, behind) = self.split(left, at);
            self.nodes[node as usize].left = behind;
            self.count(node);
            (before, node)
        }
    }

    /// One tree of two, of which all of the one stand before all of the other.
    fn merged(&mut self, before: u32, behind: u32) -> u32 {
        if before == NONE || behind == NONE {
            return if before == NONE { behind } else { before };
        }
        if self.is_above(before, behind) {
            let right = self.nodes[before as usize].right;
            self.nodes[before as usize].right = self.merged(right, behind);
            self.count(before);
            before
        } else {
            let left = self.nodes[behind as usize].left;
            self.nodes[behind as usize].left = self.merged(before, left);
            self.count(behind);
            behind
        }
    }

    /// The tree without one of its nodes.
    fn without(&mut self, node: u32, standing: &Standing) -> u32 {
        if node == NONE {
            return NONE;
        }
        let Node { standing: here, left, right, .. } = self.nodes[node as usize];
        if here == *standing {
            self.free.push(node);
            return self.merged(left, right);
        }
        if *standing < here {
            self.nodes[node as usize].left = self.without(left, standing);
        } else {
            self.nodes[node as usize].right = self.without(right, standing);
        }
        self.count(node);
        node
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Draw, PriorityClass, Timestamp};

    fn standing(draw: Option<&Draw>, no: u64) -> Standing {
        let class = if no.is_multiple_of(7) { PriorityClass::Win } else { PriorityClass::Lose };
        let priority = Priority::new(class, 9).expect("a tier");
        (priority, Place::of(draw, OrderNo(no), true), OrderNo(no))
    }

    fn depth(line: &Line, node: u32) -> u32 {
        if node == NONE {
            return 0;
        }
        let Node { left, right, .. } = line.nodes[node as usize];
        1 + depth(line, left).max(depth(line, right))
    }

    #[test]
    fn a_line_is_the_sorted_list_of_who_joined_and_did_not_leave() {
        let mut random = Random::new(5);
        let (mut line, mut list) = (Line::default(), BTreeSet::new());
        for _ in 0..3_000 {
            let one = standing(None, random.below(400).into());
            if random.coin() && list.insert(one) {
                line.join(one);
            } else {
                list.remove(&one);
                line.leave(&one);
            }
            let asked = standing(None, random.below(400).into());
            let before = list.range(..asked).count();
            assert_eq!((line.before(&asked), line.len()), (before, list.len()));
            assert_eq!(line.is_empty(), list.is_empty());
        }
        let all = line.standings().into_iter().collect::<BTreeSet<_>>();
        assert_eq!(all, list);
        let anew = Line::of(line.standings());
        let places = |line: &Line| list.iter().map(|one| line.before(one)).collect::<Vec<_>>();
        assert_eq!(places(&anew), places(&line));
        assert!(line.nodes.len() <= 400, "room is used again");
    }

    /// A lapse costs as much as the tree is deep, wherever a hold was drawn to.
    #[test]
    fn a_line_of_a_hundred_thousand_is_some_dozens_deep_in_whatever_order_they_came() {
        let (no, opens) = (100_000, Timestamp::from_micros(7));
        let draw = Draw { opens, seed: 3, before: OrderNo(no) };
        let drawn = Line::of((1..no).map(|no| standing(Some(&draw), no)).collect());
        let mut joined = Line::default();
        (1..no).for_each(|no| joined.join(standing(None, no)));
        for line in [&drawn, &joined] {
            assert!(depth(line, line.root()) < 60, "{}", depth(line, line.root()));
            assert_eq!(line.len() as u64, no - 1);
        }
    }
}
