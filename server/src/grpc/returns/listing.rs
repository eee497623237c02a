//! What lists of returns share: tokens of pages, and ages.

use backstock_engine::model::{OrderNo, Timestamp};

use crate::grpc::pages;
use crate::status::Violations;

/// Where a page begins: behind a place, or at the beginning where there is no token, or one that nobody gave
/// out, which is noted. The numbers of a place are those of its token, the highest first.
pub(super) fn after<P>(
    found: &mut Violations,
    token: &str,
    place: impl Fn(&[i64]) -> Option<P>,
) -> Option<P> {
    if token.is_empty() {
        return None;
    }
    pages::known(found, numbers(token).and_then(|of| place(&of)))
}

/// The token of the page behind a place. It is no count of entries, because lists shrink while they are read.
pub(super) fn token(place: &[i64]) -> String {
    let numbers: Vec<String> = place.iter().map(i64::to_string).collect();
    format!("r{}", numbers.join("."))
}

fn numbers(token: &str) -> Option<Vec<i64>> {
    token.strip_prefix('r')?.split('.').map(|number| number.parse().ok()).collect()
}

/// The number of an order, of a token.
pub(super) fn order(number: i64) -> Option<OrderNo> {
    u64::try_from(number).ok().map(OrderNo)
}

/// How long ago an instant is, in whole seconds; 0 of one to come.
pub(super) fn age_seconds(since: Timestamp, now: Timestamp) -> u64 {
    let micros = now.as_micros().saturating_sub(since.as_micros());
    u64::try_from(micros / 1_000_000).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_begins_behind_the_place_that_its_token_names() {
        let mut found = Violations::default();
        let pair = |of: &[i64]| <[i64; 2]>::try_from(of).ok();
        assert_eq!(after(&mut found, "", pair), None);
        assert_eq!(after(&mut found, &token(&[-7, 9]), pair), Some([-7, 9]));
        found.finish(()).expect("nothing is wrong so far");
        for made_up in ["7", "r", "r7", "r7.8.9", "r7.x"] {
            let mut found = Violations::default();
            assert_eq!(after(&mut found, made_up, pair), None, "{made_up}");
            found.finish(()).expect_err("it is noted");
        }
    }

    #[test]
    fn an_age_is_never_below_zero() {
        let at = Timestamp::from_micros;
        assert_eq!(age_seconds(at(1_000_000), at(3_999_999)), 2);
        assert_eq!(age_seconds(at(2), at(1)), 0);
    }
}
