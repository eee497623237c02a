//! Golden files, what is written is what is read, and files that are broken in every way.

mod broken;
mod golden;
mod round_trip;
mod short;

use super::read;
use crate::partner::contract::Message;
use crate::partner::contract::tests::NOW;

/// The messages of a file in which all sets are good.
fn messages(file: &str) -> Vec<Message> {
    let list = read(file.as_bytes(), NOW).unwrap_or_else(|fault| panic!("{fault}: {file}"));
    let sets = list.into_iter().flat_map(|one| one.groups).flat_map(|group| group.sets);
    sets.flat_map(|set| set.outcome.unwrap_or_else(|faults| panic!("{faults:?}: {file}"))).collect()
}
