//! What the methods share that report a step of a shipment.

use backstock_engine::command::ProgressShipment;
use backstock_engine::limits::{ORDER_LINES_MAX, PACKAGES_MAX};
use backstock_engine::model::{LineUnits, OrderId, PackageId, Rule, Step};
use backstock_proto::v1;
use tonic::Status;

use super::{number, refused, shipment};
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// How the engine calls the fields of a step.
const STEP: FieldNames = FieldNames::new("", &[("packages", "package_ids")]);

/// What every request for a step says.
pub(super) struct Asked<'r> {
    pub order_id: &'r str,
    pub shipment_number: u32,
    pub request_id: &'r str,
    pub validate_only: bool,
}

impl Asked<'_> {
    /// Takes the step; answers with the shipment, the version, and whether it is a repeat.
    pub async fn take(
        self,
        api: &Api,
        mut found: Violations,
        step: Step,
    ) -> Result<(Option<v1::Shipment>, u64, bool), Status> {
        let order = found.id("order_id", self.order_id, OrderId::new);
        let request_id = found.request_id(self.request_id);
        let meta = api.meta(request_id.flatten(), self.validate_only);
        let named = self.shipment_number;
        let command = ProgressShipment { meta, order, shipment: number(named), step };
        found.rules(command.validate(), &STEP);
        let command = found.finish(command)?;
        let id = command.order.clone();
        let done = api.engine().progress_shipment(command).await;
        let done = done.map_err(|error| refused(error, named))?;
        let shipment = Some(shipment(api, &id, named).await?.0);
        Ok((shipment, done.version.get(), done.is_repeat))
    }
}

/// Units of lines, as the engine has them: of too many, one more than may be.
pub(in crate::grpc) fn lines(found: &mut Violations, lines: &[v1::LineQuantity]) -> LineUnits {
    let lines = &lines[..lines.len().min(ORDER_LINES_MAX + 1)];
    let line = |(at, of): (usize, &v1::LineQuantity)| {
        let units = found.some_units(&format!("lines[{at}].quantity"), of.quantity.into());
        let line = u16::try_from(of.line_index).ok();
        let line = line.filter(|line| usize::from(*line) < ORDER_LINES_MAX).unwrap_or_else(|| {
            let max = i64::try_from(ORDER_LINES_MAX).expect("some hundred") - 1;
            let rule = Rule::OutOfRange { min: 0, max };
            found.breaks(&format!("lines[{at}].line_index"), of.line_index, rule);
            0
        });
        (line, units)
    };
    lines.iter().enumerate().map(line).collect()
}

/// The id of a package.
pub(super) fn package(found: &mut Violations, id: &str) -> PackageId {
    found
        .taken("package_id", PackageId::new("package_id", id))
        .unwrap_or_else(|| PackageId::numbered(1))
}

/// The ids of packages: of too many, one more than may be.
pub(super) fn packages(found: &mut Violations, ids: &[String]) -> Vec<PackageId> {
    let ids = &ids[..ids.len().min(PACKAGES_MAX + 1)];
    let mut all = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let field = format!("package_ids[{at}]");
        all.extend(found.taken(&field, PackageId::new(&field, id.as_str())));
    }
    all
}
