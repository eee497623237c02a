//! A return that somebody asks for.

use super::line::ReturnLine;
use super::reason::{ReturnMode, ReturnReason};
use super::refusal::ReturnRefusal;
use super::return_::{Return, returnable};
use super::terms::ReturnTerms;
use crate::model::ids::{NodeNo, ReturnId, Text};
use crate::model::stock::LineUnits;
use crate::model::time::Timestamp;

/// A return that somebody asks for, on terms that the policy grants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The caller's id.
    pub id: ReturnId,
    /// What comes first.
    pub mode: ReturnMode,
    /// Where the goods go.
    pub node: Option<NodeNo>,
    /// Why they come back.
    pub reason: ReturnReason,
    /// What the customer says to it.
    pub note: Option<Text>,
    /// When it is asked for.
    pub at: Timestamp,
    /// Until when the goods are waited for.
    pub expires_at: Timestamp,
    /// Until when goods have to come whose credit comes first.
    pub advance_until: Option<Timestamp>,
    /// On what terms.
    pub terms: ReturnTerms,
    /// Units by line of the order, from 0, ascending, each line once; never 0.
    pub lines: LineUnits,
    /// The label that the customer is given.
    pub label: Option<Text>,
}

/// The return that somebody asks for. It is granted unless a person has to, or the goods came first. `left`
/// is how many units of a line left, and `returns` are those that the order has.
///
/// # Errors
/// More units are to come back than are with the customer and in no return.
pub fn request(
    asked: Asked,
    left: impl Fn(u16) -> u32,
    returns: &[Return],
) -> Result<Return, ReturnRefusal> {
    for (line, units) in &asked.lines {
        let returnable = returnable(left(*line), returns, *line);
        if *units > returnable {
            return Err(ReturnRefusal::NotReturnable { line: *line, returnable });
        }
    }
    let at = asked.at;
    let waits = asked.terms.needs_review || asked.mode == ReturnMode::Unannounced;
    let mut made = made(asked);
    if !waits && let Some(granted) = made.authorise(at)? {
        made.apply(&granted);
    }
    Ok(made)
}

fn made(asked: Asked) -> Return {
    let Asked { id, mode, node, reason, note, at, expires_at, advance_until, terms, lines, label } =
        asked;
    Return {
        id,
        mode,
        node,
        reason,
        note,
        requested_at: at,
        expires_at,
        advance_until,
        terms,
        lines: lines.iter().map(|(line, units)| ReturnLine::requested(*line, *units)).collect(),
        label,
        sent: None,
        revision: 0,
        strays: Box::default(),
        exchange: None,
        came_at: None,
        considered: None,
    }
}
