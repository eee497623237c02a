//! Commands on what everybody reads: items, nodes, the policy.

pub mod define_item;
pub mod define_node;
pub mod set_policy;
