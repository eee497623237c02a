//! The image of the return policy, from version 14 on: as events have it.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use crate::model::Lsn;
use crate::model::returns::ReturnPolicy;
use crate::state::return_rules::ReturnRules;

/// The policy, and the event that set it.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ReturnRulesV14 {
    lsn: u64,
    /// A [`ReturnPolicy`] as events encode it; empty where none is set, of which no chunk is written.
    policy: Vec<u8>,
}

impl From<&ReturnRules> for ReturnRulesV14 {
    fn from(rules: &ReturnRules) -> Self {
        let encoded = |policy: &ReturnPolicy| {
            minicbor::to_vec(policy).expect("model types encode without errors")
        };
        let policy = rules.policy().map(encoded).unwrap_or_default();
        Self { lsn: rules.lsn().get(), policy }
    }
}

impl ArchivedReturnRulesV14 {
    /// The policy.
    ///
    /// # Errors
    /// When it is none.
    pub(in crate::snapshot) fn rules(&self) -> Result<ReturnRules, ImageError> {
        let policy: ReturnPolicy = minicbor::decode(&self.policy)
            .map_err(|error| ImageError::inconsistent("return policy", error.to_string()))?;
        Ok(ReturnRules::set(policy, Lsn::new(self.lsn.to_native())))
    }
}
