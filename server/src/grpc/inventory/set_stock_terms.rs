//! `SetStockTerms`: states who may have the units of a pair.

use backstock_engine::command::StockOperation;
use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::terms;
use super::wanted::Wanted;
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;

/// How the engine calls the fields of terms.
const TERMS: FieldNames = FieldNames::new("terms.", &[("units", "safety")]);

pub(super) async fn handle(
    api: &Api,
    request: v1::SetStockTermsRequest,
) -> Result<v1::SetStockTermsResponse, Status> {
    let changed = change(api, common!(request), &TERMS, |found| {
        let terms = found.required("terms", request.terms.as_ref())?;
        let terms = terms::read(found, "terms", terms)?;
        Some(Wanted::Operation(StockOperation::SetTerms(Box::new(terms))))
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::SetStockTermsResponse { stock, version, is_repeat })
}
