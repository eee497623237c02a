//! Commands on one hold, or on the holds of one owner, that come at once.

use std::sync::atomic::{AtomicI64, Ordering};

use backstock_engine::model::{InboundId, Supply};

use super::*;

/// A cart that is open in two tabs holds its units once.
#[test]
fn of_two_holds_that_an_owner_creates_at_once_one_is_left() {
    let mut world = World::new(5);
    let engine = world.engine.clone();
    let mut one = pin!(create(&engine, of_owner("one", "X", 3)));
    let mut other = pin!(create(&engine, of_owner("other", "X", 4)));
    assert!(poll(one.as_mut()).is_pending() && poll(other.as_mut()).is_pending());
    world.finish(async {
        one.await.expect("there is enough");
        other.await.expect("the units of the first are free to it");
    });
    assert_eq!(world.hold("one").state, HoldState::TakenOver);
    assert_eq!((world.is_live("other"), world.allocated()), (true, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_holds_that_an_owner_creates_at_once_one_is_left() {
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 3).await;
    let mut carts = tokio::task::JoinSet::new();
    for no in 0..100 {
        let (engine, whose) = (engine.clone(), ["X", "Y", "Z"][no % 3]);
        carts.spawn(async move { create(&engine, of_owner(&format!("{no}"), whose, 1)).await });
    }
    assert!(carts.join_all().await.iter().all(Option::is_some), "each owner has a unit");
    let mut live = 0;
    for no in 0..100 {
        live += u32::from(state(&engine, &format!("{no}")).await.state == HoldState::Live);
    }
    assert_eq!((live, stock_at(&engine, "N").await.allocated), (3, 3));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// The customer pays at the very moment at which his hold runs out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_that_is_confirmed_as_it_lapses_is_an_order_or_lapsed_and_never_both() {
    const HOLDS: i64 = 300;
    let directory = tempfile::tempdir().expect("a directory");
    let (engine, _) = open(directory.path()).await;
    one_node(&engine, 1_000).await;
    for no in 0..HOLDS {
        let seconds = u32::try_from(no + 1).expect("few");
        create(&engine, hold(&format!("{no}"), seconds, 1)).await.expect("there is enough");
    }
    let clock = Arc::new(AtomicI64::new(0));
    let buyers: Vec<_> = (0..HOLDS)
        .map(|no| {
            let (engine, clock) = (engine.clone(), Arc::clone(&clock));
            tokio::spawn(async move {
                let (name, order) = (format!("{no}"), format!("o-{no}"));
                while clock.load(Ordering::Acquire) < no {
                    tokio::task::yield_now().await;
                }
                let command = ConfirmHold { meta: at(no), ..confirm(&name, &order) };
                engine.confirm_hold(command).await
            })
        })
        .collect();
    for no in 1..=HOLDS {
        clock.store(no, Ordering::Release);
        engine.tell_time(after(no));
        tokio::task::yield_now().await;
    }
    let (mut in_time, mut late) = (0, 0);
    for (no, buyer) in (0..).zip(buyers) {
        buyer.await.expect("no panic").expect("there are units, now or then");
        let view = engine.order(&order_id(&format!("o-{no}"))).await.expect("an order").order;
        let hold = view.header.hold.as_deref().expect("it began as a hold");
        assert_eq!((hold.state, view.allocations[0].open()), (HoldState::Confirmed, 1));
        *(if view.no.0 <= HOLDS as u64 { &mut in_time } else { &mut late }) += 1;
    }
    eprintln!("{in_time} in time, {late} after they lapsed");
    assert_eq!(stock_at(&engine, "N").await.allocated, u32::try_from(HOLDS).expect("few"));
    assert_clean(&engine);
    engine.shut_down().await;
}

/// Goods come for what a hold rests on just as it is confirmed to go elsewhere.
#[test]
fn a_confirmation_and_the_backlog_do_not_wait_for_each_other() {
    let mut world = World::new(0);
    let eta = NOW.saturating_add_micros(3 * DAY);
    let id = InboundId::new("inbound", "PO").expect("an id");
    let announce = StockOperation::AnnounceInbound { id, quantity: 2, eta };
    world.single.run(change(&world.engine, "A", "N", announce)).expect("it is announced");
    world.create(hold("H", 60, 2));
    let engine = world.engine.clone();
    let arrive = StockOperation::Receive { quantity: 5, unavailable: 0 };
    let mut receipt = pin!(change(&engine, "A", "N", arrive));
    let mut confirmed = pin!(engine.confirm_hold(elsewhere("H", "o")));
    assert!(poll(receipt.as_mut()).is_pending() && poll(confirmed.as_mut()).is_pending());
    world.finish(async {
        let (receipt, confirmed) = tokio::join!(receipt, confirmed);
        receipt.expect("it is received");
        confirmed.expect("it is confirmed");
    });
    let order = world.single.run(engine.order(&order_id("o"))).expect("an order");
    assert_eq!(order.supplies.concat(), [(Supply::OnHand, 2)]);
}

/// As before, and the owner's next hold has the units.
#[test]
fn a_hold_that_takes_over_and_the_backlog_do_not_wait_for_each_other() {
    let mut world = World::new(0);
    let eta = NOW.saturating_add_micros(3 * DAY);
    let id = InboundId::new("inbound", "PO").expect("an id");
    let announce = StockOperation::AnnounceInbound { id, quantity: 2, eta };
    world.single.run(change(&world.engine, "A", "N", announce)).expect("it is announced");
    world.create(of_owner("one", "X", 2));
    let engine = world.engine.clone();
    let arrive = StockOperation::Receive { quantity: 5, unavailable: 0 };
    let mut receipt = pin!(change(&engine, "A", "N", arrive));
    let mut next = pin!(create(&engine, of_owner("next", "X", 2)));
    assert!(poll(receipt.as_mut()).is_pending() && poll(next.as_mut()).is_pending());
    world.finish(async {
        let (receipt, next) = tokio::join!(receipt, next);
        receipt.expect("it is received");
        next.expect("there is enough");
    });
    assert_eq!((world.is_live("next"), world.allocated()), (true, 2));
}

/// Two commands that a caller sent under one key, by mistake.
#[test]
fn commands_under_one_key_do_not_wait_for_each_other() {
    let mut world = World::new(5);
    world.create(of_owner("H", "X", 2));
    let engine = world.engine.clone();
    let key = || keyed("the key of both");
    let mut first = pin!(engine.extend_hold(extend("H", 4_000)));
    let mut second = pin!(engine.extend_hold(ExtendHold { meta: key(), ..extend("H", 5_000) }));
    let mut next = of_owner("I", "X", 3);
    next.meta = key();
    let mut third = pin!(engine.create_hold(next));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    assert!(poll(third.as_mut()).is_pending());
    world.single.drain();
    // The hold is free, and the one that asks first has it.
    assert!(poll(third.as_mut()).is_pending());
    world.finish(async {
        let (first, second, third) = tokio::join!(first, second, third);
        first.expect("it is extended");
        second.expect("it has the key");
        let refused = third.expect_err("it is another's key");
        let reused = matches!(refused, EngineError::Refused(Refusal::RequestIdReused { .. }));
        assert!(reused, "{refused}");
    });
}
