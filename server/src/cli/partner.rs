//! Partners: who they are, what they say, and whether theirs does as the contract says.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::common::{OutputArgs, ServerArgs};

const EXAMPLES: &str = "\
Examples:
  backstock partner define 3pl-7 --node EAST --node WEST
  backstock partner send 3pl-7 receipts.jsonl
  backstock partner send 3pl-7 944.x12 --answers 997.x12
  backstock partner show 3pl-7 --json
  backstock partner replay 3pl-7 m-4711
  backstock partner discard 3pl-7 m-4711
  backstock partner gaps
  backstock partner match 3pl-7 --rma BOX-9 --to-order W-90 --to-return R-88
  backstock partner dispose 3pl-7 --rma BOX-9 --as restock --grade b --reason unclaimed
  backstock partner check https://staging.3pl.example.com/messages --node EAST";

/// Arguments of `partner`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct PartnerArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PartnerCommand,
}

/// What can be done about partners.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum PartnerCommand {
    /// Define a partner, or give it other nodes.
    Define(DefinePartnerArgs),
    /// Send what a partner says: a file of messages, one JSON object a line, or of X12; exit
    /// code 1 if some is rejected or in quarantine.
    Send(SendPartnerArgs),
    /// Show what is missing of a partner's messages, and those in quarantine.
    Show(PartnerOfArgs),
    /// Play a message in quarantine again.
    Replay(PartnerMessageArgs),
    /// Let go of a message in quarantine.
    Discard(PartnerMessageArgs),
    /// List what somebody has to look at, of one partner or of all: numbers that are missing for 15
    /// minutes or longer, messages in quarantine, and goods of no return.
    Gaps(PartnerGapsArgs),
    /// Say of which return goods are that came back.
    Match(MatchGoodsArgs),
    /// Let goods go that came back and are of no return.
    Dispose(DisposeGoodsArgs),
    /// Play duplicates, shuffles and corrections at a partner's staging; exit code 1 if it
    /// answers otherwise than the contract says.
    Check(CheckPartnerArgs),
}

/// Which partner.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PartnerOfArgs {
    /// The partner.
    pub partner: String,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `partner define`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct DefinePartnerArgs {
    /// Which partner.
    #[command(flatten)]
    pub of: PartnerOfArgs,

    /// A node of its own; give it more than once for several.
    #[arg(long = "node", value_name = "ID", required = true)]
    pub nodes: Vec<String>,
}

/// Arguments of `partner send`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct SendPartnerArgs {
    /// Which partner.
    #[command(flatten)]
    pub of: PartnerOfArgs,

    /// The file. One that begins with ISA is X12.
    pub file: PathBuf,

    /// Write the answers to a file of X12, the 997, there.
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
}

/// Which message in quarantine.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PartnerMessageArgs {
    /// Which partner.
    #[command(flatten)]
    pub of: PartnerOfArgs,

    /// The message.
    pub message: String,
}

/// Arguments of `partner gaps`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PartnerGapsArgs {
    /// The partner [default: all].
    pub partner: Option<String>,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// By what goods that came back are known, exactly as the partner told.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[group(required = true, multiple = true)]
pub struct GoodsNamesArgs {
    /// The number of the permission.
    #[arg(long, value_name = "ID")]
    pub rma: Option<String>,

    /// The tracking number of the package.
    #[arg(long, value_name = "NUMBER")]
    pub tracking: Option<String>,

    /// The order.
    #[arg(long, value_name = "ID")]
    pub order: Option<String>,
}

/// Arguments of `partner match`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct MatchGoodsArgs {
    /// Which partner.
    #[command(flatten)]
    pub of: PartnerOfArgs,

    /// Which goods.
    #[command(flatten)]
    pub names: GoodsNamesArgs,

    /// The order of the return that they are of.
    #[arg(long, value_name = "ID")]
    pub to_order: String,

    /// The return that they are of.
    #[arg(long, value_name = "ID")]
    pub to_return: String,
}

/// What becomes of goods of no return.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoodsEnd {
    /// They are sold where they lie.
    Restock,
    /// They are thrown away.
    Scrap,
    /// The sender gets them back.
    SendBack,
    /// They go back to whom they were bought from.
    ReturnToVendor,
}

/// What somebody found who looked at goods.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoodsGrade {
    /// As new, in a closed box.
    A,
    /// As new, opened.
    B,
    /// Used.
    C,
    /// Damaged, or without function.
    Damaged,
}

/// Arguments of `partner dispose`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct DisposeGoodsArgs {
    /// Which partner.
    #[command(flatten)]
    pub of: PartnerOfArgs,

    /// Which goods.
    #[command(flatten)]
    pub names: GoodsNamesArgs,

    /// What becomes of them.
    #[arg(long = "as", value_enum, value_name = "END")]
    pub end: GoodsEnd,

    /// What somebody found who looked at them; has to be said of what is sold.
    #[arg(long, value_enum, value_name = "GRADE")]
    pub grade: Option<GoodsGrade>,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    pub reason: String,

    /// So many units of an item, as SKU=UNITS; more than once for several [default: all that are
    /// left].
    #[arg(long = "line", value_name = "SKU=UNITS", requires = "request_id", value_parser = units)]
    pub lines: Vec<(String, u64)>,

    /// Key of the request: sent again with it, no others are let go.
    #[arg(long, value_name = "KEY")]
    pub request_id: Option<String>,
}

/// Arguments of `partner check`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CheckPartnerArgs {
    /// Where the partner takes messages, by POST: http or https.
    pub url: String,

    /// One of the partner's nodes.
    #[arg(long, value_name = "ID")]
    pub node: String,

    /// Our id, as the partner knows it.
    #[arg(long, value_name = "ID", default_value = "backstock-check")]
    pub sender: String,

    /// The number of the next message that the partner expects of that sender.
    #[arg(long, value_name = "SEQ", default_value_t = 1)]
    pub seq: u64,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Units of an item. A SKU may have the sign in it.
fn units(text: &str) -> Result<(String, u64), String> {
    let parts = text.rsplit_once('=').filter(|(sku, _)| !sku.is_empty());
    let read = parts.and_then(|(sku, units)| Some((sku.to_owned(), units.parse().ok()?)));
    read.ok_or_else(|| "is not SKU=UNITS".to_owned())
}
