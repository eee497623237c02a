//! Defining a promotion.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::items::number;
use super::number_of;
use crate::limits::PROMOTIONS_MAX;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{CouponCode, Meta, PromotionNo, Refusal, Sku, SkuNo, Violation};
use crate::pricing::{PricingChange, Promotion};
use crate::state::pricing::Pricing;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Defines a promotion, or changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinePromotion {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub promotion: Box<Promotion<Sku>>,
}

/// A promotion was defined, or changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PromotionDefined {
    /// Its number.
    #[n(0)]
    pub no: PromotionNo,
    /// What it is now.
    #[n(1)]
    pub promotion: Box<Promotion>,
}

impl Command for DefinePromotion {
    type Event = PromotionDefined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.promotion)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.promotion.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<PromotionDefined>, EngineError> {
        tx.take_turn_at_configuring().await?;
        let state = tx.state();
        let number = |sku: &Sku| number(&state.catalogue, sku);
        Ok(Decision::Event(decide(&state.pricing.load(), &self.promotion, number)?))
    }
}

/// Decides the definition of a promotion beside others.
fn decide(
    pricing: &Pricing,
    promotion: &Promotion<Sku>,
    number: impl Fn(&Sku) -> Result<SkuNo, Refusal>,
) -> Result<PromotionDefined, Refusal> {
    let known = pricing.promotion_no(&promotion.id).map(|no| no.0);
    let there = pricing.book().promotions().len();
    let no = number_of(known, there, ("promotions", PROMOTIONS_MAX))?;
    let promotion = Box::new(promotion.clone().named(|sku| number(&sku))?);
    Ok(PromotionDefined { no: PromotionNo(no), promotion })
}

impl Event for PromotionDefined {
    fn describe(&self) -> Value {
        let Promotion { id, lane, priority, coupon, valid, .. } = &*self.promotion;
        json!({
            "promotion_id": id.as_str(), "lane": lane, "priority": priority,
            "coupon_code": coupon.as_ref().map(CouponCode::as_str),
            "valid_from": valid.from.to_string(),
            "valid_until": valid.until.map(|until| until.to_string()),
        })
    }
}

impl Effective for PromotionDefined {
    fn effects(self) -> Effects {
        let change = PricingChange::Promotion(self.no, self.promotion);
        vec![Effect::Configuration(Configuration::Pricing(Box::new(change)))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, promotion, sku};
    use crate::model::{Lsn, RefusalKind};

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let all = |_: &Sku| Ok(SkuNo(3));
        let none = |sku: &Sku| Err(Refusal::ItemNotFound { sku: sku.clone() });
        let numbered = promotion("known").promotion.named(|sku| all(&sku)).expect("it is");
        let mut pricing = Pricing::default();
        let change = PricingChange::Promotion(PromotionNo(0), Box::new(numbered));
        pricing.change(change, Lsn::FIRST);
        let decided = |pricing: &Pricing, id: &str| {
            decide(pricing, &promotion(id).promotion, all).map(|event| event.no.0)
        };
        let of_none = decide(&pricing, &promotion("known").promotion, none);
        let of = ("promotions", PROMOTIONS_MAX);
        let beyond = Refusal::ListFull { what: "promotions", max: PROMOTIONS_MAX };
        check([
            ("a new one", decided(&pricing, "new"), Ok(1)),
            ("one that is there", decided(&pricing, "known"), Ok(0)),
            ("one that is there of all", number_of(Some(7), PROMOTIONS_MAX, of), Ok(7)),
            ("one too many", number_of(None, PROMOTIONS_MAX, of), Err(beyond)),
            (
                "of no item",
                of_none.map(|event| event.no.0),
                Err(Refusal::ItemNotFound { sku: sku("A") }),
            ),
        ])
    }

    #[test]
    fn a_promotion_keeps_its_number() {
        table();
    }
}
