//! Looks up every name in an order.

use smallvec::SmallVec;

use super::bundles::{bounded, bundled, off_sale_in};
use super::going::{Going, offered};
use super::opening;
use super::places::Places;
use super::request::Lines;
use crate::geo::{PostalCodes, PostalMatch};
use crate::limits::{LINE_UNITS_MAX, ORDER_LINES_MAX};
use crate::model::{Refusal, Rule, ServiceName, Violation};
use crate::planning::{Opening, Rooms, Wanted, WantedLine, Way};
use crate::state::State;
use crate::state::catalogue::Catalogue;
use crate::state::network::Network;
use crate::transaction::error::EngineError;

/// Checks an order and looks up every name in it. All that is wrong is told at
/// once; an order whose only fault is that items are not defined is refused.
pub fn resolve<'a>(
    state: &'a State,
    postal: &dyn PostalCodes,
    command: &'a impl Places,
) -> Result<Wanted<'a>, EngineError> {
    let (order, network) = (command.order(), state.network.load());
    let going = Going::to(&order.destination, &network, postal);
    // Days of a destination are its own.
    let local_day = |there: PostalMatch| postal.zone(there.zone).local_day(command.ordered_at());
    let ordered_on = going.place.map(local_day);
    let mut found = command.validate(ordered_on).err().unwrap_or_default();
    found.extend(going.unknown);
    let service = network.service_no(order.service.as_ref());
    if service.is_none() {
        found.push(unknown_service(&network, order.service.as_ref()));
    }
    let (mut lines, unknown) = resolve_lines(&state.catalogue, &order.lines, &mut found);
    let kept = lines.iter().find(|line| !line.entry.is_on_sale()).map(|line| line.entry);
    let new = || lines.iter().filter(|line| !has_already(command, line));
    let off_sale = || new().map(|line| line.entry).find(|entry| entry.is_off_sale());
    let off_sale = kept.and_then(|_| off_sale());
    let bundled = bundled(&state.catalogue, &mut lines);
    if let Some(bundled) = &bundled {
        bounded((&state.catalogue, bundled), (&order.lines, &lines), &mut found);
        found.extend(command.takes_a_part().then(no_part_of_bundles));
    }
    if !found.is_empty() {
        found.extend(unknown.into_iter().map(|at| unknown_sku(&order.lines, at)));
        return Err(found.into());
    }
    if let Some(at) = unknown.first() {
        return Err(Refusal::ItemNotFound { sku: order.lines.0[*at].sku.clone() }.into());
    }
    let pickup = going.pickup?;
    if let Some(entry) = off_sale.or_else(|| {
        let takes = |line: usize| !has_already(command, &lines[line]);
        bundled.as_deref().and_then(|bundled| off_sale_in(bundled, takes))
    }) {
        return Err(Refusal::ItemOffSale { sku: entry.sku().clone() }.into());
    }
    let joins = command.waits_in_line() && bundled.is_none();
    let opening = if joins { Opening::Joined } else { Opening::Awaited };
    let at = command.meta().at;
    if kept.is_some() {
        let new: SmallVec<[WantedLine<'_>; 4]> =
            lines.iter().filter(|line| !has_already(command, line)).copied().collect();
        opening::judge(state, &new, (opening, at))?;
    }
    if let Some(pickup) = pickup {
        offered(&network, pickup)?;
    }
    let place = going.place.expect("nothing was found");
    let (ordered_on, service) = ordered_on.zip(service).expect("nothing was found");
    let promise_days = network.policy.services[usize::from(service.0)].promise_days;
    Ok(Wanted {
        lines,
        way: Way { service, place, pickup },
        channel: order.channel.as_ref(),
        promise_by: order.deliver_by.unwrap_or_else(|| ordered_on.plus(promise_days)),
        shortage: order.shortage.unwrap_or(network.policy.shortage),
        split: order.split.unwrap_or(network.policy.split),
        at,
        seen: None,
        own: command.beside(),
        opening,
        rooms: Rooms {
            replanned: command.beside().map(|own| &own.loads),
            ..Rooms::of(&state.loads)
        },
        bundled,
    })
}

/// Whether an order has so many units of an item beside which a hold is placed: it takes no more of
/// it, though from elsewhere.
fn has_already(command: &impl Places, line: &WantedLine<'_>) -> bool {
    command.beside().is_some_and(|own| own.has(line.sku, line.quantity))
}

/// That a hold of bundles takes no part of what it waits for: a part of a bundle is none.
fn no_part_of_bundles() -> Violation {
    Violation::new("accept_part", true, Rule::Malformed("is not for bundles".into()))
}

/// That the policy has no such service.
pub fn unknown_service(network: &Network, name: Option<&ServiceName>) -> Violation {
    let names = network.policy.services.iter().map(|s| s.name.as_str());
    let allowed = names.collect::<Vec<_>>().join(", ");
    let given = name.map_or("", ServiceName::as_str);
    Violation::new("service", given, Rule::NotOneOf { allowed })
}

/// The items of lines. All that is wrong is told at once; lines whose only fault is that items are
/// not defined are refused.
///
/// # Errors
/// [`Refusal::ItemNotFound`], and sums that are too large.
pub fn items<'a>(
    catalogue: &'a Catalogue,
    lines: &Lines,
) -> Result<SmallVec<[WantedLine<'a>; 4]>, EngineError> {
    let mut found = Vec::new();
    let (resolved, unknown) = resolve_lines(catalogue, lines, &mut found);
    if !found.is_empty() {
        found.extend(unknown.into_iter().map(|at| unknown_sku(lines, at)));
        return Err(found.into());
    }
    match unknown.first() {
        Some(at) => Err(Refusal::ItemNotFound { sku: lines.0[*at].sku.clone() }.into()),
        None => Ok(resolved),
    }
}

fn unknown_sku(lines: &Lines, at: usize) -> Violation {
    let allowed = "the SKUs that are defined".into();
    let sku = &lines.0[at].sku;
    Violation::new(format!("lines[{at}].sku"), sku, Rule::NotOneOf { allowed })
}

/// Sums lines of one SKU: they draw on the same stock. Sums that are too large
/// are noted; the places of lines whose SKU is not defined are answered.
fn resolve_lines<'a>(
    catalogue: &'a Catalogue,
    wanted: &Lines,
    found: &mut Vec<Violation>,
) -> (SmallVec<[WantedLine<'a>; 4]>, Vec<usize>) {
    let mut lines = SmallVec::<[WantedLine<'a>; 4]>::new();
    let mut unknown = Vec::new();
    // More lines are noted as too many already.
    for (at, line) in wanted.0.iter().enumerate().take(ORDER_LINES_MAX) {
        let Some(sku) = catalogue.sku_no(line.sku.as_str()) else {
            unknown.push(at);
            continue;
        };
        match lines.iter_mut().find(|known| known.sku == sku) {
            None => {
                let entry = catalogue.entry(sku);
                lines.push(WantedLine { sku, entry, quantity: line.quantity });
            }
            Some(known) => {
                // Too large a line is noted by itself; it must not overflow the sum.
                known.quantity = known.quantity.saturating_add(line.quantity);
                if known.quantity > LINE_UNITS_MAX {
                    let rule = Rule::OutOfRange { min: 1, max: i64::from(LINE_UNITS_MAX) };
                    let field = format!("lines[{at}].quantity");
                    found.push(Violation::new(field, known.quantity, rule));
                }
            }
        }
    }
    (lines, unknown)
}
