//! The opening of a sale: those who waited in line before it are given their places there, by one
//! event, before anybody is served.
//!
//! ```text
//!   the time passes the opening --> the SKU is unsettled: new orders wait
//!        SaleOpened, with a seed --> each hold in line has its place --> the backlog is served
//! ```

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::journal::Ticket;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::{Event, Numbered, Record};
use crate::model::{Draw, SkuNo};
use crate::transaction::command::{Effective, recorded};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// The sale of an item opened.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct SaleOpened {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// What decides who of those that waited in line goes first.
    #[n(1)]
    pub draw: Draw,
}

impl Effective for SaleOpened {
    fn effects(self) -> Effects {
        vec![Effect::Configuration(Configuration::Opened(self.sku, self.draw))]
    }
}

impl Event for SaleOpened {
    fn describe(&self) -> Value {
        let Draw { opens, seed, before } = self.draw;
        json!({
            "sku_no": self.sku.0, "opens_time": opens.to_string(), "seed": seed,
            "before_order_no": before.0,
        })
    }
}

/// Opens the sale of an item if its time has come; none if there is nothing to open.
///
/// # Errors
/// What stopped the engine.
pub fn open(kernel: &Kernel, sku: SkuNo) -> Result<Option<Ticket>, EngineError> {
    let (entry, now) = (kernel.state.catalogue.entry(sku), kernel.state.now());
    if !entry.is_closed() {
        return Ok(None);
    }
    let Some(opens) = entry.definition().opens().filter(|opens| *opens <= now) else {
        return Ok(None);
    };
    // No hold is between its number and the journal meanwhile.
    let _alone = kernel.joining.write();
    // The opening takes a number, so that none of those before it is given to anybody later: not
    // by an order that comes to nothing, nor after a crash (`State::note_draw`).
    let before = kernel.state.next_order();
    let draw = Draw::new(sku, opens, before, kernel.draw_key);
    let event = Numbered(SaleOpened { sku, draw });
    let record = Record { at: now, request: None, origin: None, event };
    let ticket = kernel.append(record, recorded).inspect_err(|_| kernel.state.unnumber(before))?;
    Ok(Some(ticket))
}

#[cfg(test)]
mod tests;
