//! A flash sale on top: more buyers than units, each with a cart, and half of the carts left
//! alone.

use std::time::Duration;

use backstock_engine::model::Timestamp;
use backstock_proto::v1;

use super::clock::pass_to;
use super::error::DemoError;
use super::network::nodes;
use super::setup::{load_rows, row};
use crate::client::Client;

/// The item of the sale.
const SKU: &str = "SALE-1";

/// What there is of it.
const UNITS: usize = 24;

/// Who wants one: more than twice as many as it takes to sell all.
const BUYERS: usize = 120;

/// For how long a cart is held, in seconds.
const HELD_SECONDS: i64 = 1;

/// For carts to lapse, and for those in line to get their turn.
const LAPSE: Duration = Duration::from_millis(100);

/// Times that carts lapse, at most: far more often than it takes.
const ROUNDS_MAX: usize = 60;

/// What the sale came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sale {
    /// Orders of it.
    pub(super) sold: usize,
    /// Buyers of these who had to wait in line.
    pub(super) from_the_line: usize,
    /// Carts whose time ran out; each unit went to the next in line.
    pub(super) lapsed: usize,
    /// Who waits still.
    pub(super) waiting: usize,
    /// Whether somebody had a turn who came after one that waits still.
    pub(super) is_passed: bool,
}

impl Sale {
    /// Whether all was sold, and nobody was passed.
    pub(super) const fn is_good(&self) -> bool {
        self.sold == UNITS && !self.is_passed
    }

    /// For the person who watches.
    pub(super) fn told(&self) -> String {
        let Self { sold, from_the_line, lapsed, waiting, is_passed } = self;
        let head = format!(
            "a flash sale: {BUYERS} buyers for {UNITS} units, half of whom leave their cart alone: \
             {sold} sold, {from_the_line} of them to buyers from the line, after {lapsed} carts had \
             lapsed; {waiting} wait still"
        );
        format!("{head}; {}", if *is_passed { "SOMEBODY WAS PASSED" } else { "nobody was passed" })
    }
}

/// A buyer, in the order of coming.
struct Buyer {
    id: String,
    buys: bool,
    waited: bool,
    state: v1::HoldState,
}

/// Plays it, from an instant on at which the server's clock stands.
pub(super) async fn play(client: &Client, from: Timestamp) -> Result<Sale, DemoError> {
    stock(client).await?;
    let mut buyers = Vec::with_capacity(BUYERS);
    for at in 0..BUYERS {
        buyers.push(come(client, at).await?);
    }
    let mut now = from;
    for _ in 0..ROUNDS_MAX {
        for buyer in buyers.iter_mut().filter(|buyer| is_undecided(buyer.state)) {
            look(client, buyer).await?;
        }
        if count(&buyers, v1::HoldState::Confirmed) == UNITS {
            break;
        }
        now = now.saturating_add_micros(HELD_SECONDS * 1_000_000);
        pass_to(client, SKU, now).await?;
        tokio::time::sleep(LAPSE).await;
    }
    Ok(sum_up(&buyers))
}

async fn stock(client: &Client) -> Result<(), DemoError> {
    let item = Some(v1::Item {
        sku: SKU.to_owned(),
        title: "A silk scarf, one day only".into(),
        ..Default::default()
    });
    let request = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
    client.catalog().update_item(request).await?;
    let node = nodes()[0].id;
    let level = v1::StockLevel { on_hand: Some(UNITS as u64), ..v1::StockLevel::default() };
    load_rows(client, vec![row(SKU, node, v1::stock_row::Change::Level(level))]).await
}

async fn come(client: &Client, at: usize) -> Result<Buyer, DemoError> {
    let id = format!("SALE-CART-{at}");
    let request = v1::CreateHoldRequest {
        hold_id: id.clone(),
        ttl: Some(prost_types::Duration { seconds: HELD_SECONDS, nanos: 0 }),
        destination_postal_code: "10001".into(),
        lines: vec![v1::PlaceOrderLine { sku: SKU.to_owned(), quantity: 1 }],
        wait: true,
        ..v1::CreateHoldRequest::default()
    };
    let answer = client.holds().create_hold(request).await?.into_inner();
    let state = answer.hold.unwrap_or_default().state();
    Ok(Buyer { id, buys: at.is_multiple_of(2), waited: state == v1::HoldState::Waiting, state })
}

const fn is_undecided(state: v1::HoldState) -> bool {
    matches!(state, v1::HoldState::Waiting | v1::HoldState::Live)
}

/// A buyer looks at his cart, and buys what is in it, or leaves it alone.
async fn look(client: &Client, buyer: &mut Buyer) -> Result<(), DemoError> {
    let hold_id = buyer.id.clone();
    let request = v1::GetHoldRequest { hold_id: hold_id.clone(), min_version: 0 };
    let answer = client.holds().get_hold(request).await?.into_inner();
    buyer.state = answer.hold.unwrap_or_default().state();
    if buyer.state == v1::HoldState::Live && buyer.buys {
        let order_id = format!("SALE-ORDER-{hold_id}");
        let request = v1::ConfirmHoldRequest { hold_id, order_id, ..Default::default() };
        // His time may have run out this moment: the next look says so.
        if client.holds().confirm_hold(request).await.is_ok() {
            buyer.state = v1::HoldState::Confirmed;
        }
    }
    Ok(())
}

fn count(buyers: &[Buyer], state: v1::HoldState) -> usize {
    buyers.iter().filter(|buyer| buyer.state == state).count()
}

fn sum_up(buyers: &[Buyer]) -> Sale {
    let first_waiting = buyers.iter().position(|buyer| buyer.state == v1::HoldState::Waiting);
    let last_served = buyers.iter().rposition(|buyer| buyer.state != v1::HoldState::Waiting);
    let bought = |buyer: &&Buyer| buyer.state == v1::HoldState::Confirmed;
    Sale {
        sold: count(buyers, v1::HoldState::Confirmed),
        from_the_line: buyers.iter().filter(bought).filter(|buyer| buyer.waited).count(),
        lapsed: count(buyers, v1::HoldState::Lapsed),
        waiting: count(buyers, v1::HoldState::Waiting),
        is_passed: first_waiting.is_some_and(|first| last_served > Some(first)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(states: &[v1::HoldState]) -> Vec<Buyer> {
        let buyer = |state: &v1::HoldState| Buyer {
            id: String::new(),
            buys: true,
            waited: false,
            state: *state,
        };
        states.iter().map(buyer).collect()
    }

    #[test]
    fn somebody_is_passed_where_one_who_came_later_had_a_turn() {
        use v1::HoldState::{Confirmed, Lapsed, Waiting};
        let in_order = sum_up(&line(&[Confirmed, Lapsed, Waiting, Waiting]));
        assert_eq!((in_order.is_passed, in_order.sold, in_order.waiting), (false, 1, 2));
        for passed in [[Waiting, Confirmed, Waiting], [Confirmed, Waiting, Lapsed]] {
            let sale = sum_up(&line(&passed));
            assert!(sale.is_passed && sale.told().contains("SOMEBODY WAS PASSED"));
        }
    }
}
