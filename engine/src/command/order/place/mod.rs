//! Placing an order.

pub mod event;
pub mod request;
#[cfg(test)]
pub(crate) mod tests;
