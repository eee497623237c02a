//! A condition that was found right, and how it is evaluated.

use std::cmp::Ordering;

use compact_str::CompactString;

use super::facts::Facts;

/// Why a condition has no value for an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A number is beyond 64 bits.
    Overflow,
    /// By zero.
    Division,
    /// It was written by a version that took what this one does not.
    OtherVersion,
}

/// A part of a condition. Its type is known: the compiler makes no other ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Value(Literal),
    Name(Name),
    Not(Box<Self>),
    Negative(Box<Self>),
    And(Box<[Self; 2]>),
    Or(Box<[Self; 2]>),
    /// The second where the first holds, and else the third.
    If(Box<[Self; 3]>),
    Arithmetic(Arithmetic, Box<[Self; 2]>),
    Compare(Compare, Box<[Self; 2]>),
    Text(TextTest, Box<[Self; 2]>),
    /// Whether the first is one of the others.
    In(Box<Self>, Box<[Self]>),
    /// Whether it is one of the order's items.
    InSkus(Box<Self>),
    /// Characters of a text.
    Characters(Box<Self>),
    /// Lines of the order.
    Lines,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Literal {
    Number(i64),
    Text(CompactString),
    Truth(bool),
}

/// What an order is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Total,
    Quantity,
    Channel,
    Group,
    Currency,
    Country,
    PostalCode,
    Service,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

/// A value, while a condition is evaluated. Those of one type alone are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value<'a> {
    Number(i64),
    Text(&'a str),
    Truth(bool),
}

impl Value<'_> {
    const fn is_true(self) -> bool {
        matches!(self, Self::Truth(true))
    }

    const fn number(self) -> i64 {
        match self {
            Self::Number(number) => number,
            _ => 0,
        }
    }
}

impl<'a> Value<'a> {
    const fn text(self) -> &'a str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }
}

impl Node {
    /// Whether a condition holds.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> Result<bool, Fault> {
        self.value(facts).map(Value::is_true)
    }

    fn value<'a>(&'a self, facts: &Facts<'a>) -> Result<Value<'a>, Fault> {
        let number = |node: &'a Self| node.value(facts).map(Value::number);
        Ok(match self {
            Self::Value(literal) => literal.value(),
            Self::Name(name) => name.value(facts),
            Self::Not(node) => Value::Truth(!node.holds(facts)?),
            Self::Negative(node) => {
                Value::Number(number(node)?.checked_neg().ok_or(Fault::Overflow)?)
            }
            Self::And(two) => Value::Truth(both(two, facts, false)?),
            Self::Or(two) => Value::Truth(both(two, facts, true)?),
            Self::If(three) => three[if three[0].holds(facts)? { 1 } else { 2 }].value(facts)?,
            Self::Arithmetic(with, two) => {
                Value::Number(with.of(number(&two[0])?, number(&two[1])?)?)
            }
            Self::Compare(with, two) => {
                Value::Truth(with.of(two[0].value(facts)?.cmp(&two[1].value(facts)?)))
            }
            Self::Text(with, two) => {
                let (text, part) = (two[0].value(facts)?, two[1].value(facts)?);
                Value::Truth(with.of(text.text(), part.text()))
            }
            Self::In(node, list) => Value::Truth(is_in(node.value(facts)?, list, facts)?),
            Self::InSkus(node) => Value::Truth(facts.skus.contains(&node.value(facts)?.text())),
            Self::Characters(node) => counted(node.value(facts)?.text().chars().count()),
            Self::Lines => counted(facts.skus.len()),
        })
    }
}

/// In CEL, what decides by itself decides also where the other part has no value: false for `&&`,
/// true for `||`.
fn both(two: &[Node; 2], facts: &Facts<'_>, decides: bool) -> Result<bool, Fault> {
    let first = two[0].holds(facts);
    if first == Ok(decides) {
        return Ok(decides);
    }
    match two[1].holds(facts) {
        Ok(second) if second == decides => Ok(decides),
        second => first.and(second),
    }
}

fn is_in(value: Value<'_>, list: &[Node], facts: &Facts<'_>) -> Result<bool, Fault> {
    let mut is_one = false;
    for node in list {
        is_one |= node.value(facts)? == value;
    }
    Ok(is_one)
}

fn counted<'a>(count: usize) -> Value<'a> {
    Value::Number(i64::try_from(count).unwrap_or(i64::MAX))
}

impl Literal {
    fn value(&self) -> Value<'_> {
        match self {
            Self::Number(number) => Value::Number(*number),
            Self::Text(text) => Value::Text(text),
            Self::Truth(truth) => Value::Truth(*truth),
        }
    }
}

impl Name {
    const fn value<'a>(self, facts: &Facts<'a>) -> Value<'a> {
        match self {
            Self::Total => Value::Number(facts.total),
            Self::Quantity => Value::Number(facts.quantity),
            Self::Channel => Value::Text(facts.channel),
            Self::Group => Value::Text(facts.group),
            Self::Currency => Value::Text(facts.currency),
            Self::Country => Value::Text(facts.country),
            Self::PostalCode => Value::Text(facts.postal_code),
            Self::Service => Value::Text(facts.service),
        }
    }
}

impl Arithmetic {
    fn of(self, one: i64, other: i64) -> Result<i64, Fault> {
        if other == 0 && matches!(self, Self::Divide | Self::Remainder) {
            return Err(Fault::Division);
        }
        let result = match self {
            Self::Add => one.checked_add(other),
            Self::Subtract => one.checked_sub(other),
            Self::Multiply => one.checked_mul(other),
            Self::Divide => one.checked_div(other),
            Self::Remainder => one.checked_rem(other),
        };
        result.ok_or(Fault::Overflow)
    }
}

impl Compare {
    const fn of(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl TextTest {
    fn of(self, text: &str, part: &str) -> bool {
        match self {
            Self::StartsWith => text.starts_with(part),
            Self::EndsWith => text.ends_with(part),
            Self::Contains => text.contains(part),
        }
    }
}
