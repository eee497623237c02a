//! What items of an order have at each node: stock, supplies on their way, and who may have it.

use std::rc::Rc;

use backstock_engine::command::{DefineItem, NodeDefinition, StockOperation};
use backstock_engine::model::{
    ChannelSafety, InboundId, Kept, NodeKind, PairTerms, Segment, Segments, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::Random;

use super::world::{CHANNELS, World, is_supplier, text, today};

/// What a line is made of: the item itself, or the components of a bundle. Several lines may be
/// made of the same items.
pub(super) struct Made {
    pub(super) is_bundle: bool,
    pub(super) parts: Vec<Part>,
}

/// An item of a line.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) name: String,
    /// Units for each unit of the line.
    pub(super) each: u32,
    /// By node.
    pub(super) pairs: Rc<[Pair]>,
}

/// What a node has of an item.
pub(super) struct Pair {
    pub(super) supplies: Vec<Supply>,
    pub(super) terms: PairTerms,
}

/// Units of an item at a node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Supply {
    pub(super) units: u32,
    /// In so many days; none where they are there.
    pub(super) comes_in: Option<u16>,
}

impl World {
    /// Makes an item, or a bundle of two, and their stock. Beside others, it may be made of an item
    /// of theirs.
    pub(super) fn make(&mut self, random: &mut Random, name: &str, others: &[Made]) -> Made {
        let known: Vec<&Part> = others.iter().flat_map(|made| &made.parts).collect();
        let shares = !known.is_empty() && random.below(2) == 0;
        let known = shares.then(|| known[random.up_to(known.len() - 1)].clone());
        if let Some(part) = &known {
            let is_line = |made: &Made| !made.is_bundle && made.parts[0].name == part.name;
            if !others.iter().any(is_line) && random.coin() {
                return Made { is_bundle: false, parts: vec![Part { each: 1, ..part.clone() }] };
            }
        }
        let is_bundle = shares || random.below(if others.is_empty() { 2 } else { 4 }) == 0;
        let count = if is_bundle { 2 } else { 1 };
        let mut parts: Vec<Part> = Vec::new();
        for at in 0..count {
            let each = if is_bundle { 1 + random.below(2) } else { 1 };
            let part = match &known {
                Some(part) if at == 0 => Part { each, ..part.clone() },
                _ => {
                    let name = if is_bundle { format!("{name}-{at}") } else { name.into() };
                    let pairs = self.stock(random, (&name, each)).into();
                    Part { name, each, pairs }
                }
            };
            parts.push(part);
        }
        if is_bundle {
            let of: Vec<_> = parts.iter().map(|part| (part.name.as_str(), part.each)).collect();
            let command = DefineItem::new(meta(), bundle(name, &of));
            let engine = self.engine.engine.clone();
            self.engine.run(engine.define_item(command)).expect("the bundle is defined");
        }
        Made { is_bundle, parts }
    }

    fn stock(&mut self, random: &mut Random, (name, each): (&str, u32)) -> Vec<Pair> {
        let engine = self.engine.engine.clone();
        let command = DefineItem::new(meta(), item(name));
        self.engine.run(engine.define_item(command)).expect("the item is defined");
        let mut pairs = Vec::new();
        for node in self.nodes.clone() {
            let supplies = random_supplies(random, (&node, each));
            let terms =
                if random.below(4) == 0 { random_terms(random) } else { PairTerms::default() };
            let (is_supplier, node) = (is_supplier(&node), node.id.as_str());
            let mut operations: Vec<StockOperation> = (0..)
                .zip(&supplies)
                .map(|(no, supply)| supply.operation(is_supplier, no))
                .collect();
            if !terms.is_none() {
                operations.push(StockOperation::SetTerms(Box::new(terms.clone())));
            }
            for operation in operations {
                self.engine.run(change(&engine, name, node, operation)).expect("it is told");
            }
            pairs.push(Pair { supplies, terms });
        }
        pairs
    }
}

impl Pair {
    /// Units on hand that orders of a channel may have, worked out unit by unit: each is of the
    /// first segment that has fewer than are kept for it, or everybody's.
    pub(super) fn may_have(&self, channel: Option<&Text>) -> u32 {
        let free = self.supplies[0].units;
        let segments = &self.terms.segments.0;
        let mut of_segment = vec![0; segments.len()];
        let mut of_all = 0;
        for _ in 0..free {
            let kept = |at: usize| match segments[at].kept {
                Kept::Units(units) => units,
                Kept::BasisPoints(points) => free * u32::from(points) / 10_000,
            };
            match (0..segments.len()).find(|at| of_segment[*at] < kept(*at)) {
                Some(at) => of_segment[at] += 1,
                None => of_all += 1,
            }
        }
        let own = segments.iter().position(|of| channel.is_some_and(|it| of.channels.contains(it)));
        let mine = own.map_or(0, |at| of_segment[at]);
        let safety = self.terms.channel_safety.iter().filter(|of| Some(&of.channel) == channel);
        let safety: u32 = safety.map(|of| of.units).sum();
        let may = (mine + of_all).saturating_sub(safety);
        match own {
            Some(at) if !segments[at].borrows => may.min(mine),
            _ => may,
        }
    }
}

fn random_terms(random: &mut Random) -> PairTerms {
    let channel_safety = |random: &mut Random| ChannelSafety {
        channel: text(CHANNELS[random.up_to(1)]),
        units: 1 + random.below(3),
    };
    let segment = |random: &mut Random, name: &str| Segment {
        name: text(name),
        channels: vec![text(name)],
        kept: if random.coin() {
            Kept::Units(1 + random.below(4))
        } else {
            Kept::BasisPoints([1_000, 3_333, 5_000][random.up_to(2)])
        },
        borrows: random.coin(),
        until: None,
    };
    let (safe, shared) = (random.coin(), random.below(3));
    PairTerms {
        off_sourcing: random.below(6) == 0,
        channel_safety: safe.then(|| channel_safety(random)).into_iter().collect(),
        segments: Segments(
            CHANNELS.iter().take(shared as usize).map(|name| segment(random, name)).collect(),
        ),
    }
}

/// What is on hand first; some of it nothing, some of it too little, some of it plenty.
fn random_supplies(random: &mut Random, (node, each): (&NodeDefinition, u32)) -> Vec<Supply> {
    let units = [0, 1, 2, 3, 6][random.up_to(4)] * each;
    let mut supplies = vec![Supply { units, comes_in: None }];
    if node.kind != NodeKind::Supplier {
        for _ in 0..random.below(3) {
            let units = 1 + random.below(5);
            let days = u16::try_from(random.below(9)).expect("few");
            supplies.push(Supply { units, comes_in: Some(days) });
        }
    }
    supplies
}

impl Supply {
    fn operation(self, is_supplier: bool, no: usize) -> StockOperation {
        let units = self.units;
        match self.comes_in {
            None if is_supplier => {
                StockOperation::SupplierFeed { quantity: Some(units), as_of: None }
            }
            None => StockOperation::Set { on_hand: Some(units), unavailable: None, safety: None },
            Some(days) => {
                let id = InboundId::new("id", format!("S{no}")).expect("an id");
                let midnight = i64::from(today().plus(days).epoch_days()) * DAY;
                let eta = Timestamp::from_micros(midnight);
                // Of every supply a tenth may never come, told as its confidence.
                let quantity = units * 10 / 9 + 1;
                let operation = StockOperation::AnnounceInbound { id, quantity, eta };
                let confidence = u16::try_from(units * 10_000 / quantity + 1).expect("a part");
                let counts = quantity * u32::from(confidence) / 10_000;
                assert_eq!(counts, units, "{quantity} at {confidence}");
                StockOperation::Weigh {
                    operation: Box::new(operation),
                    confidence_basis_points: confidence,
                }
            }
        }
    }
}
