//! Defining a node.

use std::sync::Arc;

use backstock_engine::command::NodeDefinition;
use backstock_engine::model::{Lsn, Timestamp};

use super::Fact;
use crate::fixture::DAY;
use crate::naive::Naive;

/// A node is from now on like this, and takes no new work until then, as the engine says.
#[derive(Clone, Debug)]
pub struct NodeDefined(pub NodeDefinition, pub Option<Timestamp>);

impl Fact for NodeDefined {
    fn apply(&self, naive: &mut Naive, _: Lsn) -> Result<(), String> {
        let (now, Self(mut node, paused_until)) = (naive.now, self.clone());
        let nodes = Arc::make_mut(&mut naive.nodes);
        // What is not said of a pause keeps it.
        let known = nodes.get(node.id.as_str()).and_then(|node| node.paused_until);
        let paused = node.paused_until.or(known);
        let is_over = paused.is_some_and(|until| until <= now.saturating_add_micros(DAY));
        if paused_until != paused && !(paused_until.is_none() && is_over) {
            return Err(format!("it was paused until {paused:?}, and is until {paused_until:?}"));
        }
        node.paused_until = paused_until;
        let before = nodes.insert(node.id.to_string(), node.clone());
        match before {
            Some(before) if before.kind != node.kind => Err("its kind has changed".into()),
            _ => Ok(()),
        }
    }
}
