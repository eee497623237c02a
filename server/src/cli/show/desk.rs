//! `order hold`, `order release-hold` and `order resolve-decline`: each shows the order as it is then.

use std::io::Write;

use backstock_proto::v1;

use super::order::OrderView;
use super::print;
use crate::cli::desk::{HoldArgs, HoldKind, ReleaseHoldArgs, ResolveDeclineArgs};
use crate::cli::{CommandError, Exit};
use crate::client::words;

impl From<HoldKind> for v1::OrderHoldKind {
    fn from(kind: HoldKind) -> Self {
        match kind {
            HoldKind::Fraud => Self::Fraud,
            HoldKind::Payment => Self::Payment,
            HoldKind::Credit => Self::Credit,
            HoldKind::Manual => Self::Manual,
        }
    }
}

/// Puts an order on hold.
pub(in crate::cli) async fn hold(
    args: HoldArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.desk.server.connect().await?;
    let request = v1::HoldOrderRequest {
        order_id: args.id,
        order_hold_id: args.hold,
        kind: v1::OrderHoldKind::from(args.kind).into(),
        reason: args.reason,
        owner: args.owner,
        stock_until: args.stock_until.map(words::wire_time),
        validate_only: args.validate_only,
        request_id: String::new(),
    };
    let answer = client.orders().hold_order(request).await?.into_inner();
    let order = OrderView::new(answer.order.unwrap_or_default(), answer.version);
    print(out, args.desk.output, &order)?;
    Ok(Exit::Success)
}

/// Releases a hold on an order.
pub(in crate::cli) async fn release_hold(
    args: ReleaseHoldArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.desk.server.connect().await?;
    let request = v1::ReleaseOrderHoldRequest {
        order_id: args.id,
        order_hold_id: args.hold,
        reason: args.reason,
        validate_only: args.validate_only,
        request_id: String::new(),
    };
    let answer = client.orders().release_order_hold(request).await?.into_inner();
    let order = OrderView::new(answer.order.unwrap_or_default(), answer.version);
    print(out, args.desk.output, &order)?;
    Ok(Exit::Success)
}

/// Has a shipment sourced anew that the customer was asked about.
pub(in crate::cli) async fn resolve_decline(
    args: ResolveDeclineArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.desk.server.connect().await?;
    let request = v1::ResolveDeclineRequest {
        order_id: args.id,
        shipment_number: args.shipment,
        reason: args.reason,
        validate_only: args.validate_only,
        request_id: String::new(),
    };
    let answer = client.orders().resolve_decline(request).await?.into_inner();
    let order = OrderView::new(answer.order.unwrap_or_default(), answer.version);
    print(out, args.desk.output, &order)?;
    Ok(Exit::Success)
}
