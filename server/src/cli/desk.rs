//! What a desk does to an order: putting it on hold, and answering for its customer.

use clap::{Args, ValueEnum};

use super::common::{OutputArgs, ServerArgs};

/// Where a command goes, and how its result is printed.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct DeskArgs {
    /// Which server to talk to.
    #[command(flatten)]
    pub server: ServerArgs,

    /// How the result is printed.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// Why an order is on hold, for programs.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldKind {
    /// Somebody looks whether it is fraud.
    Fraud,
    /// Its payment is not secured.
    Payment,
    /// It is over the customer's credit.
    Credit,
    /// A person wants it so.
    Manual,
}

/// Arguments of `order hold`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct HoldArgs {
    /// The order's id.
    pub id: String,

    /// The hold's id, which no other hold on the order has.
    pub hold: String,

    /// Why, for programs.
    #[arg(long, value_enum, value_name = "KIND", default_value = "manual")]
    pub kind: HoldKind,

    /// Why, for people.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,

    /// Who places it and may be asked.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub owner: String,

    /// Let go of its units then, as 2026-12-01T18:00:00Z [default: never].
    #[arg(long, value_name = "TIME")]
    pub stock_until: Option<jiff::Timestamp>,

    /// Check all of it and change nothing.
    #[arg(long)]
    pub validate_only: bool,

    /// Where it goes.
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `order release-hold`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ReleaseHoldArgs {
    /// The order's id.
    pub id: String,

    /// The hold's id.
    pub hold: String,

    /// Why, for people.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,

    /// Check all of it and change nothing.
    #[arg(long)]
    pub validate_only: bool,

    /// Where it goes.
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `order resolve-decline`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ResolveDeclineArgs {
    /// The order's id.
    pub id: String,

    /// The declined shipment's number in it.
    pub shipment: u32,

    /// Why, for people.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,

    /// Check all of it and change nothing.
    #[arg(long)]
    pub validate_only: bool,

    /// Where it goes.
    #[command(flatten)]
    pub desk: DeskArgs,
}
