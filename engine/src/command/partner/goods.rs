//! Goods that came back, in the return that they are of. What a partner told of them becomes a step of it,
//! beside what others recorded of the same goods.

use std::collections::BTreeMap;

use crate::command::order::returned::ReturnProgressed;
use crate::limits::PARTNER_PARTS_MAX;
use crate::model::partner::{
    ArrivalOf, Contradiction, FactKey, Measure, Move, Topic, beside, stated,
};
use crate::model::returns::{Came, Grade, Return, ReturnProgress, ReturnRefusal};
use crate::model::{NodeNo, Order, Reference, Sku, SkuNo, Timestamp};
use crate::state::State;

/// Why goods are not taken into a return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NotTaken {
    /// Other goods of it came in at another node.
    Elsewhere,
    /// The return does not take them.
    Refused(ReturnRefusal),
    /// Somebody recorded another number of them.
    Contradicted(Contradiction),
    /// Too many facts are about it.
    TooManyParts,
}

/// A grade by the name that partners give it. Goods of a name of their own are looked at by somebody else.
fn grade(name: &Reference) -> Option<Grade> {
    Grade::ALL.into_iter().find(|grade| grade.as_str().eq_ignore_ascii_case(name.as_str()))
}

/// What came by item, ascending, of counts by SKU. A grade that is told less often than before has no say:
/// who looked at goods does not make it undone.
pub(super) fn came<'a, E>(
    counts: impl Iterator<Item = (&'a Sku, &'a Measure, i64)>,
    number: impl Fn(&Sku) -> Result<SkuNo, E>,
) -> Result<Vec<Came>, E> {
    let mut all = BTreeMap::<SkuNo, Came>::new();
    for (sku, measure, units) in counts {
        let sku = number(sku)?;
        let of = all.entry(sku).or_insert(Came { sku, units: 0, graded: Vec::new() });
        match measure {
            Measure::Received => of.units += units,
            Measure::Graded(name) => {
                let units = u32::try_from(units).unwrap_or(0);
                of.graded.extend(grade(name).map(|grade| (grade, units)));
            }
            _ => {}
        }
    }
    Ok(all.into_values().collect())
}

/// What a fact of a partner moves in a return, beside what others recorded of its goods and what other facts
/// of the partner state of them.
pub(super) fn beside_others(
    state: &State,
    key: &FactKey,
    (order, of): (&Order, &Return),
    moves: &[Move],
) -> Result<Vec<Move>, NotTaken> {
    let arrival = ArrivalOf { order: order.header.id.clone(), id: of.id.clone() };
    let facts = state.documents.about(&key.sender, &Topic::Return(arrival), PARTNER_PARTS_MAX);
    let facts = facts.ok_or(NotTaken::TooManyParts)?;
    let others = facts.iter().filter(|(it, _)| it.is_return_receipt() && *it != key.subject);
    let others = stated(others.map(|(_, fact)| fact), &Measure::Received);
    let recorded = |sku: &Sku| {
        let item = state.catalogue.with_stock(sku).ok();
        let line = |line: u16| order.lines[usize::from(line)].sku;
        item.map_or(0, |item| of.recorded(item, line).into())
    };
    beside(moves, &Measure::Received, &others, recorded).map_err(NotTaken::Contradicted)
}

/// The step of a return, the one of that number, that goods make which came in at a node; none if it
/// changes nothing. Pairs have no say in it yet.
pub(super) fn taken(
    order: &Order,
    (no, of): (u16, &Return),
    (node, came): (NodeNo, &[Came]),
    at: Timestamp,
) -> Result<Option<ReturnProgressed>, NotTaken> {
    if of.node.is_some_and(|known| known != node) && of.has_come() {
        return Err(NotTaken::Elsewhere);
    }
    let sku = |line: u16| order.lines[usize::from(line)].sku;
    let Some(step) = of.came(at, came, sku).map_err(NotTaken::Refused)? else { return Ok(None) };
    let node = Some(node).filter(|node| of.node != Some(*node));
    let step = of.settled(ReturnProgress { node, ..step }).map_err(NotTaken::Refused)?;
    Ok(Some(ReturnProgressed::new(order, no, step)))
}

impl NotTaken {
    /// Why, for a person.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Elsewhere => "other goods of the return came in at another node".to_owned(),
            Self::Refused(refusal) => refusal.to_string(),
            Self::Contradicted(of) => of.told(),
            Self::TooManyParts => format!("more than {PARTNER_PARTS_MAX} parts of one return"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_known_by_their_names_and_others_are_nobodys() {
        let name = |name: &str| Reference::new("grade", name).expect("a name");
        let (sku, other) = (Sku::new("sku", "A").expect("a sku"), Sku::new("sku", "B").expect("b"));
        let graded = |of: &str| Measure::Graded(name(of));
        let told = [
            (&other, Measure::Received, -1),
            (&sku, Measure::Received, 4),
            (&sku, graded("A"), 1),
            (&sku, graded("DAMAGED"), 2),
            (&sku, graded("crushed"), 1),
        ];
        let number = |sku: &Sku| Ok::<_, ()>(SkuNo(u32::from(sku.as_str() == "B")));
        let all = came(told.iter().map(|(sku, of, units)| (*sku, of, *units)), number);
        let graded = vec![(Grade::A, 1), (Grade::Damaged, 2)];
        assert_eq!(
            all,
            Ok(vec![
                Came { sku: SkuNo(0), units: 4, graded },
                Came { sku: SkuNo(1), units: -1, graded: Vec::new() },
            ])
        );
    }
}
