//! What callers may say: this command, exactly these fields are wrong. And what comes of a life of commands.

use super::define_styles::DefineStyles;
use super::set_associations::{ItemAssociations, SetAssociations};
use crate::command::fixture::{AT, associations, item, meta, sku, style, styles};
use crate::companions::{Associated, Association};
use crate::engine::tests::{OnePlace, one_unit, run};
use crate::limits::{ASSOCIATIONS_MAX, ASSORTED_AT_ONCE_MAX, STYLES_AT_ONCE_MAX};
use crate::model::SkuNo;
use crate::state::network::Network;
use crate::transaction::command::{Command, Facts};

fn fields(command: &impl Command) -> Vec<String> {
    let network = Network::empty(0);
    let facts = Facts { now: AT, network: &network, postal: &OnePlace };
    let found = command.validate(&facts).err().unwrap_or_default();
    found.into_iter().map(|violation| violation.field).collect()
}

#[test]
fn each_field_that_is_wrong_is_named() {
    let of = |styles| DefineStyles { meta: meta(), styles };
    let many: Vec<_> = (0..=STYLES_AT_ONCE_MAX).map(|no| style(&no.to_string(), &[])).collect();
    let cases: [(DefineStyles, &[&str]); 6] = [
        (styles(&["A", "B"]), &[]),
        (styles(&[]), &[]),
        (of(vec![]), &["styles"]),
        (of(many), &["styles"]),
        (of(vec![style("S", &["A"]), style("S", &["B"])]), &["styles[1].id"]),
        (of(vec![style("S", &["A"]), style("T", &["A"])]), &["styles[1].variants[0].sku"]),
    ];
    for (command, expected) in cases {
        assert_eq!(fields(&command), expected, "{}", command.styles.len());
    }
    let wide: Vec<String> = (0..512).map(|no| no.to_string()).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    let wide: Vec<_> = ["S", "T"].iter().map(|id| style(id, &wide)).collect();
    assert_eq!(fields(&of(wide)), ["styles.variants"]);
    let item = |name: &str, associated| ItemAssociations { sku: sku(name), associated };
    let to = |name: &str| Associated { association: Association::Upgrade, sku: sku(name) };
    let of = |items| SetAssociations { meta: meta(), items };
    let cases: [(SetAssociations, &[&str]); 7] = [
        (associations("A", "B"), &[]),
        (of(vec![item("A", vec![])]), &[]),
        (of(vec![]), &["items"]),
        (of(vec![item("A", vec![]); ASSORTED_AT_ONCE_MAX + 1]), &["items"]),
        (of(vec![item("A", vec![]), item("A", vec![])]), &["items[1].sku"]),
        (
            of(vec![item("A", vec![to("A"), to("B"), to("B")])]),
            &["items[0].associations[0].sku", "items[0].associations[2].sku"],
        ),
        (of(vec![item("A", vec![to("B"); ASSOCIATIONS_MAX + 1])]), &["items[0].associations"]),
    ];
    for (command, expected) in cases {
        assert_eq!(fields(&command), expected, "{}", command.items.len());
    }
}

/// What was said is there, what it leaves stays, and the hash that moved with changes is that of what is there.
#[test]
fn what_is_said_of_items_is_as_the_commands_say() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    run(&mut pump, engine.define_styles(styles(&["A", "B"])));
    run(&mut pump, engine.set_associations(associations("A", "B")));
    let before = engine.assortment();
    let (a, b) = (SkuNo(0), SkuNo(1));
    assert!(before.assortment().are_of_one_style(a, b));
    let of_a = |assorted: &crate::state::assortment::Assorted| {
        assorted.assortment().associated(a, Association::Complement).collect::<Vec<_>>()
    };
    assert_eq!(of_a(&before), [b]);
    let none = vec![ItemAssociations { sku: sku("A"), associated: Vec::new() }];
    run(&mut pump, engine.set_associations(SetAssociations { meta: meta(), items: none }));
    run(&mut pump, engine.define_styles(styles(&["A"])));
    let after = engine.assortment();
    assert_eq!(of_a(&after), []);
    assert!(!after.assortment().are_of_one_style(a, b));
    for assorted in [&before, &after] {
        assert_eq!(assorted.hash(), assorted.hash_anew());
    }
    // Who read before still has what was there.
    assert_eq!(of_a(&before), [b]);
    let report = engine.audit().unwrap();
    assert!(report.breaches.is_empty(), "{report:?}");
}
