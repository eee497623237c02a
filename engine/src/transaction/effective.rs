//! Events that are carried out by their effects.

use super::written::{Recorded, Written};
use crate::model::effect::Effects;
use crate::model::{Request, Said};

/// An event that is carried out by its effects.
pub trait Effective {
    /// What it does, one effect for each actor that it changes.
    fn effects(self) -> Effects;
}

/// An event as the applier takes it.
pub fn recorded(request: Option<Request>, event: impl Effective) -> Written {
    Written::Other(Box::new(Recorded { request, said: Said::default(), effects: event.effects() }))
}
