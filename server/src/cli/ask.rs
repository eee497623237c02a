//! Everyday questions: availability and orders.

use clap::{Args, Subcommand};
use jiff::civil::Date;

use super::change::{ChangeArgs, CommitArgs};
use super::common::{OutputArgs, ServerArgs};
use super::desk::{HoldArgs, ReleaseHoldArgs, ResolveDeclineArgs};

const AVAILABILITY_EXAMPLES: &str = "\
Examples:
  backstock availability BLOUSE-RED-M
  backstock availability BLOUSE-RED-M --node RENO --node ATLANTA
  backstock availability BLOUSE-RED-M --at 2026-12-24 --json
  backstock availability BLOUSE-RED-M --curve --quantity 5000";

/// Arguments of `availability`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = AVAILABILITY_EXAMPLES)]
pub struct AvailabilityArgs {
    /// The item.
    pub sku: String,

    /// Count this node only; give it more than once for several.
    #[arg(long = "node", value_name = "ID")]
    pub nodes: Vec<String>,

    /// Also say what can be promised for this day.
    #[arg(long, value_name = "DATE")]
    pub at: Option<Date>,

    /// Also say on which days how many more can be promised.
    #[arg(long)]
    pub curve: bool,

    /// Also say by which day so many units can be promised, 1 to 500000.
    #[arg(long, value_name = "UNITS", value_parser = clap::value_parser!(u64).range(1..))]
    pub quantity: Option<u64>,

    /// Count only what orders of this channel may have.
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,

    /// Count only nodes that ship by this service.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const SUGGEST_EXAMPLES: &str = "\
Examples:
  backstock suggest BLOUSE-RED-M --postal-code 94103
  backstock suggest BLOUSE-RED-M SKIRT --postal-code 94103 --currency USD --json
  backstock suggest BLOUSE-RED-M --instead-of BLOUSE-RED-M --postal-code 94103 --by 2026-12-24";

/// Arguments of `suggest`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = SUGGEST_EXAMPLES)]
pub struct SuggestArgs {
    /// The items of the basket, one unit of each.
    #[arg(required = true, value_name = "SKU")]
    pub skus: Vec<String>,

    /// Where it goes.
    #[arg(long, value_name = "CODE")]
    pub postal_code: String,

    /// Also say what may take the place of this item.
    #[arg(long, value_name = "SKU")]
    pub instead_of: Option<String>,

    /// The day by which suggestions have to be there.
    #[arg(long, value_name = "DATE")]
    pub by: Option<Date>,

    /// Say prices in this currency.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,

    /// Where it is ordered, as `web` or `store`.
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,

    /// The most suggestions of each kind [default: 8].
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=32))]
    pub most: Option<u32>,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

const ORDER_EXAMPLES: &str = "\
Examples:
  backstock order show WEB-1001
  backstock order explain WEB-1001 --json
  backstock order timeline WEB-1001
  backstock order change WEB-1001 --set 1=2 --add SCARF=1 --swap 3=HAT-RED=1
  backstock order change WEB-1001 --amount 1=1999 --currency EUR --commit
  backstock order change WEB-1001 --postal-code 94103 --deliver-by 2026-12-24
  backstock order change WEB-1001 --move 2=RENO --reason closed
  backstock order commit WEB-1001 TOKEN
  backstock order hold WEB-1001 fraud-review --kind fraud --owner risk
  backstock order release-hold WEB-1001 fraud-review
  backstock order resolve-decline WEB-1001 2";

/// Arguments of `order`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(after_help = ORDER_EXAMPLES)]
pub struct OrderArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: OrderCommand,
}

/// What can be done with an order.
#[derive(Subcommand, Debug, Clone, PartialEq, Eq)]
pub enum OrderCommand {
    /// Show an order, its lines and its shipments.
    Show(OrderQuery),
    /// Say why it ships from where it does, and why not from elsewhere.
    Explain(OrderQuery),
    /// Tell what happened to it, and when.
    Timeline(TimelineQuery),
    /// Say what a change would come to, and hold its new units for five minutes.
    Change(Box<ChangeArgs>),
    /// Commit a change, exactly as it was quoted.
    Commit(CommitArgs),
    /// Put it on hold: no node begins with it.
    Hold(HoldArgs),
    /// Release a hold on it.
    ReleaseHold(ReleaseHoldArgs),
    /// Have units sourced anew that the customer was asked about, because he waits for them.
    ResolveDecline(ResolveDeclineArgs),
}

/// Which order's timeline.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Which order.
    #[command(flatten)]
    pub order: OrderQuery,

    /// Tell only what its customer may know.
    #[arg(long)]
    pub customer: bool,
}

/// Which order.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct OrderQuery {
    /// The order's id.
    pub id: String,

    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}
