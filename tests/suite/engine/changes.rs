//! Changing orders: what is quoted is held, what is committed is what was quoted, and nothing else
//! of the order moves.

use backstock_engine::command::{
    Change, ChangeQuote, CommitChange, ConfirmHold, CreateHold, Lines, Operation, QuoteChange,
    Wanted,
};
use backstock_engine::command::{DeclineShipment, ProgressShipment};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{ChangeAnswer, Engine, EngineError};
use backstock_engine::model::{
    Currency, Day, DeclineReason, HoldId, LineUnits, Meta, NodeId, NodeKind, Order, OrderState,
    PackageId, Refusal, RefusalKind, RequestId, Shortage, Step, StockOperation, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

fn quantity(line: u16, quantity: u32) -> Operation {
    Operation::SetQuantity { line, quantity }
}

fn wanted(name: &str, quantity: u32) -> Wanted {
    Wanted { sku: sku(name), quantity, amount: None, price: None }
}

fn swap(line: u16, name: &str, quantity: u32) -> Operation {
    Operation::Swap { line, instead: wanted(name, quantity) }
}

fn later(seconds: i64) -> Timestamp {
    NOW.saturating_add_micros(seconds * 1_000_000)
}

async fn quote_as(
    engine: &Engine,
    quote: &str,
    operations: Vec<Operation>,
) -> Result<ChangeAnswer, EngineError> {
    let change = Change { operations, ..Change::default() };
    let quote = HoldId::new("quote", quote).expect("an id");
    engine.quote_change(&QuoteChange { meta: meta(), order: order_id("O"), quote, change }).await
}

async fn quote(engine: &Engine, operations: Vec<Operation>) -> ChangeAnswer {
    quote_as(engine, "Q", operations).await.expect("an answer")
}

fn commit_at(quote: &ChangeQuote, at: Timestamp) -> CommitChange {
    let request_id = RequestId::new("key", quote.id.as_str()).ok();
    CommitChange { meta: Meta { request_id, at, ..meta() }, quote: quote.clone() }
}

async fn commit(engine: &Engine, quote: &ChangeQuote) -> Result<bool, RefusalKind> {
    match engine.commit_change(commit_at(quote, NOW)).await {
        Ok(done) => Ok(done.is_repeat),
        Err(EngineError::Refused(refusal)) => Err(refusal.kind()),
        Err(error) => panic!("{error}"),
    }
}

async fn change_to(engine: &Engine, name: &str, operations: Vec<Operation>) {
    let answer = quote_as(engine, name, operations).await.expect("an answer");
    assert_eq!(answer.faults, []);
    assert_eq!(commit(engine, &answer.quote.expect("a quote")).await, Ok(false));
}

/// Units of the order by line and node: ordered and not cancelled.
async fn units(engine: &Engine) -> Vec<(usize, String, u32)> {
    let order = engine.order(&order_id("O")).await.expect("the order").order;
    let mut units = Vec::new();
    for a in order.allocations.iter().filter(|a| a.open() + a.shipped > 0) {
        let node = engine.node_no(order.shipments[usize::from(a.shipment)].node).id.to_string();
        units.push((usize::from(a.line), node, a.open() + a.shipped));
    }
    units.sort();
    units
}

async fn free(engine: &Engine, item: &str, node: &str) -> i64 {
    engine.stock(&sku(item), &node_id(node)).await.expect("the pair").stock.free()
}

/// A red blouse at N, of which there is one, and an order that has it; a blue one and a scarf.
async fn blouses(engine: &Engine) {
    define_nodes(engine, &[node("N", NodeKind::Warehouse, 1), node("M", NodeKind::Store, 2)]).await;
    define_items(engine, &["RED", "BLUE", "SCARF"]).await;
    set(engine, "RED", "N", 1).await;
    set(engine, "BLUE", "N", 1).await;
    set(engine, "SCARF", "N", 5).await;
    place(engine, order("O", &[("RED", 1)], Shortage::Reject)).await.expect("placed");
}

fn world(define: &impl AsyncFn(&Engine)) -> (SimulatedDisk, Single) {
    let disk = SimulatedDisk::new();
    let mut single = Single::open(&disk).expect("the engine opens");
    let engine = single.engine.clone();
    single.run(define(&engine));
    (disk, single)
}

#[test]
fn a_swap_has_the_new_blouse_before_it_gives_up_the_old_one() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        let scarf = Operation::Add(wanted("SCARF", 1));
        let answer = quote(&engine, vec![swap(0, "BLUE", 1), scarf]).await;
        assert_eq!(answer.faults, []);
        // Both are hers while she thinks about it.
        assert_eq!((free(&engine, "RED", "N").await, free(&engine, "BLUE", "N").await), (0, 0));
        let rival = place(&engine, order("X", &[("BLUE", 1)], Shortage::Reject)).await;
        assert!(matches!(
            rival.unwrap().outcome,
            backstock_engine::engine::PlaceOutcome::SoldOut(_)
        ));
        let days = |order: &Order| order.shipments.iter().map(|s| s.deliver_by).collect::<Vec<_>>();
        let (before, after) = (days(&answer.before.order), days(&answer.after.order));
        assert_eq!(after.last(), before.last(), "it goes out on the same day");
        assert_eq!(commit(&engine, answer.quote.as_ref().unwrap()).await, Ok(false));
        assert_eq!(units(&engine).await, [(1, "N".into(), 1), (2, "N".into(), 1)]);
        assert_eq!((free(&engine, "RED", "N").await, free(&engine, "BLUE", "N").await), (1, 0));
        assert_clean(&engine);
        // Committed again, it is the same.
        assert_eq!(commit(&engine, answer.quote.as_ref().unwrap()).await, Ok(true));
    });
}

#[test]
fn what_is_quoted_survives_a_crash_and_is_committed_after_it() {
    let (disk, mut single) = world(&blouses);
    let engine = single.engine.clone();
    let answer = single.run(quote(&engine, vec![swap(0, "BLUE", 1)]));
    let hash = engine.status().state_hash;
    drop((single, engine));
    let disk = disk.restart();
    let mut single = Single::open(&disk).expect("the engine opens");
    assert_eq!(single.recovered.state_hash, hash);
    let engine = single.engine.clone();
    let quote = answer.quote.expect("a quote");
    assert_eq!(single.run(commit(&engine, &quote)), Ok(false));
    let hash = engine.status().state_hash;
    drop((single, engine));
    let mut single = Single::open(&disk.restart()).expect("the engine opens");
    assert_eq!(single.recovered.state_hash, hash);
    let engine = single.engine.clone();
    single.run(async {
        assert_eq!(units(&engine).await, [(1, "N".into(), 1)]);
        assert_eq!(commit(&engine, &quote).await, Ok(true));
        assert_clean(&engine);
    });
}

/// A10: only the difference moves.
#[test]
fn a10_of_eight_and_then_seven_the_vendor_has_three_and_then_two() {
    let (_, mut single) = world(&async |engine: &Engine| {
        let vendor = node("V", NodeKind::Supplier, 3);
        define_nodes(engine, &[node("N", NodeKind::Warehouse, 1), vendor]).await;
        define_items(engine, &["A"]).await;
        set(engine, "A", "N", 5).await;
        let feed = |quantity| StockOperation::SupplierFeed { quantity, as_of: None };
        // He has one, so that own stock is taken, and then any number.
        change(engine, "A", "V", feed(Some(1))).await.expect("the feed is taken");
        place(engine, order("O", &[("A", 6)], Shortage::Reject)).await.expect("placed");
        change(engine, "A", "V", feed(None)).await.expect("the feed is taken");
    });
    let engine = single.engine.clone();
    single.run(async {
        let first = engine.order(&order_id("O")).await.unwrap().order;
        assert_eq!(units(&engine).await, [(0, "N".into(), 5), (0, "V".into(), 1)]);
        change_to(&engine, "to 8", vec![quantity(0, 8)]).await;
        let all = [(0, "N".into(), 5), (0, "V".into(), 1), (1, "V".into(), 2)];
        assert_eq!(units(&engine).await, all);
        change_to(&engine, "to 7", vec![quantity(1, 1)]).await;
        let all = [(0, "N".into(), 5), (0, "V".into(), 1), (1, "V".into(), 1)];
        assert_eq!(units(&engine).await, all);
        // Nothing of what it had moved, and one purchase order has it all.
        let now = engine.order(&order_id("O")).await.unwrap().order;
        assert_eq!(now.allocations[..first.allocations.len()], first.allocations[..]);
        assert_eq!(now.shipments, first.shipments);
        assert_clean(&engine);
    });
}

/// Pain 7 (medusa#16406): a price-only edit reserves the whole line again.
#[test]
fn amounts_and_notes_touch_no_stock() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        let before = engine.order(&order_id("O")).await.unwrap();
        let stock = engine.stock(&sku("RED"), &node_id("N")).await.unwrap().stock;
        let note = Text::new("note", "Ring twice").unwrap();
        let operations =
            vec![Operation::SetAmount { line: 0, amount: 49_99 }, Operation::SetNote(note.clone())];
        let currency = Currency::new("currency", "EUR").ok();
        let change = Change { operations, currency, ..Change::default() };
        let quote = HoldId::new("quote", "Q").unwrap();
        let command = QuoteChange { meta: meta(), order: order_id("O"), quote, change };
        let quoted = engine.quote_change(&command).await.unwrap().quote.unwrap();
        assert_eq!(commit(&engine, &quoted).await, Ok(false));
        let after = engine.order(&order_id("O")).await.unwrap();
        let amended = after.order.amended.clone().unwrap();
        assert_eq!(amended.note, Some(note));
        assert_eq!(after.order.amount(), 49_99);
        assert_eq!(after.order.allocations, before.order.allocations);
        assert_eq!(engine.stock(&sku("RED"), &node_id("N")).await.unwrap().stock, stock);
        // In another currency, they would not add up.
        let dollars = Currency::new("currency", "USD").ok();
        let operations = vec![Operation::SetAmount { line: 0, amount: 1 }];
        let change = Change { operations, currency: dollars, ..Change::default() };
        let answer = engine.quote_change(&QuoteChange { change, ..command }).await.unwrap();
        assert_eq!(answer.faults[0].why.kind(), RefusalKind::CurrencyDiffers);
    });
}

async fn step(engine: &Engine, step: Step) {
    let command = ProgressShipment { meta: meta(), order: order_id("O"), shipment: 1, step };
    engine.progress_shipment(command).await.expect("the step is taken");
}

fn all_of_it(package: &str) -> Step {
    let package = PackageId::new("package", package).expect("an id");
    Step::Pack { package, lines: LineUnits::new() }
}

/// The table of what may be changed when: fewer units at every state until they left.
#[test]
fn fewer_units_are_put_back_from_a_package_and_refused_once_they_left() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        step(&engine, all_of_it("P")).await;
        let answer = quote(&engine, vec![swap(0, "BLUE", 1)]).await;
        assert_eq!(commit(&engine, &answer.quote.unwrap()).await, Ok(false));
        let red = engine.stock(&sku("RED"), &node_id("N")).await.unwrap().stock;
        assert_eq!((red.free(), red.allocated, red.extras), (1, 0, None));
        // The blue one leaves; it can be exchanged by a return, and not given up.
        let shipment = engine.order(&order_id("O")).await.unwrap().order.shipments.len();
        ship(&engine, "O", u16::try_from(shipment).unwrap()).await.expect("it leaves");
        let late = quote_as(&engine, "late", vec![quantity(1, 0)]).await.expect("an answer");
        assert_eq!(late.faults[0].why.kind(), RefusalKind::UnitsShipped);
        assert_clean(&engine);
    });
}

/// The table of what may be changed when: more, a note and amounts for as long as anything of it is
/// wanted; where it goes, for as long as anything is to leave.
#[test]
fn an_order_that_left_has_more_and_is_open_again_and_goes_where_it_went() {
    let (disk, mut single) = world(&blouses);
    let engine = single.engine.clone();
    let state = async |engine: &Engine| engine.order(&order_id("O")).await.unwrap().order.state();
    let lines = single.run(async {
        ship(&engine, "O", 1).await.expect("it leaves");
        assert_eq!(state(&engine).await, OrderState::Closed);
        let node = NodeId::new("node", "N").unwrap();
        let elsewhere = [
            Operation::SetDestination(node.into()),
            Operation::SetDeliverBy(Day::from_epoch_days(40_000)),
            Operation::Move { shipment: 1, to: None, lines: Vec::new() },
        ];
        for (at, operation) in elsewhere.into_iter().enumerate() {
            let told = quote_as(&engine, &format!("to-{at}"), vec![operation]).await.expect("told");
            let kinds: Vec<_> = told.faults.iter().map(|fault| fault.why.kind()).collect();
            assert_eq!((kinds, told.quote), (vec![RefusalKind::OrderClosed], None));
        }
        let note = Operation::SetNote(Text::new("note", "lost by the carrier").unwrap());
        let answer = quote_as(&engine, "note", vec![note]).await.expect("told");
        assert_eq!(commit(&engine, &answer.quote.unwrap()).await, Ok(false));
        assert_eq!(state(&engine).await, OrderState::Closed, "a note opens nothing");

        let before = engine.order(&order_id("O")).await.unwrap().order;
        let again = quote_as(&engine, "again", vec![Operation::Add(wanted("BLUE", 1))])
            .await
            .expect("told");
        assert_eq!(commit(&engine, &again.quote.unwrap()).await, Ok(false));
        let after = engine.order(&order_id("O")).await.unwrap().order;
        assert_eq!(after.state(), OrderState::Open);
        assert_eq!(after.shipments.len(), before.shipments.len() + 1, "a shipment of its own");
        assert_eq!(after.lines[..before.lines.len()], before.lines[..]);
        let number = u16::try_from(after.shipments.len()).unwrap();
        ship(&engine, "O", number).await.expect("it leaves");
        assert_eq!(state(&engine).await, OrderState::Closed);
        assert_clean(&engine);
        after.lines.clone()
    });
    let disk = disk.restart();
    let mut single = Single::open(&disk).expect("it opens");
    let engine = single.engine.clone();
    let replayed = single.run(async { engine.order(&order_id("O")).await.map(|of| of.order) });
    let replayed = replayed.expect("it is there");
    assert_eq!((replayed.state(), &replayed.lines), (OrderState::Closed, &lines));
    assert_clean(&engine);
}

#[test]
fn a_line_that_left_in_part_gives_up_what_is_still_there_and_no_more() {
    let (_, mut single) = world(&async |engine: &Engine| {
        define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
        define_items(engine, &["A"]).await;
        set(engine, "A", "N", 3).await;
        place(engine, order("O", &[("A", 3)], Shortage::Reject)).await.expect("placed");
    });
    let engine = single.engine.clone();
    single.run(async {
        let two = LineUnits::from_slice(&[(0, 2)]);
        let package = PackageId::new("package", "P").unwrap();
        step(&engine, Step::Pack { package: package.clone(), lines: two }).await;
        let packages = vec![package];
        step(&engine, Step::Ship { packages, carrier: carrier(), tracking: Text::default() }).await;
        let answer = quote(&engine, vec![quantity(0, 1)]).await;
        assert_eq!(answer.faults[0].operation, Some(0));
        assert_eq!(answer.faults[0].why.kind(), RefusalKind::UnitsShipped);
        assert_eq!(answer.quote, None);
        change_to(&engine, "to 2", vec![quantity(0, 2)]).await;
        assert_eq!(free(&engine, "A", "N").await, 1);
        assert_clean(&engine);
    });
}

#[test]
fn a_quote_is_overtaken_by_what_touches_it_and_by_nothing_else() {
    let (_, mut single) = world(&async |engine: &Engine| {
        define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
        define_items(engine, &["A", "B"]).await;
        set(engine, "A", "N", 3).await;
        set(engine, "B", "N", 3).await;
        place(engine, order("O", &[("A", 2), ("B", 2)], Shortage::Reject)).await.expect("placed");
    });
    let engine = single.engine.clone();
    single.run(async {
        let one = quote(&engine, vec![quantity(0, 1)]).await.quote.unwrap();
        // Another line is picked, and one unit of it cancelled.
        step(&engine, Step::Pick(LineUnits::from_slice(&[(1, 1)]))).await;
        cancel(&engine, "O", &[(2, 1)]).await.expect("cancelled");
        assert_eq!(commit(&engine, &one).await, Ok(false));
        // A unit more is quoted, and the line is picked before that is committed: the one that was
        // on the shelf would have to be put back now.
        let two = quote_as(&engine, "two", vec![quantity(0, 0)]).await.unwrap().quote.unwrap();
        step(&engine, Step::Pick(LineUnits::from_slice(&[(0, 1)]))).await;
        assert_eq!(commit(&engine, &two).await, Err(RefusalKind::ChangeOvertaken));
        let anew = quote_as(&engine, "anew", vec![quantity(0, 0)]).await.unwrap().quote.unwrap();
        assert_eq!(commit(&engine, &anew).await, Ok(false));
        assert_eq!(free(&engine, "A", "N").await, 3);
        assert_clean(&engine);
    });
}

#[test]
fn a_quote_lasts_five_minutes_and_an_order_has_one_with_new_units() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        let first = quote(&engine, vec![Operation::Add(wanted("SCARF", 3))]).await.quote.unwrap();
        assert_eq!(free(&engine, "SCARF", "N").await, 2);
        // The customer wants other things now: no second hold beside the first.
        let second = vec![Operation::Add(wanted("SCARF", 4))];
        let second = quote_as(&engine, "second", second).await.unwrap().quote.unwrap();
        assert_eq!(free(&engine, "SCARF", "N").await, 1);
        assert_eq!(commit(&engine, &first).await, Err(RefusalKind::ChangeExpired));
        let late = engine.commit_change(commit_at(&second, later(301))).await;
        let is_expired =
            |error| matches!(error, EngineError::Refused(Refusal::ChangeExpired { .. }));
        assert!(late.is_err_and(is_expired));
        assert_eq!(units(&engine).await, [(0, "N".into(), 1)]);
    });
}

#[test]
fn what_is_not_there_is_said_and_nothing_is_held() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        let fault = async |operations| {
            let answer = quote_as(&engine, "Q", operations).await.unwrap();
            assert_eq!((answer.quote, &answer.after), (None, &answer.before));
            (answer.faults[0].operation, answer.faults[0].why.kind())
        };
        assert_eq!(fault(vec![swap(0, "BLUE", 2)]).await.1, RefusalKind::UnitsNotOrdered);
        let scarves = Operation::Add(wanted("SCARF", 6));
        assert_eq!(fault(vec![scarves]).await, (Some(0), RefusalKind::ChangeShort));
        let unknown = Operation::Add(wanted("GREEN", 1));
        assert_eq!(fault(vec![unknown]).await, (Some(0), RefusalKind::ItemNotFound));
        let none = fault(vec![quantity(0, 0), quantity(1, 0)]).await;
        assert_eq!(none, (Some(1), RefusalKind::LineNotFound));
        assert_eq!(free(&engine, "SCARF", "N").await, 5);
    });
}

/// medusa and vendure know complaints of lines that were taken out and put back: the units are
/// counted once.
#[test]
fn a_line_that_is_taken_out_and_added_again_is_there_once() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        for turn in 0..5u16 {
            let name = format!("out {turn}");
            change_to(&engine, &name, vec![Operation::Add(wanted("SCARF", 5))]).await;
            assert_eq!(free(&engine, "SCARF", "N").await, 0);
            change_to(&engine, &format!("in {turn}"), vec![quantity(turn + 1, 0)]).await;
            assert_eq!(free(&engine, "SCARF", "N").await, 5);
        }
        assert_eq!(units(&engine).await, [(0, "N".into(), 1)]);
        assert_clean(&engine);
    });
}

#[test]
fn a_shipment_that_its_node_declined_meanwhile_is_joined_by_nothing() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        let scarf = quote(&engine, vec![Operation::Add(wanted("SCARF", 1))]).await.quote.unwrap();
        let decline = DeclineShipment {
            meta: meta(),
            order: order_id("O"),
            shipment: 1,
            reason: DeclineReason::Damaged,
            lines: LineUnits::new(),
            paused_until: None,
        };
        engine.decline_shipment(decline).await.expect("declined");
        assert_eq!(commit(&engine, &scarf).await, Ok(false));
        let order = engine.order(&order_id("O")).await.unwrap().order;
        let of_scarf = order.allocations.iter().find(|a| a.line == 1).unwrap();
        assert!(!order.was_declined(of_scarf.shipment));
        assert_clean(&engine);
    });
}

/// Whoever makes a token himself gets nothing by it that is another's.
#[test]
fn a_token_that_names_the_units_of_others_takes_none_of_them() {
    let (_, mut single) = world(&blouses);
    let engine = single.engine.clone();
    single.run(async {
        let cart = HoldId::new("hold", "CART").unwrap();
        let wanted = order("-", &[("BLUE", 1)], Shortage::Reject);
        let hold = CreateHold::new(meta(), cart.clone(), (600, None), wanted);
        engine.create_hold(hold).await.expect("held");
        let quoted = quote(&engine, vec![Operation::Add(self::wanted("SCARF", 1))]).await;
        let quoted = quoted.quote.unwrap();
        let forged = ChangeQuote { id: cart.clone(), ..quoted.clone() };
        assert_eq!(commit(&engine, &forged).await, Err(RefusalKind::ChangeExpired));
        // The order began as a hold: a token that names it as its own new units.
        let mine = HoldId::new("hold", "MINE").unwrap();
        let wanted = order("-", &[("SCARF", 1)], Shortage::Reject);
        let hold = CreateHold::new(meta(), mine.clone(), (600, None), wanted);
        engine.create_hold(hold).await.expect("held");
        let confirm = ConfirmHold {
            meta: meta(),
            hold: mine.clone(),
            order: order_id("P"),
            customer: None,
            channel: None,
            destination: None,
            service: None,
            deliver_by: None,
            lines: Lines::default(),
            prices: None,
        };
        engine.confirm_hold(confirm.clone()).await.expect("confirmed");
        let forged = ChangeQuote { id: mine, order: order_id("P"), ..quoted.clone() };
        assert_eq!(commit(&engine, &forged).await, Err(RefusalKind::ChangeExpired));
        // And nobody confirms, or gives up, what is held for an order.
        let of_quote = ConfirmHold { hold: quoted.id.clone(), order: order_id("Z"), ..confirm };
        let refused = engine.confirm_hold(of_quote).await.map(drop);
        let is_unknown =
            |error| matches!(error, EngineError::Refused(Refusal::HoldNotFound { .. }));
        assert!(refused.is_err_and(is_unknown));
        assert_eq!(commit(&engine, &quoted).await, Ok(false));
        assert_eq!(free(&engine, "BLUE", "N").await, 0, "the cart has it still");
        assert_clean(&engine);
    });
}

/// More units were held than are wanted by the time of the commit, or fewer.
#[test]
fn a_quote_for_more_is_overtaken_by_a_cancellation_of_the_line() {
    let (_, mut single) = world(&async |engine: &Engine| {
        define_nodes(engine, &[node("N", NodeKind::Warehouse, 1)]).await;
        define_items(engine, &["A"]).await;
        set(engine, "A", "N", 9).await;
        place(engine, order("O", &[("A", 3)], Shortage::Reject)).await.expect("placed");
    });
    let engine = single.engine.clone();
    single.run(async {
        for (name, wanted) in [("more", 5), ("as many", 2)] {
            let quoted = quote_as(&engine, name, vec![quantity(0, wanted)]).await.unwrap();
            cancel(&engine, "O", &[(1, 1)]).await.expect("cancelled");
            let told = commit(&engine, &quoted.quote.unwrap()).await;
            assert_eq!(told, Err(RefusalKind::ChangeOvertaken), "{name}");
        }
        assert_eq!(units(&engine).await, [(0, "N".into(), 1)]);
        assert_clean(&engine);
    });
}
