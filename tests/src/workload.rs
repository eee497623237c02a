//! Random commands on a small network, and what they come to.
//!
//! Three SKUs at three nodes and a supplier: small enough that every command
//! meets the others.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstock_engine::engine::{Engine, EngineError, PlaceOutcome};
use backstock_engine::model::command::{
    CancelOrder, ChangeStock, LineCancellation, OrderRequest, PlaceOrder, ShipShipment,
    StockOperation,
};
use backstock_engine::model::{
    InboundId, Lsn, NodeKind, Order, Refusal, Shortage, Split, Text, Timestamp,
};

use crate::fixture::{
    DAY, NOW, carrier, define_items, define_nodes, keyed, meta, node, node_id, order, sku,
};
use crate::naive::{Fact, Naive, SoldOut, grants};
use crate::seed::Random;

/// The items.
pub const SKUS: [&str; 3] = ["BLOUSE", "SCARF", "SOCKS"];
/// The nodes that hold stock.
pub const NODES: [&str; 3] = ["EAST", "WEST", "STORE"];
/// The node that ships a vendor's stock.
pub const SUPPLIER: &str = "VENDOR";

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// On a pair's supply.
    Change(ChangeStock),
    /// A new order.
    Place(PlaceOrder),
    /// Less of an order.
    Cancel(CancelOrder),
    /// A shipment that left.
    Ship(ShipShipment),
}

/// What the engine answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened, at a version.
    Done(Lsn),
    /// The order is placed, at a version.
    Placed(Lsn, Arc<Order>),
    /// There was not enough, up to a version.
    SoldOut(Lsn),
    /// Durable state refuses, or the engine did.
    Failed(EngineError),
}

impl Outcome {
    /// The version at which something happened.
    pub fn version(&self) -> Option<Lsn> {
        match self {
            Self::Done(version) | Self::Placed(version, _) => Some(*version),
            Self::SoldOut(_) | Self::Failed(_) => None,
        }
    }
}

/// Defines the network and its items; answers with the version.
pub async fn define(engine: &Engine) -> Lsn {
    let kinds = [NodeKind::Warehouse, NodeKind::ThirdParty, NodeKind::Store];
    for ((name, kind), code) in NODES.into_iter().zip(kinds).zip([5, 20, 1]) {
        define_nodes(engine, &[node(name, kind, code)]).await;
    }
    define_nodes(engine, &[node(SUPPLIER, NodeKind::Supplier, 50)]).await;
    define_items(engine, &SKUS).await;
    engine.status().applied
}

/// The naive model of the network that [`define`] defines.
pub fn naive(version: Lsn) -> Naive {
    Naive::new(version, &[SUPPLIER])
}

/// Makes commands, one seed the same ones.
pub struct Generator {
    random: Random,
    /// Sets the names of this generator apart from those of others.
    name: String,
    made: u32,
    orders: Vec<OrderRequest>,
    announced: Vec<(&'static str, &'static str, InboundId)>,
    keyed: Vec<Command>,
}

impl Generator {
    /// The generator of a seed; `name` begins all ids that it makes up.
    pub fn new(seed: u64, name: &str) -> Self {
        let (orders, announced, keyed) = (Vec::new(), Vec::new(), Vec::new());
        Self { random: Random::new(seed), name: name.into(), made: 0, orders, announced, keyed }
    }

    /// The next command.
    #[expect(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> Command {
        self.made += 1;
        let command = match self.random.within(0..100) {
            0..45 => self.place(),
            45..58 if !self.orders.is_empty() => self.cancel(),
            58..70 if !self.orders.is_empty() => self.ship(),
            70..75 if !self.keyed.is_empty() => return self.random.pick(&self.keyed).clone(),
            75..78 if !self.orders.is_empty() => {
                let order = self.random.pick(&self.orders).clone();
                return Command::Place(PlaceOrder { meta: meta(), placed_at: None, order });
            }
            _ => self.change(),
        };
        if self.random.percent(20) {
            let key = keyed(&format!("{}-key-{}", self.name, self.made));
            let command = with_meta(command, key);
            self.keyed.push(command.clone());
            return command;
        }
        command
    }

    fn place(&mut self) -> Command {
        let count = self.random.within(1..4);
        let lines: Vec<(&str, u32)> =
            (0..count).map(|_| (*self.random.pick(&SKUS), self.random.within(1..5))).collect();
        let shortages = [Shortage::Reject, Shortage::Backorder, Shortage::Partial];
        let shortage = *self.random.pick(&shortages);
        let mut wanted = order(&format!("{}-{}", self.name, self.made), &lines, shortage);
        wanted.split = Some(*self.random.pick(&[Split::Units, Split::Units, Split::WholeLine]));
        self.orders.push(wanted.clone());
        Command::Place(PlaceOrder { meta: meta(), placed_at: None, order: wanted })
    }

    fn cancel(&mut self) -> Command {
        let order = self.random.pick(&self.orders).clone();
        let lines = if self.random.percent(50) {
            let quantity = self.random.within(1..3);
            vec![LineCancellation { line: self.random.within(1..3), quantity }]
        } else {
            Vec::new()
        };
        Command::Cancel(CancelOrder { meta: meta(), order: order.id, lines })
    }

    fn ship(&mut self) -> Command {
        let order = self.random.pick(&self.orders).clone();
        let shipment = u16::try_from(self.random.within(1..3)).expect("small");
        let (carrier, tracking) = (carrier(), Text::default());
        Command::Ship(ShipShipment { meta: meta(), order: order.id, shipment, carrier, tracking })
    }

    fn change(&mut self) -> Command {
        if self.random.percent(8) {
            let quantity = self.random.percent(80).then(|| self.random.within(0..6));
            let operation = StockOperation::SupplierFeed { quantity };
            let item = *self.random.pick(&SKUS);
            return self.on(item, SUPPLIER, operation);
        }
        if self.random.percent(25) && !self.announced.is_empty() {
            return self.change_inbound();
        }
        let (item, at) = (*self.random.pick(&SKUS), *self.random.pick(&NODES));
        let units = self.random.within(0..8);
        let operation = match self.random.within(0..8) {
            0 => self.set(units),
            1 => StockOperation::Count { on_hand: units },
            2 => self.adjust(),
            3 | 4 => self.announce(item, at),
            _ => StockOperation::Receive {
                quantity: units + 1,
                unavailable: self.random.within(0..2).min(units),
            },
        };
        self.on(item, at, operation)
    }

    fn set(&mut self, units: u32) -> StockOperation {
        let on_hand = self.random.percent(70).then_some(units);
        let unavailable = self.random.percent(30).then(|| self.random.within(0..2));
        let safety = self.random.percent(50).then(|| self.random.within(0..3));
        let says_nothing = unavailable.is_none() && safety.is_none();
        let on_hand = on_hand.or_else(|| says_nothing.then_some(units));
        StockOperation::Set { on_hand, unavailable, safety }
    }

    fn adjust(&mut self) -> StockOperation {
        let delta = |random: &mut Random| random.within(0..7).cast_signed() - 3;
        let on_hand_delta = delta(&mut self.random);
        let unavailable_delta = if on_hand_delta == 0 { 1 } else { delta(&mut self.random).min(1) };
        let reason = Text::new("reason", "cycle count").expect("a text");
        StockOperation::Adjust { on_hand_delta, unavailable_delta, reason }
    }

    fn announce(&mut self, item: &'static str, at: &'static str) -> StockOperation {
        let id = format!("{}-po-{}", self.name, self.made);
        let id = InboundId::new("inbound", id).expect("an inbound id");
        self.announced.push((item, at, id.clone()));
        StockOperation::AnnounceInbound { id, quantity: self.random.within(1..9), eta: self.eta() }
    }

    fn eta(&mut self) -> Timestamp {
        // Some lie beyond the horizon of 60 days.
        Timestamp::from_micros(NOW.as_micros() + i64::from(self.random.within(1..70)) * DAY)
    }

    fn change_inbound(&mut self) -> Command {
        let (item, at, id) = self.random.pick(&self.announced).clone();
        let operation = match self.random.within(0..4) {
            0 => {
                let quantity = self.random.percent(70).then(|| self.random.within(1..9));
                let eta = self.random.percent(50).then(|| self.eta());
                let quantity = quantity.or_else(|| eta.is_none().then_some(1));
                StockOperation::ChangeInbound { id, quantity, eta }
            }
            1 => StockOperation::CancelInbound { id },
            _ => StockOperation::ReceiveInbound {
                id,
                quantity: self.random.within(1..6),
                closes: self.random.percent(30),
            },
        };
        self.on(item, at, operation)
    }

    #[expect(clippy::unused_self, reason = "reads like its neighbours")]
    fn on(&self, item: &str, at: &str, operation: StockOperation) -> Command {
        Command::Change(ChangeStock { meta: meta(), sku: sku(item), node: node_id(at), operation })
    }
}

fn with_meta(command: Command, meta: backstock_engine::model::command::Meta) -> Command {
    match command {
        Command::Change(change) => Command::Change(ChangeStock { meta, ..change }),
        Command::Place(place) => Command::Place(PlaceOrder { meta, ..place }),
        Command::Cancel(cancel) => Command::Cancel(CancelOrder { meta, ..cancel }),
        Command::Ship(ship) => Command::Ship(ShipShipment { meta, ..ship }),
    }
}

/// Carries a command out.
pub async fn run(engine: &Engine, command: Command) -> Outcome {
    let done = match command {
        Command::Change(change) => engine.change_stock(change).await,
        Command::Cancel(cancel) => engine.cancel_order(cancel).await,
        Command::Ship(ship) => engine.ship_shipment(ship).await,
        Command::Place(place) => {
            return match engine.place_order(place).await {
                Ok(placed) => match placed.outcome {
                    PlaceOutcome::Placed(order) => Outcome::Placed(placed.version, order),
                    PlaceOutcome::SoldOut(_) => Outcome::SoldOut(placed.version),
                },
                Err(error) => Outcome::Failed(error),
            };
        }
    };
    done.map_or_else(Outcome::Failed, |done| Outcome::Done(done.version))
}

/// What was asked and answered, in any order.
#[derive(Default)]
pub struct History {
    facts: BTreeMap<Lsn, Fact>,
    sold_out: Vec<SoldOut>,
    /// How often each kind of answer was given.
    pub answers: BTreeMap<String, u32>,
}

impl History {
    /// Notes an answer; `from` is the newest version before the question. The
    /// same answer given again is the same fact.
    ///
    /// # Panics
    /// When an answer is one that no command of [`Generator`] may get.
    pub fn note(&mut self, engine: &Engine, from: Lsn, command: Command, outcome: &Outcome) {
        *self.answers.entry(kind(outcome)).or_default() += 1;
        let fact = match (command, outcome) {
            (Command::Place(place), Outcome::Placed(_, order)) => {
                Fact::Placed { wanted: place.order, no: order.no.0, grants: grants(engine, order) }
            }
            (Command::Place(place), Outcome::SoldOut(until)) => {
                self.sold_out.push(SoldOut { wanted: place.order, from, until: *until });
                return;
            }
            (Command::Change(change), Outcome::Done(_)) => Fact::Changed {
                sku: change.sku.to_string(),
                node: change.node.to_string(),
                operation: change.operation,
            },
            (Command::Cancel(cancel), Outcome::Done(_)) => {
                Fact::Cancelled { order: cancel.order.to_string(), lines: cancel.lines }
            }
            (Command::Ship(ship), Outcome::Done(_)) => {
                Fact::Shipped { order: ship.order.to_string(), shipment: ship.shipment }
            }
            (_, Outcome::Failed(EngineError::Refused(_))) => return,
            (command, outcome) => panic!("{command:?} was answered with {outcome:?}"),
        };
        let version = outcome.version().expect("facts have versions");
        let known = self.facts.entry(version).or_insert_with(|| fact.clone());
        assert_eq!(format!("{known:?}"), format!("{fact:?}"), "two answers at version {version}");
    }

    /// The facts by version.
    pub fn facts(&self) -> &BTreeMap<Lsn, Fact> {
        &self.facts
    }

    /// Replays all facts up to a version, and checks that each could happen.
    ///
    /// # Panics
    /// When one could not, or a version is missing.
    pub fn replay(&self, mut naive: Naive, until: Lsn) -> Naive {
        for (version, fact) in self.facts.range(..=until) {
            naive.apply(*version, fact).unwrap_or_else(|error| panic!("{error}"));
        }
        naive
    }

    /// Checks every refusal for want of supply.
    ///
    /// # Panics
    /// When one was not called for.
    pub fn check_sold_out(&self, naive: &Naive) {
        for refused in &self.sold_out {
            naive.check_sold_out(refused).unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(_) => "done".into(),
        Outcome::Placed(..) => "placed".into(),
        Outcome::SoldOut(_) => "sold out".into(),
        Outcome::Failed(EngineError::Refused(Refusal::Contended)) => "contended".into(),
        Outcome::Failed(EngineError::Refused(_)) => "refused".into(),
        Outcome::Failed(_) => "failed".into(),
    }
}
