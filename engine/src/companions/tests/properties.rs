//! What is learnt is what slow counting learns, whatever the orders.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{Assortment, Epoch, Learnt, companions};
use super::naive::Naive;
use crate::model::SkuNo;

/// More than an item has room for partners.
const ITEMS: u32 = 40;

#[derive(Clone, Debug)]
enum Happening {
    Placed(Vec<u32>),
    /// One of the orders before is taken back.
    TakenBack(prop::sample::Index),
    Passed(u16),
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let order = prop::collection::btree_set(0..ITEMS, 0..20_usize);
    let small = prop::collection::btree_set(0..6_u32, 1..4_usize);
    let placed = |skus: BTreeSet<u32>| Happening::Placed(skus.into_iter().collect());
    let one = prop_oneof![
        4 => order.prop_map(placed),
        8 => small.prop_map(placed),
        3 => any::<prop::sample::Index>().prop_map(Happening::TakenBack),
        1 => (1..4_u16).prop_map(Happening::Passed),
    ];
    prop::collection::vec(one, 1..200)
}

fn numbers(skus: &[u32]) -> Vec<SkuNo> {
    skus.iter().copied().map(SkuNo).collect()
}

fn told(happenings: &[Happening]) -> (Learnt, Naive) {
    let (mut learnt, mut naive) = (Learnt::default(), Naive::default());
    let mut now = Epoch(700);
    let mut placed = Vec::new();
    for happening in happenings {
        match happening {
            Happening::Placed(skus) => {
                learnt.place(&numbers(skus), now);
                naive.place(skus, now);
                placed.push((skus.clone(), now));
            }
            Happening::TakenBack(at) if !placed.is_empty() => {
                let (skus, then) = placed.swap_remove(at.index(placed.len()));
                if !skus.is_empty() {
                    learnt.take_back(&numbers(&skus), (then, now));
                    naive.take_back(&skus, (then, now));
                }
            }
            Happening::TakenBack(_) => {}
            Happening::Passed(epochs) => now = Epoch(now.0 + epochs),
        }
    }
    (learnt, naive)
}

fn listed(learnt: &Learnt) -> Vec<Vec<super::super::Companion>> {
    let assortment = Assortment::default();
    let of =
        |sku| companions(learnt, &assortment, &[SkuNo(sku), SkuNo((sku + 1) % ITEMS)]).collect();
    (0..ITEMS).map(of).collect()
}

proptest! {
    #[test]
    fn lists_are_those_of_slow_counting(happenings in happenings()) {
        let (learnt, naive) = told(&happenings);
        prop_assert_eq!(learnt.tally().orders, naive.all());
        for one in 0..ITEMS {
            prop_assert_eq!(u64::from(learnt.orders_of(SkuNo(one))), naive.orders_of(one));
            for other in 0..ITEMS {
                let together = u64::from(learnt.together(SkuNo(one), SkuNo(other)));
                prop_assert_eq!(together, naive.together(one, other), "{} with {}", one, other);
            }
        }
    }

    #[test]
    fn the_same_orders_make_the_same_lists(happenings in happenings()) {
        prop_assert_eq!(listed(&told(&happenings).0), listed(&told(&happenings).0));
    }

    #[test]
    fn what_is_put_back_from_its_parts_goes_on_as_it_would_have(happenings in happenings()) {
        let (learnt, _) = told(&happenings);
        let mut read = Learnt::default();
        for page in (0..learnt.pages()).filter_map(|no| learnt.page(no)) {
            let bytes = minicbor::to_vec(&page).unwrap();
            read.put_back(minicbor::decode(&bytes).unwrap()).unwrap();
        }
        prop_assert!(read == learnt);
        prop_assert_eq!(listed(&read), listed(&learnt));
    }

    /// A basket's companions are none of it, each once, and the best first.
    #[test]
    fn companions_are_new_and_in_order(happenings in happenings()) {
        let (learnt, _) = told(&happenings);
        for (basket, list) in (0..ITEMS).zip(listed(&learnt)) {
            let basket = [SkuNo(basket), SkuNo((basket + 1) % ITEMS)];
            let skus: BTreeSet<_> = list.iter().map(|of| of.sku).collect();
            prop_assert_eq!(skus.len(), list.len());
            prop_assert!(!list.iter().any(|of| basket.contains(&of.sku)));
            let is_ordered = |pair: &[super::super::Companion]| {
                (pair[1].score, pair[0].sku) < (pair[0].score, pair[1].sku)
            };
            prop_assert!(list.windows(2).all(is_ordered));
        }
    }
}
