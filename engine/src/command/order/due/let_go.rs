//! An order on hold keeps its units until an instant, and then lets them go.
//!
//! ```text
//!   the time passes an order's instant --> the order in hand --> its units off what they rest on
//!        --> one event --> applied --> the backlog has them; the order waits, in its place
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::journal::Ticket;
use crate::model::effect::{Effect, Effects};
use crate::model::event::{Event, Numbered, Record};
use crate::model::{
    LineRepegged, Move, Order, OrderEffect, OrderId, OrderNo, Pair, Priority, Repeg, Reservation,
    SkuNo, StockEffect, StockGivenUp, Supply, Timestamp, Told,
};
use crate::placing::over;
use crate::transaction::attempts::Attempts;
use crate::transaction::claims::Claims;
use crate::transaction::command::{Effective, recorded};
use crate::transaction::error::EngineError;
use crate::transaction::rests::Resting;

/// An order on hold let its units go: they wait from now on, and are given nothing while the hold is
/// on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderStockLetGo {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// When: holds that keep the units until then keep them no more.
    #[n(2)]
    pub at: Timestamp,
    /// What rests on nothing from now on, by line.
    #[n(3)]
    pub lines: Vec<(SkuNo, LineRepegged)>,
    /// Before whom the order is served.
    #[n(4)]
    pub priority: Priority,
}

impl OrderStockLetGo {
    /// What comes off the supplies of each pair, to wait there.
    pub fn by_pair(&self) -> BTreeMap<Pair, Repeg> {
        let mut pairs = BTreeMap::<Pair, Repeg>::new();
        let (order, priority) = (self.no, self.priority);
        for (sku, LineRepegged { line, moves, .. }) in &self.lines {
            for Move { units, from, to, .. } in moves {
                let (units, line, held) = (*units, *line, false);
                let peg = |supply| Reservation { order, line, supply, units, held, priority };
                let repeg = pairs.entry(Pair { sku: *sku, node: from.0 }).or_default();
                repeg.off.push(peg(from.1));
                repeg.put_on(peg(to.1));
            }
        }
        pairs
    }
}

/// Pure: what an order, which is due, lets go of what it rests on.
fn decide(order: &Order, resting: &Resting, at: Timestamp) -> OrderStockLetGo {
    let mut lines: Vec<(SkuNo, LineRepegged)> = Vec::new();
    let mut touched = Vec::new();
    for (a, rests) in order.allocations.iter().zip(&resting.rests) {
        let shipment = &order.shipments[usize::from(a.shipment)];
        // What its node began with stays with it.
        if !shipment.may_be_joined(at) {
            continue;
        }
        let firm = rests.iter().filter(|rest| rest.supply != Supply::Backorder);
        let moves = firm.map(|rest| Move {
            units: rest.units,
            shipment: a.shipment,
            from: (shipment.node, rest.supply),
            to_shipment: a.shipment,
            to: (shipment.node, Supply::Backorder),
        });
        let moves: Vec<Move> = moves.collect();
        if moves.is_empty() {
            continue;
        }
        touched.push(a.shipment);
        let sku = order.lines[usize::from(a.line)].sku;
        match lines.iter_mut().find(|(_, known)| known.line == a.line) {
            Some((_, known)) => known.moves.extend(moves),
            None => lines.push((sku, LineRepegged { line: a.line, moves, ..Default::default() })),
        }
    }
    touched.sort_unstable();
    touched.dedup();
    if let Some((_, first)) = lines.first_mut() {
        first.told = touched.iter().map(|at| untold(order, *at)).collect();
    }
    let (no, id, priority) = (order.no, order.header.id.clone(), order.header.priority);
    OrderStockLetGo { no, id, at, lines, priority }
}

/// A shipment has no day any more.
fn untold(order: &Order, shipment: u16) -> Told {
    let deliver_by_before = order.shipments[usize::from(shipment)].deliver_by;
    Told { shipment, deliver_by_before, days: None, units_there: false }
}

impl Event for OrderStockLetGo {
    fn describe(&self) -> Value {
        let line = |(sku, line): &(SkuNo, LineRepegged)| {
            let units = |moved: &Move| json!({ "node_no": moved.from.0.0, "units": moved.units });
            json!({
                "line": line.line, "sku_no": sku.0,
                "units": line.moves.iter().map(units).collect::<Vec<_>>(),
            })
        };
        json!({
            "order_id": self.id.as_str(), "order_no": self.no.0, "at": self.at.to_string(),
            "lines": self.lines.iter().map(line).collect::<Vec<_>>(),
        })
    }
}

impl Effective for OrderStockLetGo {
    fn effects(self) -> Effects {
        let pairs = self.by_pair().into_iter();
        let mut effects: Effects = pairs
            .map(|(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg))))
            .collect();
        let lines = self.lines.into_iter().map(|(_, line)| line).collect();
        let given_up = StockGivenUp { at: self.at, lines };
        effects.push(Effect::Order(self.no, OrderEffect::GiveUpStock(given_up.into())));
        effects
    }
}

/// Has an order in hand, which is due, let its units go.
pub(super) async fn append(
    mut claims: Claims<'_>,
    order: &Order,
    now: Timestamp,
) -> Result<Ticket, EngineError> {
    let kernel = claims.kernel();
    let mut attempts = Attempts::begin(kernel);
    let (event, units) = loop {
        let resting = Resting::read(kernel, order)?;
        let event = decide(order, &resting, now);
        let attempt = over::claim(kernel, event.by_pair(), None).await?;
        if let Some(units) = attempts.end(attempt).await? {
            break (event, units);
        }
    };
    claims.take(units);
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = kernel.append(record, recorded)?;
    claims.hand_over();
    Ok(ticket)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Poll;

    use smallvec::SmallVec;

    use super::*;
    use crate::command::fixture::{AT, hold_order, order as place, release_order_hold};
    use crate::command::order::hold::HoldOrder;
    use crate::command::order::hold::tests::on_hold;
    use crate::engine::tests::{one_unit, poll, run as run_command};
    use crate::model::fulfilment::WorkClaim;
    use crate::model::{Allocation, Answer, AnswerKind, Due, Lsn, OwnerId};
    use crate::state::stock::Rest;
    use crate::transaction::find::find_order;

    /// An order on hold, whose units are kept until that time.
    fn kept() -> Order {
        let mut order = on_hold(1);
        order.order_holds[0].stock_until = Some(AT);
        order
    }

    fn let_go(order: &Order, at: Timestamp) -> Option<Vec<(u16, u16, u32)>> {
        let rest = |a: &Allocation| Rest { supply: a.supply, units: a.open(), eta: None };
        let rests = order.allocations.iter().map(|a| SmallVec::from_iter([rest(a)]));
        let resting = Resting { rests: rests.collect(), ..Resting::default() };
        let is_due = order.next_due().is_some_and(|(when, due)| when <= at && due == Due::LetGo);
        let event = is_due.then(|| decide(order, &resting, at))?;
        let moved = |line: &LineRepegged| {
            let line_no = line.line;
            let all: Vec<_> = line.moves.iter().map(|m| (line_no, m.shipment, m.units)).collect();
            all
        };
        Some(event.lines.iter().flat_map(|(_, line)| moved(line)).collect())
    }

    /// Its first hold is released by who has the order in hand when its units are to be let go.
    #[test]
    fn a_hold_that_is_released_as_it_is_due_leaves_the_next_one_its_instant() {
        let (engine, mut pump) = one_unit();
        run_command(&mut pump, engine.place_order(place()));
        let after = |seconds: i64| AT.saturating_add_micros(seconds * 1_000_000);
        for (hold, until) in [("1", after(1)), ("2", after(9))] {
            let hold = HoldOrder { stock_until: Some(until), ..hold_order(hold) };
            run_command(&mut pump, engine.hold_order(hold));
        }
        let mut first = Claims::new(&engine.kernel);
        let taken = poll(pin!(first.in_hand(&place().order.id)));
        assert!(matches!(taken, Poll::Ready(Ok(_))));
        let mut released = pin!(engine.release_order_hold(release_order_hold("1")));
        assert!(poll(released.as_mut()).is_pending(), "behind who has it in hand");
        engine.tell_time(after(2));
        pump.pump().expect("the hold is due, behind its release");
        drop(first);
        run_command(&mut pump, released);
        engine.tell_time(after(10));
        for _ in 0..100 {
            pump.pump().expect("the engine does not halt");
        }
        let order = run_command(&mut pump, find_order(&engine.kernel, &place().order.id));
        assert!(order.has_let_go(), "{:?}", order.order_holds);
    }

    #[test]
    fn units_that_no_node_began_with_are_let_go_when_it_is_time_and_once() {
        let before = AT.saturating_add_micros(-1);
        assert_eq!(let_go(&kept(), before), None);
        assert_eq!(let_go(&on_hold(1), AT), None, "it is kept for as long as it is on hold");
        assert_eq!(let_go(&kept(), AT), Some(vec![(0, 0, 3), (1, 0, 3)]));
        let mut accepted = kept();
        let answer = Answer { kind: AnswerKind::Accepted, at: AT };
        accepted.apply(Lsn::new(8), &OrderEffect::Answer { shipment: 0, answer });
        assert_eq!(let_go(&accepted, AT), Some(vec![]), "its node ships it");
        let claimed = |until| {
            let owner = OwnerId::new("owner", "anna").expect("an id");
            let claim = Some(Box::new(WorkClaim { owner, until }));
            let mut claimed = kept();
            claimed.apply(Lsn::new(8), &OrderEffect::ClaimWork { shipment: 0, claim });
            claimed
        };
        let after = AT.saturating_add_micros(1);
        assert_eq!(let_go(&claimed(after), AT), Some(vec![]), "somebody works on it");
        assert_eq!(let_go(&claimed(AT), AT), Some(vec![(0, 0, 3), (1, 0, 3)]), "his claim ended");
        let given_up = StockGivenUp { at: AT, lines: Box::default() };
        accepted.apply(Lsn::new(9), &OrderEffect::GiveUpStock(given_up.into()));
        assert!(accepted.has_let_go());
        assert_eq!(let_go(&accepted, AT), None, "it is done");
    }
}
