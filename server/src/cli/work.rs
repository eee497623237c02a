//! What a node has to do, on the screen and on paper.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::common::{OutputArgs, ServerArgs};

const EXAMPLES: &str = "\
Examples:
  backstock work list RENO
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

/// What can be asked of a node's work.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum WorkCommand {
    /// List the shipments that a node has to do, the one that has to leave first before others.
    List(ListWorkArgs),
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
