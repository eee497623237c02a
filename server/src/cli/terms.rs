//! Who may have an item at a node: reading it, and saying it.

use clap::{ArgGroup, Args, Subcommand};

use super::common::{OutputArgs, ServerArgs};
use crate::terms_text::{SAFETY, SEGMENTS, safeties, segments};

const EXAMPLES: &str = "\
Examples:
  backstock terms show BLOUSE-RED-M RENO
  backstock terms set BLOUSE-RED-M RENO --channel-safety web:5 --segments vip=app,club:30%
  backstock terms set BLOUSE-RED-M RENO --off-sourcing
  backstock terms set BLOUSE-RED-M RENO --none";

/// Arguments of `terms`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct TermsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TermsCommand,
}

/// What can be done about the terms of an item at a node.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum TermsCommand {
    /// Show them.
    Show(ShowTermsArgs),
    /// Say all of them: what is left out is none from then on.
    Set(SetTermsArgs),
}

/// Which item at which node.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ShowTermsArgs {
    /// The item.
    pub sku: String,

    /// The node.
    pub node: String,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `terms set`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(group(ArgGroup::new("said").required(true).multiple(true)))]
pub struct SetTermsArgs {
    /// Which item at which node.
    #[command(flatten)]
    pub of: ShowTermsArgs,

    /// Sourcing may not choose the item at the node.
    #[arg(long, group = "said")]
    pub off_sourcing: bool,

    /// Units that are withheld from channels, as "web:5; shop:2".
    #[arg(long, value_name = "TEXT", group = "said", value_parser = as_safety)]
    pub channel_safety: Option<String>,

    /// Shares that are kept for channels, as "vip=app,club:30% borrows; web:25 until
    /// 2026-12-01T08:00:00Z".
    #[arg(long, value_name = "TEXT", group = "said", value_parser = as_segments)]
    pub segments: Option<String>,

    /// There are none: everybody may have all of it.
    #[arg(long, group = "said", conflicts_with_all = ["off_sourcing", "channel_safety", "segments"])]
    pub none: bool,

    /// Check all of it and change nothing.
    #[arg(long)]
    pub validate_only: bool,
}

fn as_safety(text: &str) -> Result<String, String> {
    safeties(text).map(|_| text.to_owned()).ok_or_else(|| format!("expected {SAFETY}"))
}

fn as_segments(text: &str) -> Result<String, String> {
    segments(text).map(|_| text.to_owned()).ok_or_else(|| format!("expected {SEGMENTS}"))
}
