//! Making sure that there is an item: one that is there, or a new one.

use backstock_engine::command::{AnyEvent, DefineItem, EnsureItem, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Item, Lsn, Text};

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::{item, meta};
use crate::naive::command::{Fact, ItemDefined, ItemEnsured, SaleOpened};

/// No other command gives an item this title.
const ENSURED: &str = "of whatever there is";

impl Room for EnsureItem {
    const NAME: &'static str = "EnsureItem";
    const OUTCOMES: &'static [&'static str] = &[];

    fn draw(world: &mut World) -> Option<Self> {
        let name =
            if world.random.percent(50) { world.id("item-") } else { world.sku().to_owned() };
        let title = Text::new("title", ENSURED).expect("a text");
        Some(Self(DefineItem::new(meta(), Item { title, ..item(&name) })))
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.0.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.ensure_item(self.0).await.into()
    }

    /// The answer is a version that shows the item: it came to be by this command, or was
    /// defined by another one.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        let sku = self.0.item.sku;
        Some(Told::InJournal(Box::new(move |engine, event| match event {
            AnyEvent::ItemDefined(event) if event.item.sku == sku => Some(defined(event.item)),
            // Nothing had to change, and its sale opened last.
            AnyEvent::SaleOpened(event) => Some(Box::new(SaleOpened::new(engine, &event))),
            _ => None,
        })))
    }
}

/// What happened when an item was defined so.
pub(super) fn defined(item: Item) -> Box<dyn Fact> {
    if item.title.as_str() == ENSURED {
        Box::new(ItemEnsured(item))
    } else {
        Box::new(ItemDefined(item))
    }
}
