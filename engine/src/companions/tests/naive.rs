//! What is learnt, slowly: all counts are halved when an epoch begins, and lists are searched from the front.

use std::collections::BTreeMap;

use super::super::Epoch;
use crate::limits::{LEARNT_LINES_MAX, PARTNERS_MAX};

/// An item: how often it was bought, and its partners in their places.
#[derive(Clone, Debug)]
struct Item {
    orders: u64,
    places: [Option<(u32, u64)>; PARTNERS_MAX],
}

#[derive(Clone, Debug, Default)]
pub struct Naive {
    items: BTreeMap<u32, Item>,
    epoch: u16,
    orders: u64,
}

impl Naive {
    pub fn place(&mut self, skus: &[u32], at: Epoch) {
        if skus.is_empty() || skus.len() > LEARNT_LINES_MAX {
            return;
        }
        self.pass_to(at.0);
        self.orders += 16;
        for sku in skus {
            let new = || Item { orders: 0, places: [None; PARTNERS_MAX] };
            let item = self.items.entry(*sku).or_insert_with(new);
            item.orders += 16;
            skus.iter().filter(|other| *other != sku).for_each(|other| item.meet(*other));
        }
    }

    pub fn take_back(&mut self, skus: &[u32], (placed, at): (Epoch, Epoch)) {
        if skus.len() > LEARNT_LINES_MAX {
            return;
        }
        self.pass_to(at.0);
        let mut left = 16;
        (placed.0..self.epoch).for_each(|_| left /= 2);
        self.orders = self.orders.saturating_sub(left);
        for sku in skus {
            let Some(item) = self.items.get_mut(sku) else { continue };
            item.orders = item.orders.saturating_sub(left);
            for (_, count) in item.places.iter_mut().flatten().filter(|(of, _)| skus.contains(of)) {
                *count = count.saturating_sub(left);
            }
            item.forget();
        }
    }

    pub fn together(&self, one: u32, other: u32) -> u64 {
        let known = self
            .items
            .get(&one)
            .and_then(|item| item.places.iter().flatten().find(|(sku, _)| *sku == other));
        known.map_or(0, |(_, count)| *count)
    }

    pub fn orders_of(&self, sku: u32) -> u64 {
        self.items.get(&sku).map_or(0, |item| item.orders)
    }

    pub const fn all(&self) -> u64 {
        self.orders
    }

    fn pass_to(&mut self, epoch: u16) {
        while self.epoch < epoch {
            self.epoch += 1;
            self.orders /= 2;
            for item in self.items.values_mut() {
                item.orders /= 2;
                item.places.iter_mut().flatten().for_each(|(_, count)| *count /= 2);
                item.forget();
            }
        }
    }
}

impl Item {
    fn meet(&mut self, other: u32) {
        if let Some((_, count)) = self.places.iter_mut().flatten().find(|(sku, _)| *sku == other) {
            *count += 16;
            return;
        }
        if let Some(free) = self.places.iter_mut().find(|place| place.is_none()) {
            *free = Some((other, 16));
            return;
        }
        let least = self.places.iter().flatten().map(|(_, count)| *count).min().unwrap();
        let place = self.places.iter_mut().flatten().find(|(_, count)| *count == least).unwrap();
        *place = (other, least + 16);
    }

    fn forget(&mut self) {
        for place in &mut self.places {
            *place = place.filter(|(_, count)| *count > 0);
        }
    }
}
