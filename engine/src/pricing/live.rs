//! A promotion while it is looked at for an order.

use super::promotion::Promotion;
use crate::model::PromotionNo;

/// A promotion that is looked at: its number, and its place in the order in which they are gone
/// through.
#[derive(Clone, Copy)]
pub(super) struct Live<'a> {
    pub(super) no: PromotionNo,
    pub(super) turn: usize,
    pub(super) promotion: &'a Promotion,
}
