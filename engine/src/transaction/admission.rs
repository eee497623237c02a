//! Which commands are let in: as many at a time as an operator allows.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::error::EngineError;
use super::kernel::Kernel;

impl Kernel {
    /// Lets a command in, or says that there are too many.
    pub fn admit(self: &Arc<Self>) -> Result<Permit, EngineError> {
        self.decides()?;
        let in_flight = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let permit = Permit { kernel: Arc::clone(self), is_held: true };
        if in_flight >= self.in_flight_max {
            // What is in flight is a few group commits' worth.
            let retry_after = Duration::from_millis(10);
            let limit = self.in_flight_max;
            return Err(EngineError::Overloaded { in_flight, limit, retry_after });
        }
        Ok(permit)
    }
}

/// The right to be in flight, given back when the command is done with, or dropped.
pub struct Permit {
    kernel: Arc<Kernel>,
    /// It was not given back yet.
    is_held: bool,
}

impl Permit {
    /// The engine that the command is in flight in.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// Lets another command in for this one.
    pub fn give_back(&mut self) {
        if std::mem::take(&mut self.is_held) {
            self.kernel.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        // A turn that panics on this thread leaves its actor half changed.
        if std::thread::panicking() {
            self.kernel.halt("a turn panicked".into());
        }
        self.give_back();
    }
}
