//! Places: a postal code means nothing without its country.

use backstock_engine::model::Rule;

use crate::reference::UsPostalCodes;
use crate::status::Violations;

/// The country of every place, as answers tell it.
pub(super) const COUNTRY: &str = UsPostalCodes::COUNTRY;

/// Notes a country whose postal codes this server does not know; says whether it knows
/// them. The empty text stands for the country that it knows.
pub(super) fn is_known_country(found: &mut Violations, path: &str, code: &str) -> bool {
    if code.is_empty() || code.eq_ignore_ascii_case(COUNTRY) {
        return true;
    }
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    let rule = if is_code {
        format!("is not {COUNTRY}, the only country whose addresses this server knows")
    } else {
        format!("is not a country of ISO 3166-1 in two letters, as {COUNTRY}")
    };
    found.breaks(path, code, Rule::Malformed(rule));
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(code: &str) -> String {
        let mut found = Violations::default();
        let known = is_known_country(&mut found, "country_code", code);
        assert_eq!(known, found.is_empty());
        if known { "known".to_owned() } else { found.into_status().message().to_owned() }
    }

    #[test]
    fn the_country_is_the_one_of_the_table_or_refused_with_why() {
        for known in ["", "US", "us", "Us"] {
            assert_eq!(said(known), "known", "{known:?}");
        }
        for other in ["DE", "de", "BR", "UM"] {
            let why = "is not US, the only country whose addresses this server knows";
            assert_eq!(said(other), format!("country_code: \"{other}\" {why}"));
        }
        for none in ["U", "USA", "United States", "U1", "840", " US"] {
            let why = "is not a country of ISO 3166-1 in two letters, as US";
            assert_eq!(said(none), format!("country_code: \"{none}\" {why}"));
        }
    }
}
