//! From the tree of CEL's parser to a condition: names, types and bounds are checked here.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::{Env, Program};

use super::node::{Arithmetic, Compare, Literal, Name, Node, TextTest};
use crate::limits::{
    CONDITION_COST_MAX, CONDITION_DEPTH_MAX, CONDITION_NODES_MAX, ORDER_LINES_MAX,
};

/// What is wrong with a condition, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The character, from 1.
    at: usize,
    told: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is no condition: at character {}, {}", self.at, self.told)
    }
}

/// What a part of a condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Number,
    Text,
    Truth,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "int",
            Self::Text => "string",
            Self::Truth => "bool",
        })
    }
}

/// Names of integers and texts. `skus` is a list, and stands after `in` or in `size` alone.
const NAMES: [(&str, Name, Type); 8] = [
    ("total", Name::Total, Type::Number),
    ("quantity", Name::Quantity, Type::Number),
    ("channel", Name::Channel, Type::Text),
    ("group", Name::Group, Type::Text),
    ("currency", Name::Currency, Type::Text),
    ("country", Name::Country, Type::Text),
    ("postal_code", Name::PostalCode, Type::Text),
    ("service", Name::Service, Type::Text),
];
const SKUS: &str = "skus";

const ARITHMETIC: [(&str, Arithmetic); 5] = [
    (operators::ADD, Arithmetic::Add),
    (operators::SUBSTRACT, Arithmetic::Subtract),
    (operators::MULTIPLY, Arithmetic::Multiply),
    (operators::DIVIDE, Arithmetic::Divide),
    (operators::MODULO, Arithmetic::Remainder),
];

const COMPARE: [(&str, Compare); 6] = [
    (operators::EQUALS, Compare::Equal),
    (operators::NOT_EQUALS, Compare::NotEqual),
    (operators::LESS, Compare::Less),
    (operators::LESS_EQUALS, Compare::LessOrEqual),
    (operators::GREATER, Compare::Greater),
    (operators::GREATER_EQUALS, Compare::GreaterOrEqual),
];

const TEXT_TESTS: [(&str, TextTest); 3] = [
    ("startsWith", TextTest::StartsWith),
    ("endsWith", TextTest::EndsWith),
    ("contains", TextTest::Contains),
];

/// Reads a condition.
pub(super) fn compile(text: &str) -> Result<Node, Wrong> {
    check_nesting(text)?;
    let program = parse(text)?;
    let mut compiler = Compiler { source: program.source_info(), nodes: 0, cost: 0 };
    let (node, of) = compiler.typed(program.expression(), 0)?;
    compiler.wants(program.expression(), Type::Truth, of)?;
    Ok(node)
}

/// The parser calls itself for each bracket and each choice, so that they are counted before it is
/// called. Quotes must be simple, to know what is quoted.
fn check_nesting(text: &str) -> Result<(), Wrong> {
    for (kind, told) in [
        ("\\", "there is a backslash: texts are without any"),
        ("'''", "there are three quotes in a row"),
        ("\"\"\"", "there are three quotes in a row"),
    ] {
        if let Some(at) = text.find(kind) {
            return Err(Wrong { at: at + 1, told: told.into() });
        }
    }
    let (mut depth, mut quote) = (0_usize, None);
    for (at, character) in text.chars().enumerate() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '(' | '[' | '{' | '?') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > CONDITION_DEPTH_MAX {
            let told = format!("it is nested more than {CONDITION_DEPTH_MAX} deep");
            return Err(Wrong { at: at + 1, told });
        }
    }
    Ok(())
}

/// The parser is another crate's, and texts are callers': should it panic, the text is refused.
fn parse(text: &str) -> Result<Program, Wrong> {
    let parsed = catch_unwind(AssertUnwindSafe(|| Env::default().compile(text)));
    let Ok(parsed) = parsed else {
        return Err(Wrong { at: 1, told: "it cannot be read".into() });
    };
    parsed.map_err(|wrong| match wrong.errors.into_iter().next() {
        Some(first) => {
            let at = usize::try_from(first.pos.1).unwrap_or(0).max(1);
            Wrong { at, told: first.msg }
        }
        None => Wrong { at: 1, told: "it cannot be read".into() },
    })
}

struct Compiler<'a> {
    source: &'a SourceInfo,
    nodes: usize,
    cost: usize,
}

type Typed = (Node, Type);

impl Compiler<'_> {
    fn typed(&mut self, expr: &IdedExpr, depth: usize) -> Result<Typed, Wrong> {
        self.counts(expr, depth)?;
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Ident(name) => self.name(expr, name),
            Expr::Call(call) => self.call(expr, call, depth + 1),
            _ => Err(self.wrong(expr, "only comparisons, arithmetic and lists after in are taken")),
        }
    }

    fn counts(&mut self, expr: &IdedExpr, depth: usize) -> Result<(), Wrong> {
        self.nodes += 1;
        if self.nodes > CONDITION_NODES_MAX {
            let told = format!("it has more than {CONDITION_NODES_MAX} parts");
            return Err(self.wrong(expr, told));
        }
        if depth > CONDITION_DEPTH_MAX {
            let told = format!("it is nested more than {CONDITION_DEPTH_MAX} deep");
            return Err(self.wrong(expr, told));
        }
        self.costs(expr, 1)
    }

    fn costs(&mut self, expr: &IdedExpr, steps: usize) -> Result<(), Wrong> {
        self.cost += steps;
        if self.cost > CONDITION_COST_MAX {
            let told = format!("it takes more than {CONDITION_COST_MAX} steps");
            return Err(self.wrong(expr, told));
        }
        Ok(())
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Result<Typed, Wrong> {
        match literal {
            LiteralValue::Int(number) => {
                Ok((Node::Value(Literal::Number(*number.inner())), Type::Number))
            }
            LiteralValue::String(text) => {
                Ok((Node::Value(Literal::Text(text.inner().into())), Type::Text))
            }
            LiteralValue::Boolean(truth) => {
                Ok((Node::Value(Literal::Truth(*truth.inner())), Type::Truth))
            }
            _ => Err(self.wrong(expr, "a value is an int, a string, true or false")),
        }
    }

    fn name(&self, expr: &IdedExpr, name: &str) -> Result<Typed, Wrong> {
        let known = NAMES.iter().find(|(known, ..)| *known == name);
        let (_, name, of) = known.ok_or_else(|| match name {
            SKUS => self.wrong(expr, "skus is a list: it stands after in, or in size()"),
            _ => self.wrong(expr, format!("there is no {name}: {}", names())),
        })?;
        Ok((Node::Name(*name), *of))
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr, depth: usize) -> Result<Typed, Wrong> {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            (operators::LOGICAL_NOT, None, [of]) => {
                Ok((Node::Not(self.boxed(of, Type::Truth, depth)?), Type::Truth))
            }
            (operators::NEGATE, None, [of]) => {
                Ok((Node::Negative(self.boxed(of, Type::Number, depth)?), Type::Number))
            }
            (operators::LOGICAL_AND, None, all) => self.joined(expr, all, Node::And, depth),
            (operators::LOGICAL_OR, None, all) => self.joined(expr, all, Node::Or, depth),
            (operators::CONDITIONAL, None, [test, one, other]) => {
                self.choice(test, one, other, depth)
            }
            (operators::IN, None, [one, list]) => self.is_in(one, list, depth),
            ("size", None, [of]) | ("size", Some(of), []) => self.size(of, depth),
            (name, None, [one, other]) => self.two(expr, name, one, other, depth),
            (name, Some(text), [part]) => self.text_test(expr, name, text, part, depth),
            (name, ..) => Err(self.wrong(expr, format!("there is no function {name} of these"))),
        }
    }

    /// `&&` and `||` of two or more.
    fn joined(
        &mut self,
        expr: &IdedExpr,
        all: &[IdedExpr],
        by: impl Fn(Box<[Node; 2]>) -> Node,
        depth: usize,
    ) -> Result<Typed, Wrong> {
        let mut joined = None;
        for one in all {
            let node = self.of_type(one, Type::Truth, depth)?;
            joined = Some(match joined {
                Some(before) => by(Box::new([before, node])),
                None => node,
            });
        }
        joined.map(|node| (node, Type::Truth)).ok_or_else(|| self.wrong(expr, "nothing is joined"))
    }

    fn choice(
        &mut self,
        test: &IdedExpr,
        one: &IdedExpr,
        other: &IdedExpr,
        depth: usize,
    ) -> Result<Typed, Wrong> {
        let test = self.of_type(test, Type::Truth, depth)?;
        let (one, of) = self.typed(one, depth)?;
        let other = self.of_type(other, of, depth)?;
        Ok((Node::If(Box::new([test, one, other])), of))
    }

    fn is_in(&mut self, one: &IdedExpr, list: &IdedExpr, depth: usize) -> Result<Typed, Wrong> {
        match &list.expr {
            Expr::Ident(name) if name == SKUS => {
                self.costs(list, ORDER_LINES_MAX)?;
                Ok((Node::InSkus(self.boxed(one, Type::Text, depth)?), Type::Truth))
            }
            Expr::List(values) if values.optional_indices.is_empty() => {
                let (one, of) = self.typed(one, depth)?;
                let values = values.elements.iter().map(|value| self.of_type(value, of, depth));
                Ok((Node::In(Box::new(one), values.collect::<Result<_, _>>()?), Type::Truth))
            }
            _ => Err(self.wrong(list, "after in stands skus, or a list in brackets")),
        }
    }

    fn size(&mut self, of: &IdedExpr, depth: usize) -> Result<Typed, Wrong> {
        match &of.expr {
            Expr::Ident(name) if name == SKUS => Ok((Node::Lines, Type::Number)),
            _ => Ok((Node::Characters(self.boxed(of, Type::Text, depth)?), Type::Number)),
        }
    }

    fn two(
        &mut self,
        expr: &IdedExpr,
        name: &str,
        one: &IdedExpr,
        other: &IdedExpr,
        depth: usize,
    ) -> Result<Typed, Wrong> {
        if let Some((_, with)) = ARITHMETIC.iter().find(|(known, _)| *known == name) {
            let one = self.of_type(one, Type::Number, depth)?;
            let two = [one, self.of_type(other, Type::Number, depth)?];
            return Ok((Node::Arithmetic(*with, Box::new(two)), Type::Number));
        }
        let Some((_, with)) = COMPARE.iter().find(|(known, _)| *known == name) else {
            return Err(self.wrong(expr, format!("there is no function {name} of these")));
        };
        let (one, of) = self.typed(one, depth)?;
        let two = [one, self.of_type(other, of, depth)?];
        Ok((Node::Compare(*with, Box::new(two)), Type::Truth))
    }

    fn text_test(
        &mut self,
        expr: &IdedExpr,
        name: &str,
        text: &IdedExpr,
        part: &IdedExpr,
        depth: usize,
    ) -> Result<Typed, Wrong> {
        let known = TEXT_TESTS.iter().find(|(known, _)| *known == name);
        let (_, with) = known
            .ok_or_else(|| self.wrong(expr, format!("there is no function {name} of these")))?;
        let text = self.of_type(text, Type::Text, depth)?;
        let two = [text, self.of_type(part, Type::Text, depth)?];
        Ok((Node::Text(*with, Box::new(two)), Type::Truth))
    }

    fn boxed(&mut self, expr: &IdedExpr, wanted: Type, depth: usize) -> Result<Box<Node>, Wrong> {
        self.of_type(expr, wanted, depth).map(Box::new)
    }

    fn of_type(&mut self, expr: &IdedExpr, wanted: Type, depth: usize) -> Result<Node, Wrong> {
        let (node, of) = self.typed(expr, depth)?;
        self.wants(expr, wanted, of)?;
        Ok(node)
    }

    fn wants(&self, expr: &IdedExpr, wanted: Type, of: Type) -> Result<(), Wrong> {
        if of == wanted {
            return Ok(());
        }
        Err(self.wrong(expr, format!("a {wanted} is wanted, and this is a {of}")))
    }

    fn wrong(&self, expr: &IdedExpr, told: impl Into<String>) -> Wrong {
        let at = self.source.offset_for(expr.id).map_or(0, |(start, _)| start as usize);
        Wrong { at: at + 1, told: told.into() }
    }
}

fn names() -> String {
    let names: Vec<_> = NAMES.iter().map(|(name, ..)| *name).chain([SKUS]).collect();
    format!("the names are {}", names.join(", "))
}
