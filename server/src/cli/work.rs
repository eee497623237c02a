//! What a node has to do, on the screen and on paper.

use std::path::PathBuf;

use backstock_proto::v1;
use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::common::{OutputArgs, ServerArgs, Timeout};

const EXAMPLES: &str = "\
Examples:
  backstock work list RENO
  backstock work load RENO --days 14
  backstock work claim WEB-1001 1 --owner scanner-7
  backstock work release RENO --ship-by 2026-12-01 --limit 40
  backstock work pick-list RENO --out pick.html
  backstock work packing-slip WEB-1001 1 --out slip.html";

/// Arguments of `work`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct WorkArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: WorkCommand,
}

/// What can be done about a node's work.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum WorkCommand {
    /// List the shipments that a node has to do, the one that has to leave first before others.
    List(ListWorkArgs),
    /// Show day by day how full a node is, how far its shipments are, and what is late.
    Load(LoadArgs),
    /// Say that a picker works on a shipment, so that no other one begins, or that he gives it up.
    Claim(ClaimArgs),
    /// Tell a node, or all nodes of a kind, to work on the shipments that have to leave first.
    Release(ReleaseWorkArgs),
    /// Make a list of what to take off the shelves, as HTML for paper.
    PickList(PickListArgs),
    /// Make the slips for the packages of a shipment, as HTML for paper.
    PackingSlip(PackingSlipArgs),
}

/// Arguments of `work list`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ListWorkArgs {
    /// The node.
    pub node: String,

    /// Most shipments that are shown, 1 to 1000.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: u16,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `work load`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct LoadArgs {
    /// The node.
    pub node: String,

    /// First day, a local day of the node [default: today].
    #[arg(long, value_name = "DATE")]
    pub from: Option<Date>,

    /// Days to show, 1 to 366.
    #[arg(long, value_name = "COUNT", default_value_t = 7,
          value_parser = clap::value_parser!(i32).range(1..=366))]
    pub days: i32,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `work claim`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ClaimArgs {
    /// The order.
    pub order: String,

    /// The shipment's number in it.
    #[arg(default_value_t = 1)]
    pub shipment: u32,

    /// Who works on it: a person or a scanner.
    #[arg(long, value_name = "NAME")]
    pub owner: String,

    /// For how long, up to 12h; it may be claimed again before that [default: 15m].
    #[arg(long, value_name = "TIME", value_parser = lease_seconds, conflicts_with = "give_up")]
    pub lease: Option<u32>,

    /// Give it up.
    #[arg(long)]
    pub give_up: bool,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Whole seconds of a time: a part of one would be none, which stands for the default.
fn lease_seconds(text: &str) -> Result<u32, String> {
    let lease = text.parse::<Timeout>().map_err(|error| error.to_string())?.0;
    let seconds = u32::try_from(lease.as_secs()).ok().filter(|_| lease.subsec_nanos() == 0);
    seconds.ok_or_else(|| "expected whole seconds".to_owned())
}

/// Arguments of `work release`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ReleaseWorkArgs {
    /// The node.
    #[arg(required_unless_present = "kind", conflicts_with = "kind")]
    pub node: Option<String>,

    /// All nodes of a kind instead: `warehouse`, `store`, `third_party` or `supplier`.
    #[arg(long, value_name = "KIND", value_parser = as_kind)]
    pub kind: Option<v1::NodeKind>,

    /// Only orders by this service; may be given several times.
    #[arg(long = "service", value_name = "SERVICE")]
    pub services: Vec<String>,

    /// Only shipments that leave on that day or before, as 2026-12-01.
    #[arg(long, value_name = "DATE")]
    pub ship_by: Option<Date>,

    /// Only orders of that class: win, gain, redistribute, fill or lose.
    #[arg(long, value_name = "CLASS", value_parser = as_class)]
    pub class: Option<v1::PriorityClass>,

    /// Most shipments that are released, 1 to 500.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub limit: u32,

    /// Only say which ones they would be.
    #[arg(long)]
    pub dry_run: bool,

    /// Key of the wave: sent again with it, no others are released.
    #[arg(long, value_name = "KEY")]
    pub request_id: Option<String>,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

fn as_kind(text: &str) -> Result<v1::NodeKind, String> {
    let name = format!("NODE_KIND_{}", text.to_ascii_uppercase());
    v1::NodeKind::from_str_name(&name).ok_or_else(|| "no kind of node".to_owned())
}

fn as_class(text: &str) -> Result<v1::PriorityClass, String> {
    let name = format!("PRIORITY_CLASS_{}", text.to_ascii_uppercase());
    v1::PriorityClass::from_str_name(&name).ok_or_else(|| "no class of orders".to_owned())
}

/// Where a document goes.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct DocumentArgs {
    /// The file; one that is there is replaced. Standard output without it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Arguments of `work pick-list`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PickListArgs {
    /// The node.
    pub node: String,

    /// Most shipments on the list, 1 to 200.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: u16,

    /// Where it goes.
    #[command(flatten)]
    pub document: DocumentArgs,
}

/// Arguments of `work packing-slip`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PackingSlipArgs {
    /// The order.
    pub order: String,

    /// The shipment's number in it.
    #[arg(default_value_t = 1)]
    pub shipment: u32,

    /// Where they go.
    #[command(flatten)]
    pub document: DocumentArgs,
}
