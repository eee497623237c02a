//! The books: what orders come to, against what the provider took and gave back.

use backstock_proto::v1;

use super::super::data::SuperstoreOrder;
use super::super::error::DemoError;
use super::provider::Provider;
use super::{id_of, shop};
use crate::cli::table;
use crate::client::Client;

/// Sums over all orders, in cents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Books {
    /// What customers keep comes to.
    total: i64,
    tax: i64,
    captured: i64,
    refunded: i64,
    /// What the provider took, and gave back.
    provider: (i64, i64),
    /// Orders whose books do not close.
    open: usize,
}

impl Books {
    /// Reads all orders.
    pub(super) async fn read(
        client: &Client,
        orders: &[&SuperstoreOrder],
        provider: &Provider,
    ) -> Result<Self, DemoError> {
        let sums = (provider.sum(v1::IntentKind::Capture), provider.sum(v1::IntentKind::Refund));
        let mut books = Self { provider: sums, ..Self::default() };
        for order in orders {
            books.add(&shop::money(client, &id_of(order)).await?);
        }
        Ok(books)
    }

    fn add(&mut self, money: &v1::OrderMoney) {
        let totals = money.totals.unwrap_or_default();
        let is_closed = money.due_minor == 0
            && money.captured_minor - money.refunded_minor == totals.total_minor
            && money.captured_minor > 0;
        self.open += usize::from(!is_closed);
        self.total += totals.total_minor;
        self.tax += totals.tax_minor;
        self.captured += money.captured_minor;
        self.refunded += money.refunded_minor;
    }

    /// Whether each order is paid to the cent, and the provider says the same.
    pub(super) const fn is_closed(&self) -> bool {
        let (captured, refunded) = self.provider;
        self.open == 0
            && self.captured == captured
            && self.refunded == refunded
            && self.captured - self.refunded == self.total
    }

    /// For the person who watches.
    pub(super) fn told(&self) -> String {
        let Self { total, tax, captured, refunded, provider, open } = self;
        let mut books = table(&["the books", "orders", "provider"], &[1, 2]);
        let row =
            |what: &str, ours: i64, theirs: i64| [what.into(), dollars(ours), dollars(theirs)];
        books.add_rows([
            row("captured", *captured, provider.0),
            row("refunded", *refunded, provider.1),
            row("kept", captured - refunded, provider.0 - provider.1),
        ]);
        let kept =
            format!("what customers keep comes to {}, tax {}", dollars(*total), dollars(*tax));
        let end = if self.is_closed() {
            "the books close, order by order".to_owned()
        } else {
            format!("THE BOOKS DO NOT CLOSE: {open} orders are open")
        };
        format!("{books}\n{kept}; {end}")
    }
}

fn dollars(cents: i64) -> String {
    format!("{}.{:02} USD", cents / 100, cents.abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(total_minor: i64, captured_minor: i64, refunded_minor: i64) -> v1::OrderMoney {
        let totals = Some(v1::MoneyTotals { total_minor, ..Default::default() });
        let due_minor = total_minor - captured_minor + refunded_minor;
        v1::OrderMoney { totals, captured_minor, refunded_minor, due_minor, ..Default::default() }
    }

    #[test]
    fn books_close_where_each_order_is_paid_and_the_provider_says_the_same() {
        let books = |all: &[(i64, i64, i64)], provider| {
            let mut books = Books { provider, ..Books::default() };
            for (total, captured, refunded) in all {
                books.add(&money(*total, *captured, *refunded));
            }
            books
        };
        assert!(books(&[(90, 100, 10), (50, 50, 0)], (150, 10)).is_closed());
        // Sums that are right by chance.
        assert!(!books(&[(90, 100, 0), (50, 50, 10)], (150, 10)).is_closed());
        for provider in [(151, 10), (150, 11)] {
            let open = books(&[(90, 100, 10), (50, 50, 0)], provider);
            assert!(!open.is_closed() && open.told().contains("DO NOT CLOSE"));
        }
        assert!(
            !books(&[(0, 0, 0)], (0, 0)).is_closed(),
            "an order without money is none of these"
        );
    }

    #[test]
    fn amounts_are_told_in_dollars() {
        assert_eq!([0, 5, 12_345].map(dollars), ["0.00 USD", "0.05 USD", "123.45 USD"]);
    }
}
