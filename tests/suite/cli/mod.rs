//! The command line against a live server, as its users run it.

mod demo;
mod desk;
mod directory;
mod export;
mod import;
mod operate;
mod partner;
mod program;
mod proxy;
mod restore;
mod store;
mod tour;
mod work;

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use program::{Ran, Server, run};

const NODES: &str = "\
node_id,kind,postal_code,time_zone,working_days,cut_off
NYC,store,10001,America/New_York,mon tue wed thu fri sat,13:00
RENO,warehouse,89506,America/Los_Angeles,mon tue wed thu fri,15:00
";

const ITEMS: &str = "sku,title\nSCARF,Silk scarf\nBLOUSE,\"Blouse, red\"\n";

/// Line 3 has a bad quantity and line 4 an unknown item.
const STOCK: &str = "\
sku,node_id,on_hand,safety
SCARF,RENO,10,1
SCARF,NYC,some,
HAT,NYC,4,
BLOUSE,NYC,2,
";

const INBOUND: &str = r#"{"inbound_id":"PO-7","sku":"BLOUSE","node_id":"NYC","quantity":5,"eta":"ETA"}
"#;

/// Line 5 makes the second order bad as a whole.
const ORDERS: &str = "\
order_id,destination_postal_code,sku,quantity
WEB-1,10001,SCARF,2
WEB-1,10001,BLOUSE,1
WEB-2,10001,BLOUSE,1
WEB-2,10001,BLOUSE,none
WEB-3,10001,SCARF,1
";

struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a directory") }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(&path, text).expect("a file");
        shown(&path)
    }
}

fn shown(path: &Path) -> String {
    path.to_str().expect("a path that is text").to_owned()
}

/// Imports everything. The date of the inbound supply is a month ahead of now.
fn import(server: &Server, files: &Files) -> Ran {
    let eta = in_a_month();
    let names = [
        files.write("nodes.csv", NODES),
        files.write("items.csv", ITEMS),
        files.write("stock.csv", STOCK),
        files.write("inbound.jsonl", &INBOUND.replace("ETA", &eta)),
        files.write("orders.csv", ORDERS),
    ];
    let mut args = vec!["import"];
    args.extend(names.iter().map(String::as_str));
    args.push("--json");
    server.run(&args)
}

/// A day that is a month ahead of now.
fn in_a_month() -> String {
    let month = std::time::Duration::from_hours(720);
    let then = (std::time::SystemTime::now() + month).duration_since(std::time::UNIX_EPOCH);
    date(then.expect("now is after 1970").as_secs() / 86_400)
}

/// The day so many days after 1970-01-01, as the command line writes it.
fn date(epoch_days: u64) -> String {
    let days = i32::try_from(epoch_days).expect("a day of this age");
    backstock_engine::model::Day::from_epoch_days(days).to_string()
}

#[test]
fn bad_rows_are_told_by_place_and_the_good_ones_go_in() {
    let files = Files::new();
    let server = Server::start(&files.data());
    let imported = import(&server, &files);
    assert_eq!(imported.code, 1, "{imported:?}");
    for told in [
        "stock.csv:3: on_hand: \"some\" is not a whole number",
        "stock.csv:4:",
        "ITEM_NOT_FOUND",
        "orders.csv:5: quantity: \"none\" is not a whole number",
    ] {
        assert!(imported.stderr.contains(told), "{told} is not in {}", imported.stderr);
    }
    assert_eq!(imported.stderr.lines().count(), 3, "{}", imported.stderr);
    let report = imported.json();
    let applied: Vec<_> =
        report["files"].as_array().unwrap().iter().map(|file| &file["applied"]).collect();
    assert_eq!(applied, [2, 2, 2, 1, 2]);
}

#[test]
fn availability_and_orders_answer_what_was_imported() {
    let files = Files::new();
    let server = Server::start(&files.data());
    import(&server, &files);

    // 10 on hand, 1 withheld, 3 ordered.
    let scarf = server.run(&["availability", "SCARF", "--json"]);
    assert_eq!((scarf.code, &scarf.json()["atp_now"]), (0, &6.into()), "{scarf:?}");
    let blouse = server.run(&["availability", "BLOUSE", "--node", "NYC", "--json"]).json();
    assert_eq!((&blouse["atp_now"], &blouse["nodes"][0]["inbound_free"]), (&1.into(), &5.into()));

    let shown = server.run(&["order", "show", "WEB-1", "--json"]).json();
    assert_eq!((&shown["state"], &shown["lines"][1]["sku"]), (&"open".into(), &"BLOUSE".into()));
    assert_eq!(shown["lines"][0]["allocated"], 2);
    assert_eq!(shown["shipments"].as_array().unwrap().len(), 2);

    let explained = server.run(&["order", "explain", "WEB-1"]);
    assert_eq!(explained.code, 0, "{explained:?}");
    assert!(explained.stdout.contains("chosen: ships these units"), "{}", explained.stdout);

    let audit = server.run(&["audit"]);
    assert!(audit.stdout.starts_with("every invariant holds"), "{audit:?}");
    assert_eq!(audit.code, 0);
}

#[test]
fn imported_again_the_same_orders_are_the_same_orders() {
    let files = Files::new();
    let server = Server::start(&files.data());
    import(&server, &files);
    let orders = shown(&files.directory.path().join("orders.csv"));
    server.run(&["import", &orders]);
    let scarf = server.run(&["availability", "SCARF", "--json"]).json();
    assert_eq!(scarf["atp_now"], 6);
}

#[test]
fn what_does_not_exist_is_a_refusal_with_its_reason() {
    let files = Files::new();
    let server = Server::start(&files.data());
    let order = server.run(&["order", "show", "WEB-9"]);
    assert_eq!(order.code, 9, "{order:?}");
    assert!(order.stderr.contains("ORDER_NOT_FOUND"), "{order:?}");
    let item = server.run(&["availability", "HAT"]);
    assert_eq!(item.code, 9, "{item:?}");
}

#[test]
fn a_server_that_is_not_there_is_told_in_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = listener.local_addr().expect("its number").to_string();
    drop(listener);
    for command in [&["availability", "SCARF"][..], &["order", "show", "W"], &["audit"]] {
        let ran = run(&[command, &["--server", &addr]].concat());
        assert_eq!(ran.code, 8, "{ran:?}");
        assert_eq!(ran.stderr, format!("backstock: no server answers at http://{addr}\n"));
    }
}

/// One pair at a time, written as in a file of terms.
#[test]
fn terms_of_a_pair_are_set_and_shown() {
    let files = Files::new();
    let server = Server::start(&files.data());
    import(&server, &files);
    let terms = |args: &[&str]| server.run(&[&["terms"], args].concat());
    let shown = terms(&["show", "SCARF", "RENO"]);
    assert!(shown.stdout.contains("segments        none"), "{shown:?}");
    let web = "vip=app,club:30.5% borrows; web:2 until 2030-12-01T08:00:00Z";
    let of = ["SCARF", "RENO", "--channel-safety", "shop:3; fax:9", "--segments", web];
    let checked = terms(&[&["set"], &of[..], &["--validate-only"]].concat());
    assert_eq!((checked.code, terms(&["show", "SCARF", "RENO"]).stdout), (0, shown.stdout));
    let set = terms(&[&["set"], &of[..]].concat());
    assert_eq!(set.code, 0, "{set:?}");
    assert!(set.stdout.contains(web) && set.stdout.contains("shop:3; fax:9"), "{set:?}");
    let json = terms(&["show", "SCARF", "RENO", "--json"]).json();
    assert_eq!(json["segments"][0]["kept_basis_points"], 3_050);
    assert_eq!(
        (&json["channel_safety"][0]["safety"], &json["off_sourcing"]),
        (&3.into(), &false.into())
    );
    // What is not said is none.
    let off = terms(&["set", "SCARF", "RENO", "--off-sourcing", "--json"]).json();
    assert_eq!((&off["off_sourcing"], &off["segments"]), (&true.into(), &serde_json::json!([])));
    assert_eq!(terms(&["set", "SCARF", "RENO", "--none", "--json"]).json()["off_sourcing"], false);
    for wrong in [&["set", "SCARF", "RENO"][..], &["set", "SCARF", "RENO", "--segments", "web"]] {
        assert_eq!(terms(wrong).code, 2, "{wrong:?}");
    }
    assert_eq!(terms(&["show", "HAT", "RENO"]).code, 9);
}
