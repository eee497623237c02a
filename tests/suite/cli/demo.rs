//! The demo, as somebody runs it who looks at Backstock for the first time.

use super::program::program;

/// What it tells of the last weeks, up to the audit.
fn last_weeks() -> String {
    let output = program().args(["demo", "--exit"]).output().expect("the program runs");
    let text = String::from_utf8(output.stdout).expect("text");
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}\n{failed}");
    let began = text.find("what became of the orders").expect("the orders of the last weeks");
    let (weeks, audit) = text[began..].split_once("\naudit: ").expect("an audit");
    assert!(audit.starts_with("every invariant holds"), "{audit}");
    weeks.to_owned()
}

/// The first number behind this text.
fn number(text: &str, behind: &str) -> u64 {
    let (_, rest) = text.split_once(behind).unwrap_or_else(|| panic!("no {behind} in\n{text}"));
    let digits = rest.trim_start_matches(|c: char| !c.is_ascii_digit());
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().expect("a number")
}

#[test]
fn each_demo_tells_the_same_of_its_last_weeks_and_each_way_is_gone() {
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(last_weeks);
        (last_weeks(), other.join().expect("no panic"))
    });
    assert_eq!(one, other);
    let ways = [
        "as planned",
        "in two boxes",
        "came twice",
        "arrived before",
        "by a supplier",
        "collected in a store",
        "brought there",
        "he does without",
        "not on the shelf",
        "damaged",
        "picked short",
        "one more",
        "one less",
        "another item instead",
        "a line taken out",
        "\u{2502} cancelled ",
        "put back",
        "fraud review",
    ];
    for way in ways {
        assert!(number(&one, way) > 0, "nobody: {way}\n{one}");
    }
    for told in ["to be there by", ", was 201", "the demo counted the same", ": 0 of them changed"]
    {
        assert!(one.contains(told), "{told} is not told:\n{one}");
    }
}
