use super::super::{Party, acknowledge, read, write};
use super::messages;
use crate::partner::contract;
use crate::partner::contract::tests::NOW;

/// A file of a set, and the message that it is, in JSON.
macro_rules! golden {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../testdata/", $name, ".x12")),
            include_str!(concat!("../../testdata/", $name, ".json")),
        )
    };
}

/// All sets that are read. 940 and 943 are as they are written here; the others are as warehouses send
/// them, with segments that are passed over, and separators of their own.
pub(super) const GOLDEN: [(&str, &str, &str); 9] = [
    golden!("180"),
    golden!("214"),
    golden!("846"),
    golden!("940"),
    golden!("943"),
    golden!("944"),
    golden!("945"),
    golden!("947"),
    golden!("997"),
];

#[test]
fn each_set_is_the_message_that_its_json_is() {
    for (name, file, json) in GOLDEN {
        let wanted = contract::read(json.as_bytes(), NOW);
        let wanted = wanted.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        assert_eq!(messages(file), [wanted], "{name}");
    }
}

#[test]
fn what_we_send_is_written_as_the_golden_files_have_it() {
    let to = Party { receiver: "3PL7", is_test: false };
    for (name, file, json) in GOLDEN.into_iter().filter(|(name, ..)| ["940", "943"].contains(name))
    {
        let message = contract::read(json.as_bytes(), NOW).unwrap();
        let written = write(&message, &to).unwrap();
        assert_eq!(written, file, "{name}");
    }
}

#[test]
fn each_set_is_answered_with_what_is_wrong_with_it() {
    let file = include_str!("../../testdata/faulty.x12");
    let wanted = include_str!("../../testdata/faulty.997.x12");
    let read = read(file.as_bytes(), NOW).unwrap();
    let to = Party { receiver: &read[0].sender, is_test: false };
    let answer = acknowledge(&read[0].groups[0], ("SHOP", 900), &to, NOW).unwrap();
    assert_eq!(answer, wanted);
    let faults = read[0].groups[0].sets[1].outcome.as_ref().unwrap_err();
    let places: Vec<String> = faults.iter().map(super::super::SetFault::place).collect();
    assert_eq!(places, ["W0602 in segment 2", "W1203 in segment 4", "W1207 in segment 5"]);
}

#[test]
fn the_contract_lists_the_sets_that_are_read() {
    let contract = include_str!("../../CONTRACT.md");
    for (set, group, kind) in super::super::SETS {
        let row = format!("| {set} | {group} | `{}`", kind.name());
        assert!(contract.contains(&row), "{row}");
        assert!(GOLDEN.iter().any(|(name, ..)| *name == set), "{set} has a golden file");
    }
}
