//! Commands on one order that come at once: each is answered with what happened, and what happened
//! fits together.
//!
//! ```text
//!   an order of two units, a third one waits --> its cancellation, a pick, a departure, at once
//!       --> one of the outcomes that one after the other has as well --> units are where it says
//! ```
//! A contender is a line in [`Contender::ALL`], with how it is sent.

use std::sync::Arc;

use backstock_engine::command::{CancelOrder, LineCancellation, ProgressShipment};
use backstock_engine::engine::{Done, Engine, EngineError};
use backstock_engine::model::{
    Happened, LineUnits, Lsn, NodeKind, Order, RefusalKind, Shortage, Step, Supply, Text,
};
use backstock_tests::fixture::*;
use backstock_tests::seed::{Random, seeds};
use tokio::sync::Barrier;

/// What is on hand as each round begins.
const ON_HAND: u32 = 2;

/// A command on the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contender {
    /// The customer calls it off.
    CancelAll,
    /// Or wants one less.
    CancelOne,
    /// Somebody takes it off the shelf.
    Pick,
    /// A carrier takes it.
    Ship,
}

type Answer = Result<Done, EngineError>;

impl Contender {
    const ALL: [Self; 4] = [Self::CancelAll, Self::CancelOne, Self::Pick, Self::Ship];

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
            Self::Pick => engine.progress_shipment(goes(Step::Pick(LineUnits::new()))).await,
            Self::Ship => {
                let (packages, tracking) = (Vec::new(), Text::default());
                let step = Step::Ship { packages, carrier: carrier(), tracking };
                engine.progress_shipment(goes(step)).await
            }
        }
    }

    /// Whether a refusal is the truth, of an order of which so many units left and so many were
    /// cancelled before.
    fn may_be_refused(self, kind: RefusalKind, (left, cancelled): (u32, u32)) -> bool {
        match (self, kind) {
            (Self::CancelAll | Self::CancelOne, RefusalKind::UnitsShipped) => left > 0,
            (_, RefusalKind::UnitsCancelled) => left == 0 && cancelled == ON_HAND,
            (Self::Pick | Self::Ship, RefusalKind::ShipmentNotPlanned) => {
                left == 0 && cancelled == ON_HAND
            }
            _ => false,
        }
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
        let (left, cancelled) = self.check_answers(&view.order);
        let line = &view.order.lines[0];
        let parts = &view.order.allocations;
        let shipped: u32 = parts.iter().map(|part| part.shipped).sum();
        assert_eq!((shipped, line.cancelled), (left, cancelled), "{}", self.told());
        // Units are where it says, and what came free is the next one's already.
        let stock = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
        assert_eq!(stock.on_hand, ON_HAND - left, "{}", self.told());
        let next = self.id.replace('o', "next");
        let next = engine.order(&order_id(&next)).await.expect("the order");
        let there = next.supplies.iter().flatten().filter(|(supply, _)| supply.is_there());
        let served: u32 = there.map(|(_, units)| units).sum();
        assert_eq!(served, cancelled, "{}", self.told());
        let picked = view.supplies.iter().flatten().filter(|(s, _)| *s == Supply::Picked);
        let picked: u32 = picked.map(|(_, units)| units).sum();
        let known: u32 = parts.iter().map(|part| part.picked).sum();
        assert_eq!(picked, known, "{}", self.told());
    }

    /// Plays what was done one after the other; how many units left, and how many were cancelled. Each
    /// refusal has to be true of what came to be, and the order's timeline has to tell the same.
    fn check_answers(&self, order: &Order) -> (u32, u32) {
        let (mut left, mut cancelled) = (0, 0);
        let mut happened = Vec::new();
        for (version, of) in self.done() {
            let open = ON_HAND - left - cancelled;
            let is_known = happened.iter().any(|(at, _)| *at == version);
            assert!(open > 0 || is_known, "{of:?} of nothing: {}", self.told());
            match of {
                Contender::CancelAll => cancelled += open,
                Contender::CancelOne => cancelled += 1,
                Contender::Ship => left += open,
                Contender::Pick => {}
            }
            let what = match of {
                Contender::CancelAll | Contender::CancelOne => Happened::Cancelled,
                Contender::Ship => Happened::Shipped,
                Contender::Pick => Happened::Picked,
            };
            if !is_known {
                happened.push((version, what));
            }
        }
        let told = order.timeline.iter().map(|entry| (entry.lsn, entry.what));
        assert_eq!(told.collect::<Vec<_>>(), happened, "{}", self.told());
        for (of, answer) in self.contenders.iter().zip(&self.answers) {
            let Err(error) = answer else { continue };
            let EngineError::Refused(refusal) = error else { panic!("{of:?}: {error:?}") };
            let is_true = of.may_be_refused(refusal.kind(), (left, cancelled));
            assert!(is_true, "{}", self.told());
        }
        (left, cancelled)
    }

    fn told(&self) -> String {
        let all = self.contenders.iter().zip(&self.answers);
        format!("{}: {:?}", self.id, all.collect::<Vec<_>>())
    }
}

/// Each round has its own order, of the last two units, and another one that waits for them.
/// `BACKSTOCK_RUNS` says how many rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_a_cancellation_a_pick_and_a_departure_at_once_nobody_is_misled() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    define_items(&engine, &["A"]).await;
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
        for id in [round.id.clone(), round.id.replace('o', "next")] {
            // What is left of the round.
            let _ = cancel(&engine, &id, &[]).await;
        }
        let stock = engine.stock(&sku("A"), &node_id("N")).await.expect("the pair").stock;
        assert_eq!((stock.allocated, stock.waiting), (0, 0), "{}", round.told());
    }
    assert_clean(&engine);
    let hash = engine.status().state_hash;
    engine.shut_down().await;
    drop(engine);
    let (engine, recovered) = open(directory.path()).await;
    assert_eq!(recovered.state_hash, hash, "a replay comes to the same");
    engine.shut_down().await;
}
