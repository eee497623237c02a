//! Format version 1, byte for byte, as files that stay.

use super::world::{Happening, World, item, node, order};
use crate::model::{
    InboundId, InboundNo, Lsn, NodeNo, Pair, Policy, SkuNo, StockChange, Supply, Timestamp,
};
use crate::snapshot::manifest::Manifest;
use crate::snapshot::verify::open_chunk;
use crate::snapshot::{Kind, MemoryStore, SnapshotStore, State, list, take};

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

/// A state with something of everything.
pub(super) fn world() -> World {
    let world = World::new(50);
    let pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
    let (no, id) = (InboundNo(0), InboundId::new("inbound", "PO-1").unwrap());
    let eta = Timestamp::from_micros(1_764_500_000_000_000);
    let happenings = [
        Happening::Node(NodeNo(0), Box::new(node(0, 500))),
        Happening::Policy(Box::new(Policy { horizon_days: 30, ..Policy::default() })),
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

const FILES: [(Kind, &[u8]); 5] = [
    (Kind::Manifest, include_bytes!("../../../tests-data/snapshot-v1/manifest.bin")),
    (Kind::Catalogue, include_bytes!("../../../tests-data/snapshot-v1/catalogue.bin")),
    (Kind::Items, include_bytes!("../../../tests-data/snapshot-v1/items.bin")),
    (Kind::Orders, include_bytes!("../../../tests-data/snapshot-v1/orders.bin")),
    (Kind::Requests, include_bytes!("../../../tests-data/snapshot-v1/requests.bin")),
];

/// Reads version 1 whatever is written today: this test stays as it is.
#[test]
fn version_1_is_still_read() {
    let manifest = Manifest::decode(1, FILES[0].1).unwrap();
    assert_eq!((manifest.start, manifest.end), (Lsn::new(9), Lsn::new(9)));
    let mut hash = crate::model::StateHash::default();
    for (kind, bytes) in &FILES[1..] {
        let [chunk] = manifest.chunks_of(*kind) else { panic!("one chunk of {kind:?}") };
        hash.merge(open_chunk(chunk, bytes, 3).unwrap().hash());
    }
    assert_eq!(hash, manifest.state_hash);
    assert_eq!(hash, world().hash());
}

/// Goes when version 2 is written.
#[test]
fn version_1_is_what_is_written() {
    let store = MemoryStore::default();
    take(State::from(&world()), &store, AT).unwrap();
    assert_eq!(store.manifest(1).unwrap().unwrap(), FILES[0].1);
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    for (kind, bytes) in &FILES[1..] {
        let key = manifest.chunks_of(*kind)[0].key;
        assert_eq!(store.chunk(key).unwrap().unwrap(), *bytes, "{kind:?}");
    }
}
