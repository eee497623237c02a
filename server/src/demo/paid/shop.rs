//! Placing, paying otherwise, and shipping.

use backstock_proto::v1;
use tonic_types::StatusExt;

use super::super::data::SuperstoreOrder;
use super::super::error::DemoError;
use super::prices::{COUPON, CURRENCY, SHIPPING, TAX_BP, unit_price};
use super::{id_of, sku_of};
use crate::client::Client;

/// Places the orders, every second one by the server's own prices. Answers how many came too late for the
/// coupon, and were placed without it.
pub(super) async fn place(
    client: &Client,
    orders: &[&SuperstoreOrder],
) -> Result<usize, DemoError> {
    let mut too_late = 0;
    for (at, order) in orders.iter().enumerate() {
        if at % 2 == 0 {
            client.orders().place_order(by_data(order)).await?;
            continue;
        }
        match client.orders().place_order(by_list(order, &[COUPON])).await {
            Ok(_) => {}
            Err(status) if is_used_up(&status) => {
                too_late += 1;
                client.orders().place_order(by_list(order, &[])).await?;
            }
            Err(status) => return Err(status.into()),
        }
    }
    Ok(too_late)
}

fn is_used_up(status: &tonic::Status) -> bool {
    let details = status.get_error_details();
    details.error_info().is_some_and(|info| info.reason == "COUPON_USED_UP")
}

fn request(order: &SuperstoreOrder) -> v1::PlaceOrderRequest {
    let line = |line: &super::super::data::SuperstoreLine| v1::PlaceOrderLine {
        sku: sku_of(&line.sku),
        quantity: line.quantity,
    };
    v1::PlaceOrderRequest {
        order_id: id_of(order),
        customer_id: order.customer.clone(),
        channel: "web".into(),
        destination_postal_code: order.located_at.clone(),
        lines: order.lines.iter().map(line).collect(),
        ..Default::default()
    }
}

/// By what the data says that lines came to, with tax and shipping. It is paid for later.
fn by_data(order: &SuperstoreOrder) -> v1::PlaceOrderRequest {
    let tax = || v1::Tax { name: "tax".into(), amount: Some(v1::tax::Amount::RateBp(TAX_BP)) };
    let lines = order.lines.iter().map(|line| v1::LinePricing {
        unit_price_e4: unit_price(line),
        taxes: vec![tax()],
        ..Default::default()
    });
    let pricing = Some(v1::Pricing {
        currency_code: CURRENCY.into(),
        lines: lines.collect(),
        shipping: Some(v1::ShippingPricing { amount_minor: SHIPPING, ..Default::default() }),
        ..Default::default()
    });
    v1::PlaceOrderRequest { pricing, ..request(order) }
}

/// By the server's list, promotions and rates, by a card that pays all of it.
fn by_list(order: &SuperstoreOrder, coupons: &[&str]) -> v1::PlaceOrderRequest {
    let server_pricing = Some(v1::ServerPricing {
        currency_code: CURRENCY.into(),
        coupon_codes: coupons.iter().map(|code| (*code).to_owned()).collect(),
        taxed: true,
        payments: vec![card("card", 0)],
        ..Default::default()
    });
    v1::PlaceOrderRequest { server_pricing, ..request(order) }
}

fn card(id: &str, amount_minor: i64) -> v1::NewPayment {
    v1::NewPayment {
        payment_id: id.into(),
        method: "card".into(),
        amount_minor,
        ..Default::default()
    }
}

/// Orders of which something is due are paid by a card more: those that have none yet, and those whose card
/// was declined. Answers how many had one that was declined.
pub(super) async fn pay_otherwise(
    client: &Client,
    orders: &[&SuperstoreOrder],
) -> Result<usize, DemoError> {
    let mut declined = 0;
    for order in orders {
        let money = money(client, &id_of(order)).await?;
        if money.due_minor <= 0 {
            continue;
        }
        declined += usize::from(!money.payments.is_empty());
        let request = v1::AddPaymentRequest {
            order_id: id_of(order),
            payment: Some(card("another", money.due_minor)),
            ..Default::default()
        };
        client.payments().add_payment(request).await?;
    }
    Ok(declined)
}

/// Ships all shipments of the orders.
pub(super) async fn ship(client: &Client, orders: &[&SuperstoreOrder]) -> Result<(), DemoError> {
    for order in orders {
        let placed = read(client, &id_of(order)).await?;
        for shipment in placed.shipments {
            let request = v1::ShipShipmentRequest {
                order_id: id_of(order),
                shipment_number: shipment.number,
                carrier: "Owl Post".into(),
                ..Default::default()
            };
            client.fulfillment().ship_shipment(request).await?;
        }
    }
    Ok(())
}

/// An order as it stands.
async fn read(client: &Client, id: &str) -> Result<v1::Order, DemoError> {
    let request = v1::GetOrderRequest { order_id: id.into(), min_version: 0 };
    let answer = client.orders().get_order(request).await?.into_inner();
    Ok(answer.order.unwrap_or_default())
}

/// The money of an order as it stands.
pub(super) async fn money(client: &Client, id: &str) -> Result<v1::OrderMoney, DemoError> {
    Ok(read(client, id).await?.money.unwrap_or_default())
}
