//! Format versions, byte for byte, as files that stay.

mod companions;
mod priced;
mod returning;
mod worked;

use super::world::{Happening, World, item, node, order};
use crate::model::bundle::{Component, Components};
use crate::model::{
    Answer, AnswerKind, ChannelSafety, Confidence, DeclineReason, Destination, Draw, Hold, HoldId,
    HoldState, InboundId, InboundNo, InboundSourced, InboundWeighed, Item, Kept, Lsn, Node,
    NodeKind, NodeNo, OrderId, OrderNo, OwnStock, OwnerId, Pair, PairTerms, Pickup, PickupOffer,
    Policy, Priority, PriorityClass, Segment, Segments, SkuNo, StockChange, Supply, SupplySource,
    Text, Timestamp, TransferAnnounced, WeekdayCutOffs, Weekdays,
};
use crate::snapshot::load::load_newest;
use crate::snapshot::manifest::Manifest;
use crate::snapshot::verify::open_chunk;
use crate::snapshot::{Kind, MemoryStore, SnapshotStore, Source, list, take};

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

/// A state with something of everything that version 2 can say.
pub(super) fn world() -> World {
    world_of(node(0, 500), Policy { horizon_days: 30, ..Policy::default() })
}

/// The same, with a cut-off and a service of single weekdays.
pub(super) fn weekday_world() -> World {
    let mut policy = Policy { horizon_days: 30, ..Policy::default() };
    policy.services[0].transit_weekdays = Weekdays::MONDAY_TO_FRIDAY;
    policy.services[0].delivery_weekdays = Weekdays::MONDAY_TO_SATURDAY;
    policy.services[2].pickup_weekdays = Weekdays::MONDAY_TO_FRIDAY;
    let own = [None, None, None, None, Some(840), Some(600), None];
    world_of(Node { weekday_cut_offs: WeekdayCutOffs(own), ..node(0, 500) }, policy)
}

/// The same as in version 2, with a supply of which a part arrived, a transfer on its way, and
/// a supply that is closed.
pub(super) fn supplied_world() -> World {
    let world = world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let id = |id: &str| InboundId::new("inbound", id).unwrap();
    let eta = Timestamp::from_micros(1_764_600_000_000_000);
    let (from, transfer, closed) = (NodeNo(7), InboundNo(1), InboundNo(2));
    let changes = [
        StockChange::InboundArrived { no: InboundNo(0), quantity: 6, closes: false },
        StockChange::TransferAnnounced(Box::new(TransferAnnounced {
            no: transfer,
            id: id("TR-1"),
            quantity: 8,
            eta,
            from,
        })),
        StockChange::InboundAnnounced { no: closed, id: id("PO-2"), quantity: 5, eta },
        StockChange::InboundArrived { no: closed, quantity: 2, closes: true },
        StockChange::InboundMoved { no: InboundNo(0), quantity: 34, eta },
    ];
    for (lsn, change) in (10..).zip(changes) {
        world.apply(Lsn::new(lsn), &Happening::Stock(pair, change));
    }
    world
}

fn world_hold(id: HoldId, no: u64, state: HoldState) -> Hold {
    Hold {
        id,
        fingerprint: no,
        began: AT,
        created: Lsn::NONE,
        owner: OwnerId::new("owner", format!("S-{no}")).ok(),
        until: Timestamp::from_micros(1_764_000_600_000_000),
        seconds: 600,
        extended: 1,
        is_paying: true,
        accepts_part: false,
        state,
    }
}

/// The same as in version 5, with a hold that has its units and one that waits in line.
pub(super) fn held_world() -> World {
    let world = supplied_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let hold = |no, supply, state| {
        let mut held = order(no, pair, supply, 1);
        let id = HoldId::new("hold", format!("H-{no}")).unwrap();
        held.header.id = OrderId::of_hold(&id);
        held.header.hold = Some(Box::new(world_hold(id, no, state)));
        Happening::Place(Box::new(held))
    };
    world.apply(Lsn::new(15), &hold(5, Supply::OnHand, HoldState::Live));
    world.apply(Lsn::new(16), &hold(6, Supply::Backorder, HoldState::Waiting));
    world
}

/// The same as in version 6, with a shipment that its node accepted, and one that it declined,
/// and a supply of which a part counts.
pub(super) fn answered_world() -> World {
    let world = held_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let answers = [AnswerKind::Accepted, AnswerKind::Declined(DeclineReason::Capacity)];
    for ((no, lsn), kind) in [(7, 17), (8, 18)].into_iter().zip(answers) {
        let mut answered = order(no, pair, Supply::Backorder, 1);
        answered.shipments[0].answer = Some(Answer { kind, at: AT });
        if kind.declined().is_some() {
            answered.declined = Box::new([NodeNo(0)]);
        }
        world.apply(Lsn::new(lsn), &Happening::Place(Box::new(answered)));
    }
    let (no, confidence) = (InboundNo(0), Confidence::new(8_000).unwrap());
    let change = StockChange::Unchanged;
    let weighed = StockChange::InboundWeighed(Box::new(InboundWeighed { no, change, confidence }));
    world.apply(Lsn::new(19), &Happening::Stock(pair, weighed));
    world
}

fn world_of(node: Node, policy: Policy) -> World {
    let world = World::new(50);
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let (no, id) = (InboundNo(0), InboundId::new("inbound", "PO-1").unwrap());
    let eta = Timestamp::from_micros(1_764_500_000_000_000);
    let happenings = [
        Happening::Node(NodeNo(0), Box::new(node)),
        Happening::Policy(Box::new(policy)),
        Happening::Item(SkuNo(0), item(0, 1)),
        Happening::Item(SkuNo(1), item(1, 2)),
        Happening::Stock(pair, StockChange::Received { quantity: 5, unavailable: 0 }),
        Happening::Stock(pair, StockChange::InboundAnnounced { no, id, quantity: 40, eta }),
        Happening::Place(Box::new(order(1, pair, Supply::OnHand, 2))),
        Happening::Place(Box::new(order(3, pair, Supply::Inbound(no), 3))),
        Happening::Place(Box::new(order(4, pair, Supply::Backorder, 1))),
    ];
    for (at, happening) in (1..).zip(&happenings) {
        world.apply(Lsn::new(at), happening);
    }
    world
}

type Files = [(Kind, &'static [u8]); 5];

macro_rules! files {
    ($version:literal) => {
        [
            (
                Kind::Manifest,
                include_bytes!(concat!("../../../tests-data/", $version, "/manifest.bin")),
            ),
            (
                Kind::Catalogue,
                include_bytes!(concat!("../../../tests-data/", $version, "/catalogue.bin")),
            ),
            (Kind::Items, include_bytes!(concat!("../../../tests-data/", $version, "/items.bin"))),
            (
                Kind::Orders,
                include_bytes!(concat!("../../../tests-data/", $version, "/orders.bin")),
            ),
            (
                Kind::Requests,
                include_bytes!(concat!("../../../tests-data/", $version, "/requests.bin")),
            ),
        ]
    };
}

const VERSION_1: Files = files!("snapshot-v1");
const VERSION_2: Files = files!("snapshot-v2");
const VERSION_3: Files = files!("snapshot-v3");
const VERSION_5: Files = files!("snapshot-v5");
const VERSION_6: Files = files!("snapshot-v6");
const VERSION_7: Files = files!("snapshot-v7");
const VERSION_8: Files = files!("snapshot-v8");
const VERSION_9: Files = files!("snapshot-v9");
const VERSION_10: Files = files!("snapshot-v10");
const VERSION_12: Files = files!("snapshot-v12");
const VERSION_13: Files = files!("snapshot-v13");

/// The same as in version 7, with all that came with version 8: a node that is bounded in more than
/// its units a day and where customers collect, a policy by which own stock goes first and overdue
/// supply counts for a time, a return, who may have a pair's units, an item for which not any
/// number may wait, a bundle, an order that is collected, and a hold that takes a part.
fn newest_world() -> World {
    let world = answered_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let node = Node {
        capacity_shipments_per_day: Some(9),
        min_order_quantity: Some(4),
        pickup: PickupOffer::Offered,
        ..node(0, 500)
    };
    let policy = Policy { own_stock: OwnStock::First, overdue_days: Some(14), ..Policy::default() };
    let (no, id) = (InboundNo(3), InboundId::new("inbound", "RMA-1").unwrap());
    let change = StockChange::InboundAnnounced { no, id, quantity: 2, eta: AT };
    let sourced = InboundSourced { no, change, source: SupplySource::Return };
    let channel = Text::new("channel", "web").unwrap();
    let segment = Segment {
        name: channel.clone(),
        channels: vec![channel.clone()],
        kept: Kept::BasisPoints(2_500),
        borrows: true,
        until: Some(AT),
    };
    let channel_safety = vec![ChannelSafety { channel, units: 3 }];
    let segments = Segments(vec![segment]);
    let terms = PairTerms { off_sourcing: true, channel_safety, segments };
    let mut collected = order(9, pair, Supply::Backorder, 1);
    let pickup = Pickup { node: NodeNo(0), only_there: true };
    collected.header.destination = Destination::Pickup(pickup);
    let mut part = order(10, pair, Supply::Backorder, 1);
    let id = HoldId::new("hold", "H-10").unwrap();
    part.header.id = OrderId::of_hold(&id);
    let hold = world_hold(id, 10, HoldState::Waiting);
    part.header.hold = Some(Box::new(Hold { accepts_part: true, ..hold }));
    let of = |no, units| Component { sku: item(no, 6).sku, units };
    let components = Components(Box::new([of(0, 1), of(1, 2)]));
    let bundle = Item { components, waiting_max: None, ..item(2, 6) };
    let happenings = [
        Happening::Node(NodeNo(0), Box::new(node)),
        Happening::Policy(Box::new(policy)),
        Happening::Stock(pair, StockChange::InboundSourced(Box::new(sourced))),
        Happening::Stock(pair, StockChange::Termed(Box::new(terms))),
        Happening::Item(SkuNo(0), item(0, 6)),
        Happening::Item(SkuNo(2), bundle),
        Happening::Place(Box::new(collected)),
        Happening::Place(Box::new(part)),
    ];
    for (lsn, happening) in (20..).zip(&happenings) {
        world.apply(Lsn::new(lsn), happening);
    }
    world
}

/// The same as in version 8, with all that came with version 9: an item whose sale is to open, one
/// whose sale opened, and a supplier that says how reliable it is.
fn opened_world() -> World {
    let world = newest_world();
    let at = Timestamp::from_micros(1_764_700_000_000_000);
    let opens = Some(at);
    world.apply(Lsn::new(28), &Happening::Item(SkuNo(3), Item { opens, ..item(3, 0) }));
    world.apply(Lsn::new(29), &Happening::Item(SkuNo(4), Item { opens, ..item(4, 0) }));
    let draw = Draw { opens: at, seed: 0x0123_4567_89ab_cdef, before: OrderNo(11) };
    world.apply(Lsn::new(30), &Happening::Opened(SkuNo(4), draw));
    let vendor = Node { kind: NodeKind::Supplier, reliability: Some(9_750), ..node(1, 0) };
    world.apply(Lsn::new(31), &Happening::Node(NodeNo(1), Box::new(vendor)));
    world
}

/// The same as in version 9, with what came with version 10: a supplier's feed that says when.
fn stated_world() -> World {
    let world = opened_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(1) };
    let stated = StockChange::SupplierStated { quantity: Some(8), as_of: AT };
    world.apply(Lsn::new(32), &Happening::Stock(pair, stated));
    world
}

/// Reads every chunk by itself, and then the generation as an engine does.
fn read_back(version: u16, files: &Files, world: impl Fn() -> World) {
    let manifest = Manifest::decode(1, files[0].1).unwrap();
    let end = world().applied().lsn;
    assert_eq!((manifest.start, manifest.end), (end, end));
    assert_eq!(manifest.version, version);
    let store = MemoryStore::default();
    let mut hash = crate::model::StateHash::default();
    for (kind, bytes) in &files[1..] {
        let [chunk] = manifest.chunks_of(*kind) else { panic!("one chunk of {kind:?}") };
        hash.merge(open_chunk(chunk, bytes, 3).unwrap().hash_of(version));
        store.put_chunk(chunk.key, bytes).unwrap();
    }
    assert_eq!(hash, manifest.state_hash);
    store.put_manifest(1, files[0].1).unwrap();
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), world().hash());
    let loaded = recovered.loaded.expect("the generation is whole");
    loaded.check_at(recovered.state.applied(), &recovered.state.state.orders).unwrap();
}

/// A manifest that is written anew, as export and import do it, says what it said.
#[test]
fn a_manifest_that_moves_keeps_its_version() {
    let all = [
        (1, &VERSION_1),
        (2, &VERSION_2),
        (3, &VERSION_3),
        (5, &VERSION_5),
        (6, &VERSION_6),
        (7, &VERSION_7),
    ];
    for (version, files) in all {
        let manifest = Manifest::decode(1, files[0].1).unwrap();
        let moved = Manifest::decode(1, &manifest.encode().unwrap()).unwrap();
        assert_eq!(moved.version, version);
        assert_eq!(manifest.encode().unwrap(), files[0].1);
    }
}

/// Reads version 1 whatever is written today: this test stays as it is.
#[test]
fn version_1_is_still_read() {
    read_back(1, &VERSION_1, world);
}

/// Reads version 2 whatever is written today: this test stays as it is.
#[test]
fn version_2_is_still_read() {
    read_back(2, &VERSION_2, world);
}

/// Reads version 3 whatever is written today: this test stays as it is.
#[test]
fn version_3_is_still_read() {
    read_back(3, &VERSION_3, weekday_world);
}

/// Reads version 5 whatever is written today: this test stays as it is. Version 4 has only
/// packed orders of their second version, which have a test of their own.
#[test]
fn version_5_is_still_read() {
    read_back(5, &VERSION_5, supplied_world);
}

/// Reads version 6 whatever is written today: this test stays as it is.
#[test]
fn version_6_is_still_read() {
    read_back(6, &VERSION_6, held_world);
}

/// Reads version 7 whatever is written today: this test stays as it is.
#[test]
fn version_7_is_still_read() {
    read_back(7, &VERSION_7, answered_world);
}

/// Reads version 8 whatever is written today: this test stays as it is.
#[test]
fn version_8_is_still_read() {
    read_back(8, &VERSION_8, newest_world);
}

/// Reads version 9 whatever is written today: this test stays as it is.
#[test]
fn version_9_is_still_read() {
    read_back(9, &VERSION_9, opened_world);
}

/// Reads version 10 whatever is written today: this test stays as it is.
#[test]
fn version_10_is_still_read() {
    read_back(10, &VERSION_10, stated_world);
}

/// Reads version 12 whatever is written today: this test stays as it is. Version 11 has less of the
/// same.
#[test]
fn version_12_is_still_read() {
    read_back(12, &VERSION_12, worked::worked_world);
}

/// Goes when a later version is written of this state.
#[test]
fn version_2_is_what_is_written() {
    is_written(&world(), &VERSION_2);
}

/// Goes when a later version is written of this state.
#[test]
fn version_3_is_what_is_written_where_something_differs_by_weekday() {
    is_written(&weekday_world(), &VERSION_3);
}

/// Goes when a later version is written of this state.
#[test]
fn version_5_is_what_is_written_where_something_arrived_of_a_supply() {
    is_written(&supplied_world(), &VERSION_5);
}

/// Goes when a later version is written of this state.
#[test]
fn version_6_is_what_is_written_where_a_hold_has_units() {
    is_written(&held_world(), &VERSION_6);
}

/// Goes when a later version is written of this state.
#[test]
fn version_7_is_what_is_written_where_a_node_answered() {
    is_written(&answered_world(), &VERSION_7);
}

/// Goes when a later version is written of this state.
#[test]
fn version_8_is_what_is_written_where_there_is_what_came_with_it() {
    is_written(&newest_world(), &VERSION_8);
}

/// Goes when a later version is written of this state.
#[test]
fn version_9_is_what_is_written_where_sales_open() {
    is_written(&opened_world(), &VERSION_9);
}

/// Goes when a later version is written of this state.
#[test]
fn version_10_is_what_is_written_where_a_feed_says_when() {
    is_written(&stated_world(), &VERSION_10);
}

/// Goes when a later version is written of this state.
/// Reads version 13 whatever is written today: this test stays as it is.
#[test]
fn version_13_is_still_read() {
    read_back(13, &VERSION_13, worked::paused_world);
}

#[test]
fn version_13_is_what_is_written_where_nodes_are_paused_and_who_placed_is_known() {
    is_written(&worked::paused_world(), &VERSION_13);
}

#[test]
fn version_12_is_what_is_written_where_nodes_worked() {
    is_written(&worked::worked_world(), &VERSION_12);
}

/// The same as in version 6, with orders that are served before others.
fn prioritised_world() -> World {
    let world = held_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let classes = [(PriorityClass::Win, 0), (PriorityClass::Lose, 9)];
    for ((class, tier), no) in classes.into_iter().zip(7..) {
        let mut first = order(no, pair, Supply::Backorder, 1);
        first.header.priority = Priority::new(class, tier).unwrap();
        world.apply(Lsn::new(no + 10), &Happening::Place(Box::new(first)));
    }
    world
}

/// Its files are not kept here: what else version 7 has is written by other tests.
#[test]
fn priorities_are_written_in_version_7_and_read_back() {
    let store = MemoryStore::default();
    take(Source::from(&prioritised_world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 7);
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), prioritised_world().hash());
    assert_ne!(recovered.state.hash(), held_world().hash());
}

/// The same as in version 6, with a hold that takes a part, and an item for which not any number of
/// units may wait.
fn of_version_8() -> World {
    let world = held_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let mut part = order(7, pair, Supply::Backorder, 1);
    let id = HoldId::new("hold", "H-7").unwrap();
    part.header.id = OrderId::of_hold(&id);
    let hold = world_hold(id, 7, HoldState::Waiting);
    part.header.hold = Some(Box::new(Hold { accepts_part: true, ..hold }));
    world.apply(Lsn::new(17), &Happening::Place(Box::new(part)));
    world.apply(Lsn::new(18), &Happening::Item(SkuNo(0), item(0, 6)));
    world
}

#[test]
fn what_came_after_version_7_is_written_in_version_8_and_read_back() {
    assert!(item(0, 6).waiting_max.is_some());
    let store = MemoryStore::default();
    take(Source::from(&of_version_8()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 8);
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), of_version_8().hash());
}

/// The same as in version 7, with a node that is bounded in more than its units a day, and a
/// policy by which own stock goes first.
fn bounded_world() -> World {
    let world = answered_world();
    let (shipments, minimum) = (Some(9), Some(4));
    let bounded =
        Node { capacity_shipments_per_day: shipments, min_order_quantity: minimum, ..node(0, 500) };
    world.apply(Lsn::new(20), &Happening::Node(NodeNo(0), Box::new(bounded)));
    let own_stock = OwnStock::First;
    let policy = Policy { own_stock, overdue_days: Some(14), ..Policy::default() };
    world.apply(Lsn::new(21), &Happening::Policy(Box::new(policy)));
    let id = InboundId::new("inbound", "RMA-1").unwrap();
    let eta = Timestamp::from_micros(1_764_600_000_000_000);
    let (no, source) = (InboundNo(3), SupplySource::Return);
    let change = StockChange::InboundAnnounced { no, id, quantity: 2, eta };
    let sourced = StockChange::InboundSourced(Box::new(InboundSourced { no, change, source }));
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    world.apply(Lsn::new(22), &Happening::Stock(pair, sourced));
    world
}

#[test]
fn what_came_last_is_written_in_version_8_and_read_back() {
    let store = MemoryStore::default();
    take(Source::from(&bounded_world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 8);
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), bounded_world().hash());
}

/// The same as in version 7, with a node where customers collect, and an order that is collected.
fn collected_world() -> World {
    let world = answered_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let store = Node { pickup: PickupOffer::Offered, ..node(0, 500) };
    world.apply(Lsn::new(20), &Happening::Node(NodeNo(0), Box::new(store)));
    let mut collected = order(9, pair, Supply::Backorder, 1);
    let pickup = Pickup { node: NodeNo(0), only_there: true };
    collected.header.destination = Destination::Pickup(pickup);
    world.apply(Lsn::new(21), &Happening::Place(Box::new(collected)));
    world
}

#[test]
fn pickups_are_written_in_version_8_and_read_back() {
    let store = MemoryStore::default();
    take(Source::from(&collected_world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 8);
    for (kind, version) in [(Kind::Catalogue, 8), (Kind::Items, 7), (Kind::Orders, 8)] {
        let key = manifest.chunks_of(kind)[0].key;
        let chunk = store.chunk(key).unwrap().unwrap();
        assert_eq!(chunk[8], version, "{kind:?} {:x?}", &chunk[..16]);
    }
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), collected_world().hash());
    assert_ne!(recovered.state.hash(), answered_world().hash());
}

/// The same as in version 7, with a pair that says who may have its units.
fn termed_world() -> World {
    let world = answered_world();
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let channel = Text::new("channel", "web").unwrap();
    let channel_safety = vec![ChannelSafety { channel, units: 3 }];
    let terms = PairTerms { off_sourcing: true, channel_safety, ..PairTerms::default() };
    world.apply(Lsn::new(20), &Happening::Stock(pair, StockChange::Termed(Box::new(terms))));
    world
}

#[test]
fn who_may_have_units_is_written_in_version_8_and_read_back() {
    let store = MemoryStore::default();
    take(Source::from(&termed_world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 8);
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), termed_world().hash());
    assert_ne!(recovered.state.hash(), answered_world().hash());
}

fn is_written(world: &World, files: &Files) {
    let store = MemoryStore::default();
    take(Source::from(world), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(store.manifest(1).unwrap().unwrap(), files[0].1);
    for (kind, bytes) in &files[1..] {
        let key = manifest.chunks_of(*kind)[0].key;
        assert_eq!(store.chunk(key).unwrap().unwrap(), *bytes, "{kind:?}");
    }
}
