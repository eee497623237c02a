//! Rows of terms: who may have the units of a SKU at a node.

use backstock_proto::v1;

use super::node;
use crate::import::record::{Bad, Columns, Record};
use crate::terms_text::{SAFETY, SEGMENTS, safeties, segments};

/// The terms of a pair, which a row states whole: what it leaves out is none.
pub(super) fn terms(record: &Record) -> Result<v1::SetStockTermsRequest, Vec<Bad>> {
    let mut columns = Columns::new(record);
    if ["off_sourcing", "channel_safety", "segments"].iter().all(|n| record.text(n).is_none()) {
        let all = "is empty, and so are all other terms; none says that there are none";
        columns.wrong("segments", all.to_owned());
    }
    let off_sourcing = columns.parsed("off_sourcing", "true or false", node::truth);
    let terms = v1::StockTerms {
        off_sourcing: off_sourcing.unwrap_or_default(),
        channel_safety: columns.parsed("channel_safety", SAFETY, safeties).unwrap_or_default(),
        segments: columns.parsed("segments", SEGMENTS, segments).unwrap_or_default(),
    };
    let request = v1::SetStockTermsRequest {
        sku: columns.required("sku"),
        node_id: columns.required("node_id"),
        terms: Some(terms),
        validate_only: false,
        request_id: String::new(),
    };
    columns.finish(request)
}
