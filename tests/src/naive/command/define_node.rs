//! Defining a node.

use std::sync::Arc;

use backstock_engine::command::NodeDefinition;
use backstock_engine::model::Lsn;

use super::Fact;
use crate::naive::Naive;

/// A node is from now on like this.
#[derive(Clone, Debug)]
pub struct NodeDefined(pub NodeDefinition);

impl Fact for NodeDefined {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let Self(node) = self;
        let before = Arc::make_mut(&mut naive.nodes).insert(node.id.to_string(), node.clone());
        match before {
            Some(before) if before.kind != node.kind => Err("its kind has changed".into()),
            _ => Ok(()),
        }
    }
}
