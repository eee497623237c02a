//! How a fault is told over gRPC: a code, a stable reason, and details that a
//! program can read.

mod reason;

use std::time::Duration;

use backstock_proto::v1;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

pub use reason::Reason;

/// The domain of every reason.
pub const DOMAIN: &str = "backstock";

/// Fields that one status tells of; the others are counted. A caller does not mend more at
/// once.
const FIELDS_TOLD_MAX: usize = 16;

/// Bytes of what one status tells of its fields. It travels in headers, of which
/// clients take 8 KiB in all, and is a third longer there. Paths, values and limits take
/// some 150 bytes a field, and six times as many where a value is all escapes.
const FIELDS_TOLD_BYTES_MAX: usize = 4 << 10;

fn details(reason: Reason) -> ErrorDetails {
    ErrorDetails::with_error_info(reason.as_str(), DOMAIN, [])
}

/// A status with its reason and nothing else to read.
pub fn failure(reason: Reason, message: impl Into<String>) -> Status {
    Status::with_error_details(reason.code(), message, details(reason))
}

/// A status of a reason with the code `FAILED_PRECONDITION`: `subject`, as
/// `order/WEB-1`, is not in a state for it.
pub fn precondition(reason: Reason, subject: &str, message: &str) -> Status {
    let mut details = details(reason);
    let violation = PreconditionViolation::new(reason.as_str(), subject, message);
    details.set_precondition_failure(vec![violation]);
    Status::with_error_details(reason.code(), message, details)
}

/// A status of something that passes: the caller may send the same again
/// after `retry_after`.
pub fn transient(reason: Reason, message: &str, retry_after: Duration) -> Status {
    let mut details = details(reason);
    details.set_retry_info(Some(retry_after));
    Status::with_error_details(reason.code(), message, details)
}

/// Collects all that is wrong with a request, so that the caller hears of it
/// at once.
#[derive(Debug, Default)]
pub struct Violations {
    /// The first of them.
    told: Vec<FieldViolation>,
    /// How many there are.
    count: usize,
    /// What all of them would take to tell.
    bytes: usize,
}

impl Violations {
    /// Notes that `field`, as `lines[3].quantity`, is wrong.
    pub fn add(&mut self, field: impl Into<String>, description: impl Into<String>) {
        let violation = FieldViolation::new(field, description);
        self.count += 1;
        self.bytes += violation.field.len() + violation.description.len();
        let has_room = self.told.len() < FIELDS_TOLD_MAX && self.bytes <= FIELDS_TOLD_BYTES_MAX;
        if has_room || self.told.is_empty() {
            self.told.push(violation);
        }
    }

    /// Notes what is wrong with the part of a request that `field` is, as `asked`.
    pub fn add_within(&mut self, field: &str, part: Self) {
        self.count += part.count - part.told.len();
        for violation in part.told {
            self.add(format!("{field}.{}", violation.field), violation.description);
        }
    }

    /// Whether nothing is wrong so far.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether `field` is among those that are told.
    pub fn names(&self, field: &str) -> bool {
        self.told.iter().any(|violation| violation.field == field)
    }

    /// `value` if nothing is wrong, else `INVALID_ARGUMENT` with all of it.
    pub fn finish<T>(self, value: T) -> Result<T, Status> {
        if self.is_empty() { Ok(value) } else { Err(self.into_status()) }
    }

    /// What was converted, or `INVALID_ARGUMENT` with all that is wrong.
    ///
    /// # Panics
    /// When nothing was converted although nothing is wrong.
    pub fn converted<T>(self, value: Option<T>) -> Result<T, Status> {
        self.finish(())?;
        Ok(value.expect("what cannot be converted is noted as wrong"))
    }

    /// `INVALID_ARGUMENT` with all that is wrong.
    pub fn into_status(self) -> Status {
        let message = self.message();
        let mut details = details(Reason::InvalidRequest);
        details.set_bad_request(self.told);
        Status::with_error_details(Code::InvalidArgument, message, details)
    }

    /// What is wrong with the only field, or the names of all.
    fn message(&self) -> String {
        if let [only] = self.told.as_slice() {
            return format!("{}: {}", only.field, only.description);
        }
        let names: Vec<_> = self.told.iter().map(|violation| violation.field.as_str()).collect();
        let more = match self.count - names.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{} fields are not valid: {}{more}", self.count, names.join(", "))
    }
}

/// The same status as the outcome of one item of a batch.
pub fn fault(status: &Status) -> v1::Fault {
    let details = status.get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice());
    let retry_after = details.retry_info().and_then(|retry| retry.retry_delay);
    v1::Fault {
        code: status.code().into(),
        reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
        message: status.message().to_owned(),
        field_violations: violations.unwrap_or_default().iter().map(field_violation).collect(),
        retry_after_ms: retry_after
            .map_or(0, |delay| u32::try_from(delay.as_millis()).unwrap_or(u32::MAX)),
    }
}

fn field_violation(violation: &FieldViolation) -> v1::FieldViolation {
    v1::FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
    }
}

#[cfg(test)]
mod tests {
    use backstock_engine::model::{RefusalKind, Rule, Violation};

    use super::*;

    #[test]
    fn all_violations_of_a_request_are_told_at_once() {
        let mut violations = Violations::default();
        violations.add("order_id", "is empty; 1 to 64 bytes");
        violations.add("lines[3].quantity", "is 0; 1 to 1000000");
        let status = violations.finish(()).unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        let fields = &details.bad_request().unwrap().field_violations;
        assert_eq!(
            fields.iter().map(|v| v.field.as_str()).collect::<Vec<_>>(),
            ["order_id", "lines[3].quantity"]
        );
        assert_eq!(details.error_info().unwrap().reason, "INVALID_REQUEST");
        assert_eq!(details.error_info().unwrap().domain, "backstock");
    }

    #[test]
    fn the_message_names_the_fields_that_are_wrong() {
        let wrong = |count: usize| {
            let mut violations = Violations::default();
            (0..count).for_each(|at| violations.add(format!("lines[{at}].sku"), "is required"));
            violations.into_status()
        };
        assert_eq!(wrong(1).message(), "lines[0].sku: is required");
        assert_eq!(wrong(2).message(), "2 fields are not valid: lines[0].sku, lines[1].sku");
        let many = wrong(500);
        assert!(many.message().starts_with("500 fields are not valid: lines[0].sku, lines[1].sku"));
        assert!(many.message().ends_with("lines[15].sku and 484 more"), "{}", many.message());
        let told = many.get_error_details().bad_request().unwrap().field_violations.len();
        assert_eq!(told, FIELDS_TOLD_MAX);
    }

    /// The longest value that is shown, of characters that take most to escape.
    #[test]
    fn a_status_fits_the_headers_of_a_client() {
        let value = "\u{e0001}".repeat(1_000);
        let mut violations = Violations::default();
        for at in 0..500 {
            let field = format!("orders[0].lines[{at}].sku");
            let found = Violation::new(&*field, &value, Rule::NotPrintableAscii);
            violations.add(field, format!("\"{}\" {}", found.value, found.rule));
        }
        let status = violations.into_status();
        assert!(status.message().starts_with("500 fields are not valid: orders[0].lines[0].sku"));
        let as_text = status.details().len().div_ceil(3) * 4;
        assert!(as_text + status.message().len() < 7 << 10, "{as_text} bytes");
    }

    #[test]
    fn a_request_without_violations_is_let_through() {
        assert_eq!(Violations::default().finish(5).unwrap(), 5);
    }

    #[test]
    fn a_precondition_names_its_subject() {
        let reason = Reason::Refused(RefusalKind::UnitsShipped);
        let status = precondition(reason, "order/WEB-1", "2 of 3 units are shipped");
        assert_eq!(status.code(), Code::FailedPrecondition);
        let details = status.get_error_details();
        let violation = &details.precondition_failure().unwrap().violations[0];
        assert_eq!((&*violation.r#type, &*violation.subject), ("UNITS_SHIPPED", "order/WEB-1"));
        assert_eq!(details.error_info().unwrap().reason, "UNITS_SHIPPED");
    }

    #[test]
    fn a_fault_of_a_batch_says_what_the_status_says() {
        let delay = Duration::from_millis(250);
        let status = transient(Reason::Overloaded, "too many in flight", delay);
        let told = fault(&status);
        assert_eq!((told.code, &*told.reason), (8, "OVERLOADED"));
        assert_eq!((&*told.message, told.retry_after_ms), ("too many in flight", 250));

        let mut violations = Violations::default();
        violations.add("sku", "is empty");
        let told = fault(&violations.into_status());
        assert_eq!(told.field_violations[0].field, "sku");
        assert_eq!(told.retry_after_ms, 0);
    }
}
