//! What needs the inside of the engine to be set up: transactions that stop half way.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::claims::Claims;
use super::{Engine, EngineError, OpenOptions, PlaceOutcome, Pump};
use crate::actor::stock::Claim;
use crate::disk::SimulatedDisk;
use crate::geo::{Location, PostalCodes, PostalMatch};
use crate::limits::REPLANS_MAX;
use crate::model::command::{
    ChangeStock, DefineItem, DefineNode, LineRequest, Lines, Meta, NodeDefinition, OrderRequest,
    PlaceOrder, StockOperation,
};
use crate::model::{
    Item, NodeId, NodeKind, NodeNo, OrderId, Pair, Parts, PostalCode, Shortage, Sku, SkuNo, Supply,
    Text, Timestamp,
};

const AT: Timestamp = Timestamp::from_micros(1_795_435_200_000_000);
const PAIR: Pair = Pair { sku: SkuNo(0), node: NodeNo(0) };

/// One place, which every code names.
struct OnePlace;

impl PostalCodes for OnePlace {
    fn locate(&self, _: &str) -> Option<PostalMatch> {
        Some(PostalMatch { location: Location::new(0, 0).ok()?, index: 0 })
    }

    fn code_count(&self) -> u32 {
        1
    }
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn meta() -> Meta {
    Meta { request_id: None, origin: None, at: AT, validate_only: false }
}

fn code() -> PostalCode {
    PostalCode::new("postal_code", "00000").expect("a code")
}

fn sku() -> Sku {
    Sku::new("sku", "A").expect("a sku")
}

/// Runs a command to its end.
fn run<T>(pump: &mut Pump, command: impl Future<Output = Result<T, EngineError>>) -> T {
    let mut command = pin!(command);
    loop {
        if let Poll::Ready(done) = poll(command.as_mut()) {
            return done.expect("the command succeeds");
        }
        pump.pump().expect("the engine does not halt");
    }
}

/// An engine with one pair, which has one unit.
fn one_unit() -> (Engine, Pump) {
    let disk = Arc::new(SimulatedDisk::new());
    let options = OpenOptions::new("/data");
    let (engine, mut pump, _) = Engine::open_single_threaded(&options, disk, Arc::new(OnePlace))
        .expect("an empty directory opens");
    let id = NodeId::new("node", "N").expect("a node id");
    let node = NodeDefinition {
        id: id.clone(),
        kind: NodeKind::Warehouse,
        title: Text::default(),
        postal_code: code(),
        time_zone: "UTC".into(),
        working_days: 0b111_1111,
        cut_off_minute: 0,
        holidays: Vec::new(),
        capacity_units_per_day: 1,
        shipment_cost: 0,
        unit_cost: 0,
        lead_time_days: 0,
        enabled: true,
    };
    run(&mut pump, engine.define_node(DefineNode { meta: meta(), node }));
    let item = Item { sku: sku(), title: Text::default() };
    run(&mut pump, engine.define_item(DefineItem { meta: meta(), item }));
    let operation = StockOperation::Receive { quantity: 1, unavailable: 0 };
    let received = ChangeStock { meta: meta(), sku: sku(), node: id, operation };
    run(&mut pump, engine.change_stock(received));
    (engine, pump)
}

fn order() -> PlaceOrder {
    let order = OrderRequest {
        id: OrderId::new("order", "O").expect("an order id"),
        customer: None,
        channel: None,
        postal_code: code(),
        service: None,
        deliver_by: None,
        shortage: Some(Shortage::Reject),
        split: None,
        lines: Lines([LineRequest { sku: sku(), quantity: 1 }].into_iter().collect()),
    };
    PlaceOrder { meta: meta(), placed_at: AT, order }
}

/// A thread may be off its core between its claim and its event for as long as it
/// takes: nobody is told "sold out" or "contended" for that.
#[test]
fn a_claim_is_waited_for_however_long_its_owner_sleeps() {
    let (engine, mut pump) = one_unit();
    let mut sleeper = Claims::new(&engine.core);
    let unit = Parts::from_iter([(Supply::OnHand, 1)]);
    let claimed = poll(pin!(sleeper.units(PAIR, unit)));
    assert!(matches!(claimed, Poll::Ready(Ok(Claim::Granted))));

    let mut buyer = pin!(engine.place_order(order()));
    for _ in 0..10 * REPLANS_MAX {
        assert!(poll(buyer.as_mut()).is_pending(), "the unit may come back");
    }
    drop(sleeper);
    let placed = run(&mut pump, buyer);
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
}
