//! What can be promised day by day, where a request asks for it.

use backstock_engine::engine::{Curve, Engine, EngineError, NodeAvailability};
use backstock_engine::limits::LINE_UNITS_MAX;
use backstock_engine::model::{Rule, Timestamp};

use crate::grpc::{times, wire};
use crate::status::Violations;

/// What is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Days {
    /// The days on which more can be promised.
    curve: bool,
    /// Units of which the first day is asked for.
    quantity: Option<u64>,
}

impl Days {
    /// Reads what is asked for; a quantity of 0 is none.
    pub(super) fn read(found: &mut Violations, curve: bool, quantity: u64) -> Option<Self> {
        let max = LINE_UNITS_MAX.into();
        if quantity > u64::from(LINE_UNITS_MAX) {
            found.breaks("quantity", quantity, Rule::OutOfRange { min: 0, max });
            return None;
        }
        Some(Self { curve, quantity: Some(quantity).filter(|units| *units > 0) })
    }

    /// The curve of each node; none where nothing of it is asked for.
    pub(super) fn of<'a>(
        self,
        engine: &Engine,
        nodes: impl Iterator<Item = &'a NodeAvailability>,
        now: Timestamp,
    ) -> Result<Vec<Curve>, EngineError> {
        if !self.curve && self.quantity.is_none() {
            return Ok(Vec::new());
        }
        nodes.map(|node| engine.curve(node, now)).collect()
    }

    /// Writes what is asked for of a curve: its steps, each a [`AvailabilityStep`], and the first
    /// day for the quantity.
    ///
    /// [`AvailabilityStep`]: backstock_proto::v1::AvailabilityStep
    pub(super) fn write(self, out: &mut Vec<u8>, (steps, earliest): (u8, u8), curve: &Curve) {
        for step in curve.steps().filter(|_| self.curve) {
            wire::message(out, steps, |out| {
                wire::date(out, 1, times::date(step.day));
                wire::number(out, 2, step.units);
                wire::number(out, 3, step.atp);
            });
        }
        let day = self.quantity.and_then(|quantity| curve.earliest(quantity));
        wire::date(out, earliest, day.and_then(times::date));
    }
}
