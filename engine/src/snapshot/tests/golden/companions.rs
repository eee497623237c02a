//! What is said of items and was learnt of them, which came with version 14.

use super::*;
use crate::companions::{
    Associated, Association, AssortmentChange, Epoch, NumberedStyle, SkuAssociations, Style,
};
use crate::model::{StyleId, StyleNo};
use crate::snapshot::tests::world::Happening;

/// The chunks, as they were written first: of what is said, and of what was learnt.
const SAID: &[u8] = include_bytes!("../../../../tests-data/snapshot-v14/assortment.bin");
const LEARNT: &[u8] = include_bytes!("../../../../tests-data/snapshot-v14/learnt.bin");

fn changes() -> Vec<AssortmentChange> {
    let style = |no| NumberedStyle {
        no: StyleNo(no),
        style: Style {
            id: StyleId::new("style_id", no.to_string()).unwrap(),
            attributes: Vec::new(),
            variants: Vec::new(),
        },
    };
    let said = |sku, associated| SkuAssociations { sku: SkuNo(sku), associated };
    let goes = Associated { association: Association::Complement, sku: SkuNo(1) };
    vec![
        AssortmentChange::Styles((0..200).map(style).collect()),
        AssortmentChange::Associations(vec![said(0, vec![goes]), said(1, vec![goes])]),
        // What is not said any more is in no snapshot.
        AssortmentChange::Associations(vec![said(1, Vec::new())]),
    ]
}

/// The same as in version 2, with styles, associations, and what was learnt of two blocks of items.
fn world_that_learnt() -> World {
    let world = world();
    for (lsn, change) in (60..).zip(changes()) {
        world.apply(Lsn::new(lsn), &Happening::Assortment(Box::new(change)));
    }
    let mut learnt = world.state.companions.write();
    for no in 0..40 {
        learnt.learnt.place(&[SkuNo(0), SkuNo(70 + no % 3)], Epoch(740 + u16::from(no > 20)));
    }
    (learnt.since, learnt.upto) = (Lsn::new(3), Lsn::new(61));
    drop(learnt);
    world
}

#[test]
fn what_was_learnt_is_written_in_version_14_and_read_back() {
    let store = MemoryStore::default();
    let was = world_that_learnt();
    take(Source::from(&was), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 14);
    let [said, learnt] = manifest.chunks_of(Kind::Companions) else { panic!("two chunks") };
    let written = [said, learnt].map(|chunk| store.chunk(chunk.key).unwrap().unwrap());
    let [said, learnt] = &written;
    let is_golden = said == SAID && learnt == LEARNT;
    assert!(is_golden, "the chunks are now\n{}\n{}", hex(said), hex(learnt));
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), was.hash());
    assert_ne!(recovered.state.hash(), world().hash());
    let assorted = |world: &World| world.state.assortment.load_full();
    let (read, said) = (assorted(&recovered.state), assorted(&was));
    assert_eq!((read.hash(), read.hash_anew(), read.lsn()), (said.hash(), said.hash(), said.lsn()));
    assert_eq!(read.assortment().styles(), said.assortment().styles());
    let (read, learnt) = (recovered.state.state.companions.read(), was.state.companions.read());
    assert!(read.learnt == learnt.learnt);
    assert_eq!((read.since, read.upto), (Lsn::new(3), Lsn::new(61)));
}

/// Styles that are there twice are no state, and neither is what was learnt twice.
#[test]
fn companions_that_are_there_twice_are_refused() {
    let world = world_that_learnt();
    let source = Source::from(&world);
    let chunks = [source.copy_assortment(64).remove(0), source.copy_learnt(0, 64).unwrap()];
    for chunk in chunks {
        let hash = crate::model::StateHash::default();
        assert!(source.restore_in_order(chunk, hash, Lsn::NONE).is_err());
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
