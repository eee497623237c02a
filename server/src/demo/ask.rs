//! What to ask the demo's server next.

use super::ledger::{Acknowledged, Ledger};
use crate::cli::ServerAddr;

/// Three commands to copy, of the program at that path, about an order that was split and one of its items.
pub(super) fn commands(program: &str, addr: &ServerAddr, ledger: &Ledger) -> String {
    let Some(order) = worth_asking(ledger) else {
        return "no order was placed: there is nothing to ask about".to_owned();
    };
    let id = &order.request.order_id;
    let sku = order.request.lines.first().map(|line| line.sku.as_str()).unwrap_or_default();
    let addr = addr.uri().trim_start_matches("http://");
    format!(
        "ask it, from another shell:\n  \
         {program} order show {id} --server {addr}\n  \
         {program} order explain {id} --server {addr}\n  \
         {program} availability {sku} --server {addr}"
    )
}

/// The newest order with the most shipments.
fn worth_asking(ledger: &Ledger) -> Option<&Acknowledged> {
    let placed = |order: &Acknowledged| order.request.placed_time.map(|t| (t.seconds, t.nanos));
    ledger.orders().max_by_key(|order| (order.placed.shipments.len(), placed(order)))
}

#[cfg(test)]
mod tests {
    use backstock_proto::v1;
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn the_three_commands_parse_and_name_a_split_order() {
        let mut ledger = Ledger::default();
        for (id, shipments) in [("W1", 1), ("W2", 2)] {
            let lines = vec![v1::PlaceOrderLine { sku: "OFF-1".into(), quantity: 1 }];
            let request =
                v1::PlaceOrderRequest { order_id: id.into(), lines, ..Default::default() };
            let shipments = vec![v1::Shipment::default(); shipments];
            ledger.placed(request, v1::PlaceOrderResponse { shipments, ..Default::default() });
        }
        let text = commands("backstock", &"127.0.0.1:7411".parse().unwrap(), &ledger);
        let commands: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(commands.len(), 3);
        assert!(commands[0].contains("order show W2"), "{text}");
        for command in commands {
            Cli::try_parse_from(command.split_whitespace()).unwrap();
        }
    }
}
