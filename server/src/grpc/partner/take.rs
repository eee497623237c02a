//! One message, read and handed to the engine.

use backstock_engine::command::ReportPartner;
use backstock_engine::engine::EngineError;
use backstock_engine::model::partner::PartnerMessage;
use backstock_engine::model::{PartnerId, Rule, Violation};
use backstock_proto::v1;

use super::answer::{answer, rejected};
use crate::grpc::Api;
use crate::partner::contract::Message;
use crate::partner::told;

/// Why a message is rejected that breaks the contract.
pub(super) const UNREADABLE: &str = "it is not as the contract has it";

/// Has the engine take a message; with a version that includes what it came to.
///
/// # Errors
/// What the engine answers.
pub(super) async fn report(
    api: &Api,
    message: PartnerMessage,
) -> Result<(v1::MessageAnswer, u64), EngineError> {
    let command = ReportPartner::new(api.meta(None, false), message);
    let done = api.engine().report_partner(&command).await?;
    let Some(told) = command.answered() else {
        unreachable!("a message without a key is decided on each time");
    };
    Ok((answer(&command.message().id, told), done.version.get()))
}

/// Has the engine take a message of the contract that this partner sends.
///
/// # Errors
/// What the engine answers, but for what is wrong with the message itself.
pub(super) async fn take(
    api: &Api,
    partner: &PartnerId,
    message: &Message,
) -> Result<(v1::MessageAnswer, u64), EngineError> {
    let unreadable = |faults: &[Violation]| {
        let faults = faults.iter().map(ToString::to_string).collect();
        Ok((rejected(message.id.as_str(), UNREADABLE, faults), 0))
    };
    if message.sender != *partner {
        let rule = Rule::Malformed(format!("is not {partner}, who sends it"));
        return unreadable(&[Violation::new("sender", &message.sender, rule)]);
    }
    match told(message) {
        Err(violation) => unreadable(&[violation]),
        Ok(told) => match report(api, told).await {
            Err(EngineError::Invalid(faults)) => unreadable(&faults),
            taken => taken,
        },
    }
}
