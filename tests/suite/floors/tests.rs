//! The checker, on crates of a few lines.

use std::collections::BTreeMap;

use super::graph::{Edge, Graph, Module};
use super::rules::{Fault, Rules};
use super::source::{Import, Source};
use super::tokens::tokens;
use super::{ENGINE, text_of};

const RULES: Rules<'_> = Rules {
    floors: &[&["model"], &["state"], &["command"], &["engine"]],
    no_rooms: &["command", "command/events"],
    shared: &["command/order/number"],
    lent: &[("command/order/ship", "command/partner")],
};

/// What is wrong with a crate of these files; the root is `lib`.
fn faults(files: &[(&str, &str)]) -> Vec<Fault> {
    let files: BTreeMap<_, _> = files.iter().copied().collect();
    RULES.faults(&Graph::read(|module| files[module.to_string().as_str()].to_owned()))
}

/// That `from` needs `name` of `to`.
fn edge(from: &str, to: &str, name: &str) -> Edge {
    let (from, to) = (Module::new(from), Module::new(to));
    Edge { from, to, names: [name.to_owned()].into() }
}

#[test]
fn a_downward_import_is_no_fault() {
    let files = [
        ("lib", "mod model; mod state;"),
        ("model", "pub struct Stock;"),
        ("state", "use crate::model::Stock;"),
    ];
    assert_eq!(faults(&files), []);
}

#[test]
fn an_upward_import_is_a_fault_however_it_is_written() {
    for text in [
        "use crate::state::Cell;",
        "use super::state::Cell as Seat;",
        "use crate::{state::Cell};",
        "use crate::state::{Cell};",
        "pub use crate::state::Cell; fn seat(cell: Cell) {}",
        "fn seat(cell: &crate::state::Cell) {}",
        "fn seat() { super::state::Cell::new() }",
        "use crate::state; fn seat() { state::Cell::new() }",
        "use crate::state as cells; fn seat() { cells::Cell::new() }",
        "fn seat() { use crate::state::Cell; }",
        "const _: () = assert!(size_of::<crate::state::Cell>() == 72);",
        "/* */ r#\"\"\"#; '\\''; '\"'; use crate::state::Cell;",
        "#[cfg(test)] use crate::engine::Engine; use crate::state::Cell;",
        "#[cfg(test)] mod tests { fn test() {} } use crate::state::Cell;",
    ] {
        let files = [
            ("lib", "mod engine; mod model; mod state;"),
            ("engine", ""),
            ("model", text),
            ("state", "pub struct Cell;"),
        ];
        assert_eq!(faults(&files), [Fault::Upward(edge("model", "state", "Cell"))], "{text}");
    }
}

#[test]
fn what_only_hands_on_mentions_or_tests_is_no_need() {
    for text in [
        "pub use crate::state::Cell;",
        "pub(crate) use crate::state::{Cell};",
        "// use crate::state::Cell;\n",
        "/// As [`crate::state::Cell`].\n struct Seat;",
        "/* /* */ use crate::state::Cell; */",
        "const TEXT: &str = \"use crate::state::Cell;\";",
        "#[cfg(test)] use crate::state::Cell;",
        "#[cfg(test)] mod tests;",
        "#[cfg(test)] #[expect(missing_docs)] mod tests { use crate::state::Cell; }",
        "#[cfg(test)] fn cell() -> [u8; 4] { crate::state::Cell::new() }",
    ] {
        let files =
            [("lib", "mod model; mod state;"), ("model", text), ("state", "pub struct Cell;")];
        assert_eq!(faults(&files), [], "{text}");
    }
}

#[test]
fn a_name_is_needed_of_the_file_that_defines_it() {
    let files = [
        ("lib", "mod model; mod state;"),
        ("model", "mod ids; mod order; pub use ids::Sku; pub use order::Order;"),
        ("model/ids", "pub struct Sku;"),
        ("model/order", "use super::Sku; pub struct Order(Sku);"),
        ("state", "use crate::model::Order;"),
    ];
    assert_eq!(faults(&files), []);
    let graph = Graph::read(|module| {
        let found = files.iter().find(|(name, _)| *name == module.to_string());
        found.map(|(_, text)| (*text).to_owned()).unwrap()
    });
    let expected = [edge("model/order", "model/ids", "Sku"), edge("state", "model/order", "Order")];
    assert_eq!(graph.edges(), expected);
}

#[test]
fn a_circle_is_a_fault_that_names_all_of_its_files() {
    let files = [
        ("lib", "mod model;"),
        ("model", "mod ids; mod order; mod stock; mod time;"),
        ("model/ids", "use super::order::Order; pub struct Sku;"),
        ("model/order", "pub struct Order(crate::model::stock::Stock);"),
        ("model/stock", "use super::{ids::Sku, time::Day}; pub struct Stock;"),
        ("model/time", "pub struct Day;"),
    ];
    let circle = vec![
        edge("model/ids", "model/order", "Order"),
        edge("model/order", "model/stock", "Stock"),
        edge("model/stock", "model/ids", "Sku"),
    ];
    assert_eq!(faults(&files), [Fault::Circle(circle)]);
}

#[test]
fn a_folder_and_a_file_of_it_may_be_a_circle() {
    let files = [
        ("lib", "mod model;"),
        ("model", "mod order; pub struct Day; fn fold() { order::fold() }"),
        ("model/order", "use super::Day; pub fn fold() {}"),
    ];
    let circle = vec![edge("model", "model/order", "fold"), edge("model/order", "model", "Day")];
    assert_eq!(faults(&files), [Fault::Circle(circle)]);
    // Also when the folder uses what it hands on.
    let files = [
        ("lib", "mod model;"),
        ("model", "mod order; pub use order::Order; pub struct Day; struct Last(Order);"),
        ("model/order", "use super::Day; pub struct Order(Day);"),
    ];
    let circle = vec![edge("model", "model/order", "Order"), edge("model/order", "model", "Day")];
    assert_eq!(faults(&files), [Fault::Circle(circle)]);
}

#[test]
fn what_is_on_no_floor_is_a_fault() {
    let files = [("lib", "mod model; mod money;"), ("model", ""), ("money", "")];
    assert_eq!(faults(&files), [Fault::NoFloor("money".into())]);
}

#[test]
fn the_root_is_above_all_floors() {
    let files = [("lib", "mod engine; pub struct Version;"), ("engine", "use crate::Version;")];
    let upward = Edge { to: Module::ROOT, ..edge("engine", "model", "Version") };
    assert_eq!(faults(&files), [Fault::Upward(upward)]);
}

#[test]
fn what_hides_its_needs_is_a_fault() {
    let files =
        [("lib", "mod model; mod state;"), ("model", ""), ("state", "use crate::model::*;")];
    assert_eq!(faults(&files), [Fault::Glob(Module::new("state"))]);
    let files = [("lib", "mod model;"), ("model", "mod ids { pub struct Sku; }")];
    assert_eq!(faults(&files), [Fault::Inline(Module::new("model"))]);
}

#[test]
fn no_room_needs_another_but_what_its_folder_shares() {
    let rooms = |cancel: &str, item: &str| {
        faults(&[
            ("lib", "mod command;"),
            ("command", "mod catalogue; mod events; mod order; pub trait Command {}"),
            ("command/catalogue", "mod item;"),
            ("command/catalogue/item", item),
            ("command/events", "use super::order::{cancel::Cancel, place::Place};"),
            ("command/order", "pub mod cancel; pub mod number; pub mod place; pub struct Lines;"),
            ("command/order/cancel", &format!("{cancel} pub struct Cancel;")),
            ("command/order/number", "pub struct No;"),
            ("command/order/place", "mod plan; use plan::Plan; pub struct Place;"),
            ("command/order/place/plan", "pub struct Plan;"),
        ])
    };
    let fine = "use super::{Lines, number::No}; use crate::command::Command;";
    assert_eq!(rooms(fine, "use crate::command::Command;"), []);
    let place = edge("command/order/cancel", "command/order/place", "Place");
    assert_eq!(rooms("use super::place::Place;", ""), [Fault::Rooms(place)]);
    let plan = edge("command/order/cancel", "command/order/place/plan", "Plan");
    assert_eq!(rooms("use super::place::plan::Plan;", ""), [Fault::Rooms(plan)]);
    let number = edge("command/catalogue/item", "command/order/number", "No");
    assert_eq!(rooms("", "use crate::command::order::number::No;"), [Fault::Rooms(number)]);
}

#[test]
fn a_room_that_is_lent_to_a_folder_is_needed_by_its_rooms_alone() {
    let needing = |from: &str, to: &str| {
        let need = format!("use crate::command::order::{to}::Done; pub struct Need;");
        let of = |room: &str| if room == from { need.clone() } else { "pub struct Need;".into() };
        faults(&[
            ("lib", "mod command;"),
            ("command", "mod hold; mod order; mod partner;"),
            ("command/hold", "mod told;"),
            ("command/hold/told", &of("hold")),
            ("command/order", "pub mod cancel; pub mod ship;"),
            ("command/order/cancel", "pub struct Done;"),
            ("command/order/ship", "pub struct Done;"),
            ("command/partner", "mod told;"),
            ("command/partner/told", &of("partner")),
        ])
    };
    assert_eq!(needing("partner", "ship"), []);
    let other = edge("command/partner/told", "command/order/cancel", "Done");
    assert_eq!(needing("partner", "cancel"), [Fault::Rooms(other)]);
    let hold = edge("command/hold/told", "command/order/ship", "Done");
    assert_eq!(needing("hold", "ship"), [Fault::Rooms(hold)]);
}

#[test]
fn the_file_of_a_folder_needs_none_of_its_rooms() {
    let folder = |command: &str, order: &str| {
        faults(&[
            ("lib", "mod command;"),
            ("command", &format!("mod events; mod order; {command}")),
            ("command/events", "use super::order::place::Place; pub struct Event(Place);"),
            ("command/order", &format!("mod cancel; mod number; mod place; {order}")),
            ("command/order/cancel", "use super::price; pub struct Cancel;"),
            ("command/order/number", "pub struct No;"),
            ("command/order/place", "pub struct Place;"),
        ])
    };
    assert_eq!(folder("pub use order::place::Place;", "pub use place::Place; fn price() {}"), []);
    assert_eq!(folder("", "use number::No; fn price(no: No) {}"), [], "a file that rooms share");
    let through = |from| Fault::Rooms(edge(from, "command/order/place", "Place"));
    let order = "use place::Place; pub fn price(place: Place) {}";
    assert_eq!(folder("", order), [through("command/order")]);
    let order = "pub fn price(place: place::Place) {}";
    assert_eq!(folder("", order), [through("command/order")]);
    let command = "use order::place::Place; pub fn price(place: Place) {}";
    assert_eq!(folder(command, "fn price() {}"), [through("command")]);
}

/// `depth` files hand on a name, each what the next one hands on.
fn handed_on(depth: usize) -> Vec<Fault> {
    let modules = (0..=depth).map(|at| format!("mod m{at};")).collect::<Vec<_>>().concat();
    let mut files = vec![
        ("lib".to_owned(), format!("mod model; mod state; {modules}")),
        ("model".to_owned(), "use crate::m0::Cell;".to_owned()),
        ("state".to_owned(), "pub struct Cell;".to_owned()),
    ];
    for at in 0..depth {
        files.push((format!("m{at}"), format!("pub use crate::m{}::Cell;", at + 1)));
    }
    files.push((format!("m{depth}"), "pub use crate::state::Cell;".to_owned()));
    let files: Vec<_> = files.iter().map(|(name, text)| (&**name, &**text)).collect();
    let mut faults = faults(&files);
    faults.retain(|fault| !matches!(fault, Fault::NoFloor(_)));
    faults
}

#[test]
fn a_name_is_found_however_often_it_is_handed_on() {
    assert_eq!(handed_on(5), [Fault::Upward(edge("model", "state", "Cell"))]);
}

#[test]
#[should_panic(expected = "re-exports in a row")]
fn a_name_that_is_handed_on_too_often_is_not_passed_over() {
    handed_on(20);
}

/// The engine's own sources, with one line put into one of them, and a file `money`.
fn faults_with(name: &str, line: &str) -> Vec<String> {
    let graph = Graph::read(|module| match module.to_string() {
        of if of == name => format!("{line}\n{}", text_of(module)),
        of if of == "money" => String::new(),
        _ => text_of(module),
    });
    ENGINE.faults(&graph).iter().map(ToString::to_string).collect()
}

#[test]
fn a_line_put_into_the_engine_is_found() {
    let upward = faults_with("model/lsn", "use crate::engine::Engine;");
    let found = "upward: model/lsn -> engine (Engine)";
    assert!(upward.iter().any(|fault| fault == found), "{upward:?}");
    let circle = faults_with("journal/limits", "use super::frame::Payload;");
    let edges = ["journal/frame -> journal/limits (", "journal/limits -> journal/frame ("];
    let has_both = |fault: &String| edges.iter().all(|edge| fault.contains(edge));
    assert!(circle.iter().any(|fault| fault.starts_with("circle:") && has_both(fault)));
    let floor = faults_with("lib", "mod money;");
    assert!(floor.iter().any(|fault| fault.starts_with("no floor: give money one")), "{floor:?}");
}

#[test]
fn imports_are_read_with_their_names() {
    let source = Source::read("pub(super) use a::b::{self, C as D, e::*}; use ::std::io;");
    let import = |path: &[&str], name: &str, is_handed_on| Import {
        path: path.iter().map(ToString::to_string).collect(),
        name: name.into(),
        is_handed_on,
    };
    let expected = [
        import(&["a", "b"], "b", true),
        import(&["a", "b", "C"], "D", true),
        import(&["a", "b", "e"], "*", true),
        import(&["std", "io"], "io", false),
    ];
    assert_eq!(source.imports, expected);
}

#[test]
fn literals_comments_and_lifetimes_are_no_tokens() {
    for (text, expected) in [
        ("a // b\nc", &["a", "c"][..]),
        ("a /* b /* c */ d */ e", &["a", "e"]),
        ("\"a\\\"b\" c", &["c"]),
        ("r\"\\\" a", &["a"]),
        ("br##\"a\"#b\"## c", &["c"]),
        ("b'a' '\\u{7f}' '\\'' '\u{e9}' a", &["a"]),
        ("&'a b", &["&", "b"]),
        ("r#type: u8", &["r", "#", "type", ":", "u8"]),
        ("a::b 0x1f_u8 ..", &["a", "::", "b", ".", "."]),
    ] {
        assert_eq!(tokens(text), expected, "{text}");
    }
}
