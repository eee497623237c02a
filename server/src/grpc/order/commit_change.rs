//! `CommitChange`: an order is changed as was quoted.

use backstock_engine::command::{ChangeQuote, CommitChange, QuoteChange};
use backstock_engine::engine::{Done, EngineError};
use backstock_engine::limits::CHANGE_TOKEN_BYTES_MAX;
use backstock_engine::model::{Meta, OrderId, RefusalKind, RequestId, Rule};
use backstock_proto::v1;
use tonic::{Code, Status};

use super::{change, view};
use crate::grpc::caller::origin_after;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::CommitChangeRequest,
) -> Result<v1::CommitChangeResponse, Status> {
    let quote = read(&request)?;
    let key = RequestId::new("change_token", quote.id.as_str()).ok();
    let origin = origin_after(quote.origin.clone());
    let meta = Meta { origin, ..api.meta(key, false) };
    let command = CommitChange { meta, quote: quote.clone() };
    match api.engine().commit_change(command).await {
        Ok(done) => committed(api, &quote.order, done).await.map_err(plain),
        Err(EngineError::Refused(refusal))
            if matches!(
                refusal.kind(),
                RefusalKind::ChangeOvertaken | RefusalKind::ChangeExpired
            ) =>
        {
            // What it asks for may be out of the question by now: then it is refused.
            let refused = plain(EngineError::Refused(refusal));
            let anew = quoted_anew(api, quote).await;
            anew.map_err(|why| if why.code() == Code::InvalidArgument { refused } else { why })
        }
        Err(error) => Err(plain(error)),
    }
}

fn read(request: &v1::CommitChangeRequest) -> Result<ChangeQuote, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let quote = token(&mut found, &request.change_token);
    if let Some(of) = quote.as_ref().map(|quote| &quote.order).filter(|of| **of != order) {
        let rule = Rule::Malformed(format!("is the token of a change of order {of}"));
        found.breaks("change_token", "", rule);
    }
    found.converted(quote)
}

/// The quote of a token; none if it is none, which is noted.
pub(in crate::grpc) fn token(found: &mut Violations, token: &[u8]) -> Option<ChangeQuote> {
    let quote = match token.len() {
        0 => Err(Rule::Required),
        1..=CHANGE_TOKEN_BYTES_MAX => {
            let is_none = || Rule::Malformed("is not the change_token of an answer".into());
            ChangeQuote::of_token(token).ok_or_else(is_none)
        }
        _ => Err(Rule::TooLong { max: CHANGE_TOKEN_BYTES_MAX }),
    };
    quote.map_err(|rule| found.breaks("change_token", "", rule)).ok()
}

async fn committed(
    api: &Api,
    id: &OrderId,
    Done { version, is_repeat }: Done,
) -> Result<v1::CommitChangeResponse, EngineError> {
    let order = api.engine().order(id).await?;
    Ok(v1::CommitChangeResponse {
        outcome: v1::ChangeOutcome::Committed.into(),
        order: Some(view::order(api.engine(), &order).await?),
        quote: None,
        version: version.get(),
        is_repeat,
    })
}

/// The same change, as it would be now.
async fn quoted_anew(api: &Api, of: ChangeQuote) -> Result<v1::CommitChangeResponse, Status> {
    let meta = Meta { origin: origin_after(of.origin), ..api.meta(None, false) };
    let quote = change::new_id(&meta);
    let command = QuoteChange { meta, order: of.order, quote, change: of.change };
    let quote = change::quote(api, &command).await?;
    let view = api.engine().order(&command.order).await.map_err(plain)?;
    Ok(v1::CommitChangeResponse {
        outcome: v1::ChangeOutcome::QuotedAnew.into(),
        order: Some(view::order(api.engine(), &view).await.map_err(plain)?),
        version: quote.version,
        quote: Some(quote),
        is_repeat: false,
    })
}
