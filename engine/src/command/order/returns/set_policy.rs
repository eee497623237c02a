//! Setting what may come back.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::returns::ReturnPolicy;
use crate::model::{Meta, Violation};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets what may come back, until when and for what fee. Returns that were granted keep their terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetReturnPolicy {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub policy: ReturnPolicy,
}

/// What may come back was set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnPolicySet {
    /// What it is now.
    #[n(0)]
    pub policy: Box<ReturnPolicy>,
}

impl SetReturnPolicy {
    /// Checks all rules.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        self.policy.check("policy")
    }
}

impl Command for SetReturnPolicy {
    type Event = ReturnPolicySet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("set_return_policy", &self.policy))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ReturnPolicySet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        Ok(Decision::Event(ReturnPolicySet { policy: Box::new(self.policy.clone()) }))
    }
}

impl Event for ReturnPolicySet {
    fn describe(&self) -> Value {
        let ReturnPolicy { rules, holidays } = &*self.policy;
        json!({ "rules": rules.len(), "holidays": holidays.len() })
    }
}

impl Effective for ReturnPolicySet {
    fn effects(self) -> Effects {
        vec![Effect::Configuration(Configuration::ReturnPolicy(self.policy))]
    }
}
