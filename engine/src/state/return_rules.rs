//! The return policy, as it is in memory: one value, swapped whole.

use crate::model::digest::{Part, hash_encoded};
use crate::model::returns::ReturnPolicy;
use crate::model::{Lsn, StateHash};

/// What may come back, by a policy that was set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnRules {
    policy: Option<ReturnPolicy>,
    lsn: Lsn,
}

impl ReturnRules {
    /// The policy that an event set.
    pub const fn set(policy: ReturnPolicy, lsn: Lsn) -> Self {
        Self { policy: Some(policy), lsn }
    }

    /// The policy; none where none was ever set.
    pub const fn policy(&self) -> Option<&ReturnPolicy> {
        self.policy.as_ref()
    }

    /// The event that set it.
    pub const fn lsn(&self) -> Lsn {
        self.lsn
    }

    /// Its hash: nothing where none was ever set.
    pub fn hash(&self) -> StateHash {
        let mut hash = StateHash::default();
        if let Some(policy) = &self.policy {
            hash.add(hash_encoded(Part::ReturnPolicy, &(policy, self.lsn)));
        }
        hash
    }
}
