//! What a desk wants of an order: a change that is quoted, and one that is committed.

use std::str::FromStr;

use clap::{ArgGroup, Args};
use jiff::civil::Date;

use super::desk::DeskArgs;

/// Arguments of `order change`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
#[command(group(ArgGroup::new("asked").required(true).multiple(true)))]
pub struct ChangeArgs {
    /// The order's id.
    pub id: String,

    /// Have so many units of a line in all; 0 takes it out. Lines have the numbers that
    /// `order show` gives them, from 1.
    #[arg(long = "set", value_name = "LINE=QTY", group = "asked")]
    pub sets: Vec<SetArg>,

    /// Have another item instead of units of a line. What follows @ is what it costs in all, in
    /// minor units.
    #[arg(long = "swap", value_name = "LINE=SKU=QTY[@MINOR]", group = "asked")]
    pub swaps: Vec<SwapArg>,

    /// Have more of an item, or another one.
    #[arg(long = "add", value_name = "SKU=QTY[@MINOR]", group = "asked")]
    pub adds: Vec<AddArg>,

    /// Have it go to another postal code.
    #[arg(long, value_name = "CODE", group = "asked", conflicts_with = "pickup")]
    pub postal_code: Option<String>,

    /// Country of the postal code, as US [default: US].
    #[arg(long, value_name = "CODE", requires = "postal_code")]
    pub country: Option<String>,

    /// Have it collected at a node.
    #[arg(long, value_name = "NODE", group = "asked")]
    pub pickup: Option<String>,

    /// Of stock of that node alone.
    #[arg(long, requires = "pickup")]
    pub only_stock_there: bool,

    /// Have it go by another service.
    #[arg(long, value_name = "SERVICE", group = "asked")]
    pub service: Option<String>,

    /// Have it wanted by another day, as 2026-12-24.
    #[arg(long, value_name = "DATE", group = "asked")]
    pub deliver_by: Option<Date>,

    /// Have a shipment leave from another node: the one that sourcing proposes, if none is named.
    #[arg(long = "move", value_name = "SHIPMENT[=NODE]", group = "asked")]
    pub moved: Option<MoveArg>,

    /// Move so many units of a line, and not the whole shipment; may be given several times.
    #[arg(long = "units", value_name = "LINE=QTY", requires = "moved")]
    pub units: Vec<SetArg>,

    /// Say what the order's note is; empty for none.
    #[arg(long, value_name = "TEXT", group = "asked")]
    pub note: Option<String>,

    /// Say what a line costs in all, in minor units.
    #[arg(long = "amount", value_name = "LINE=MINOR", group = "asked")]
    pub amounts: Vec<AmountArg>,

    /// Currency of all amounts, as EUR.
    #[arg(long, value_name = "CODE")]
    pub currency: Option<String>,

    /// Why, for people.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub reason: String,

    /// Commit it at once, if all of it can be had.
    #[arg(long)]
    pub commit: bool,

    /// Where it goes.
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// Arguments of `order commit`.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct CommitArgs {
    /// The order's id.
    pub id: String,

    /// What `order change` printed, or - to read it from standard input.
    // One of 64 begins with a hyphen.
    #[arg(allow_hyphen_values = true)]
    pub token: String,

    /// Where it goes.
    #[command(flatten)]
    pub desk: DeskArgs,
}

/// A line, from 0, and how many units of it are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetArg {
    /// The line.
    pub line: u32,
    /// Units in all.
    pub quantity: u32,
}

/// Units of an item, and what they cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddArg {
    /// The item.
    pub sku: String,
    /// Units.
    pub quantity: u32,
    /// Minor units in all; none if that is not said.
    pub amount: Option<i64>,
}

/// A line, from 0, and what is wanted instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwapArg {
    /// The line.
    pub line: u32,
    /// What is wanted.
    pub instead: AddArg,
}

/// A line, from 0, and what it costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AmountArg {
    /// The line.
    pub line: u32,
    /// Minor units in all.
    pub amount: i64,
}

/// A shipment, and where it is to leave from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveArg {
    /// Its number in the order.
    pub shipment: u32,
    /// The node; empty for the one that sourcing proposes.
    pub node: String,
}

/// Why a text is no part of a change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {0}; lines are numbered from 1")]
pub struct BadPart(&'static str);

impl FromStr for SetArg {
    type Err = BadPart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (line, quantity) = text.split_once('=')?;
            Some(Self { line: index(line)?, quantity: quantity.parse().ok()? })
        };
        read().ok_or(BadPart("LINE=QTY"))
    }
}

impl FromStr for AddArg {
    type Err = BadPart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            // An item's name may have both signs in it.
            let (sku, units) = text.rsplit_once('=').filter(|(sku, _)| !sku.is_empty())?;
            let (quantity, amount) = match units.split_once('@') {
                Some((quantity, amount)) => (quantity, Some(amount.parse().ok()?)),
                None => (units, None),
            };
            Some(Self { sku: sku.to_owned(), quantity: quantity.parse().ok()?, amount })
        };
        read().ok_or(BadPart("SKU=QTY or SKU=QTY@MINOR"))
    }
}

impl FromStr for SwapArg {
    type Err = BadPart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (line, instead) = text.split_once('=')?;
            Some(Self { line: index(line)?, instead: instead.parse().ok()? })
        };
        read().ok_or(BadPart("LINE=SKU=QTY or LINE=SKU=QTY@MINOR"))
    }
}

impl FromStr for AmountArg {
    type Err = BadPart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (line, amount) = text.split_once('=')?;
            Some(Self { line: index(line)?, amount: amount.parse().ok()? })
        };
        read().ok_or(BadPart("LINE=MINOR"))
    }
}

impl FromStr for MoveArg {
    type Err = BadPart;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (shipment, node) = text.split_once('=').unwrap_or((text, ""));
        // A node that is asked for by no name is a slip, not a wish to have one proposed.
        let is_named = !node.is_empty() || !text.ends_with('=');
        let shipment = shipment.parse().ok().filter(|_| is_named);
        let shipment = shipment.ok_or(BadPart("SHIPMENT or SHIPMENT=NODE"))?;
        Ok(Self { shipment, node: node.to_owned() })
    }
}

/// The index, from 0, of a line that people number from 1.
fn index(text: &str) -> Option<u32> {
    text.parse::<u32>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_change_is_read_from_both_ends_as_items_may_have_any_sign() {
        let add = |text: &str| text.parse::<AddArg>();
        let is = |sku: &str, quantity, amount| Ok(AddArg { sku: sku.into(), quantity, amount });
        assert_eq!(add("SCARF=2"), is("SCARF", 2, None));
        assert_eq!(add("A=B@C=2@-1999"), is("A=B@C", 2, Some(-1_999)));
        let swap: SwapArg = "3=A=B=1".parse().unwrap();
        assert_eq!((swap.line, swap.instead), (2, is("A=B", 1, None).unwrap()));
        assert_eq!("1=0".parse(), Ok(SetArg { line: 0, quantity: 0 }));
        let moved = |shipment, node: &str| Ok(MoveArg { shipment, node: node.into() });
        assert_eq!("2".parse(), moved(2, ""));
        assert_eq!("2=A=B".parse(), moved(2, "A=B"));
        assert_eq!("2=-5".parse(), Ok(AmountArg { line: 1, amount: -5 }));
    }

    #[test]
    fn what_is_no_part_of_a_change_is_told_with_what_is_expected() {
        for bad in ["", "SCARF", "=2", "SCARF=", "SCARF=-1", "SCARF=2@", "SCARF=2@x"] {
            assert!(bad.parse::<AddArg>().is_err(), "{bad}");
            assert!(format!("1={bad}").parse::<SwapArg>().is_err(), "{bad}");
        }
        for bad in ["", "1", "0=2", "x=2", "1=x", "1=4294967296"] {
            let told = bad.parse::<SetArg>().unwrap_err().to_string();
            assert_eq!(told, "expected LINE=QTY; lines are numbered from 1", "{bad}");
        }
        for bad in ["", "=", "2=", "=RENO", "x=RENO"] {
            assert!(bad.parse::<MoveArg>().is_err(), "{bad}");
        }
        assert!("0=2".parse::<AmountArg>().is_err() && "0=A=2".parse::<SwapArg>().is_err());
    }
}
