//! The days of the week on which a node ships, as people write them.

use backstock_proto::v1::DayOfWeek;

use super::list;

/// What a message says that the text should have been.
pub(super) const EXPECTED: &str =
    "days of the week, none of them twice, as \"mon tue sat\", \"Mon,Tue\" or \"mon-fri\"";

/// The names of a day, in the order of the week.
const DAYS: [([&str; 2], DayOfWeek); 7] = [
    (["mon", "monday"], DayOfWeek::Monday),
    (["tue", "tuesday"], DayOfWeek::Tuesday),
    (["wed", "wednesday"], DayOfWeek::Wednesday),
    (["thu", "thursday"], DayOfWeek::Thursday),
    (["fri", "friday"], DayOfWeek::Friday),
    (["sat", "saturday"], DayOfWeek::Saturday),
    (["sun", "sunday"], DayOfWeek::Sunday),
];

/// The days that a list of names and ranges means. A word that is neither makes
/// the whole list none: a day that is guessed is a day on which nothing ships.
pub(super) fn working_days(text: &str) -> Option<Vec<i32>> {
    let mut days = Vec::new();
    for word in list(text) {
        for place in places(word)? {
            let day = i32::from(DAYS[place].1);
            if days.contains(&day) {
                return None;
            }
            days.push(day);
        }
    }
    (!days.is_empty()).then_some(days)
}

/// The places in the week that a name or a range means.
pub(super) fn places(word: &str) -> Option<impl Iterator<Item = usize>> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    let (first, last) = (place(first)?, place(last)?);
    // A week is a ring: `sat-mon` is three days.
    let steps = (last + DAYS.len() - first) % DAYS.len();
    Some((0..=steps).map(move |step| (first + step) % DAYS.len()))
}

fn place(name: &str) -> Option<usize> {
    DAYS.iter().position(|(names, _)| names.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lists_and_ranges_are_the_days_they_say() {
        for (text, expected) in [
            ("mon", &[1][..]),
            ("Monday tue", &[1, 2]),
            ("Mon,Tue,Wed", &[1, 2, 3]),
            ("mon; TUE ;sunday", &[1, 2, 7]),
            ("mon-fri", &[1, 2, 3, 4, 5]),
            ("Mon-Wednesday, sat", &[1, 2, 3, 6]),
            ("sat-mon", &[6, 7, 1]),
            ("fri-fri", &[5]),
        ] {
            assert_eq!(working_days(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_exact_name_is_refused_with_the_whole_list() {
        for text in [
            "monkey sunshine",
            "mon funday",
            "mo tu",
            "mon-",
            "-fri",
            "mon - fri",
            "mon-wed-fri",
            "mon..fri",
            "1 2 3",
            "montue",
            "mon mon",
            "mon-fri fri",
            ",",
            "",
        ] {
            assert_eq!(working_days(text), None, "{text}");
        }
    }
}
