//! `terms show` and `terms set`.

use std::io::Write;

use backstock_proto::v1;
use backstock_proto::v1::segment::Kept;
use serde::Serialize;

use super::{View, lines, print};
use crate::cli::{CommandError, Exit, SetTermsArgs, ShowTermsArgs};
use crate::client::words;
use crate::terms_text::{of_safeties, of_segments, safeties, segments};

/// Who may have an item at a node.
#[derive(Debug, Serialize)]
struct TermsView {
    sku: String,
    node_id: String,
    off_sourcing: bool,
    channel_safety: Vec<SafetyView>,
    segments: Vec<SegmentView>,
    version: u64,
    #[serde(skip)]
    terms: v1::StockTerms,
}

#[derive(Debug, Serialize)]
struct SafetyView {
    channel: String,
    safety: u64,
}

#[derive(Debug, Serialize)]
struct SegmentView {
    name: String,
    channels: Vec<String>,
    kept_units: Option<u64>,
    kept_basis_points: Option<u32>,
    borrows: bool,
    release_time: Option<String>,
}

/// Shows who may have an item at a node.
pub(in crate::cli) async fn show_terms(
    args: ShowTermsArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let ShowTermsArgs { sku, node, output, .. } = args;
    let request = v1::GetStockRequest { sku, node_id: node, min_version: 0 };
    let answer = client.inventory().get_stock(request).await?.into_inner();
    print(out, output, &TermsView::new(answer.stock, answer.version))?;
    Ok(Exit::Success)
}

/// Says who may have an item at a node.
pub(in crate::cli) async fn set_terms(
    args: SetTermsArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let read = "the arguments were checked";
    let safety = args.channel_safety.as_deref().map(|text| safeties(text).expect(read));
    let kept = args.segments.as_deref().map(|text| segments(text).expect(read));
    let terms = v1::StockTerms {
        off_sourcing: args.off_sourcing,
        channel_safety: safety.unwrap_or_default(),
        segments: kept.unwrap_or_default(),
    };
    let ShowTermsArgs { sku, node, output, .. } = args.of;
    let request = v1::SetStockTermsRequest {
        sku,
        node_id: node,
        terms: Some(terms),
        validate_only: args.validate_only,
        request_id: String::new(),
    };
    let answer = client.inventory().set_stock_terms(request).await?.into_inner();
    print(out, output, &TermsView::new(answer.stock, answer.version))?;
    Ok(Exit::Success)
}

impl TermsView {
    fn new(stock: Option<v1::Stock>, version: u64) -> Self {
        let stock = stock.unwrap_or_default();
        let terms = stock.terms.unwrap_or_default();
        let safety =
            |of: &v1::ChannelSafety| SafetyView { channel: of.channel.clone(), safety: of.safety };
        Self {
            sku: stock.sku,
            node_id: stock.node_id,
            off_sourcing: terms.off_sourcing,
            channel_safety: terms.channel_safety.iter().map(safety).collect(),
            segments: terms.segments.iter().map(SegmentView::new).collect(),
            version,
            terms,
        }
    }
}

impl SegmentView {
    fn new(segment: &v1::Segment) -> Self {
        let (kept_units, kept_basis_points) = match segment.kept {
            Some(Kept::KeptUnits(units)) => (Some(units), None),
            Some(Kept::KeptBasisPoints(part)) => (None, Some(part)),
            None => (None, None),
        };
        Self {
            name: segment.name.clone(),
            channels: segment.channels.clone(),
            kept_units,
            kept_basis_points,
            borrows: segment.borrows,
            release_time: words::time(segment.release_time.as_ref()),
        }
    }
}

/// As `terms set` takes them.
impl View for TermsView {
    fn text(&self) -> String {
        let v1::StockTerms { off_sourcing, channel_safety, segments } = &self.terms;
        lines([
            Some(format!("{} at {}", self.sku, self.node_id)),
            Some(format!("off sourcing    {}", if *off_sourcing { "yes" } else { "no" })),
            Some(format!("channel safety  {}", of_safeties(channel_safety))),
            Some(format!("segments        {}", of_segments(segments))),
        ])
    }
}
