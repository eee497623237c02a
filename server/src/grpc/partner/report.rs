//! `Report`: what a partner says, in JSON or in X12.

use backstock_engine::engine::EngineError;
use backstock_engine::model::PartnerId;
use backstock_proto::v1;
use tonic::Status;

use super::answer::rejected;
use super::take::{UNREADABLE, take};
use crate::grpc::{Api, plain};
use crate::partner::contract::{self, Kind};
use crate::partner::x12::{
    GroupRead, InterchangeRead, Party, SetCode, SetFault, SetRead, acknowledge, read,
};
use crate::status::Violations;

/// The code of groups with answers to ours: no answer is answered.
const ANSWERS: &str = "FA";

pub(super) async fn handle(
    api: &Api,
    request: v1::ReportRequest,
) -> Result<v1::ReportResponse, Status> {
    let mut found = Violations::default();
    let partner = found.id("partner_id", &request.partner_id, PartnerId::new);
    let content = found.required("content", request.content);
    let (partner, content) = found.converted(content.map(|content| (partner, content)))?;
    // A partner that is not known is told so, whatever the message says.
    api.engine().partner(&partner).map_err(plain)?;
    let mut response = v1::ReportResponse::default();
    match content {
        v1::report_request::Content::Json(json) => {
            one(api, &partner, &json, &mut response).await?;
        }
        v1::report_request::Content::X12(file) => {
            let now = api.0.clock.now();
            let list = read(&file, now).map_err(|fault| broken(&fault.to_string()))?;
            for interchange in list {
                whole(api, &partner, interchange, &mut response).await?;
            }
        }
    }
    response.version = response.version.max(api.version());
    Ok(response)
}

/// Nothing of the file is taken.
fn broken(fault: &str) -> Status {
    let mut found = Violations::default();
    found.add("x12", fault);
    found.into_status()
}

/// A message in JSON.
async fn one(
    api: &Api,
    partner: &PartnerId,
    json: &[u8],
    response: &mut v1::ReportResponse,
) -> Result<(), Status> {
    let answer = match contract::read(json, api.0.clock.now()) {
        Err(faults) => {
            let faults = faults.iter().map(ToString::to_string).collect();
            rejected("", UNREADABLE, faults)
        }
        Ok(message) => {
            let (answer, version) = take(api, partner, &message).await.map_err(plain)?;
            response.version = version;
            answer
        }
    };
    response.answers.push(answer);
    Ok(())
}

/// An interchange: its sets one after the other, and an answer to each group.
async fn whole(
    api: &Api,
    partner: &PartnerId,
    interchange: InterchangeRead,
    response: &mut v1::ReportResponse,
) -> Result<(), Status> {
    let InterchangeRead { sender, receiver, control, groups } = interchange;
    for mut group in groups {
        for set in &mut group.sets {
            taken(api, partner, set, response).await?;
        }
        if group.code != ANSWERS {
            let file = answer_to(&group, (&receiver, control), &sender, api)?;
            response.acknowledgements.push(file.into());
        }
    }
    Ok(())
}

/// The 997 of a group. Its interchange has the number of the one that it answers.
fn answer_to(group: &GroupRead, from: (&str, u64), to: &str, api: &Api) -> Result<String, Status> {
    let to = Party { receiver: to, is_test: false };
    let answer = acknowledge(group, from, &to, api.0.clock.now());
    answer.map_err(|faults| broken(&faults.first().map(ToString::to_string).unwrap_or_default()))
}

/// One set. What is not taken of it is rejected in the answer to its group as well.
async fn taken(
    api: &Api,
    partner: &PartnerId,
    set: &mut SetRead,
    response: &mut v1::ReportResponse,
) -> Result<(), Status> {
    let messages = match &set.outcome {
        Ok(messages) => messages,
        Err(faults) => {
            let told = faults.iter().map(|fault| format!("{}: {}", fault.place(), fault.text()));
            let name = format!("{} {}", set.id, set.control);
            response.answers.push(rejected("", &format!("{name}: {UNREADABLE}"), told.collect()));
            return Ok(());
        }
    };
    // Answers to ours are read, and nothing is done with them yet.
    let reports = messages.iter().filter(|message| message.body.kind() != Kind::Ack);
    let mut is_rejected = false;
    for message in reports {
        let answer = match take(api, partner, message).await {
            Ok((answer, version)) => {
                response.version = response.version.max(version);
                answer
            }
            Err(EngineError::Refused(refusal)) => {
                rejected(message.id.as_str(), &refusal.to_string(), Vec::new())
            }
            Err(other) => return Err(plain(other)),
        };
        is_rejected |= answer.status == i32::from(v1::MessageStatus::Rejected);
        response.answers.push(answer);
    }
    if is_rejected {
        set.outcome = Err(vec![SetFault::Set(SetCode::SegmentFaults)]);
    }
    Ok(())
}
