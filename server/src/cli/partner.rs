//! Partners: who they are, what they say, and whether theirs does as the contract says.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::common::{OutputArgs, ServerArgs};

const EXAMPLES: &str = "\
Examples:
  backstock partner define 3pl-7 --node EAST --node WEST
  backstock partner send 3pl-7 receipts.jsonl
  backstock partner send 3pl-7 944.x12 --answers 997.x12
  backstock partner show 3pl-7 --json
  backstock partner replay 3pl-7 m-4711
  backstock partner discard 3pl-7 m-4711
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
