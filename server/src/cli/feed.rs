//! What happened, and who follows it.

use clap::{Args, Subcommand};

use super::common::{OutputArgs, ServerArgs};

const EXAMPLES: &str = "\
Examples:
  backstock feed read --from 18204
  backstock feed read --follow --type backstock.order_placed.v1 --json
  backstock feed read --subject orders/WEB-1001
  backstock feed consumers
  backstock feed put erp --at 18204
  backstock feed read --consumer erp --json
  backstock feed acknowledge erp 18310";

/// Arguments of `feed`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = EXAMPLES)]
pub struct FeedArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: FeedCommand,
}

/// What can be done about the feed.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum FeedCommand {
    /// Print events, in the order in which they happened; with --json one object a line.
    Read(ReadFeedArgs),
    /// List the consumers, and how far each is behind.
    Consumers {
        /// Which server to talk to.
        #[command(flatten)]
        server: ServerArgs,

        /// How the result is printed.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Make a consumer, or put it behind another version, also back.
    Put(PutConsumerArgs),
    /// Say that a consumer has done its work up to a version.
    Acknowledge(AcknowledgeArgs),
    /// Forget a consumer: nothing is kept for it any more.
    Delete(ConsumerArgs),
}

/// Arguments of `feed read`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ReadFeedArgs {
    /// The first version to print [default: the first that there was].
    #[arg(long, value_name = "VERSION", conflicts_with = "consumer")]
    pub from: Option<u64>,

    /// Begin behind what this consumer acknowledged.
    #[arg(long, value_name = "ID")]
    pub consumer: Option<String>,

    /// Wait for what comes.
    #[arg(long)]
    pub follow: bool,

    /// Print events of this type only; give it more than once for several.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,

    /// Print events about this only, or about all below it, as `orders/`; more than once for
    /// several.
    #[arg(long = "subject", value_name = "SUBJECT")]
    pub subjects: Vec<String>,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which consumer.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ConsumerArgs {
    /// The consumer.
    pub id: String,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Arguments of `feed put`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct PutConsumerArgs {
    /// Which consumer.
    #[command(flatten)]
    pub of: ConsumerArgs,

    /// The version up to which it has done its work [default: the newest, for a new one].
    #[arg(long, value_name = "VERSION")]
    pub at: Option<u64>,
}

/// Arguments of `feed acknowledge`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct AcknowledgeArgs {
    /// Which consumer.
    #[command(flatten)]
    pub of: ConsumerArgs,

    /// The version up to which it has done its work.
    pub version: u64,
}
