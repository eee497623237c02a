//! What is true of all commands.

mod refusals;
mod sizes;
pub(crate) mod sources;
