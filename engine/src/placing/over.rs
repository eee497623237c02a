//! Planning an order on units that it has already: those of a hold that it confirms, or of the
//! hold that it takes over. They are free to it, and to nobody else.
//!
//! ```text
//!   what is free + own units --look--> draft --claim--> own units come off, planned ones on
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use super::asking::asks;
use super::judge::LineShortage;
use super::{Decided, decide_settled, lack_what_is_due, unsettle_overtaken, waiting, with_room};
use crate::model::hold::by_pair;
use crate::model::load::put_on;
use crate::model::{Allocation, Order, OrderHeader, Pair, Pegged, Repeg};
use crate::planning::{Draft, Others, Own, Replanned, Wanted};
use crate::state::stock::{Asks, Grant};
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::Resting;

/// What planning on own units comes to.
pub enum Over<'a> {
    /// This, with the units that the hold had, and it is claimed.
    Granted(Box<Draft>, Vec<Pegged>, Claims<'a>),
    /// Durable state has not enough.
    SoldOut(Vec<LineShortage>),
    /// Something came free of its SKUs, and older orders come first. The hold is to be let go
    /// of: the re-pegger may want it.
    Unsettled,
    /// Other holds have what it lacks, and are about to lapse. The hold is to be let go of as well.
    Due,
}

/// Plans on what is free, and on the units of a hold that is in hand, and claims, until every
/// claim is granted or durable state refuses. It does not wait until the SKUs are settled.
///
/// # Errors
/// What durable state refuses, and what stopped the engine.
pub async fn plan_over<'a>(
    kernel: &'a Kernel,
    wanted: &Wanted<'_>,
    held: &Order,
) -> Result<Over<'a>, EngineError> {
    let mut attempts = Attempts::begin(kernel);
    loop {
        let units = Resting::read(kernel, held)?.units_of(held);
        let own = own(wanted, held, &units);
        let wanted = wanted.with_own(&own);
        if !wanted.is_settled() {
            return Ok(Over::Unsettled);
        }
        let closed = wanted.closed();
        let (draft, planned) = match decide_settled(kernel, &wanted, &mut attempts).await? {
            Decided::Plan(draft, planned) => (draft.beyond_what_stays(&wanted), planned),
            // What came free since may be enough.
            Decided::SoldOut(_) if !wanted.is_settled() => return Ok(Over::Unsettled),
            Decided::SoldOut(shortages) => {
                let lacking = shortages.iter().map(|short| usize::from(short.line));
                let own = held.open_hold().map(|hold| hold.until);
                let is_due = lack_what_is_due(kernel, &wanted, lacking, own)?;
                return Ok(if is_due { Over::Due } else { Over::SoldOut(shortages) });
            }
        };
        let off = units.iter().map(|peg| (peg.pair, peg.of(held.no, true)));
        // A pair is asked for units, whichever order they come to.
        let on = pegs(&draft).map(|peg| (peg.pair, peg.of(held.no, true)));
        let asks = draft.asked.then(|| asks(kernel, &wanted));
        let attempt = match claim(kernel, by_pair(off, on), asks).await? {
            // What it claimed may have come free for older orders since it was planned.
            Attempt::Done(_) if !wanted.is_settled() => return Ok(Over::Unsettled),
            // It may have taken units of an item whose sale is to open only since.
            Attempt::Done(_) if wanted.closed() != closed => Attempt::Again,
            Attempt::Done(claims) => waiting::room(kernel, (&wanted, &draft), claims).await?,
            attempt => attempt,
        };
        let attempt = match attempt {
            Attempt::Done(claims) => match with_room(claims, &wanted, &draft)? {
                Some(claims) => Attempt::Done(claims),
                None => Attempt::Overtaken,
            },
            attempt => attempt,
        };
        if let Some(claims) = attempts.end(attempt).await? {
            unsettle_overtaken(kernel, &draft, planned);
            return Ok(Over::Granted(Box::new(draft), units, claims));
        }
    }
}

/// The units of a hold, and those that the hold to come has beside it.
fn own(wanted: &Wanted<'_>, held: &Order, units: &[Pegged]) -> Own {
    let of_hold = Own {
        no: held.no,
        channel: held.header.channel.clone(),
        units: units.to_vec(),
        stays: Vec::new(),
        has: Vec::new(),
        loads: Replanned::whole(held),
        given_up: held.loads(),
        was_served: is_served_alike(wanted, &held.header),
        in_hand: true,
        others: Others::ANY,
    };
    let Some(beside) = wanted.own else { return of_hold };
    let mut loads = beside.loads.clone();
    for (at, load) in held.loads() {
        put_on(&mut loads.own, at, load);
    }
    Own {
        units: [units, &beside.units].concat(),
        stays: beside.stays.clone(),
        has: beside.has.clone(),
        loads,
        others: beside.others.clone(),
        ..of_hold
    }
}

/// Whether the same nodes may ship it, by its channel, its service and where it is collected.
fn is_served_alike(wanted: &Wanted<'_>, held: &OrderHeader) -> bool {
    let OrderHeader { channel, service, destination, .. } = held;
    let (way, pickup) = (&wanted.way, destination.pickup().copied());
    wanted.channel == channel.as_ref() && (way.service, way.pickup) == (*service, pickup)
}

/// What a draft reserves.
pub fn pegs(draft: &Draft) -> impl Iterator<Item = Pegged> {
    draft.allocations.iter().map(|a: &Allocation| {
        let sku = draft.lines[usize::from(a.line)].sku;
        let node = draft.shipments[usize::from(a.shipment)].node;
        Pegged { pair: Pair { sku, node }, line: a.line, supply: a.supply, units: a.units }
    })
}

/// Claims that units come off what they rest on, and that others come on, pairs ascending;
/// nothing when a pair refuses. `asks` says who asks, where a pair says who may have its units.
///
/// # Errors
/// What stopped the engine.
pub async fn claim(
    kernel: &Kernel,
    repegs: BTreeMap<Pair, Repeg>,
    asks: Option<Arc<Asks>>,
) -> Result<Attempt<'_, Claims<'_>>, EngineError> {
    let mut claims = Claims::new(kernel);
    for (pair, repeg) in repegs {
        match claims.repeg(pair, &Arc::new(repeg), Box::default(), asks.as_ref()).await? {
            Ok(Grant::Granted) => {}
            // The units went to another order, or these are not where they were.
            Ok(Grant::Short(_) | Grant::NoRoomToWait) => return Ok(Attempt::Overtaken),
            Ok(Grant::Missing(_)) => unreachable!("only what leaves can be missing"),
            Ok(Grant::InFlight) => unreachable!("it comes with a bell"),
            Err(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    Ok(Attempt::Done(claims))
}
