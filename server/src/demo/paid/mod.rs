//! Orders of the data once more, with prices: customers pay them through a provider that declines, forgets
//! and repeats, some send a unit back to a return centre that tells everything twice, and the books close.
//!
//! ```text
//!   prices --> shop: placed, half by what the data says, half by the server's own list and promotions
//!     provider: reads what is asked for, does it once for each key, tells it in its own ways
//!     shop: who was declined pays by another card; all is shipped
//!     centre: what came back, told twice and out of order --> desk: looked at, sold again
//!   books: what orders come to, against what the provider took and gave back
//! ```

mod books;
mod centre;
mod prices;
mod provider;
mod shop;

use backstock_engine::model::Timestamp;

use self::books::Books;
use self::provider::Provider;
use super::data::{Superstore, SuperstoreOrder};
use super::error::DemoError;
use crate::client::Client;

/// Orders that are played: the first of the data.
const ORDERS: usize = 300;

/// What it came to.
pub(super) struct Paid {
    books: Books,
    told: String,
}

impl Paid {
    /// Whether the books close.
    pub(super) const fn is_good(&self) -> bool {
        self.books.is_closed()
    }

    /// For the person who watches.
    pub(super) fn told(&self) -> &str {
        &self.told
    }
}

/// Plays it, at an instant that is not after the server's.
pub(super) async fn play(
    client: &Client,
    store: &Superstore,
    now: Timestamp,
) -> Result<Paid, DemoError> {
    let orders: Vec<&SuperstoreOrder> = store.orders.iter().take(ORDERS).collect();
    prices::load(client, store, &orders).await?;
    let without_coupon = shop::place(client, &orders).await?;
    let mut provider = Provider::default();
    provider.answer_all(client).await?;
    let paid_otherwise = shop::pay_otherwise(client, &orders).await?;
    provider.answer_all(client).await?;
    shop::ship(client, &orders).await?;
    provider.answer_all(client).await?;
    let came = centre::take_back(client, &orders, now).await?;
    provider.answer_all(client).await?;
    let books = Books::read(client, &orders, &provider).await?;
    let told = [
        format!(
            "{ORDERS} of the orders once more, with prices: half cost what the data says, half what the \
             server's list, taxes and shipping rates say; {without_coupon} came too late for a coupon of \
             which there are {}",
            prices::COUPONS
        ),
        provider.told(paid_otherwise),
        came.told(),
        books.told(),
    ];
    Ok(Paid { books, told: told.join("\n") })
}

/// The id under which an order of the data is placed once more.
fn id_of(order: &SuperstoreOrder) -> String {
    format!("PAID-{}", order.id)
}

/// The item under which a product is sold once more.
fn sku_of(sku: &str) -> String {
    format!("PAID-{sku}")
}
