//! What a step of a return comes to, on plain state.

use super::step::{Named, ReturnStep};
use crate::command::order::returned::ReturnProgressed;
use crate::limits::{RETURN_BUCKETS_MAX, RETURN_STRAYS_MAX};
use crate::model::returns::{Receipt, Return, ReturnProgress, ReturnRefusal, Sent, Stepped};
use crate::model::{NodeId, NodeNo, Order, Refusal, ReturnId, Text, Timestamp};

/// Pure: this order and this step, exactly this event without what pairs decide, or this refusal. None if
/// it was done before.
pub(super) fn decide(
    order: &Order,
    id: &ReturnId,
    (step, named): (&ReturnStep, &Named),
    at: Timestamp,
) -> Result<Option<ReturnProgressed>, Refusal> {
    let Some((no, of)) = order.return_of(id) else {
        let (order_id, return_id) = (order.header.id.clone(), id.clone());
        return Err(Refusal::ReturnNotFound { order_id, return_id });
    };
    let node = match step {
        ReturnStep::Receive { node, .. } => receiving(of, (node.as_ref(), named.node))?,
        _ => None,
    };
    let refused = |refusal| refusal_of(id, refusal);
    let stepped = stepped(of, (step, named), at).map_err(refused)?;
    let Some(stepped) = stepped else { return Ok(None) };
    let step = of.settled(ReturnProgress { node, ..stepped }).map_err(refused)?;
    Ok(Some(ReturnProgressed::new(order, no, step)))
}

fn stepped(of: &Return, (step, named): (&ReturnStep, &Named), at: Timestamp) -> Stepped {
    match step {
        ReturnStep::Decide { granted: true } => of.authorise(at),
        ReturnStep::Decide { granted: false } => of.refuse(at),
        ReturnStep::Cancel(lines) => of.cancel(at, lines),
        ReturnStep::Send { carrier, tracking, eta, lines } => {
            of.send(sent(of, (carrier, tracking, *eta), at), lines)
        }
        ReturnStep::Receive { revision, lines, .. } => {
            let (revision, lines, strays) = (*revision, lines.clone(), named.strays.clone());
            of.receive(&Receipt { at, revision, lines, strays })
        }
        ReturnStep::Inspect { lines, finding } => of.inspect(at, lines, *finding),
        ReturnStep::Dispose { lines, how } => of.dispose(at, lines, *how),
        ReturnStep::Lose(lines) => of.lose(at, lines),
        ReturnStep::GrantLost(lines) => of.grant_lost(at, lines),
    }
}

/// How goods are on their way. Told again, they are so since it was told first.
fn sent(
    of: &Return,
    (carrier, tracking, eta): (&Text, &Text, Option<Timestamp>),
    at: Timestamp,
) -> Sent {
    let known = of.sent.as_deref();
    let same = known.filter(|of| (&of.carrier, &of.tracking, of.eta) == (carrier, tracking, eta));
    let at = same.map_or(at, |of| of.at);
    Sent { at, carrier: carrier.clone(), tracking: tracking.clone(), eta }
}

/// The node where goods come in, if it is another one than was known: as long as nothing came, a customer
/// may bring them where he likes.
fn receiving(
    of: &Return,
    (id, node): (Option<&NodeId>, Option<NodeNo>),
) -> Result<Option<NodeNo>, Refusal> {
    match (node, of.node) {
        (None, None) => Err(Refusal::ReturnNodeMissing { return_id: of.id.clone() }),
        (Some(node), Some(known)) if node != known && of.has_come() => {
            let (return_id, node_id) = (of.id.clone(), id.expect("it is named").clone());
            Err(Refusal::ReturnNodeDiffers { return_id, node_id })
        }
        (node, known) => Ok(node.filter(|node| Some(*node) != known)),
    }
}

/// What callers are told of a refusal of a return.
fn refusal_of(return_id: &ReturnId, refusal: ReturnRefusal) -> Refusal {
    let return_id = return_id.clone();
    match refusal {
        ReturnRefusal::UnknownLine { line } => {
            Refusal::ReturnLineNotFound { return_id, line_index: line.into() }
        }
        ReturnRefusal::Obstructed { line, obstacle: why } => {
            Refusal::ReturnStepRefused { return_id, line_index: line.into(), why }
        }
        ReturnRefusal::TooMany { line, there } => {
            Refusal::ReturnUnitsTooFew { return_id, line_index: line.into(), there }
        }
        ReturnRefusal::NotByTerms => Refusal::NotInReturnTerms { return_id },
        ReturnRefusal::Stale { known } => Refusal::ReturnReportStale { return_id, known },
        ReturnRefusal::RevisionReused { revision } => {
            Refusal::ReturnRevisionReused { return_id, revision }
        }
        ReturnRefusal::BelowInspected { line, least } => {
            Refusal::ReturnUnitsInspected { return_id, line_index: line.into(), least }
        }
        ReturnRefusal::TooManyStrays => {
            Refusal::ListFull { what: "items of no line", max: RETURN_STRAYS_MAX }
        }
        ReturnRefusal::TooManyParts { .. } => {
            Refusal::ListFull { what: "states of a line", max: RETURN_BUCKETS_MAX }
        }
        ReturnRefusal::NotReturnable { .. } | ReturnRefusal::NotDue { .. } => {
            unreachable!("no step of a caller asks for units, or for time to pass")
        }
    }
}
