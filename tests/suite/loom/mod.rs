//! The actor cell under loom: every interleaving of two or three threads, and
//! every value that a load may return under the memory model, up to a bound on
//! preemptions.
//!
//! The cell is the engine's own file, compiled here beside loom's primitives. So
//! neither a `--cfg` nor a second build of the other dependencies is needed.

#[path = "../../../engine/src/actor/cell.rs"]
#[expect(unreachable_pub, reason = "public in the engine, a private module here")]
#[expect(dead_code, reason = "not every method is modelled")]
mod cell;
mod models;
mod sync;

use backstock_engine::actor::{Actor, ActorPanicked};
