//! Defining a node.

use crate::limits::NODES_MAX;
use crate::model::command::{DefineNode, NodeDefinition};
use crate::model::{Event, Node, NodeNo, Refusal, Rule, Violation};
use crate::state::network::calendar_of;
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::write::{Change, request_of, write};

/// Defines a node, or changes it. The caller lets one such command in at a time.
pub async fn define_node(kernel: &Kernel, command: DefineNode) -> Result<Change, EngineError> {
    let DefineNode { meta, node: definition } = command;
    definition.validate()?;
    let request = request_of(&meta, &definition);
    write(kernel, meta, request, async || {
        let node = locate(kernel, definition)?;
        let network = kernel.state.network.load();
        let known = network.node_no(&node.id);
        if let Some(no) = known
            && network.node(no).node.kind != node.kind
        {
            return Err(Refusal::NodeKindFixed { node_id: node.id }.into());
        }
        let next = network.nodes.len();
        if known.is_none() && next >= NODES_MAX {
            return Err(Refusal::ListFull { what: "nodes", max: NODES_MAX }.into());
        }
        let next = NodeNo(u16::try_from(next).expect("NODES_MAX fits 16 bits"));
        let event = Event::NodeDefined { no: known.unwrap_or(next), node: Box::new(node) };
        Ok((event, Claims::new(kernel)))
    })
    .await
}

fn locate(kernel: &Kernel, definition: NodeDefinition) -> Result<Node, EngineError> {
    let code = &definition.postal_code;
    let place = kernel.postal.locate(code.as_str()).ok_or_else(|| {
        let why = kernel.postal.why_unknown(code.as_str());
        Violation::new("postal_code", code, Rule::Malformed(why))
    })?;
    let node = Node {
        id: definition.id,
        kind: definition.kind,
        title: definition.title,
        postal_code: definition.postal_code,
        location: place.location,
        time_zone: definition.time_zone,
        working_days: definition.working_days,
        cut_off_minute: definition.cut_off_minute,
        holidays: definition.holidays,
        capacity_units_per_day: definition.capacity_units_per_day,
        shipment_cost: definition.shipment_cost,
        unit_cost: definition.unit_cost,
        lead_time_days: definition.lead_time_days,
        enabled: definition.enabled,
    };
    match calendar_of(&node) {
        Ok(_) => Ok(node),
        Err(error) => {
            let rule = Rule::Malformed(error.to_string());
            Err(Violation::new(error.field(), "", rule).into())
        }
    }
}
