//! Commands on one order that come at once: each is answered with what happened, and what happened
//! fits together.
//!
//! ```text
//!   an order of two units, another one waits --> its change, cancellation, pick and departure, at once
//!       --> one of the outcomes that one after the other has as well --> units are where it says
//! ```
//! A contender is a line in [`Contender::ALL`], with how it is sent.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstock_engine::command::{
    CancelOrder, Change, CommitChange, LineCancellation, Operation, ProgressShipment, QuoteChange,
    Wanted,
};
use backstock_engine::engine::{Done, Engine, EngineError};
use backstock_engine::model::{
    Happened, HoldId, LineUnits, Lsn, Meta, NodeKind, Order, RefusalKind, RequestId, Shortage,
    Step, Supply, Text,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::{Random, seeds};
use tokio::sync::Barrier;

/// What is on hand as each round begins, of the item that the order wants.
const ON_HAND: u32 = 2;

/// What is on hand of the item that is wanted instead: a quote that was not committed has its unit
/// for longer than the rounds last.
const INSTEAD: u32 = 1_000_000;

/// A command on the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contender {
    /// The customer calls it off.
    CancelAll,
    /// Or wants one less.
    CancelOne,
    /// Or one of another item instead of what is left.
    Change,
    /// Somebody takes it off the shelf.
    Pick,
    /// A carrier takes it.
    Ship,
}

type Answer = Result<Done, EngineError>;

impl Contender {
    const ALL: [Self; 5] = [Self::CancelAll, Self::CancelOne, Self::Change, Self::Pick, Self::Ship];

    async fn send(self, engine: Engine, order: String) -> Answer {
        let cancels =
            |lines| CancelOrder { meta: meta(), order: order_id(&order), lines, shipment: None };
        let goes = |step| {
            let (meta, order) = (meta(), order_id(&order));
            ProgressShipment { meta, order, shipment: 1, step }
        };
        match self {
            Self::CancelAll => engine.cancel_order(cancels(Vec::new())).await,
            Self::CancelOne => {
                let one = LineCancellation { line: 1, quantity: 1, of_bundle: false };
                engine.cancel_order(cancels(vec![one])).await
            }
            Self::Change => change(&engine, &order).await,
            Self::Pick => engine.progress_shipment(goes(Step::Pick(LineUnits::new()))).await,
            Self::Ship => {
                let (packages, tracking) = (Vec::new(), Text::default());
                let step = Step::Ship { packages, carrier: carrier(), tracking };
                engine.progress_shipment(goes(step)).await
            }
        }
    }

    /// Whether a refusal is the truth, of an order that came to be so.
    fn may_be_refused(self, kind: RefusalKind, end: &Played) -> bool {
        let is_empty = end.left == 0 && end.cancelled == ON_HAND;
        match (self, kind) {
            (Self::CancelAll | Self::CancelOne | Self::Change, RefusalKind::UnitsShipped) => {
                end.left > 0
            }
            // Something else was quoted than there is.
            (Self::Change, RefusalKind::ChangeOvertaken) => end.left + end.cancelled > 0,
            (Self::Change, RefusalKind::OrderClosed) => end.left + end.cancelled == ON_HAND,
            (_, RefusalKind::UnitsCancelled)
            | (Self::Pick | Self::Ship, RefusalKind::ShipmentNotPlanned) => is_empty,
            _ => false,
        }
    }
}

/// Quotes the change, and commits it as quoted.
async fn change(engine: &Engine, order: &str) -> Answer {
    let instead = Wanted { sku: sku("B"), quantity: 1, amount: None, price: None };
    let none = Operation::SetQuantity { line: 0, quantity: 0 };
    let change = Change { operations: vec![none, Operation::Add(instead)], ..Change::default() };
    let quote = HoldId::new("quote", format!("of-{order}")).expect("an id");
    let request_id = RequestId::new("key", quote.as_str()).ok();
    let asked = QuoteChange { meta: meta(), order: order_id(order), quote, change };
    let answer = engine.quote_change(&asked).await?;
    let Some(quote) = answer.quote else {
        return Err(EngineError::Refused(answer.faults[0].why.clone()));
    };
    engine.commit_change(CommitChange { meta: Meta { request_id, ..meta() }, quote }).await
}

/// An order of which one thing happens after the other.
#[derive(Debug, Default)]
struct Played {
    /// Units that left.
    left: u32,
    /// Units that were cancelled, or given up.
    cancelled: u32,
    /// The unit that is wanted instead: whether it is open, and whether it left.
    instead: Instead,
    happened: Vec<(Lsn, Happened)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Instead {
    #[default]
    NotAsked,
    Open,
    Cancelled,
    Left,
}

impl Played {
    /// `joins`: what is wanted instead leaves with the order's first shipment.
    fn play(&mut self, of: Contender, joins: bool) {
        let open = ON_HAND - self.left - self.cancelled;
        match of {
            Contender::CancelAll => {
                self.cancelled += open;
                if self.instead == Instead::Open {
                    self.instead = Instead::Cancelled;
                }
            }
            Contender::CancelOne => self.cancelled += 1,
            Contender::Change => {
                self.cancelled += open;
                self.instead = Instead::Open;
            }
            Contender::Ship => {
                self.left += open;
                if joins && self.instead == Instead::Open {
                    self.instead = Instead::Left;
                }
            }
            Contender::Pick => {}
        }
    }

    /// Whether there is anything that a command could have been about.
    fn has_some_for(&self, of: Contender, joins: bool) -> bool {
        let open = ON_HAND - self.left - self.cancelled;
        let instead = self.instead == Instead::Open;
        match of {
            Contender::CancelAll => open > 0 || instead,
            Contender::CancelOne => open > 0,
            // With nothing left of the line, one of the other item is wanted all the same.
            Contender::Change => true,
            Contender::Pick | Contender::Ship => open > 0 || (joins && instead),
        }
    }
}

const fn happened(of: Contender) -> Happened {
    match of {
        Contender::CancelAll | Contender::CancelOne => Happened::Cancelled,
        Contender::Change => Happened::Changed,
        Contender::Ship => Happened::Shipped,
        Contender::Pick => Happened::Picked,
    }
}

/// A round: these contenders on an order of its own.
struct Round {
    id: String,
    contenders: Vec<Contender>,
    answers: Vec<Answer>,
}

impl Round {
    async fn run(engine: &Engine, seed: u64, contenders: Vec<Contender>) -> Self {
        let id = format!("o{seed}");
        let first = order(&id, &[("A", ON_HAND)], Shortage::Reject);
        place(engine, first).await.expect("it is placed");
        let next = order(&format!("next{seed}"), &[("A", ON_HAND)], Shortage::Backorder);
        place(engine, next).await.expect("it waits");
        let start = Arc::new(Barrier::new(contenders.len()));
        let tasks: Vec<_> = contenders
            .iter()
            .map(|contender| {
                let (engine, start, id) = (engine.clone(), Arc::clone(&start), id.clone());
                let contender = *contender;
                tokio::spawn(async move {
                    start.wait().await;
                    contender.send(engine, id).await
                })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.expect("no panic"));
        }
        Self { id, contenders, answers }
    }

    /// What was done, in the order of the versions, each once: a pick that the departure implied is
    /// answered with the departure's.
    fn done(&self) -> Vec<(Lsn, Contender)> {
        let all = self.contenders.iter().zip(&self.answers);
        let done = all.filter_map(|(of, answer)| Some((answer.as_ref().ok()?.version, *of)));
        let mut done: Vec<_> = done.collect();
        done.sort_by_key(|(version, of)| (*version, *of == Contender::Pick));
        done
    }

    async fn check(&self, engine: &Engine) {
        let view = engine.order(&order_id(&self.id)).await.expect("the order");
        let end = self.check_answers(&view.order);
        let parts = &view.order.allocations;
        let shipped = |line: u16| -> u32 {
            parts.iter().filter(|part| part.line == line).map(|part| part.shipped).sum()
        };
        let cancelled = view.order.lines[0].cancelled;
        assert_eq!((shipped(0), cancelled), (end.left, end.cancelled), "{}", self.told());
        let instead = match view.order.lines.get(1) {
            None => Instead::NotAsked,
            Some(line) if line.cancelled == 1 => Instead::Cancelled,
            Some(_) if shipped(1) == 1 => Instead::Left,
            Some(_) => Instead::Open,
        };
        assert_eq!(instead, end.instead, "{}", self.told());
        // Units are where it says, and what came free is the next one's already.
        let stock = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
        assert_eq!(stock.on_hand, ON_HAND - end.left, "{}", self.told());
        let next = self.id.replace('o', "next");
        let next = engine.order(&order_id(&next)).await.expect("the order");
        let there = next.supplies.iter().flatten().filter(|(supply, _)| supply.is_there());
        let served: u32 = there.map(|(_, units)| units).sum();
        assert_eq!(served, end.cancelled, "{}", self.told());
        let picked = view.supplies.iter().flatten().filter(|(s, _)| *s == Supply::Picked);
        let picked: u32 = picked.map(|(_, units)| units).sum();
        let known: u32 = parts.iter().map(|part| part.picked).sum();
        assert_eq!(picked, known, "{}", self.told());
    }

    /// Plays what was done one after the other. Each refusal has to be true of what came to be, and
    /// the order's timeline has to tell the same.
    fn check_answers(&self, order: &Order) -> Played {
        let joins = order.allocations.iter().any(|part| part.line == 1 && part.shipment == 0);
        let mut played = Played::default();
        for (version, of) in self.done() {
            let is_known = played.happened.iter().any(|(at, _)| *at == version);
            let is_of_some = played.has_some_for(of, joins);
            assert!(is_of_some || is_known, "{of:?} of nothing: {}", self.told());
            played.play(of, joins);
            if !is_known {
                played.happened.push((version, happened(of)));
            }
        }
        let told = order.timeline.iter().map(|entry| (entry.lsn, entry.what));
        assert_eq!(told.collect::<Vec<_>>(), played.happened, "{}", self.told());
        for (of, answer) in self.contenders.iter().zip(&self.answers) {
            let Err(error) = answer else { continue };
            let EngineError::Refused(refusal) = error else { panic!("{of:?}: {error:?}") };
            let is_true = of.may_be_refused(refusal.kind(), &played);
            assert!(is_true, "{of:?}: {}", self.told());
        }
        played
    }

    /// What was done, in the order in which it was.
    fn outcome(&self) -> String {
        let done = self.done().into_iter().map(|(_, of)| format!("{of:?}"));
        done.collect::<Vec<_>>().join(", ")
    }

    fn told(&self) -> String {
        let all = self.contenders.iter().zip(&self.answers);
        format!("{}: {:?}", self.id, all.collect::<Vec<_>>())
    }
}

/// Each round has its own order, of the last two units, and another one that waits for them.
/// `BACKSTOCK_RUNS` says how many rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_change_a_cancellation_a_pick_and_a_departure_at_once_nobody_is_misled() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(&engine, &["A", "B"]).await;
    set(&engine, "B", "N", INSTEAD).await;
    let mut outcomes = BTreeMap::<_, u32>::new();
    for seed in seeds("at_once_nobody_is_misled", 100) {
        set(&engine, "A", "N", ON_HAND).await;
        let mut random = Random::new(seed);
        let mut contenders = Contender::ALL.to_vec();
        contenders.retain(|_| random.percent(70));
        for at in (1..contenders.len()).rev() {
            let other = random.within(0..u32::try_from(at).expect("few") + 1);
            contenders.swap(at, other as usize);
        }
        let round = Round::run(&engine, seed, contenders).await;
        round.check(&engine).await;
        *outcomes.entry(round.outcome()).or_default() += 1;
        for id in [round.id.clone(), round.id.replace('o', "next")] {
            // What is left of the round.
            let _ = cancel(&engine, &id, &[]).await;
        }
        let stock = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
        assert_eq!((stock.allocated, stock.waiting), (0, 0), "{}", round.told());
    }
    println!("what was done, and how often: {outcomes:#?}");
    assert_clean(&engine);
    let hash = engine.status().state_hash;
    engine.shut_down().await;
    drop(engine);
    let (engine, recovered) = open(directory.path()).await;
    assert_eq!(recovered.state_hash, hash, "a replay comes to the same");
    engine.shut_down().await;
}
