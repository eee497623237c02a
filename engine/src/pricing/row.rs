//! The prices of one item in a list: from how many units on, and when.

use minicbor::{Decode, Encode};
use smallvec::SmallVec;

use super::validity::Validity;
use crate::limits::{PRICE_ROWS_PER_SKU_MAX, STOCK_UNITS_MAX, UNIT_PRICE_MAX};
use crate::model::check::in_range;
use crate::model::{Day, Rule, UnitPrice, Violation};

/// What one unit of an item costs, from so many units of it in the order on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct PriceRow {
    /// Fewest units of the item, over all lines of the order.
    #[n(0)]
    pub min_units: u32,
    /// On which days.
    #[n(1)]
    pub valid: Validity,
    /// What one unit costs.
    #[n(2)]
    pub price: UnitPrice,
}

/// The rows of one item: by fewest units, then by day. No two of them are for the same units and
/// day.
pub type SkuRows = SmallVec<[PriceRow; 1]>;

/// Puts the rows of one item in order, if they are right. `field` is where they stand in the
/// command.
///
/// # Errors
/// All that is wrong: days without a price between two rows, or with two of them, an end before its
/// beginning, no units, a price below zero or above the bound, too many rows.
pub fn sku_rows(field: &str, rows: &[PriceRow]) -> Result<SkuRows, Vec<Violation>> {
    let mut found = Vec::new();
    if rows.len() > PRICE_ROWS_PER_SKU_MAX {
        let rule = Rule::TooMany { max: PRICE_ROWS_PER_SKU_MAX };
        return Err(vec![Violation::new(field, rows.len(), rule)]);
    }
    for (at, row) in rows.iter().enumerate() {
        check_row(&format!("{field}[{at}]."), row, &mut found);
    }
    let mut order: SmallVec<[usize; 1]> = (0..rows.len()).collect();
    order.sort_by_key(|at| (rows[*at].min_units, rows[*at].valid, *at));
    for two in order.windows(2) {
        let (row, next) = (&rows[two[0]], &rows[two[1]]);
        if row.min_units == next.min_units {
            check_days(&format!("{field}[{}].", two[1]), row.valid, next.valid, &mut found);
        }
    }
    if found.is_empty() { Ok(order.into_iter().map(|at| rows[at]).collect()) } else { Err(found) }
}

fn check_row(field: &str, row: &PriceRow, found: &mut Vec<Violation>) {
    let units = i64::from(row.min_units);
    in_range(found, format!("{field}min_units"), units, 1, i64::from(STOCK_UNITS_MAX));
    in_range(found, format!("{field}unit_price"), row.price.0, 0, UNIT_PRICE_MAX);
    row.valid.check(field, found);
}

/// Two rows of the same units: the later one begins the day after the earlier one ends.
fn check_days(field: &str, row: Validity, next: Validity, found: &mut Vec<Violation>) {
    let field = format!("{field}valid_from");
    match row.until {
        Some(until) if next.from == until.plus(1) => {}
        Some(until) if next.from > until => {
            let rule = Rule::Malformed(format!("leaves no price from {} on", until.plus(1)));
            found.push(Violation::new(field, next.from, rule));
        }
        _ => {
            let rule = Rule::Malformed("is a day that another row has a price for".into());
            found.push(Violation::new(field, next.from, rule));
        }
    }
}

/// What one unit costs by the rows of an item, where the order has so many of it: the row of the
/// most units that is valid on the day.
pub fn price_at(rows: &[PriceRow], units: u32, day: Day) -> Option<UnitPrice> {
    let mut rows = rows.iter().rev().filter(|row| row.min_units <= units);
    rows.find(|row| row.valid.has(day)).map(|row| row.price)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(min_units: u32, from: i32, until: Option<i32>, price: i64) -> PriceRow {
        let day = Day::from_epoch_days;
        let valid = Validity { from: day(from), until: until.map(day) };
        PriceRow { min_units, valid, price: UnitPrice(price) }
    }

    #[test]
    fn the_most_units_reached_and_then_the_day_say_the_price() {
        let rows = [
            row(10, 0, None, 80),
            row(1, 6, None, 95),
            row(1, 0, Some(5), 100),
            row(50, 9, None, 70),
        ];
        let rows = sku_rows("rows", &rows).unwrap();
        for (units, day, price) in [
            (1, 0, Some(100)),
            (9, 5, Some(100)),
            (9, 6, Some(95)),
            (10, 6, Some(80)),
            // The break of 50 is not valid yet: the one of 10 is.
            (50, 8, Some(80)),
            (50, 9, Some(70)),
            (1, -1, None),
        ] {
            let found = price_at(&rows, units, Day::from_epoch_days(day));
            assert_eq!(found, price.map(UnitPrice), "{units} units on day {day}");
        }
    }

    #[test]
    fn wrong_rows_are_told_by_field() {
        let wrong = |rows: &[PriceRow]| -> Vec<String> {
            let told = sku_rows("rows", rows).unwrap_err();
            told.into_iter().map(|violation| violation.to_string()).collect()
        };
        let no_price = "rows[1].valid_from: \"1970-01-08\" leaves no price from 1970-01-07 on";
        assert_eq!(wrong(&[row(1, 0, Some(5), 1), row(1, 7, None, 1)]), [no_price]);
        let two = "is a day that another row has a price for";
        for rows in [
            [row(1, 0, Some(5), 1), row(1, 5, None, 1)],
            [row(1, 0, None, 1), row(1, 9, None, 1)],
            [row(1, 0, Some(5), 1), row(1, 0, Some(5), 1)],
        ] {
            assert!(wrong(&rows)[0].ends_with(two), "{rows:?}");
        }
        let all = wrong(&[row(0, 5, Some(4), -1), row(1, 0, None, UNIT_PRICE_MAX + 1)]);
        let fields: Vec<_> = all.iter().map(|told| told.split(':').next().unwrap()).collect();
        assert_eq!(
            fields,
            [
                "rows[0].min_units",
                "rows[0].unit_price",
                "rows[0].valid_until",
                "rows[1].unit_price"
            ]
        );
        assert_eq!(wrong(&[row(1, 0, None, 1); PRICE_ROWS_PER_SKU_MAX + 1]).len(), 1);
    }
}
