//! Setting the sourcing policy.

use std::sync::Arc;

use backstock_engine::model::{Lsn, Policy};

use super::Fact;
use crate::naive::Naive;

/// The policy is from now on like this.
#[derive(Clone, Debug)]
pub struct PolicySet(pub Policy);

impl Fact for PolicySet {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let names = |policy: &Policy| -> Vec<String> {
            policy.services.iter().map(|service| service.name.to_string()).collect()
        };
        if !names(&self.0).starts_with(&names(&naive.policy)) {
            return Err("a service was dropped or moved".into());
        }
        naive.policy = Arc::new(self.0.clone());
        Ok(())
    }
}
