//! What a run has to show before its figures are given: a clean audit, and numbers
//! that add up on both sides.

use backstock_engine::engine::{AuditReport, Engine};

use super::error::LoadError;
use super::facts::Conservation;
use super::follow::Followed;
use crate::workload::ring::Player;

/// Orders of each caller that are fetched again.
const FETCHED: u64 = 500;

/// What the callers know.
#[derive(Clone, Copy, Debug)]
pub struct Books {
    /// Units that were stocked, and that a feed added.
    pub there_was: u64,
    /// Orders placed.
    pub placed: u64,
    /// Their units.
    pub units: u64,
    /// What became of them after.
    pub followed: Followed,
}

fn equal(what: &'static str, found: u64, expected: u64) -> Result<(), LoadError> {
    if found == expected {
        return Ok(());
    }
    Err(LoadError::Mismatch { what, found, expected })
}

/// Audits the engine.
pub fn audit(engine: &Engine) -> Result<AuditReport, LoadError> {
    let report = engine.audit()?;
    match report.breaches.first() {
        None if report.is_clean() => Ok(report),
        first => {
            let first = first.map_or_else(String::new, ToString::to_string);
            Err(LoadError::Audit { count: report.breach_count, first })
        }
    }
}

/// Compares what the callers counted with what the audit did.
pub fn conservation(
    books: Books,
    report: &AuditReport,
    fetched: u64,
) -> Result<Conservation, LoadError> {
    let Books { there_was, placed, units, followed } = books;
    let sold = followed.kept_of(units);
    let kept = sold - followed.shipped_units;
    equal("units that orders hold", report.allocated + report.waiting, kept)?;
    equal("units on hand", report.on_hand + followed.shipped_units, there_was)?;
    let (waiting, left) = (report.waiting, report.on_hand - report.allocated);
    equal("units sold and left", sold - waiting + left, there_was)?;
    if followed == Followed::default() {
        equal("orders in the engine", report.orders, placed)?;
    }
    Ok(Conservation { there_was, sold, waiting, left, fetched, adds_up: true })
}

/// Fetches orders again, spread over all that a caller placed.
pub async fn fetch(engine: &Engine, player: &Player) -> Result<u64, LoadError> {
    let made = player.made();
    let fetched = FETCHED.min(made);
    for nth in 0..fetched {
        let id = player.id(1 + nth * made / fetched);
        let view = engine.order(&id).await?;
        equal("orders with the id asked for", u64::from(view.order.header.id == id), 1)?;
    }
    Ok(fetched)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn books() -> (Books, AuditReport) {
        let followed = Followed {
            cancelled: 1,
            cancelled_units: 5,
            changed: 2,
            added_units: 7,
            given_up_units: 4,
            shipped: 1,
            shipped_units: 10,
        };
        let books = Books { there_was: 100, placed: 20, units: 47, followed };
        let report =
            AuditReport { on_hand: 90, allocated: 32, waiting: 3, ..AuditReport::default() };
        (books, report)
    }

    #[test]
    fn what_was_sold_and_what_is_left_is_what_there_was() {
        let (books, report) = books();
        let sound = conservation(books, &report, 0).unwrap();
        assert_eq!((sound.sold, sound.waiting, sound.left), (45, 3, 58));
    }

    #[test]
    fn a_unit_that_is_lost_or_sold_twice_gives_no_figure() {
        let (books, report) = books();
        for report in [
            AuditReport { on_hand: 89, ..report.clone() },
            AuditReport { allocated: 31, ..report.clone() },
            AuditReport { waiting: 4, ..report },
        ] {
            let error = conservation(books, &report, 0).unwrap_err();
            assert!(matches!(error, LoadError::Mismatch { .. }), "{error}");
        }
    }
}
