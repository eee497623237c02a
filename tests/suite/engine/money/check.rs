//! What is known, beside what the engine says.

use backstock_engine::model::{IntentKind, IntentState, LedgerKind, Order, Timestamp};
use backstock_tests::fixture::{assert_clean, node_id, sku};

use super::back::{Back, small};
use super::{CENTRE, ITEMS, Known, Life, WAREHOUSE, priced};

impl Life {
    /// The books of each order of which something was said are those of the provider, its total is that of its units, and each unit of
    /// each item is where it was seen last.
    pub(super) fn check(&mut self) {
        assert_clean(&self.engine());
        for id in std::mem::take(&mut self.touched) {
            let order = self.order(&id);
            let now = self.now;
            let known = self.orders.get_mut(&id).expect("it is known");
            for (name, back) in &mut known.returns {
                check_return(&order, name, (back, now));
            }
            check_books(&order, known);
            self.check_provider(&id, &order);
        }
        self.check_stock();
        let used = self.engine().promotion_uses(&priced::promotion_id());
        assert_eq!(used as usize, self.uses(), "uses of the coupon");
    }

    fn check_provider(&self, id: &str, order: &Order) {
        let money = order.money.as_ref().expect("it has prices");
        for (no, intent) in (1..).zip(&money.intents) {
            let key = backstock_engine::model::Intent::id(&order.header.id, no);
            let says = intent.state == IntentState::Succeeded;
            assert!(!says || self.provider.did(&key), "{key} is what the provider did");
        }
        let told = money.ledger.iter().filter(|of| of.intent == 0);
        let told = told.filter(|of| of.kind == LedgerKind::Captured).map(|of| of.amount.0);
        let (sums, told) = (money.sums(), told.sum::<i64>());
        let took = told + self.provider.sum(id, IntentKind::Capture);
        let gave = self.provider.sum(id, IntentKind::Refund);
        assert!(sums.captured.0 <= took, "{id} takes what the provider took");
        assert!(gave <= took, "{id} gives back what was taken");
    }

    /// What came in, less what left.
    fn check_stock(&mut self) {
        let engine = self.engine();
        for item in ITEMS {
            for node in [WAREHOUSE, CENTRE] {
                let view =
                    self.single.run(async { engine.stock(&sku(item), &node_id(node)).await });
                let stock = view.expect("it is there").stock;
                let of = |known: &Known| shelf(known, item, node);
                let shelves: Vec<(u32, u32)> = self.orders.values().flat_map(of).collect();
                let came: u32 = shelves.iter().map(|(on_hand, _)| on_hand).sum();
                let first = if node == WAREHOUSE { self.units } else { 0 };
                let shipped = self.shipped.get(&(item.to_owned(), node.to_owned()));
                let on_hand = first + came - shipped.copied().unwrap_or(0);
                let unavailable: u32 = shelves.iter().map(|(_, unavailable)| unavailable).sum();
                let there = (stock.on_hand, stock.unavailable);
                assert_eq!(there, (on_hand, unavailable), "{item} at {node}");
            }
        }
    }

    /// Where all left, and no provider said no, what was taken and not given back is what the order comes to.
    /// It is less where a credit came first, and its goods were not what they should be: nothing is set
    /// aside any more of which that could be taken, and the customer owes it.
    pub(super) fn check_closed(&mut self) {
        let mut closed = 0;
        for id in self.ids.clone() {
            let known = &self.orders[&id];
            let is_done = known.lines.iter().all(|line| line.left == line.kept);
            if !is_done || self.provider.declined(&id) {
                continue;
            }
            let is_owed = known.returns.values().any(Back::took_back);
            let (total, order) = (known.total(), self.order(&id));
            let money = order.money.as_ref().expect("it has prices");
            let balance = money.sums().balance().0;
            assert!(balance == total || is_owed && balance < total, "{id}: {balance} of {total}");
            closed += 1;
        }
        assert!(closed > 0, "some orders close");
    }
}

fn check_books(order: &Order, known: &Known) {
    let id = &order.header.id;
    let money = order.money.as_ref().expect("it has prices");
    assert_eq!(money.total().0, known.total(), "{id}");
    for (at, line) in (0u16..).zip(&known.lines) {
        assert_eq!(order.left_of(at) as usize, line.left, "{id}: units that left of line {at}");
    }
}

fn check_return(order: &Order, name: &str, (back, now): (&mut Back, Timestamp)) {
    let id = &order.header.id;
    let of = order.returns.iter().find(|of| of.id.as_str() == name).expect("it is there");
    for line in &of.lines {
        let at = usize::from(line.line);
        let known = back.lines[at];
        let what = format!("{id}/{name}, line {at}");
        assert_eq!(line.units(), small(known.asked), "{what}: the sum is what was asked for");
        assert_eq!(line.arrived(), small(known.arrived()), "{what}: units that came");
        let surplus = small(known.came - known.arrived());
        assert_eq!(line.surplus, surplus, "{what}: units that came beyond");
        let credited = line.credited() as usize;
        if back.until.is_some_and(|until| until <= now) {
            back.learn(at, credited);
        }
        assert_eq!(credited, back.credited(at), "{what}: units that were credited");
    }
}

/// Units of an item that returns of an order brought to a node, and of those, units that cannot be sold.
fn shelf(known: &Known, item: &str, node: &str) -> Vec<(u32, u32)> {
    let here = known.returns.values().filter(|back| back.node == node);
    let lines = here.flat_map(|back| {
        let its = known.lines.iter().enumerate().filter(|(_, line)| line.sku == item);
        its.map(|(at, _)| back.on_shelf(at)).collect::<Vec<_>>()
    });
    lines.map(|(on_hand, unavailable)| (small(on_hand), small(unavailable))).collect()
}
