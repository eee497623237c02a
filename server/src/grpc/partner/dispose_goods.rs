//! `DisposeGoods`: what becomes of goods that are of no return.

use backstock_engine::command::DisposeGoods;
use backstock_engine::limits::PARTNER_LINES_MAX;
use backstock_engine::model::returns::Disposition;
use backstock_engine::model::{PartnerId, Sku};
use backstock_proto::v1;
use tonic::Status;

use super::match_goods::names;
use crate::grpc::fields::FieldNames;
use crate::grpc::pricing::parts::text;
use crate::grpc::returns::terms;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DisposeGoodsRequest,
) -> Result<v1::DisposeGoodsResponse, Status> {
    let mut found = Violations::default();
    let partner = found.id("partner_id", &request.partner_id, PartnerId::new);
    let names = names(&mut found, request.names.unwrap_or_default());
    let lines = lines(&mut found, &request.lines);
    let how = terms::disposition(&mut found, request.disposition);
    let how = found.required("disposition", how).unwrap_or(Disposition::Scrap);
    let is_said = request.grade != i32::from(v1::ReturnGrade::Unspecified);
    let grade = is_said.then(|| terms::grade(&mut found, request.grade)).flatten();
    let reason = text(&mut found, "reason", &request.reason);
    let meta = api.meta(found.request_id(&request.request_id).flatten(), false);
    let command = DisposeGoods { meta, partner, names, lines, how, grade, reason };
    found.rules(command.validate(), &FieldNames::PLAIN);
    let command = found.finish(command)?;
    let done = api.engine().dispose_goods(command).await.map_err(plain)?;
    Ok(v1::DisposeGoodsResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

/// Units of single items: of too many, one more than may be.
fn lines(found: &mut Violations, lines: &[v1::GoodsLine]) -> Vec<(Sku, u32)> {
    let lines = &lines[..lines.len().min(PARTNER_LINES_MAX + 1)];
    let line = |(at, of): (usize, &v1::GoodsLine)| {
        let sku = found.id(&format!("lines[{at}].sku"), &of.sku, Sku::new);
        (sku, found.some_units(&format!("lines[{at}].quantity"), of.quantity))
    };
    lines.iter().enumerate().map(line).collect()
}
