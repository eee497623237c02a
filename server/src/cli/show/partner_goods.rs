//! What somebody has to look at of what partners said, and what becomes of goods that are nobody's.

use std::io::Write;

use backstock_proto::v1;
use backstock_proto::v1::partner_gap::What;
use serde::Serialize;

use super::partner::DoneView;
use super::{View, or_dash, print, table};
use crate::cli::partner::{
    DisposeGoodsArgs, GoodsEnd, GoodsGrade, GoodsNamesArgs, MatchGoodsArgs, PartnerGapsArgs,
};
use crate::cli::{CommandError, Exit};
use crate::client::words;

/// Most entries of a page that is asked for.
const PAGE: i32 = 1_000;

/// What somebody has to look at.
#[derive(Debug, Serialize)]
struct GapsView {
    gaps: Vec<GapView>,
}

#[derive(Debug, Serialize)]
struct GapView {
    partner_id: String,
    since: Option<String>,
    /// `missing`, `quarantined` or `unmatched`.
    kind: &'static str,
    /// The numbers, the message, or the names of the goods.
    what: String,
    node_id: String,
    /// Why, or what is there.
    more: String,
    candidates: Vec<String>,
}

impl From<v1::PartnerGap> for GapView {
    fn from(of: v1::PartnerGap) -> Self {
        let since = words::time(of.since.as_ref());
        let none = Self {
            partner_id: of.partner_id,
            since,
            kind: "unknown",
            what: String::new(),
            node_id: String::new(),
            more: String::new(),
            candidates: Vec::new(),
        };
        match of.what {
            None => none,
            Some(What::Missing(of)) => {
                Self { kind: "missing", what: format!("{} to {}", of.from_seq, of.to_seq), ..none }
            }
            Some(What::Quarantined(of)) => Self {
                kind: "quarantined",
                what: of.message_id,
                node_id: of.node_id,
                more: of.reason,
                candidates: of.candidates,
                ..none
            },
            Some(What::Unmatched(of)) => unmatched(of, none),
        }
    }
}

fn unmatched(of: v1::UnmatchedGoods, none: GapView) -> GapView {
    let line = |of: &v1::GoodsLine| format!("{} {}", of.quantity, of.sku);
    let candidate = |of: v1::GoodsCandidate| format!("{} of {}", of.return_id, of.order_id);
    GapView {
        kind: "unmatched",
        what: of.names.map(|names| named(&names)).unwrap_or_default(),
        node_id: of.node_id,
        more: of.lines.iter().map(line).collect::<Vec<_>>().join(", "),
        candidates: of.candidates.into_iter().map(candidate).collect(),
        ..none
    }
}

/// The names of goods, as the arguments that say them.
fn named(of: &v1::GoodsNames) -> String {
    let all = [("--rma", &of.rma), ("--tracking", &of.tracking), ("--order", &of.order_id)];
    let said = all.iter().filter(|(_, name)| !name.is_empty());
    said.map(|(argument, name)| format!("{argument} {name}")).collect::<Vec<_>>().join(" ")
}

/// Lists what somebody has to look at.
pub(in crate::cli) async fn gaps(
    args: PartnerGapsArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let (mut gaps, mut page_token) = (Vec::new(), String::new());
    loop {
        let partner_id = args.partner.clone().unwrap_or_default();
        let request = v1::ListPartnerGapsRequest { partner_id, page_size: PAGE, page_token };
        let page = client.partners().list_partner_gaps(request).await?.into_inner();
        gaps.extend(page.gaps.into_iter().map(GapView::from));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    print(out, args.output, &GapsView { gaps })?;
    Ok(Exit::Success)
}

/// Says of which return goods are.
pub(in crate::cli) async fn match_goods(
    args: MatchGoodsArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.of.server.connect().await?;
    let partner_id = args.of.partner;
    let request = v1::MatchGoodsRequest {
        partner_id: partner_id.clone(),
        names: Some(names(args.names)),
        order_id: args.to_order,
        return_id: args.to_return,
        request_id: String::new(),
    };
    let version = client.partners().match_goods(request).await?.into_inner().version;
    print(
        out,
        args.of.output,
        &DoneView { partner_id, what: "has the goods in the return", version },
    )?;
    Ok(Exit::Success)
}

/// Lets goods go.
pub(in crate::cli) async fn dispose(
    args: DisposeGoodsArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let lines = args.lines.into_iter();
    let lines = lines.map(|(sku, quantity)| v1::GoodsLine { sku, quantity });
    let client = args.of.server.connect().await?;
    let partner_id = args.of.partner;
    let request = v1::DisposeGoodsRequest {
        partner_id: partner_id.clone(),
        names: Some(names(args.names)),
        lines: lines.collect(),
        disposition: disposition(args.end).into(),
        grade: args.grade.map_or(v1::ReturnGrade::Unspecified, grade).into(),
        reason: args.reason,
        request_id: args.request_id.unwrap_or_default(),
    };
    let version = client.partners().dispose_goods(request).await?.into_inner().version;
    print(out, args.of.output, &DoneView { partner_id, what: "has let go of the goods", version })?;
    Ok(Exit::Success)
}

fn names(of: GoodsNamesArgs) -> v1::GoodsNames {
    v1::GoodsNames {
        rma: of.rma.unwrap_or_default(),
        tracking: of.tracking.unwrap_or_default(),
        order_id: of.order.unwrap_or_default(),
    }
}

const fn disposition(of: GoodsEnd) -> v1::ReturnDisposition {
    match of {
        GoodsEnd::Restock => v1::ReturnDisposition::Restock,
        GoodsEnd::Scrap => v1::ReturnDisposition::Scrap,
        GoodsEnd::SendBack => v1::ReturnDisposition::SendBack,
        GoodsEnd::ReturnToVendor => v1::ReturnDisposition::ReturnToVendor,
    }
}

const fn grade(of: GoodsGrade) -> v1::ReturnGrade {
    match of {
        GoodsGrade::A => v1::ReturnGrade::A,
        GoodsGrade::B => v1::ReturnGrade::B,
        GoodsGrade::C => v1::ReturnGrade::C,
        GoodsGrade::Damaged => v1::ReturnGrade::Damaged,
    }
}

impl View for GapsView {
    fn text(&self) -> String {
        let mut table = table(&["partner", "since", "what", "", "node", "why", "may be"], &[]);
        for of in &self.gaps {
            table.add_row([
                of.partner_id.clone(),
                or_dash(of.since.as_ref()),
                of.kind.to_owned(),
                of.what.clone(),
                or_dash(Some(&of.node_id).filter(|id| !id.is_empty())),
                of.more.clone(),
                of.candidates.join(", "),
            ]);
        }
        table.to_string()
    }
}
