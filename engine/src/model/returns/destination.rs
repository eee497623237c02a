//! Which node a return goes to: sourced as an order is, by the same objectives, in the other direction.
//!
//! | objective | of an order | of a return |
//! |---|---|---|
//! | promise | fewest days late | most of its units are waited for at the node |
//! | shipments | fewest | as good at each node: it comes in one parcel |
//! | cost | least | least for carrying it there, and looking at it |
//! | balance | from where most is | to where fewest are free |

use std::cmp::Ordering;

use minicbor::{Decode, Encode};

use super::reason::ReturnWay;
use crate::limits::{AMOUNT_MAX, RETURN_CATEGORIES_MAX, RETURN_CONSIDERED_KEPT};
use crate::model::catalog::Objective;
use crate::model::check::{in_range, length};
use crate::model::ids::{NodeId, NodeNo, Text};
use crate::model::money::Minor;
use crate::model::violation::Violation;

/// A node that takes returns.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Destination {
    /// The node.
    #[n(0)]
    pub node: NodeId,
    /// In which ways units may come there; none for any but keep-it.
    #[n(1)]
    pub ways: Vec<ReturnWay>,
    /// Items of which categories it takes; none for all items.
    #[n(2)]
    pub categories: Vec<Text>,
    /// What it costs there to take a unit in and to look at it.
    #[n(3)]
    pub unit_cost: Minor,
}

/// How a node stands to a return that it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The node.
    pub node: NodeNo,
    /// Units of the return that orders wait for there.
    pub waiting: u32,
    /// What it costs to have the return there, in minor units of the sourcing policy's currency.
    pub cost: Minor,
    /// Units of its items that are free there; below zero after a short count.
    pub free: i64,
}

/// A node that was considered for a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Considered {
    /// The node.
    #[n(0)]
    pub node: NodeNo,
    /// Units of the return that orders waited for there.
    #[n(1)]
    pub waiting: u32,
    /// What it costs to have the return there.
    #[n(2)]
    pub cost: Minor,
    /// Units of its items that were free there.
    #[n(3)]
    pub free: i64,
    /// Why it was chosen, or not.
    #[n(4)]
    pub why: WhyThere,
}

/// Why a node was chosen for a return, or not: what another node was better in first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum WhyThere {
    /// It was chosen.
    #[n(1)]
    Chosen,
    /// Fewer of the units are waited for there.
    #[n(2)]
    FewerWaitedFor,
    /// It costs more.
    #[n(3)]
    Dearer,
    /// More units are free there.
    #[n(4)]
    MoreFree,
    /// It is as good, and came later.
    #[n(5)]
    Equal,
}

impl WhyThere {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Chosen, Self::FewerWaitedFor, Self::Dearer, Self::MoreFree, Self::Equal];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::FewerWaitedFor => "fewer_waited_for",
            Self::Dearer => "dearer",
            Self::MoreFree => "more_free",
            Self::Equal => "equal",
        }
    }
}

impl Destination {
    /// Whether it takes units that come in a way, of items of these categories.
    pub fn takes(
        &self,
        way: ReturnWay,
        mut categories: impl Iterator<Item = Option<Text>>,
    ) -> bool {
        let comes = self.ways.contains(&way) || (self.ways.is_empty() && way != ReturnWay::KeepIt);
        let named = |of: Option<Text>| of.is_some_and(|of| self.categories.contains(&of));
        comes && (self.categories.is_empty() || categories.all(named))
    }

    pub(super) fn check(&self, found: &mut Vec<Violation>, field: &str) {
        in_range(found, format!("{field}.unit_cost"), self.unit_cost.0, 0, AMOUNT_MAX);
        let max = length(ReturnWay::ALL);
        in_range(found, format!("{field}.ways"), length(&self.ways), 0, max);
        let max = i64::try_from(RETURN_CATEGORIES_MAX).unwrap_or(i64::MAX);
        in_range(found, format!("{field}.categories"), length(&self.categories), 0, max);
    }
}

impl Standing {
    /// What of two nodes tells them apart by an objective: less is better.
    fn by(&self, objective: Objective, other: &Self) -> Ordering {
        match objective {
            Objective::Promise => other.waiting.cmp(&self.waiting),
            Objective::Shipments => Ordering::Equal,
            Objective::Cost => self.cost.cmp(&other.cost),
            Objective::Balance => self.free.cmp(&other.free),
        }
    }

    fn compare(&self, objectives: [Objective; 4], other: &Self) -> Ordering {
        let of_all = objectives.into_iter().map(|of| self.by(of, other));
        let first = of_all.into_iter().find(|of| of.is_ne());
        first.unwrap_or_else(|| self.node.cmp(&other.node))
    }

    /// The first objective by which the best one is better.
    fn why(&self, objectives: [Objective; 4], best: &Self) -> WhyThere {
        let lost = objectives.into_iter().find(|of| best.by(*of, self).is_lt());
        match lost {
            Some(Objective::Promise) => WhyThere::FewerWaitedFor,
            Some(Objective::Cost) => WhyThere::Dearer,
            Some(Objective::Balance) => WhyThere::MoreFree,
            Some(Objective::Shipments) | None => WhyThere::Equal,
        }
    }
}

/// The nodes that a return may go to, the best one first, with why it is; so many as are kept.
pub fn choose(objectives: [Objective; 4], mut nodes: Vec<Standing>) -> Vec<Considered> {
    nodes.sort_by(|one, other| one.compare(objectives, other));
    let Some(best) = nodes.first().copied() else { return Vec::new() };
    let kept = nodes.into_iter().take(RETURN_CONSIDERED_KEPT);
    kept.map(|of| {
        let is_best = of.node == best.node;
        let why = if is_best { WhyThere::Chosen } else { of.why(objectives, &best) };
        Considered { node: of.node, waiting: of.waiting, cost: of.cost, free: of.free, why }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: [Objective; 4] =
        [Objective::Promise, Objective::Shipments, Objective::Cost, Objective::Balance];

    fn at(node: u16, waiting: u32, cost: i64, free: i64) -> Standing {
        Standing { node: NodeNo(node), waiting, cost: Minor(cost), free }
    }

    fn chosen(objectives: [Objective; 4], nodes: &[Standing]) -> Vec<(u16, WhyThere)> {
        let all = choose(objectives, nodes.to_vec());
        all.into_iter().map(|of| (of.node.0, of.why)).collect()
    }

    /// Each row says why the second node is not the one.
    #[test]
    fn a_return_goes_where_it_is_waited_for_then_where_it_costs_least_then_where_few_are_free() {
        use WhyThere::{Chosen, Dearer, Equal, FewerWaitedFor, MoreFree};
        let by_cost =
            [Objective::Cost, Objective::Balance, Objective::Promise, Objective::Shipments];
        for (objectives, nodes, expected) in [
            (USUAL, [at(0, 1, 900, 9), at(1, 2, 999, 9)], [(1, Chosen), (0, FewerWaitedFor)]),
            (USUAL, [at(0, 1, 900, 9), at(1, 1, 899, 99)], [(1, Chosen), (0, Dearer)]),
            (USUAL, [at(0, 0, 900, 9), at(1, 0, 900, -1)], [(1, Chosen), (0, MoreFree)]),
            (USUAL, [at(1, 0, 900, 9), at(0, 0, 900, 9)], [(0, Chosen), (1, Equal)]),
            (by_cost, [at(0, 9, 901, 0), at(1, 0, 900, 9)], [(1, Chosen), (0, Dearer)]),
        ] {
            assert_eq!(chosen(objectives, &nodes), expected, "{nodes:?}");
            let [first, second] = nodes;
            assert_eq!(chosen(objectives, &[second, first]), expected, "in whatever order");
        }
    }

    #[test]
    fn the_best_are_kept_and_no_more() {
        let many: Vec<_> = (0..100).map(|no| at(no, 0, 1_000 - i64::from(no), 0)).collect();
        let kept = chosen(USUAL, &many);
        assert_eq!((kept.len(), kept[0]), (RETURN_CONSIDERED_KEPT, (99, WhyThere::Chosen)));
        assert_eq!(chosen(USUAL, &[]), []);
    }

    #[test]
    fn a_node_takes_what_comes_in_its_ways_and_is_of_its_categories() {
        let text = |text: &str| Text::new("category", text).expect("a text");
        let of = |ways: &[ReturnWay], categories: &[&str]| Destination {
            node: NodeId::new("node", "N").expect("an id"),
            ways: ways.to_vec(),
            categories: categories.iter().map(|name| text(name)).collect(),
            unit_cost: Minor::ZERO,
        };
        let takes = |of: &Destination, way, categories: &[Option<&str>]| {
            of.takes(way, categories.iter().map(|name| name.map(text)))
        };
        let (any, shoes) = (of(&[], &[]), of(&[ReturnWay::Mail], &["shoes"]));
        assert!(takes(&any, ReturnWay::Store, &[None, Some("hats")]));
        assert!(!takes(&any, ReturnWay::KeepIt, &[]));
        assert!(takes(&shoes, ReturnWay::Mail, &[Some("shoes"), Some("shoes")]));
        assert!(!takes(&shoes, ReturnWay::Store, &[Some("shoes")]));
        assert!(!takes(&shoes, ReturnWay::Mail, &[Some("shoes"), None]));
    }
}
