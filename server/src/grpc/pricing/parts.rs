//! Parts of messages that the methods share, there and back.

use backstock_engine::model::Country;
use backstock_engine::model::{Currency, Day, PostalCode, Text};
use backstock_engine::pricing::{Validity, Zone};
use backstock_proto::v1;

use crate::grpc::times;
use crate::status::Violations;

/// What stands for a currency that could not be read.
const STAND_IN: &str = "USD";

/// A currency. Where the text is none, that is noted and something stands for it, so that the
/// command's `validate` finds what else is wrong.
pub(in crate::grpc) fn currency(found: &mut Violations, path: &str, code: &str) -> Currency {
    let read = found.taken(path, Currency::new(path, code));
    read.unwrap_or_else(|| Currency::new(path, STAND_IN).expect("it is a currency"))
}

/// A text; one that is none is noted, and an empty one stands for it.
pub(in crate::grpc) fn text(found: &mut Violations, path: &str, text: &str) -> Text {
    found.taken(path, Text::new(path, text)).unwrap_or_default()
}

/// A text that may be left out.
pub(in crate::grpc) fn some_text(found: &mut Violations, path: &str, given: &str) -> Option<Text> {
    (!given.is_empty()).then(|| text(found, path, given))
}

/// Days from a first to a last one.
pub(super) fn validity(
    found: &mut Violations,
    path: &str,
    from: Option<&v1::Date>,
    until: Option<&v1::Date>,
) -> Validity {
    let mut day = |name: &str, date: Option<&v1::Date>| -> Option<Day> {
        times::day(found, &format!("{path}{name}"), date?)
    };
    let from = day("valid_from", from).unwrap_or(Validity::ALWAYS.from);
    Validity { from, until: day("valid_until", until) }
}

/// The days as callers see them: the first and the last.
pub(super) fn dates(valid: Validity) -> (Option<v1::Date>, Option<v1::Date>) {
    (times::date(valid.from), valid.until.and_then(times::date))
}

/// A zone; everywhere, where there is none.
pub(super) fn zone(found: &mut Violations, path: &str, zone: Option<&v1::Zone>) -> Zone {
    let Some(zone) = zone else { return Zone::EVERYWHERE };
    let country = optional_country(found, &format!("{path}.country_code"), &zone.country_code);
    let prefix_path = format!("{path}.postal_code_prefix");
    let prefix = found.optional(&prefix_path, &zone.postal_code_prefix, PostalCode::new);
    Zone { country, prefix: prefix.flatten() }
}

/// A country that may be left out.
pub(super) fn optional_country(found: &mut Violations, path: &str, code: &str) -> Option<Country> {
    if code.is_empty() { None } else { found.taken(path, Country::new(path, code)) }
}

/// A zone as callers see it.
pub(super) fn zone_message(zone: &Zone) -> v1::Zone {
    let country = zone.country.as_ref().map_or("", Country::as_str);
    let prefix = zone.prefix.as_ref().map_or("", PostalCode::as_str);
    v1::Zone { country_code: country.into(), postal_code_prefix: prefix.into() }
}
