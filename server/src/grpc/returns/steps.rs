//! What the methods share that report a step of a return.

use backstock_engine::command::{ProgressReturn, ReturnStep};
use backstock_engine::model::{OrderId, ReturnId};
use backstock_proto::v1;
use tonic::Status;

use super::{Shown, shown};
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, plain};
use crate::status::Violations;

/// What every request for a step says.
pub(super) struct Asked<'r> {
    pub order_id: &'r str,
    pub return_id: &'r str,
    pub request_id: &'r str,
    pub validate_only: bool,
}

/// What a step comes to.
pub(super) struct Taken {
    pub rma: Option<v1::Return>,
    pub money: Option<v1::OrderMoney>,
    pub version: u64,
    pub is_repeat: bool,
}

impl Asked<'_> {
    /// Takes the step; none where a field of the request is wrong, which is noted.
    pub async fn take(
        self,
        api: &Api,
        mut found: Violations,
        step: Option<ReturnStep>,
    ) -> Result<Taken, Status> {
        let order = found.id("order_id", self.order_id, OrderId::new);
        let id = found.id("return_id", self.return_id, ReturnId::new);
        let request_id = found.request_id(self.request_id);
        let meta = api.meta(request_id.flatten(), self.validate_only);
        let Some(step) = step else { return Err(found.into_status()) };
        let command = ProgressReturn { meta, order, id, step };
        found.rules(command.validate(), &FieldNames::PLAIN);
        let command = found.finish(command)?;
        let (order, id) = (command.order.clone(), command.id.clone());
        let done = api.engine().progress_return(command).await.map_err(plain)?;
        let Shown { rma, money, .. } = shown(api, &order, &id).await?;
        let (version, is_repeat) = (done.version.get(), done.is_repeat);
        Ok(Taken { rma: Some(rma), money, version, is_repeat })
    }
}
