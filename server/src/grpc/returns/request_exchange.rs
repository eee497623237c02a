//! `RequestExchange`: units of an order are to come back, and others go out for them.

use backstock_engine::command::RequestExchange;
use backstock_engine::model::returns::ExchangeMode;
use backstock_proto::v1;
use tonic::Status;

use super::{Shown, request_return, shown, view};
use crate::grpc::enums::unknown;
use crate::grpc::fields::FieldNames;
use crate::grpc::order::commit_change::token;
use crate::grpc::payment::pricing;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::RequestExchangeRequest,
) -> Result<v1::RequestExchangeResponse, Status> {
    let command = command(api, &request)?;
    let asks = command.asked.meta.validate_only;
    let (order, id) = (command.asked.order.clone(), command.asked.id.clone());
    let done = api.engine().request_exchange(command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    // There is none to show where the caller only asks whether there could be.
    let shown = match shown(api, &order, &id).await {
        Err(_) if asks => None,
        shown => Some(shown?),
    };
    let (rma, money) = shown.map(|Shown { rma, money, .. }| (rma, money)).unzip();
    Ok(v1::RequestExchangeResponse { rma, money: money.flatten(), version, is_repeat })
}

fn command(api: &Api, request: &v1::RequestExchangeRequest) -> Result<RequestExchange, Status> {
    let mut found = Violations::default();
    let asked = found.required("asked", request.asked.as_ref()).and_then(|asked| {
        let mut within = Violations::default();
        if asked.mode != 0 {
            within.add("mode", "is not said of an exchange, which has one of its own");
        }
        let asked = request_return::read(api, &mut within, asked);
        found.add_within("asked", within);
        asked
    });
    let mode = mode(&mut found, request.mode);
    let quote = token(&mut found, &request.change_token);
    let payment = request.payment.as_ref();
    let payment = payment.map(|of| pricing::payment(&mut found, "payment", of));
    let is_read = payment.as_ref().is_none_or(Option::is_some);
    let (Some(asked), Some(mode), Some(quote), true) = (asked, mode, quote, is_read) else {
        return Err(found.into_status());
    };
    let command = RequestExchange::new(asked, (quote, mode), payment.flatten());
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}

/// When the customer may have what he gets: somebody has to say it.
fn mode(found: &mut Violations, number: i32) -> Option<ExchangeMode> {
    let known = v1::ExchangeMode::try_from(number).ok();
    if known == Some(v1::ExchangeMode::Unspecified) {
        return found.required("mode", None);
    }
    let mut all = ExchangeMode::ALL.iter().copied();
    let mode = all.find(|mode| known == Some(view::exchange_mode(*mode)));
    mode.or_else(|| unknown(found, "mode", number))
}
