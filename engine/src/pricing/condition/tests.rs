use std::collections::HashMap;

use cel::{Context, Program, Value};
use proptest::prelude::*;

use super::*;

const FACTS: Facts<'static> = Facts {
    total: 5_000,
    quantity: 3,
    channel: "web",
    group: "gold",
    currency: "EUR",
    country: "DE",
    postal_code: "10115",
    service: "standard",
    skus: &["A", "B-1"],
};

fn holds(text: &str) -> Result<bool, Fault> {
    Condition::new("condition", text).unwrap_or_else(|wrong| panic!("{wrong}")).holds(&FACTS)
}

#[test]
fn a_condition_sees_the_order() {
    for (text, expected) in [
        ("total >= 5000", Ok(true)),
        ("total > 5000 || quantity == 3", Ok(true)),
        ("channel == 'web' && group in ['gold', 'silver']", Ok(true)),
        ("'A' in skus && !('C' in skus)", Ok(true)),
        ("size(skus) == 2 && size(channel) == 3", Ok(true)),
        ("country == 'DE' ? total >= 1000 : total >= 9000", Ok(true)),
        ("postal_code.startsWith('10') && service.endsWith('ard')", Ok(true)),
        ("currency != 'EUR'", Ok(false)),
        ("-total < -4999 && total / 3 == 1666 && total % 3 == 2", Ok(true)),
        ("total * 9223372036854775807 > 0", Err(Fault::Overflow)),
        ("total / (quantity - 3) > 0", Err(Fault::Division)),
        // What decides alone decides, whatever the other part is.
        ("total / (quantity - 3) > 0 || true", Ok(true)),
        ("false && total / (quantity - 3) > 0", Ok(false)),
    ] {
        assert_eq!(holds(text), expected, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_when_it_is_loaded() {
    for (text, at, told) in [
        ("", 1, ""),
        ("total >=", 9, ""),
        ("total > 1 && colour == 'red'", 14, "there is no colour"),
        ("total > '1'", 9, "a int is wanted, and this is a string"),
        ("total", 1, "a bool is wanted, and this is a int"),
        ("skus == channel", 1, "skus is a list"),
        ("total > 1.5", 9, "a value is an int"),
        ("total > 1u", 9, "a value is an int"),
        ("skus.exists(s, s == 'A')", 12, "there is no function exists"),
        ("skus.all(s, s == 'A')", 9, "there is no function all"),
        ("channel.matches('w.*')", 16, "there is no function matches"),
        ("channel + group == 'x'", 1, "a int is wanted"),
        ("has(channel.name)", 4, "there is no function has"),
        ("channel.name == 'x'", 8, "only comparisons"),
        ("{'a': 1}['a'] == 1", 9, ""),
        ("total in skus", 1, "a string is wanted"),
        ("total in [1, 'a']", 14, "a int is wanted"),
    ] {
        let wrong = Condition::new("condition", text).expect_err(text).to_string();
        assert!(wrong.contains(&format!("at character {at}, {told}")), "{text}: {wrong}");
    }
}

#[test]
fn a_costly_condition_is_refused() {
    let many = |part: &str, by: &str, times: usize| vec![part; times].join(by);
    for (text, told) in [
        (many("total > 1", " || ", 100), "longer than 1024 bytes"),
        (many("true", "&&", 170), "more than 256 parts"),
        (format!("total in [{}]", many("1", ",", 256)), "more than 256 parts"),
        (many("'A' in skus", "||", 4), "more than 2000 steps"),
        (format!("{}true{}", "!(".repeat(33), ")".repeat(33)), "nested more than 32 deep"),
        (format!("{}true{}", "(".repeat(500), ")".repeat(500)), "nested more than 32 deep"),
        ("[".repeat(1_000), "nested more than 32 deep"),
        (many("1", "+", 500), "is no condition"),
        (many("a", ".", 500), "is no condition"),
        (format!("a{}", "[0]".repeat(300)), "is no condition"),
        (format!("a{}", "()".repeat(500)), "is no condition"),
        (many("1", "<", 500), "is no condition"),
        (many("true", "||", 170), "more than 256 parts"),
        (format!("{}true", "true?true:".repeat(90)), "nested more than 32 deep"),
        (format!("'{}' == {}1", "(", "(".repeat(100)), "nested more than 32 deep"),
        (r"'\' == '\'".to_owned(), "backslash"),
        (format!("'''a'b''' == group {}", "(".repeat(100)), "three quotes"),
        ("a\nb".to_owned(), "control character"),
    ] {
        let wrong = Condition::new("condition", &text).expect_err(&text).to_string();
        assert!(wrong.contains(told), "{text}: {wrong}");
    }
    assert_eq!(holds(&format!("{}true", "!".repeat(1_000))), Ok(true));
}

#[test]
fn a_condition_of_another_version_never_holds() {
    let bytes = minicbor::to_vec("total.of_tomorrow() > 1").unwrap();
    let condition: Condition = minicbor::decode(&bytes).unwrap();
    assert_eq!(condition.holds(&FACTS), Err(Fault::OtherVersion));
    assert_eq!(minicbor::to_vec(&condition).unwrap(), bytes);
}

fn numbers() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (-5_i64..=5).prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            "total",
            "quantity",
            "9223372036854775807",
            "size(skus)",
            "size(group)"
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        let operator = prop::sample::select(vec!["+", "-", "*", "/", "%"]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, by, b)| format!("({a} {by} {b})")),
            inner.prop_map(|a| format!("-({a})")),
        ]
    })
}

fn texts() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["'A'", "'web'", "channel", "group", "''", "postal_code"])
        .prop_map(str::to_owned)
}

fn truths() -> impl Strategy<Value = String> {
    let compare = || prop::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let test = prop::sample::select(vec!["startsWith", "endsWith", "contains"]);
    let leaf = prop_oneof![
        (numbers(), compare(), numbers()).prop_map(|(a, by, b)| format!("{a} {by} {b}")),
        (texts(), compare(), texts()).prop_map(|(a, by, b)| format!("{a} {by} {b}")),
        (texts(), test, texts()).prop_map(|(a, by, b)| format!("{a}.{by}({b})")),
        texts().prop_map(|a| format!("{a} in skus")),
        (numbers(), numbers(), numbers()).prop_map(|(a, b, c)| format!("{a} in [{b}, {c}]")),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) || ({b})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("(({a}) ? ({b}) : ({c}))")),
            inner.prop_map(|a| format!("!({a})")),
        ]
    })
}

/// The interpreter that comes with the parser.
fn by_interpreter(text: &str) -> Option<bool> {
    let mut context = Context::default();
    let numbers = HashMap::from([("total", FACTS.total), ("quantity", FACTS.quantity)]);
    for (name, number) in numbers {
        context.add_variable_from_value(name, number);
    }
    let texts = [("channel", "web"), ("group", "gold"), ("postal_code", "10115")];
    for (name, text) in texts {
        context.add_variable_from_value(name, text.to_owned());
    }
    let skus: Vec<Value> = FACTS.skus.iter().map(|sku| Value::from((*sku).to_owned())).collect();
    context.add_variable_from_value("skus", skus);
    match Program::compile(text).unwrap().execute(&context) {
        Ok(Value::Bool(truth)) => Some(truth),
        Ok(other) => panic!("{text}: {other:?}"),
        Err(_) => None,
    }
}

proptest! {
    #[test]
    fn a_condition_is_what_an_interpreter_of_cel_makes_of_it(text in truths()) {
        let Ok(condition) = Condition::new("condition", &text) else {
            prop_assume!(text.len() > 100);
            return Ok(());
        };
        prop_assert_eq!(condition.holds(&FACTS).ok(), by_interpreter(&text), "{}", text);
    }

    #[test]
    fn no_text_is_worse_than_refused(text in "[a-z0-9 .,'\"()\\[\\]{}?:!&|<>=+*/%-]{0,60}") {
        let _ = Condition::new("condition", &text);
    }
}
