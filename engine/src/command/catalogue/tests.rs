//! What numbering items refuses: a table, and both commands that number one.

mod fields;

use std::cell::RefCell;
use std::pin::pin;
use std::task::Poll;

use super::define_item::{DefineItem, ItemDefined, ItemField};
use super::*;
use crate::command::fixture::{AT, bundle, check, item, meta, off_sale, opening, sku, told};
use crate::engine::tests::{one_unit, poll, run};
use crate::model::{Item, Meta, RefusalKind, Sale, Text};
use crate::transaction::command::{self, Command, Decision};

/// The refusals of the table, whose rows are checked, as a command on an item gives them.
pub(crate) fn table<C>(command: impl Fn(DefineItem) -> C) -> Vec<RefusalKind>
where
    C: Command<Event = ItemDefined>,
{
    let full = || Refusal::ListFull { what: "items", max: ITEMS_MAX };
    let rows = [(0, Ok(0)), (ITEMS_MAX - 1, Ok(ITEMS_MAX - 1)), (ITEMS_MAX, Err(full()))];
    let number = |items| next_number(items).map(|no| no.0 as usize);
    check(rows.map(|(items, expected)| (items, number(items), expected)));
    let told = [all_numbers_given(&command), number_passed_on(&command)];
    assert_eq!(told, [full(), Refusal::Contended]);
    let of_components = components_that_are_none(&command);
    told.iter().chain(&of_components).map(Refusal::kind).collect()
}

/// The refusals of a bundle of an item that is not defined, and of another bundle.
fn components_that_are_none<C: Command>(command: impl Fn(DefineItem) -> C) -> [Refusal; 2] {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(bundle("SET", &[("A", 2)])));
    let refusals = [
        ("X", Refusal::ItemNotFound { sku: sku("X") }),
        ("SET", Refusal::ItemIsBundle { sku: sku("SET") }),
    ];
    refusals.map(|(component, expected)| {
        let of = command(bundle("SETS", &[("A", 1), (component, 1)]));
        let told = told(command::run(&engine.kernel, &of));
        assert_eq!(told, expected);
        told
    })
}

/// What it is made of stays: another item is another bundle.
#[test]
fn an_item_never_becomes_a_bundle_nor_a_bundle_another_one() {
    let (engine, mut pump) = one_unit();
    let set = || bundle("SET", &[("A", 2)]);
    run(&mut pump, engine.define_item(set()));
    for other in [bundle("SET", &[("A", 3)]), item("SET"), bundle("A", &[("SET", 2)])] {
        let mut defining = pin!(engine.define_item(other));
        let Poll::Ready(Err(EngineError::Invalid(found))) = poll(defining.as_mut()) else {
            panic!("it is refused")
        };
        assert_eq!(found[0].field, "components", "{found:?}");
    }
    run(&mut pump, engine.define_item(set()));
    let own = bundle("KIT", &[("KIT", 2)]);
    let mut defining = pin!(engine.define_item(own));
    let Poll::Ready(Err(EngineError::Invalid(found))) = poll(defining.as_mut()) else {
        panic!("it is refused")
    };
    assert_eq!(found[0].field, "components[0].sku");
}

#[test]
fn an_item_follows_all_others_while_there_is_room() {
    table(|define| define);
}

/// The refusal of a new item after the last number.
fn all_numbers_given<C: Command>(command: impl Fn(DefineItem) -> C) -> Refusal {
    let (engine, _pump) = one_unit();
    engine.kernel.state.catalogue.give_all_numbers();
    told(command::run(&engine.kernel, &command(item("B"))))
}

/// A command whose thread is off its core between its item's number and the journal.
struct Late<C, F>(C, RefCell<F>);

impl<C, F> Command for Late<C, F>
where
    C: Command<Event = ItemDefined>,
    F: FnMut(),
{
    type Event = ItemDefined;

    fn meta(&self) -> &Meta {
        self.0.meta()
    }

    fn fingerprint(&self) -> u64 {
        self.0.fingerprint()
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<ItemDefined>, EngineError> {
        let decided = self.0.decide(tx).await;
        (self.1.borrow_mut())();
        decided
    }
}

/// The refusal of an item whose number is not the next one any more.
///
/// Items with lower numbers may be rejected meanwhile, with a batch that the disk has
/// no room for. If this item were written with its number then, the journal could not
/// be replayed.
fn number_passed_on<C>(command: impl Fn(DefineItem) -> C) -> Refusal
where
    C: Command<Event = ItemDefined>,
{
    let (engine, mut pump) = one_unit();
    let mut before = pin!(engine.define_item(item("B")));
    assert!(poll(before.as_mut()).is_pending(), "its event is in flight");
    let claim = Claim::Item(item("B").item.sku);
    let give_back = RefCell::new(|| engine.kernel.give_back(claim.clone()));
    let told = told(command::run(&engine.kernel, &Late(command(item("C")), give_back)));
    assert!(engine.kernel.state.items_defined.lock().numbers.is_empty(), "all is given back");
    // The event of B is in the journal in this test: it comes first.
    run(&mut pump, before);
    run(&mut pump, engine.define_item(item("C")));
    assert_eq!(engine.status().items, 3);
    told
}

#[test]
fn a_number_that_is_not_the_next_one_any_more_is_not_written() {
    assert_eq!(number_passed_on(|define| define), Refusal::Contended);
}

/// Each says one part of the item, and neither takes back what the other one says.
#[test]
fn two_parts_of_an_item_that_change_at_a_time_are_both_changed() {
    let (engine, mut pump) = one_unit();
    let title = Text::new("title", "Scarf").expect("a text");
    let titled = Item { title: title.clone(), ..item("A").item };
    let titled = DefineItem { keeps: vec![ItemField::Sale], ..DefineItem::new(meta(), titled) };
    let off = DefineItem { keeps: vec![ItemField::Title], ..off_sale("A") };
    let mut first = pin!(engine.define_item(titled));
    assert!(poll(first.as_mut()).is_pending(), "its event is in flight");
    let mut second = pin!(engine.define_item(off));
    assert!(poll(second.as_mut()).is_pending());
    run(&mut pump, first);
    run(&mut pump, second);
    let expected = Item { title, sale: Sale::Off, ..item("A").item };
    assert_eq!(*engine.item(&sku("A")).expect("it is there"), expected);
    assert!(engine.kernel.state.items_defined.lock().changes.is_empty(), "all is settled");
}

/// Neither of a bundle and an opening of its component is decided on before the other is there.
#[test]
fn a_component_of_a_bundle_has_no_opening_whichever_of_the_two_is_first() {
    let opens = || opening("A", AT.saturating_add_micros(60_000_000));
    let is_refused = |told: Poll<Result<_, EngineError>>| matches!(told, Poll::Ready(Err(EngineError::Invalid(found))) if found[0].field == "opens_time");
    for ensures in [false, true] {
        let (engine, mut pump) = one_unit();
        let set = || bundle("SET", &[("A", 2)]);
        let define = || async {
            if ensures { engine.ensure_item(set()).await } else { engine.define_item(set()).await }
        };
        let mut first = pin!(engine.define_item(opens()));
        assert!(poll(first.as_mut()).is_pending(), "its event is in flight");
        let mut second = pin!(define());
        assert!(poll(second.as_mut()).is_pending());
        run(&mut pump, first);
        assert!(is_refused(poll(second.as_mut()).map_ok(drop)), "the item has an opening");
        run(&mut pump, engine.define_item(item("A")));
        let mut first = pin!(define());
        assert!(poll(first.as_mut()).is_pending(), "its event is in flight");
        let mut second = pin!(engine.define_item(opens()));
        assert!(poll(second.as_mut()).is_pending());
        run(&mut pump, first);
        assert!(is_refused(poll(second.as_mut()).map_ok(drop)), "it is a component");
        assert!(!engine.kernel.state.items_defined.lock().is_in_flight(&sku("A")));
    }
}
