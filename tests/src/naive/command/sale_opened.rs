//! The opening of a sale, for which no command asks.

use backstock_engine::command;
use backstock_engine::engine::Engine;
use backstock_engine::model::{Draw, Lsn, Timestamp};

use super::Fact;
use crate::naive::{Naive, Order};

/// The sale of an item opened.
#[derive(Clone, Debug)]
pub struct SaleOpened {
    sku: String,
    draw: Draw,
}

impl SaleOpened {
    /// What the engine's event says, with names.
    pub fn new(engine: &Engine, event: &command::SaleOpened) -> Self {
        Self { sku: engine.sku_no(event.sku).to_string(), draw: event.draw }
    }
}

impl Fact for SaleOpened {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        // It may be stated otherwise meanwhile.
        let is_it = |opens: Option<&Timestamp>| opens == Some(&self.draw.opens);
        let was_to_open = naive.moments.values().any(|moment| is_it(moment.closed.get(&self.sku)));
        let did_open = naive.draws.get(&self.sku).is_some_and(|of| of.opens == self.draw.opens);
        if !was_to_open || did_open || self.draw.opens > naive.now {
            let opens = naive.opens(&self.sku);
            return Err(format!("it is {}, and the sale opens {opens:?}", naive.now));
        }
        // DRAWS_ALL_IN_LINE: whoever came before the opening takes part.
        let is_late = |order: &&Order| order.no >= self.draw.before.0 && order.hold.is_some();
        let has_it = |order: &&Order| order.allotted.iter().any(|part| part.sku == self.sku);
        if let Some(late) = naive.orders.values().filter(is_late).find(has_it) {
            return Err(format!("it leaves out {late:?}"));
        }
        naive.draws.insert(self.sku.clone(), self.draw);
        Ok(())
    }
}
