//! What every change of one pair has: the same fields in its request, a command, and an
//! answer that says what the pair is like then.

use backstock_engine::command::ChangeStock;
use backstock_engine::engine::EngineError;
use backstock_engine::model::{NodeId, Sku, Text};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use super::wanted::{self, Wanted};
use crate::grpc::caller::origin;
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, errors, plain};
use crate::status::Violations;

/// What requests to change a pair have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) sku: &'a str,
    pub(super) node_id: &'a str,
    pub(super) request_id: &'a str,
    /// Why, for people; empty when the request gives no reason or the operation has it.
    pub(super) reason: &'a str,
    pub(super) validate_only: bool,
}

/// Fills [`Common`] from a request, whose reason is part of it or stands behind.
macro_rules! common {
    ($request:ident) => {
        common!($request, "")
    };
    ($request:ident, $reason:expr) => {
        $crate::grpc::inventory::change::Common {
            sku: &$request.sku,
            node_id: &$request.node_id,
            request_id: &$request.request_id,
            reason: $reason,
            validate_only: $request.validate_only,
        }
    };
}
pub(super) use common;

/// What the answers to such requests have in common.
pub(super) struct Changed {
    pub(super) stock: Option<v1::Stock>,
    pub(super) version: u64,
    pub(super) is_repeat: bool,
}

/// Changes a pair: reads what is wanted, does it, and says what the pair is like then.
pub(super) async fn change(
    api: &Api,
    common: Common<'_>,
    names: &FieldNames,
    read: impl FnOnce(&mut Violations) -> Option<Wanted>,
) -> Result<Changed, Status> {
    let mut found = Violations::default();
    let pair = wanted::pair(&mut found, common.sku, common.node_id);
    let request_id = found.request_id(common.request_id);
    let wanted = read(&mut found);
    let reason = found.taken("reason", Text::new("reason", common.reason));
    if let Some(wanted) = &wanted {
        found.rules(wanted.validate(), names);
    }
    let ((sku, node), wanted) = found.converted(pair.zip(wanted))?;
    // An unknown item is named before a node without which a day has no
    // instant.
    api.engine().item(&sku).map_err(plain)?;
    let mut meta = api.meta(request_id.flatten(), common.validate_only);
    meta.content = wanted.content(&sku, &node);
    meta.origin = origin(reason.unwrap_or_default());
    let operation = wanted.at(api.engine(), &node).map_err(plain)?;
    let command = ChangeStock { meta, sku: sku.clone(), node: node.clone(), operation };
    let done = api.engine().change_stock(command).await;
    let done = done.map_err(|error| errors::status(error, names))?;
    let (stock, _) = stock(api, &sku, &node).await.map_err(plain)?;
    Ok(Changed { stock: Some(stock), version: done.version.get(), is_repeat: done.is_repeat })
}

/// A pair as it stands, and the version that shows it so.
pub(super) async fn stock(
    api: &Api,
    sku: &Sku,
    id: &NodeId,
) -> Result<(v1::Stock, u64), EngineError> {
    let stock = api.engine().stock(sku, id).await?;
    let node = api.engine().node(id)?;
    let id_of = |no| api.engine().node_no(no).id.to_string();
    Ok((view::message(sku, &node, &stock.stock, id_of), stock.version.get()))
}
