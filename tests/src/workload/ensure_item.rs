//! Making sure that there is an item: one that is there, or a new one.

use backstock_engine::command::{AnyEvent, DefineItem, EnsureItem, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Item, Lsn, Text};

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::{item, meta};
use crate::naive::command::{Fact, ItemDefined, ItemEnsured};

/// No other command gives an item this title.
const ENSURED: &str = "of whatever there is";

impl Room for EnsureItem {
    const NAME: &'static str = "EnsureItem";
    const OUTCOMES: &'static [&'static str] = &[];

    fn draw(world: &mut World) -> Option<Self> {
        let name =
            if world.random.percent(50) { world.id("item-") } else { world.sku().to_owned() };
        let title = Text::new("title", ENSURED).expect("a text");
        Some(Self(DefineItem { meta: meta(), item: Item { title, ..item(&name) } }))
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.0.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.ensure_item(self.0).await.into()
    }

    /// The answer is a version that shows the item. What happened at that version is in the
    /// journal: the item came to be by this command, or was defined by another one.
    fn told(self, engine: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(done) = outcome else { return None };
        let Some(AnyEvent::ItemDefined(event)) = engine.event(done.version) else { return None };
        if event.item.sku != self.0.item.sku {
            return None;
        }
        let was_ensured = event.item.title.as_str() == ENSURED;
        let fact: Box<dyn Fact> = if was_ensured {
            Box::new(ItemEnsured(event.item))
        } else {
            Box::new(ItemDefined(event.item))
        };
        Some(Told::Fact(fact))
    }
}
