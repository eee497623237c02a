//! Defining an item: one that is there, or another one.

use std::hash::{DefaultHasher, Hash, Hasher};

use backstock_engine::command::{AnyEvent, DefineItem, ItemField, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Item, Lsn, Sale, Text};

use super::command::{Outcome, Room, Told};
use super::ensure_item::defined;
use super::world::World;
use super::{DROP, LATE_SKU, SKUS};
use crate::fixture::{item, meta};
use crate::naive::command::SaleOpened;

impl Room for DefineItem {
    const NAME: &'static str = "DefineItem";
    const OUTCOMES: &'static [&'static str] = &[];

    fn draw(world: &mut World) -> Option<Self> {
        let name = match world.random.within(0..100) {
            0..25 => LATE_SKU,
            25..55 => DROP,
            _ => world.random.pick::<&str>(&SKUS),
        };
        // Soon, now and then a moment ago, seldom later than anybody may wait.
        let seconds = *world.random.pick(&[-1, 5, 20, 20, 60, 200, 90_000]);
        let opens = world.now.saturating_add_micros(seconds * 1_000_000);
        let opens = (name == DROP && world.random.percent(70)).then_some(opens);
        let title = *world.random.pick(&["", "of wool", "of silk"]);
        let title = Text::new("title", title).expect("a text");
        let sale = if world.random.percent(15) { Sale::Off } else { Sale::On };
        let waiting_max = world.random.percent(40).then(|| world.random.within(0..6));
        let item = Item { title, sale, waiting_max, opens, ..item(name) };
        // By its title, an item that was ensured is told from one that was defined.
        let mut keeps = vec![ItemField::Sale, ItemField::WaitingMax, ItemField::Opens];
        keeps.retain(|_| world.random.percent(20));
        Some(Self { keeps, ..Self::new(meta(), item) })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    /// What stays is part of what is sent: under one key, it is another content.
    async fn send(mut self, engine: &Engine) -> Outcome {
        let mut hasher = DefaultHasher::new();
        format!("{:?}", (&self.item, &self.keeps)).hash(&mut hasher);
        self.meta.content = self.meta.request_id.as_ref().map(|_| hasher.finish());
        engine.define_item(self).await.into()
    }

    /// What it does not say is as the event has it.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::InJournal(Box::new(move |engine, event| match event {
            AnyEvent::ItemDefined(event) if self.makes(Some(&event.item)) == event.item => {
                Some(defined(event.item))
            }
            // Nothing had to change, and its sale opened last.
            AnyEvent::SaleOpened(event) => Some(Box::new(SaleOpened::new(engine, &event))),
            _ => None,
        })))
    }
}
