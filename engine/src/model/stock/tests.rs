//! Tables: given this stock and these effects, exactly these quantities.

mod confidence;
mod declined;
mod returned;
mod source;
mod supply;
mod terms;

use super::*;
use crate::command::StockOperation;
use crate::command::fixture::{check, first};
use crate::limits::INBOUND_PER_PAIR_MAX;
use crate::model::Pair;
use crate::model::PriorityClass;
use crate::model::StateHash;
use crate::model::effect::StockClaim;
use crate::model::ids::{InboundId, NodeNo, OrderNo, SkuNo, Text};
use crate::model::invariants::conservation;
use crate::model::refusal::{Refusal, RefusalKind};

const PAIR: Pair = Pair { sku: SkuNo(7), node: NodeNo(3) };
const PO: InboundNo = InboundNo(0);

/// A stock with its running hash, and the LSN of its last event.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) stock: Stock,
    hash: StateHash,
    lsn: u64,
}

impl Table {
    fn then(mut self, effect: &StockEffect) -> Self {
        self.lsn += 1;
        self.stock.apply(PAIR, Lsn::new(self.lsn), effect, &mut self.hash);
        assert_eq!(conservation(&self.stock), Ok(()), "after {effect:?}");
        assert_eq!(self.hash, self.stock.hash(PAIR), "the running hash after {effect:?}");
        self
    }

    fn change(self, change: StockChange) -> Self {
        self.then(&StockEffect::Change { change, serves: Serves::Pair })
    }

    fn reserve(self, order: u64, parts: &[(Supply, u32)]) -> Self {
        self.reserve_as(Priority::DEFAULT, order, parts)
    }

    fn reserve_as(self, priority: Priority, order: u64, parts: &[(Supply, u32)]) -> Self {
        let (order, parts) = (OrderNo(order), parts.iter().copied().collect());
        self.then(&StockEffect::Reserve { order, line: 0, parts, held: false, priority })
    }

    fn release(self, order: u64, units: u32) -> Self {
        let (order, serves) = (OrderNo(order), Serves::Pair);
        self.then(&StockEffect::Release { order, lines: SmallVec::from_iter([(0, units)]), serves })
    }

    fn ship(self, order: u64, units: u32) -> Self {
        self.then(&StockEffect::Ship {
            order: OrderNo(order),
            lines: SmallVec::from_iter([(0, units)]),
        })
    }

    /// On hand, allocated, waiting, free.
    fn shows(self, on_hand: u32, allocated: u32, waiting: u32, free: i64) -> Self {
        let s = &self.stock;
        let found = (s.on_hand, s.allocated, s.waiting, s.free());
        assert_eq!(found, (on_hand, allocated, waiting, free), "on hand, allocated, waiting, free");
        self
    }

    /// What each order has: order, supply, units.
    fn holds(self, expected: &[(u64, Supply, u32)]) -> Self {
        let found: Vec<_> =
            self.stock.reservations.iter().map(|r| (r.order.0, r.supply, r.units)).collect();
        assert_eq!(found, expected);
        self
    }
}

fn set(on_hand: u32) -> StockChange {
    StockChange::Set { on_hand, unavailable: 0, safety: 0 }
}

fn announce(no: InboundNo, quantity: u32) -> StockChange {
    let id = InboundId::new("id", format!("PO-{no}")).unwrap();
    StockChange::InboundAnnounced { no, id, quantity, eta: Timestamp::from_micros(1) }
}

fn receive(no: InboundNo, quantity: u32, closes: bool) -> StockChange {
    StockChange::InboundReceived { no, quantity, closes }
}

#[test]
fn free_is_on_hand_less_unavailable_safety_and_allocated() {
    Table::default()
        .change(StockChange::Set { on_hand: 20, unavailable: 3, safety: 5 })
        .reserve(1, &[(Supply::OnHand, 4)])
        .shows(20, 4, 0, 8);
}

#[test]
fn a_short_count_shows_below_zero_and_is_never_hidden() {
    Table::default()
        .change(set(10))
        .reserve(1, &[(Supply::OnHand, 8)])
        .change(StockChange::Counted { on_hand: 5, unavailable: None })
        .shows(5, 8, 0, -3)
        .change(StockChange::Received { quantity: 4, unavailable: 0 })
        .shows(9, 8, 0, 1);
}

#[test]
fn shipping_takes_from_on_hand_and_allocated_alike() {
    Table::default()
        .change(set(10))
        .reserve(1, &[(Supply::OnHand, 4)])
        .ship(1, 3)
        .shows(7, 1, 0, 6)
        .holds(&[(1, Supply::OnHand, 1)]);
}

#[test]
fn a_release_gives_back_the_least_firm_units_first() {
    Table::default()
        .change(set(2))
        .change(announce(PO, 3))
        .reserve(1, &[(Supply::OnHand, 2), (Supply::Inbound(PO), 3), (Supply::Backorder, 4)])
        .release(1, 5)
        .holds(&[(1, Supply::OnHand, 2), (1, Supply::Inbound(PO), 2)])
        .release(1, 3)
        .holds(&[(1, Supply::OnHand, 1)])
        .shows(2, 1, 0, 1);
}

#[test]
fn receiving_an_inbound_supply_allocates_its_pegs_oldest_first() {
    Table::default()
        .change(announce(PO, 10))
        .reserve(1, &[(Supply::Inbound(PO), 4)])
        .reserve(2, &[(Supply::Inbound(PO), 4)])
        .change(receive(PO, 6, false))
        .holds(&[(1, Supply::OnHand, 4), (2, Supply::OnHand, 2), (2, Supply::Inbound(PO), 2)])
        .shows(6, 6, 0, 0)
        .change(receive(PO, 4, false))
        .holds(&[(1, Supply::OnHand, 4), (2, Supply::OnHand, 4)])
        .shows(10, 8, 0, 2);
}

#[test]
fn an_inbound_supply_that_comes_short_leaves_the_youngest_waiting() {
    Table::default()
        .change(announce(PO, 10))
        .reserve(1, &[(Supply::Inbound(PO), 5)])
        .reserve(2, &[(Supply::Inbound(PO), 5)])
        .change(receive(PO, 7, true))
        .holds(&[(1, Supply::OnHand, 5), (2, Supply::OnHand, 2), (2, Supply::Backorder, 3)])
        .shows(7, 7, 3, 0);
}

#[test]
fn a_cancelled_inbound_supply_leaves_its_orders_first_in_line() {
    Table::default()
        .change(announce(PO, 10))
        .reserve(1, &[(Supply::Inbound(PO), 5)])
        .change(StockChange::InboundCancelled { no: PO })
        .holds(&[(1, Supply::Backorder, 5)])
        .change(StockChange::Received { quantity: 3, unavailable: 0 })
        .holds(&[(1, Supply::OnHand, 3), (1, Supply::Backorder, 2)])
        .change(announce(InboundNo(1), 9))
        .holds(&[(1, Supply::OnHand, 3), (1, Supply::Inbound(InboundNo(1)), 2)])
        .shows(3, 3, 0, 0);
}

#[test]
fn who_loses_a_promised_supply_takes_what_is_free_on_hand() {
    Table::default()
        .change(set(4))
        .change(announce(PO, 10))
        .reserve(1, &[(Supply::Inbound(PO), 5)])
        .change(StockChange::InboundCancelled { no: PO })
        .holds(&[(1, Supply::OnHand, 4), (1, Supply::Backorder, 1)])
        .shows(4, 4, 1, 0);
}

#[test]
fn an_inbound_supply_that_shrinks_below_its_pegs_displaces_the_youngest() {
    let eta = Timestamp::from_micros(2);
    Table::default()
        .change(announce(PO, 10))
        .reserve(1, &[(Supply::Inbound(PO), 5)])
        .reserve(2, &[(Supply::Inbound(PO), 4)])
        .change(StockChange::InboundChanged { no: PO, quantity: 6, eta })
        .holds(&[
            (1, Supply::Inbound(PO), 5),
            (2, Supply::Inbound(PO), 1),
            (2, Supply::Backorder, 3),
        ])
        .change(StockChange::InboundChanged { no: PO, quantity: 8, eta })
        .holds(&[
            (1, Supply::Inbound(PO), 5),
            (2, Supply::Inbound(PO), 3),
            (2, Supply::Backorder, 1),
        ]);
}

#[test]
fn a_waiting_order_gets_only_what_an_event_freed() {
    // Two units are free and may be claimed by a transaction in flight: the
    // three that arrive go to the order that waits, the two stay.
    Table::default()
        .change(set(2))
        .reserve(1, &[(Supply::Backorder, 9)])
        .change(StockChange::Received { quantity: 3, unavailable: 0 })
        .shows(5, 3, 6, 2);
}

#[test]
fn a_cancelled_order_makes_room_for_the_one_that_waits() {
    Table::default()
        .change(set(4))
        .reserve(1, &[(Supply::OnHand, 4)])
        .reserve(2, &[(Supply::Backorder, 3)])
        .release(1, 4)
        .holds(&[(2, Supply::OnHand, 3)])
        .shows(4, 3, 0, 1);
}

#[test]
fn goods_that_arrive_into_a_shortage_cover_it_before_they_are_promised() {
    Table::default()
        .change(set(5))
        .reserve(1, &[(Supply::OnHand, 5)])
        .change(StockChange::Counted { on_hand: 1, unavailable: None })
        .change(announce(PO, 6))
        .reserve(2, &[(Supply::Inbound(PO), 6)])
        .change(receive(PO, 6, false))
        .holds(&[(1, Supply::OnHand, 5), (2, Supply::OnHand, 2), (2, Supply::Backorder, 4)])
        .shows(7, 7, 4, 0);
}

#[test]
fn an_unlimited_supplier_ships_what_no_feed_reported() {
    Table::default()
        .change(StockChange::SupplierFeed { quantity: None })
        .reserve(1, &[(Supply::Supplier, 500)])
        .ship(1, 500)
        .shows(0, 0, 0, i64::from(STOCK_UNITS_MAX))
        .change(StockChange::SupplierFeed { quantity: Some(3) })
        .reserve(2, &[(Supply::Supplier, 3)])
        .ship(2, 3)
        .shows(0, 0, 0, 0);
}

#[test]
fn an_event_that_is_there_already_changes_nothing() {
    let mut table = Table::default().change(set(10)).reserve(1, &[(Supply::OnHand, 2)]);
    let (stock, hash) = (table.stock.clone(), table.hash);
    let again = StockEffect::Change { change: set(99), serves: Serves::Pair };
    table.stock.apply(PAIR, Lsn::new(2), &again, &mut table.hash);
    assert_eq!((table.stock, table.hash), (stock, hash));
}

#[test]
fn what_a_change_will_leave_free_is_what_it_leaves() {
    let before = Table::default().change(set(10)).reserve(1, &[(Supply::OnHand, 4)]);
    let changes = [
        StockChange::Set { on_hand: 3, unavailable: 2, safety: 1 },
        StockChange::Received { quantity: 5, unavailable: 1 },
        StockChange::Adjusted { on_hand_delta: -7, unavailable_delta: 1, reason: Text::default() },
        StockChange::Counted { on_hand: 2, unavailable: None },
        StockChange::CountedBelow { on_hand: 2, unavailable: 1 },
        StockChange::SupplierFeed { quantity: Some(8) },
        StockChange::SupplierFeed { quantity: None },
        StockChange::SupplierStated { quantity: Some(8), as_of: Timestamp::from_micros(1) },
        StockChange::SupplierStated { quantity: None, as_of: Timestamp::from_micros(1) },
        announce(PO, 5),
        StockChange::Unchanged,
        StockChange::TransferLeft { quantity: 4 },
        StockChange::TransferReturned { quantity: 4 },
    ];
    for change in changes {
        let mut after = before.stock.clone();
        let expected = after.free_after(&change);
        let mut hash = StateHash::default();
        let effect = StockEffect::Change { change: change.clone(), serves: Serves::Pair };
        after.apply(PAIR, Lsn::new(9), &effect, &mut hash);
        assert_eq!(after.free(), expected, "{change:?}");
    }
}

/// Decides an operation on the table's stock, as its actor would.
fn decide(table: &Table, operation: &StockOperation) -> Result<StockChange, Refused> {
    table.stock.decide(&Proposal::Operation(operation.clone()))
}

fn announcement(quantity: u32) -> StockOperation {
    let id = InboundId::new("id", "PO-new").unwrap();
    StockOperation::AnnounceInbound { id, quantity, eta: Timestamp::from_micros(1) }
}

#[test]
fn numbers_of_inbound_supplies_are_used_again_after_the_last_one() {
    let last = InboundNo(Supply::INBOUND_NO_MAX);
    let table = Table::default()
        .change(announce(PO, 1))
        .change(announce(last, 1))
        .reserve(1, &[(Supply::Inbound(last), 1)]);
    let change = decide(&table, &announcement(1)).unwrap();
    assert_eq!(change, {
        let id = InboundId::new("id", "PO-new").unwrap();
        let (no, eta) = (InboundNo(1), Timestamp::from_micros(1));
        StockChange::InboundAnnounced { no, id, quantity: 1, eta }
    });
    let inbound = |table: &Table| table.stock.inbound().iter().map(|i| i.no.0).collect::<Vec<_>>();
    assert_eq!(inbound(&table.change(change)), [0, 1, last.0]);
}

#[test]
fn what_is_on_its_way_to_a_pair_is_bounded_in_sum() {
    let table = Table::default().change(announce(PO, STOCK_UNITS_MAX - 1));
    let too_much = Refusal::QuantityTooLarge { what: "inbound", max: u64::from(STOCK_UNITS_MAX) };
    assert!(decide(&table, &announcement(1)).is_ok());
    assert_eq!(decide(&table, &announcement(2)), Err(too_much.into()));
}

fn adjust(on_hand_delta: i32, unavailable_delta: i32) -> StockOperation {
    StockOperation::Adjust { on_hand_delta, unavailable_delta, reason: Text::default() }
}

/// A pair of so many units, and a supply of five more on its way.
pub(crate) fn shelf(on_hand: u32, unavailable: u32) -> Table {
    Table::default()
        .change(StockChange::Set { on_hand, unavailable, safety: 0 })
        .change(announce(PO, 5))
}

/// A pair of which an older version left two units more unavailable than there are.
fn gap_below(unavailable: u32) -> Table {
    shelf(unavailable, unavailable)
        .change(StockChange::Counted { on_hand: unavailable - 2, unavailable: None })
}

/// A pair with as many open supplies, of one unit each, as may be.
pub(crate) fn full_list() -> Table {
    let numbers = 0..u16::try_from(INBOUND_PER_PAIR_MAX).expect("fits");
    numbers.fold(Table::default(), |table, no| table.change(announce(InboundNo(no), 1)))
}

/// The refusals of the table, whose rows are checked: what a pair refuses.
pub(crate) fn table() -> Vec<RefusalKind> {
    const MAX: u32 = STOCK_UNITS_MAX;
    let id = || InboundId::new("id", "PO-0").unwrap();
    let eta = Timestamp::from_micros(1);
    let three_there = StockOperation::Set { on_hand: Some(3), unavailable: None, safety: None };
    let receive = StockOperation::Receive { quantity: 1, unavailable: 1 };
    let again = StockOperation::AnnounceInbound { id: id(), quantity: 1, eta };
    let grow = |quantity| StockOperation::ChangeInbound { id: id(), quantity, eta: None };
    let arrive = StockOperation::ReceiveInbound { id: id(), quantity: 1, closes: false };
    let below = |what, wanted, available| Err(Refusal::StockBelowZero { what, wanted, available });
    let too_large = |what| Err(Refusal::QuantityTooLarge { what, max: MAX.into() });
    let arrives = |quantity| StockOperation::ReceiveInbound { id: id(), quantity, closes: false };
    let is_transfer = || Err(Refusal::InboundIsTransfer { inbound_id: "PO-0".into() });
    let exists = || Err(Refusal::InboundExists { inbound_id: "PO-0".into() });
    let full = || Err(Refusal::ListFull { what: "inbound supplies", max: INBOUND_PER_PAIR_MAX });
    let two = shelf(10, 4).change(announce(InboundNo(1), 1));
    let rows = [
        (shelf(10, 4), three_there, below("unavailable", 4, 3)),
        (shelf(10, 4), adjust(-11, 0), below("on_hand", 11, 10)),
        (shelf(10, 4), adjust(-7, 0), below("unavailable", 4, 3)),
        (shelf(10, 4), adjust(0, -5), below("unavailable", 5, 4)),
        (shelf(10, 4), adjust(0, 7), below("unavailable", 11, 10)),
        (shelf(MAX, MAX), adjust(1, 0), too_large("on_hand")),
        (gap_below(MAX), adjust(2, 2), too_large("unavailable")),
        // Both apply: more than there is, and more than may be.
        (shelf(MAX, MAX), adjust(0, 1), below("unavailable", u64::from(MAX) + 1, MAX.into())),
        // The units on hand are judged first.
        (shelf(MAX, 0), adjust(1, -1), too_large("on_hand")),
        (shelf(10, 4), adjust(-11, i32::try_from(MAX).unwrap()), below("on_hand", 11, 10)),
        (shelf(MAX, 0), receive, too_large("on_hand")),
        (shelf(10, 4), again.clone(), exists()),
        (shelf(10, 4), announcement(MAX - 4), too_large("inbound")),
        (full_list(), announcement(1), full()),
        (full_list(), announcement(MAX), full()),
        (two, grow(Some(MAX)), too_large("inbound")),
        (transfer(), grow(Some(6)), is_transfer()),
        (transfer(), stated("PO-0", 6), is_transfer()),
        (transfer(), StockOperation::CancelInbound { id: id() }, is_transfer()),
        (transfer(), arrives(6), below("in_transfer", 6, 5)),
        (came_short(), arrives(1), Err(Refusal::InboundClosed { inbound_id: "PO-0".into() })),
        (closed(), grow(Some(1)), Err(Refusal::InboundClosed { inbound_id: "PO-0".into() })),
        (closed(), again.clone(), exists()),
        (full_list(), stated("PO-new", 1), full()),
        (shelf(10, 4), stated("PO-new", MAX - 4), too_large("inbound")),
        (shelf(MAX, 0), arrive, too_large("on_hand")),
    ];
    let both = [RefusalKind::QuantityTooLarge, RefusalKind::StockBelowZero];
    assert_eq!(first(&both), RefusalKind::StockBelowZero, "it is told first");
    check(rows.map(|(table, operation, expected)| {
        let decided = decide(&table, &operation).map_err(|refused| match refused {
            Refused::Refused(refusal) => refusal,
            other => panic!("{operation:?} names a supply that is open: {other:?}"),
        });
        (operation, decided, expected)
    }))
}

/// A pair that five units of another node are on their way to.
fn transfer() -> Table {
    let (id, eta, from) =
        (InboundId::new("id", "PO-0").unwrap(), Timestamp::from_micros(1), NodeNo(9));
    Table::default().change(StockChange::TransferAnnounced(Box::new(TransferAnnounced {
        no: PO,
        id,
        quantity: 5,
        eta,
        from,
    })))
}

/// A transfer of five of which three came.
fn came_short() -> Table {
    transfer().change(StockChange::InboundArrived { no: PO, quantity: 3, closes: true })
}

/// A pair whose supply of five arrived in full.
fn closed() -> Table {
    shelf(10, 4).change(StockChange::InboundArrived { no: PO, quantity: 5, closes: false })
}

fn stated(id: &str, ordered: u32) -> StockOperation {
    let id = InboundId::new("id", id).unwrap();
    StockOperation::StateInbound { id, ordered, eta: Timestamp::from_micros(1) }
}

#[test]
fn a_pair_refuses_what_it_cannot_hold() {
    table();
}

#[test]
fn a_full_list_is_told_before_a_sum_that_is_too_large() {
    let Err(Refused::Refused(told)) = decide(&full_list(), &announcement(STOCK_UNITS_MAX)) else {
        panic!("it is refused");
    };
    let both = [RefusalKind::QuantityTooLarge, RefusalKind::ListFull];
    assert_eq!(told.kind(), first(&both));
}

#[test]
fn an_inbound_supply_that_is_not_open_is_not_known() {
    let id = || InboundId::new("id", "PO-none").unwrap();
    let operations = [
        StockOperation::ChangeInbound { id: id(), quantity: Some(1), eta: None },
        StockOperation::ReceiveInbound { id: id(), quantity: STOCK_UNITS_MAX, closes: false },
        StockOperation::CancelInbound { id: id() },
    ];
    for operation in operations {
        assert_eq!(decide(&shelf(10, 0), &operation), Err(Refused::UnknownInbound));
    }
}

#[test]
fn a_correction_that_narrows_a_gap_is_taken_and_one_that_widens_it_is_not() {
    let table = Table::default()
        .change(StockChange::Set { on_hand: 10, unavailable: 8, safety: 0 })
        .change(StockChange::Counted { on_hand: 5, unavailable: None });
    assert!(decide(&table, &adjust(1, 0)).is_ok());
    assert!(decide(&table, &adjust(0, -1)).is_ok());
    assert!(decide(&table, &adjust(-1, 0)).is_err());
    assert!(decide(&table, &adjust(0, 1)).is_err());
}

fn class(class: PriorityClass) -> Priority {
    Priority::new(class, 0).unwrap()
}

/// Of one class, the youngest order loses its supply first.
#[test]
fn what_a_supply_comes_short_by_is_taken_from_those_who_are_served_last() {
    let placed = || {
        let on = [(Supply::Inbound(PO), 2)];
        Table::default()
            .change(announce(PO, 8))
            .reserve_as(class(PriorityClass::Lose), 1, &on)
            .reserve(2, &on)
            .reserve(3, &on)
            .reserve_as(class(PriorityClass::Win), 4, &on)
    };
    let short = |table: Table, to: u32| {
        table.change(StockChange::InboundMoved {
            no: PO,
            quantity: to,
            eta: Timestamp::from_micros(1),
        })
    };
    let (there, waits) = (Supply::Inbound(PO), Supply::Backorder);
    short(placed(), 5).holds(&[
        (1, waits, 2),
        (2, there, 2),
        (3, there, 1),
        (3, waits, 1),
        (4, there, 2),
    ]);
    let order = OrderNo(1);
    let first =
        placed().then(&StockEffect::Prioritise { order, priority: class(PriorityClass::Win) });
    short(first, 4).holds(&[(1, there, 2), (2, waits, 2), (3, waits, 2), (4, there, 2)]);
}

/// The goods are given to units that wait: those of a part that arrived are the first.
#[test]
fn those_who_are_served_first_wait_for_the_goods_that_arrived() {
    let on = [(Supply::Inbound(PO), 2)];
    let placed = Table::default().change(announce(PO, 4)).reserve(1, &on).reserve_as(
        class(PriorityClass::Gain),
        2,
        &on,
    );
    let arrived = StockChange::InboundArrived { no: PO, quantity: 2, closes: false };
    let serves = Serves::Backlog;
    placed
        .then(&StockEffect::Change { change: arrived, serves })
        .holds(&[(1, Supply::Inbound(PO), 2), (2, Supply::Backorder, 2)]);
}

/// Of lines of one order at one pair: what they are given, give back and take along is one thing that
/// happens to the pair.
#[test]
fn what_happens_to_several_lines_of_an_order_happens_at_once() {
    let parts = |units| Parts::from_iter([(Supply::OnHand, units)]);
    let (order, held, priority) = (OrderNo(7), false, Priority::DEFAULT);
    let lines = SmallVec::from_iter([(0, parts(2)), (2, parts(3))]);
    let reserved = LinesReserved { order, lines, takes: parts(5), held, priority };
    let reserve = StockEffect::ReserveLines(Box::new(reserved));
    assert_eq!(reserve.claim(), Some(StockClaim::Units(&parts(5))));
    let table = Table::default().change(set(9)).then(&reserve).shows(9, 5, 0, 4);
    let units =
        |table: &Table, line| table.stock.reservations.units(OrderNo(7), line, Supply::OnHand);
    assert_eq!([0, 1, 2].map(|line| units(&table, line)), [2, 0, 3]);
    let lines = |lines: [(u16, u32); 2]| LineUnits::from_iter(lines);
    let serves = Serves::Backlog;
    let release = StockEffect::Release { order, lines: lines([(0, 1), (2, 1)]), serves };
    let table = table.then(&release).shows(9, 3, 0, 6);
    let ship = StockEffect::Ship { order, lines: lines([(0, 1), (2, 2)]) };
    assert_eq!(ship.claim(), Some(StockClaim::Leaving(3)));
    table.then(&ship).shows(6, 0, 0, 6);
}

/// What a supplier's feed of so many units comes to, as of an instant or of none.
fn fed(table: &Table, units: u32, as_of: Option<i64>) -> Result<StockChange, Refused> {
    let as_of = as_of.map(Timestamp::from_micros);
    decide(table, &StockOperation::SupplierFeed { quantity: Some(units), as_of })
}

#[test]
fn a_feed_goes_back_in_time_only_where_it_does_not_say_so() {
    let newest = Timestamp::from_micros(100);
    let stated = StockChange::SupplierStated { quantity: Some(9), as_of: newest };
    let table = Table::default().change(stated.clone());
    let dated = |as_of| {
        let as_of = Timestamp::from_micros(as_of);
        Ok(StockChange::SupplierStated { quantity: Some(5), as_of })
    };
    let undated = StockChange::SupplierFeed { quantity: Some(5) };
    assert_eq!(fed(&table, 5, Some(101)), dated(101));
    assert_eq!(fed(&table, 9, Some(100)), Ok(stated), "it is sent again");
    assert_eq!(fed(&table, 5, Some(100)), dated(100), "whoever corrects it is believed");
    assert_eq!(fed(&table, 5, Some(99)), Err(Refused::OutdatedFeed { newest }));
    assert_eq!(fed(&table, 5, None), Ok(undated.clone()));
    // What does not say when leaves the newest instant as it was.
    let table = table.change(undated).shows(5, 0, 0, 5);
    assert_eq!(table.stock.feed_as_of(), Some(newest));
    assert_eq!(fed(&table, 5, Some(99)), Err(Refused::OutdatedFeed { newest }));
}

#[test]
fn a_pair_is_another_one_by_when_its_feed_was_stated() {
    let after = |as_of| {
        let as_of = Timestamp::from_micros(as_of);
        Table::default().change(StockChange::SupplierStated { quantity: Some(9), as_of }).hash
    };
    let undated = Table::default().change(StockChange::SupplierFeed { quantity: Some(9) }).hash;
    assert_eq!(after(1), after(1));
    assert!(after(1) != after(2) && after(0) != undated);
}

/// The table of reasons, row by row: what is there after three of nine units were declined, and what
/// another order has, which rests on the same shelf.
#[test]
fn a_reason_does_to_the_shelf_what_the_table_says() {
    use super::decline::{Goods, goods};
    use crate::model::DeclineReason;
    for reason in DeclineReason::ALL {
        let there = [(Supply::OnHand, 3)];
        let table = Table::default().change(set(9)).reserve(1, &there).reserve(2, &there);
        let line = ShipmentLine { line: 0, units: 3, picked: 0, ahead: 0 };
        let lines = SmallVec::from_iter([line]);
        let decline = Decline { order: OrderNo(1), lines, reason, at_supplier: false };
        let declined = StockChange::Declined(Box::new(table.stock.decline(&decline)));
        let serves = Serves::Backlog;
        let table = table.then(&StockEffect::Change { change: declined, serves });
        let waits = |order| table.stock.reservations.units(OrderNo(order), 0, Supply::Backorder);
        let (on_hand, unavailable) = (table.stock.on_hand, table.stock.unavailable);
        let is = (on_hand, unavailable, table.stock.free(), waits(1), waits(2));
        let expected = match goods(reason) {
            Goods::There => (9, 0, 6, 3, 0),
            Goods::Gone => (0, 0, 0, 3, 3),
            Goods::Missing => (6, 0, 3, 3, 0),
            Goods::Unsellable => (9, 3, 3, 3, 0),
        };
        assert_eq!(is, expected, "{reason:?}");
    }
}
