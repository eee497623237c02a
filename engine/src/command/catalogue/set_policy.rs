//! Setting the sourcing policy.

use crate::model::command::SetPolicy;
use crate::model::{Event, Policy, Refusal};
use crate::transaction::claims::Claims;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::write::{Change, request_of, write};

/// Sets the policy. The caller lets one such command in at a time.
pub async fn set_policy(kernel: &Kernel, command: SetPolicy) -> Result<Change, EngineError> {
    command.validate()?;
    let SetPolicy { meta, policy } = command;
    let request = request_of(&meta, &policy);
    write(kernel, meta, request, async || {
        check_services(&kernel.state.network.load().policy, &policy)?;
        Ok((Event::PolicySet { policy: Box::new(policy) }, Claims::new(kernel)))
    })
    .await
}

/// Orders refer to services by their place.
fn check_services(before: &Policy, after: &Policy) -> Result<(), Refusal> {
    for (at, service) in before.services.iter().enumerate() {
        if after.services.get(at).is_none_or(|there| there.name != service.name) {
            return Err(Refusal::ServiceFixed { service: service.name.to_string() });
        }
    }
    Ok(())
}
