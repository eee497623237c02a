//! Sends rows to the server, many at once, and tells which it refused.

mod again;
mod calls;
mod stream;

use super::columns::Kind;
use super::parse::{Content, Row};
use super::record::Bad;
use super::report::FileReport;
use crate::client::{Client, ClientError, Refused};
use calls::Calls;
use stream::{Orders, Stock};

/// Where rows of one kind go.
pub(super) enum Sink {
    Calls(Calls),
    Stock(Stock),
    Orders(Orders),
}

impl Sink {
    /// Opens the way for a kind of rows.
    pub(super) async fn open(kind: Kind, client: &Client) -> Result<Self, ClientError> {
        Ok(match kind {
            Kind::Items | Kind::Nodes | Kind::Terms => Self::Calls(Calls::new(client)),
            Kind::Stock | Kind::Inbound => Self::Stock(stream::stock(client).await?),
            Kind::Orders => Self::Orders(stream::orders(client).await?),
        })
    }

    /// Takes a row; what was refused so far goes to the report.
    pub(super) async fn push(
        &mut self,
        row: Row,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        let Row { line, last, content } = row;
        match (self, content) {
            (Self::Stock(stock), Content::Stock(content)) => {
                stock.push(Row { line, last, content }, report).await
            }
            (Self::Orders(orders), Content::Order(content)) => {
                orders.push(Row { line, last, content: *content }, report).await
            }
            (Self::Calls(calls), content) => calls.push(Row { line, last, content }, report).await,
            (_, content) => unreachable!("a file of one kind has no {content:?}"),
        }
    }

    /// Sends what is left and waits for every answer.
    pub(super) async fn finish(self, report: &mut FileReport) -> Result<(), ClientError> {
        match self {
            Self::Calls(mut calls) => calls.flush(report).await,
            Self::Stock(stock) => stock.finish(report).await,
            Self::Orders(orders) => orders.finish(report).await,
        }
    }
}

/// A refusal of the server as something wrong with a line: with its first
/// field as the column.
fn bad(line: u64, refused: &Refused) -> Bad {
    let column = refused.fields.first().map(|(field, _)| field.clone()).unwrap_or_default();
    let reason = match refused.fields.as_slice() {
        [(_, description)] => format!("{description} ({})", refused.reason),
        _ => refused.to_string(),
    };
    Bad { line, column, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_refuses_is_told_by_line_and_field() {
        let fields = vec![("quantity".to_owned(), "is 0; 1 to 5".to_owned())];
        let (code, reason, message) =
            (3, "INVALID_REQUEST".to_owned(), "quantity: is 0".to_owned());
        let refused = Refused { code, reason, message, fields };
        let bad = bad(9, &refused);
        assert_eq!((bad.line, bad.column.as_str()), (9, "quantity"));
        assert_eq!(bad.reason, "is 0; 1 to 5 (INVALID_REQUEST)");
    }
}
