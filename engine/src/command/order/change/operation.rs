//! What may be asked of an order that was placed, operation by operation.

use std::mem::discriminant;

use minicbor::{Decode, Encode};

use crate::limits::{AMOUNT_MAX, CHANGE_OPERATIONS_MAX, LINE_UNITS_MAX, ORDER_LINES_MAX};
use crate::model::check::{bound, finish, in_range};
use crate::model::{
    Currency, Day, Destination, LinePrice, NodeId, Rule, ServiceName, Sku, Text, Violation,
};

/// What is asked of an order, all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Change {
    /// The operations, 1 to [`CHANGE_OPERATIONS_MAX`].
    #[n(0)]
    pub operations: Vec<Operation>,
    /// The currency of the amounts; none where there are none.
    #[n(1)]
    pub currency: Option<Currency>,
    /// Whether added units leave in shipments of their own, as those of an exchange do.
    #[cbor(n(2), default)]
    pub apart: bool,
}

/// One thing that is asked of an order. Lines count from 0.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Operation {
    /// So many units of a line are wanted, those that left among them; of a line of a bundle, so
    /// many bundles. None takes the line out.
    #[n(0)]
    SetQuantity {
        /// The line.
        #[n(0)]
        line: u16,
        /// Units, up to [`LINE_UNITS_MAX`].
        #[n(1)]
        quantity: u32,
    },
    /// Units of an item are wanted as well.
    #[n(1)]
    Add(#[n(0)] Wanted),
    /// Units of a line are no longer wanted, and as many of another item are.
    #[n(2)]
    Swap {
        /// The line.
        #[n(0)]
        line: u16,
        /// What is wanted instead.
        #[n(1)]
        instead: Wanted,
    },
    /// This is said of the order, for people; nothing when empty.
    #[n(3)]
    SetNote(#[n(0)] Text),
    /// A line costs so much, in minor units.
    #[n(4)]
    SetAmount {
        /// The line.
        #[n(0)]
        line: u16,
        /// The amount, within [`AMOUNT_MAX`] of zero.
        #[n(1)]
        amount: i64,
    },
    /// The order goes there from now on.
    #[n(5)]
    SetDestination(#[n(0)] Destination<NodeId>),
    /// It is shipped so from now on.
    #[n(6)]
    SetService(#[n(0)] ServiceName),
    /// It is wanted by that day, as the place has it where it goes.
    #[n(7)]
    SetDeliverBy(#[n(0)] Day),
    /// What is on the shelf, or on its way, of a shipment leaves from elsewhere.
    #[n(8)]
    Move {
        /// The number of the shipment, from 1 as callers count.
        #[n(0)]
        shipment: u16,
        /// From where; from the node that sourcing proposes if none is named.
        #[n(1)]
        to: Option<NodeId>,
        /// Units by line, from 0; all of them if none is named.
        #[cbor(n(2), default)]
        lines: Vec<(u16, u32)>,
    },
}

/// Units of an item that are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Wanted {
    /// The item, or the bundle.
    #[n(0)]
    pub sku: Sku,
    /// Units, from 1 to [`LINE_UNITS_MAX`].
    #[n(1)]
    pub quantity: u32,
    /// What they cost in all, if the caller says so, in minor units.
    #[n(2)]
    pub amount: Option<i64>,
    /// What they cost, part by part, of an order with prices.
    #[n(3)]
    pub price: Option<Box<LinePrice>>,
}

impl Operation {
    /// The line, from 0, of which units are wanted or not wanted any more.
    const fn quantity_of(&self) -> Option<u16> {
        match self {
            Self::SetQuantity { line, .. } | Self::Swap { line, .. } => Some(*line),
            _ => None,
        }
    }

    const fn amount_of(&self) -> Option<u16> {
        match self {
            Self::SetAmount { line, .. } => Some(*line),
            _ => None,
        }
    }

    const fn amount(&self) -> Option<i64> {
        match self {
            Self::SetAmount { amount, .. } => Some(*amount),
            Self::Add(wanted) | Self::Swap { instead: wanted, .. } => wanted.amount,
            _ => None,
        }
    }

    /// What units cost that it adds, and how many these are.
    pub(super) fn price(&self) -> Option<(&LinePrice, u32)> {
        let wanted = self.wanted()?;
        Some((wanted.price.as_deref()?, wanted.quantity))
    }

    /// Whether it may stand beside the move of a shipment.
    const fn goes_with_a_move(&self) -> bool {
        matches!(self, Self::SetNote(_) | Self::Move { .. })
    }

    /// Whether it says where the order goes, how, or by when.
    pub(super) const fn redirects(&self) -> bool {
        matches!(self, Self::SetDestination(_) | Self::SetService(_) | Self::SetDeliverBy(_))
    }

    const fn wanted(&self) -> Option<&Wanted> {
        match self {
            Self::Add(wanted) | Self::Swap { instead: wanted, .. } => Some(wanted),
            _ => None,
        }
    }

    /// What callers call it.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::SetQuantity { .. } => "set_quantity",
            Self::Add(_) => "add_line",
            Self::Swap { .. } => "swap_line",
            Self::SetNote(_) => "set_note",
            Self::SetAmount { .. } => "set_amount",
            Self::SetDestination(_) => "set_destination",
            Self::SetService(_) => "set_service",
            Self::SetDeliverBy(_) => "set_deliver_by",
            Self::Move { .. } => "move_shipment",
        }
    }

    fn check(&self, at: usize, currency: Option<Currency>, found: &mut Vec<Violation>) {
        let field = |name| format!("operations[{at}].{}.{name}", self.field());
        if let Some(line) = self.quantity_of().or_else(|| self.amount_of()) {
            in_range(found, field("line_index"), line.into(), 0, bound(ORDER_LINES_MAX) - 1);
        }
        let quantity = match self {
            Self::SetQuantity { quantity, .. } => Some((*quantity, 0)),
            Self::Add(wanted) | Self::Swap { instead: wanted, .. } => Some((wanted.quantity, 1)),
            _ => None,
        };
        if let Some((quantity, least)) = quantity {
            in_range(found, field("quantity"), quantity.into(), least, LINE_UNITS_MAX.into());
        }
        if let Self::Move { lines, .. } = self {
            check_moved(lines, &field("lines"), found);
        }
        if let Some(amount) = self.amount() {
            in_range(found, field("amount_minor"), amount, -AMOUNT_MAX, AMOUNT_MAX);
        }
        if let (Some((price, units)), Some(currency)) = (self.price(), currency) {
            price.validate(&field("pricing"), (units, currency), found);
        }
    }
}

impl Change {
    /// Checks counts, quantities and amounts, and that nothing is said twice.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let all = &self.operations;
        match all.len() {
            0 => return Err(vec![Violation::new("operations", "", Rule::Required)]),
            1..=CHANGE_OPERATIONS_MAX => {}
            more => {
                let rule = Rule::TooMany { max: CHANGE_OPERATIONS_MAX };
                return Err(vec![Violation::new("operations", more, rule)]);
            }
        }
        let mut found = Vec::new();
        for (at, operation) in all.iter().enumerate() {
            operation.check(at, self.currency, &mut found);
            if let Some(wanted) = operation.wanted() {
                check_sums(&all[..=at], (at, operation.field(), wanted), &mut found);
            }
            if all[..at].iter().any(|other| is_said_twice(other, operation)) {
                let field = format!("operations[{at}]");
                found.push(Violation::new(field, operation.field(), Rule::Duplicate));
            }
        }
        if let Some(at) = all.iter().position(|of| matches!(of, Operation::Move { .. }))
            && !all.iter().all(Operation::goes_with_a_move)
        {
            let rule = Rule::Malformed("has a note beside it at most".into());
            found.push(Violation::new(format!("operations[{at}]"), "move_shipment", rule));
        }
        let costs = |of: &Operation| of.amount().is_some() || of.price().is_some();
        let has_amounts = all.iter().any(costs);
        match self.currency {
            None if has_amounts => {
                found.push(Violation::new("currency_code", "", Rule::Required));
            }
            Some(currency) if !has_amounts => {
                let rule = Rule::Malformed("says nothing without an amount".into());
                found.push(Violation::new("currency_code", currency, rule));
            }
            _ => {}
        }
        finish(found)
    }
}

/// Units that are moved, by line: each line once.
fn check_moved(lines: &[(u16, u32)], field: &str, found: &mut Vec<Violation>) {
    if lines.len() > ORDER_LINES_MAX {
        let rule = Rule::TooMany { max: ORDER_LINES_MAX };
        return found.push(Violation::new(field, lines.len(), rule));
    }
    for (at, (line, units)) in lines.iter().enumerate() {
        let name = |name| format!("{field}[{at}].{name}");
        in_range(found, name("line_index"), (*line).into(), 0, bound(ORDER_LINES_MAX) - 1);
        in_range(found, name("quantity"), (*units).into(), 1, LINE_UNITS_MAX.into());
        if lines[..at].iter().any(|(other, _)| other == line) {
            found.push(Violation::new(name("line_index"), *line, Rule::Duplicate));
        }
    }
}

/// What is wanted of one item becomes one line: its units and its amounts are summed.
fn check_sums(
    all: &[Operation],
    (at, name, of): (usize, &str, &Wanted),
    found: &mut Vec<Violation>,
) {
    let same = || all.iter().filter_map(Operation::wanted).filter(|other| other.sku == of.sku);
    if same().count() < 2 {
        return;
    }
    let units = same().map(|other| i64::from(other.quantity)).sum();
    let field = |what| format!("operations[{at}].{name}.{what}");
    in_range(found, field("quantity"), units, 1, LINE_UNITS_MAX.into());
    let amounts = same().filter_map(|other| other.amount);
    let amount = amounts.fold(0, i64::saturating_add);
    in_range(found, field("amount_minor"), amount, -AMOUNT_MAX, AMOUNT_MAX);
}

/// Whether two operations say something of the same.
fn is_said_twice(one: &Operation, other: &Operation) -> bool {
    let both = |of: fn(&Operation) -> Option<u16>| of(one).is_some() && of(one) == of(other);
    // Of these there is one in a change.
    let is_alone = |of: &Operation| {
        of.redirects() || matches!(of, Operation::SetNote(_) | Operation::Move { .. })
    };
    let alone = is_alone(one) && discriminant(one) == discriminant(other);
    alone || both(Operation::quantity_of) || both(Operation::amount_of)
}
