//! Random problems, a function of their seed.

use backstock_engine::sourcing::{
    Conditions, Line, Minimum, Objective, ObjectiveOrder, Offer, Part, Policy, Problem, Shared,
    Shipment, Split,
};

/// A problem that owns its parts.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    lines: Vec<Line>,
    offers: Vec<Offer>,
    minimums: Vec<Minimum>,
    shared: Vec<Shared>,
    parts: Vec<Part>,
    shipments: Vec<Shipment>,
    policy: Policy,
}

/// How large an instance may be. All bounds are inclusive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    lines: u64,
    shipments: u64,
    quantity: u64,
}

impl Shape {
    /// What an integer program solves in a millisecond.
    const SMALL: Self = Self { lines: 4, shipments: 8, quantity: 5 };
    pub(crate) const MEDIUM: Self = Self { lines: 6, shipments: 12, quantity: 6 };
    /// More shipments than one word has bits.
    pub(crate) const LARGE: Self = Self { lines: 12, shipments: 150, quantity: 9 };

    /// Mostly small; every fiftieth is larger.
    pub(crate) fn of(seed: u64) -> Self {
        if seed.is_multiple_of(50) { Self::MEDIUM } else { Self::SMALL }
    }
}

impl Instance {
    pub(crate) fn random(seed: u64, shape: Shape) -> Self {
        let mut dice = Dice(seed);
        let shipments = 1 + dice.below(shape.shipments);
        // Few distinct values make ties; many make none. Both have bugs.
        let cost_max = [1, 4, 40][dice.pick(3)];
        let fixed_max = [0, 3, 60][dice.pick(3)];
        let density = 1 + dice.below(4);
        let mut instance = Self {
            lines: Vec::new(),
            offers: Vec::new(),
            minimums: Vec::new(),
            shared: Vec::new(),
            parts: Vec::new(),
            shipments: Vec::new(),
            policy: Policy { split: dice.split(), objectives: dice.order() },
        };
        for node in 0..shipments {
            let node = u16::try_from(node).expect("few shipments");
            let fixed_cost = dice.cost(fixed_max);
            instance.shipments.push(Shipment { fixed_cost, node });
        }
        for _ in 0..=dice.below(shape.lines) {
            let start = instance.offers.len();
            for shipment in 0..shipments {
                if dice.below(4) < density {
                    let offer = dice.offer(shipment, shape.quantity, cost_max);
                    instance.offers.push(offer);
                }
                // At times a shipment draws on two supplies of one line.
                if dice.below(16) == 0 {
                    let offer = dice.offer(shipment, shape.quantity, cost_max);
                    instance.offers.push(offer);
                }
            }
            let quantity = u32::try_from(1 + dice.below(shape.quantity)).expect("small");
            let offers = u32::try_from(start).expect("few offers")
                ..u32::try_from(instance.offers.len()).expect("few offers");
            instance.lines.push(Line { quantity, offers });
        }
        instance
    }

    /// Shipments that hold a line's units in two supplies, as what is on hand and what
    /// comes in on the day it ships: each too few at times, enough together.
    pub(crate) fn of_two_supplies(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let shipments = 1 + dice.below(4);
        let (cost_max, fixed_max) = ([1, 4, 40][dice.pick(3)], [0, 3, 60][dice.pick(3)]);
        let mut instance = Self::random(seed, Shape { lines: 1, shipments, quantity: 1 });
        let nodes = u64::try_from(instance.shipments.len()).expect("few shipments");
        instance.lines.clear();
        instance.offers.clear();
        for shipment in &mut instance.shipments {
            shipment.fixed_cost = dice.cost(fixed_max);
        }
        if dice.below(4) > 0 {
            instance.policy.objectives = ObjectiveOrder::default();
        }
        for _ in 0..=dice.below(3) {
            instance.add_line_of_two_supplies(&mut dice, nodes, cost_max);
        }
        instance
    }

    /// Offers of which a line takes a minimum or none: some that it never reaches, some always.
    pub(crate) fn of_minimums(seed: u64) -> Self {
        let mut instance = Self::random(seed, Shape::SMALL);
        let mut dice = Dice(seed ^ 0x4D49_4E49);
        let often = 1 + dice.below(3);
        for offer in 0..u32::try_from(instance.offers.len()).expect("few offers") {
            if dice.below(4) < often {
                let units = 2 + u32::try_from(dice.below(4)).expect("small");
                instance.minimums.push(Minimum { offer, units });
            }
        }
        instance
    }

    /// Offers that share units: those of a shipment, as the room of its day, those of one line, and
    /// some at random, of which a unit draws on several.
    pub(crate) fn of_shared(seed: u64) -> Self {
        let mut dice = Dice(seed ^ 0x5348_4152);
        let mut instance = match seed % 3 {
            0 => Self::of_minimums(seed),
            1 => Self::of_two_supplies(seed),
            _ => Self::random(seed, Shape::SMALL),
        };
        let offers = 0..u32::try_from(instance.offers.len()).expect("few offers");
        for shipment in 0..u16::try_from(instance.shipments.len()).expect("few shipments") {
            if dice.below(2) == 0 {
                let of_it = |at: &u32| instance.offers[*at as usize].shipment == shipment;
                let parts = offers.clone().filter(of_it).map(|offer| Part { offer, each: 1 });
                let parts: Vec<_> = parts.collect();
                instance.share(parts, dice.below(8));
            }
        }
        for line in instance.lines.clone() {
            if dice.below(3) == 0 {
                let parts = line.offers.map(|offer| Part { offer, each: 1 }).collect();
                instance.share(parts, dice.below(8));
            }
        }
        for _ in 0..dice.below(3) {
            let some: Vec<u32> = offers.clone().filter(|_| dice.below(3) == 0).collect();
            let each = |dice: &mut Dice| 1 + u32::try_from(dice.below(3)).expect("small");
            let parts = some.into_iter().map(|offer| Part { offer, each: each(&mut dice) });
            let parts = parts.collect();
            instance.share(parts, dice.below(16));
        }
        instance
    }

    fn share(&mut self, parts: Vec<Part>, units: u64) {
        let place = |at: usize| u32::try_from(at).expect("few parts");
        let first = place(self.parts.len());
        self.parts.extend(parts);
        let units = u32::try_from(units).expect("small");
        self.shared.push(Shared { parts: first..place(self.parts.len()), units });
    }

    fn add_line_of_two_supplies(&mut self, dice: &mut Dice, nodes: u64, cost_max: u64) {
        let quantity = 2 + dice.below(5);
        let start = self.offers.len();
        for shipment in 0..nodes {
            for _ in 0..=dice.below(2) {
                let mut offer = dice.offer(shipment, quantity, cost_max);
                // What ships together arrives together, mostly.
                offer.late_days *= u32::from(dice.below(8) == 0);
                self.offers.push(offer);
            }
        }
        let offers = u32::try_from(start).expect("few offers")
            ..u32::try_from(self.offers.len()).expect("few offers");
        self.lines.push(Line { quantity: u32::try_from(quantity).expect("small"), offers });
    }

    pub(crate) fn problem(&self) -> Problem<'_> {
        Problem {
            lines: &self.lines,
            offers: &self.offers,
            conditions: Conditions {
                minimums: &self.minimums,
                shared: &self.shared,
                parts: &self.parts,
            },
            shipments: &self.shipments,
            policy: self.policy,
        }
    }
}

/// `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    fn pick(&mut self, len: u64) -> usize {
        usize::try_from(self.below(len)).expect("small")
    }

    /// From 0 to `max`.
    fn cost(&mut self, max: u64) -> i64 {
        i64::try_from(self.below(max + 1)).expect("small")
    }

    fn split(&mut self) -> Split {
        [Split::Units, Split::WholeLine][self.pick(2)]
    }

    fn order(&mut self) -> ObjectiveOrder {
        use Objective::{Balance, Cost, Promise, Shipments};
        let mut objectives = [Promise, Shipments, Cost, Balance];
        for end in (1..objectives.len()).rev() {
            let other = self.pick(end as u64 + 1);
            objectives.swap(end, other);
        }
        ObjectiveOrder::new(objectives).expect("a permutation")
    }

    fn offer(&mut self, shipment: u64, quantity_max: u64, cost_max: u64) -> Offer {
        Offer {
            quantity: u32::try_from(self.below(quantity_max + 1)).expect("small"),
            shipment: u16::try_from(shipment).expect("few shipments"),
            late_days: [0, 0, 0, 1, 3][self.pick(5)],
            unit_cost: self.cost(cost_max),
            balance: u32::try_from(self.below(cost_max + 1)).expect("small"),
        }
    }
}
