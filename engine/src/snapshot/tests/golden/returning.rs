//! What may come back, which came with version 14 as well.

use super::*;
use crate::command::fixture::set_return_policy;
use crate::state::return_rules::ReturnRules;

/// The chunk of the policy, as it was written first.
const RULES: &[u8] = include_bytes!("../../../../tests-data/snapshot-v14/return_rules.bin");

#[test]
fn a_return_policy_is_written_in_version_14_and_read_back() {
    let with_policy = world();
    let rules = ReturnRules::set(set_return_policy().policy, Lsn::new(100));
    let mut applied = with_policy.state.gate.lock();
    applied.hash.merge(rules.hash());
    applied.lsn = Lsn::new(100);
    drop(applied);
    with_policy.state.return_rules.store(rules.into());
    let store = MemoryStore::default();
    take(Source::from(&with_policy), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 14);
    let [chunk] = manifest.chunks_of(Kind::ReturnRules) else { panic!("one chunk") };
    let written = store.chunk(chunk.key).unwrap().unwrap();
    assert!(written == RULES, "the chunk is now {written:?}");
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), with_policy.hash());
    assert_ne!(recovered.state.hash(), world().hash());
    let read = recovered.state.state.return_rules.load();
    assert_eq!(**read, **with_policy.state.return_rules.load());
}

/// An older build reads a snapshot in which there is none.
#[test]
fn a_snapshot_without_a_policy_has_no_chunk_of_one() {
    let store = MemoryStore::default();
    take(Source::from(&world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert!(manifest.chunks_of(Kind::ReturnRules).is_empty());
}
