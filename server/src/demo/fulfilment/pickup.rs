//! Which customers collect their orders.

use super::super::data::SuperstoreOrder;
use super::super::hash::spread_below;
use super::super::network::stores;
use crate::reference::UsPostalCodes;

/// The store in the customer's own city, if there is one: every second one collects there.
pub(in crate::demo) fn store_of(order: &SuperstoreOrder) -> Option<&'static str> {
    if spread_below("pickup", &order.id, 2) == 0 {
        return None;
    }
    let codes = UsPostalCodes::shared();
    let city = |code: &str| codes.place(code).map(|place| (place.city, place.state));
    let home = city(&order.located_at)?;
    stores().find(|(_, code)| city(code) == Some(home)).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::super::super::data::Superstore;
    use super::*;

    #[test]
    fn who_collects_lives_in_the_city_of_the_store() {
        let orders = &Superstore::shared().orders;
        let new_york: Vec<_> =
            orders.iter().filter(|order| store_of(order) == Some("ST-NYC")).collect();
        assert!(new_york.len() > 100, "{}", new_york.len());
        assert!(new_york.iter().all(|order| order.located_at.starts_with('1')));
    }
}
