//! Imports of files as people have them: in parts, twice, badly sorted, cut short.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use backstock::observability::names;
use backstock_engine::disk::SimulatedDisk;
use backstock_proto::v1::catalog_service_client::CatalogServiceClient;
use backstock_proto::v1::{self, GetItemRequest, GetNodeRequest};
use serde_json::Value;

use super::Files;
use super::program::{Ran, Server, program, run, signal};
use super::proxy::{Proxy, Then};
use crate::grpc::metrics::Process;
use crate::grpc::server::{LONG, TestServer};

const NODES: &str = "\
node_id,kind,title,postal_code,time_zone,working_days,cut_off,holidays,capacity_units_per_day,unit_cost_minor,enabled
NYC,store,New York,10001,America/New_York,\"Mon,Tue,Wed\",13:00,2099-12-25,50,35,false
RENO,warehouse,Reno,89506,America/Los_Angeles,mon-sun,,,,,
";
const ITEMS: &str = "sku,title\nSCARF,Silk scarf\n";
const STOCK: &str = "sku,node_id,on_hand\nSCARF,RENO,100\n";
const ORDERS: &str = "order_id,destination_postal_code,sku,quantity,shortage_policy\n";

/// A server with one item, of which 100 are in Reno.
fn stocked(files: &Files) -> Server {
    let server = Server::start(&files.data());
    for (name, content) in [("nodes.csv", NODES), ("items.csv", ITEMS), ("stock.csv", STOCK)] {
        let ran = import(&server, files, name, content);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    server
}

fn import(server: &Server, files: &Files, name: &str, content: &str) -> Ran {
    server.run(&["import", &files.write(name, content), "--json"])
}

fn file(ran: &Ran) -> Value {
    ran.json()["files"][0].clone()
}

fn catalog<T>(
    server: &Server,
    ask: impl AsyncFnOnce(CatalogServiceClient<tonic::transport::Channel>) -> T,
) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let client = CatalogServiceClient::connect(format!("http://{}", server.addr)).await;
        ask(client.expect("a server")).await
    })
}

fn node(server: &Server, id: &str) -> v1::Node {
    catalog(server, async |mut client| {
        let get = GetNodeRequest { node_id: id.into(), min_version: 0 };
        client.get_node(get).await.expect("it is there").into_inner().node.expect("a node")
    })
}

fn title(server: &Server, sku: &str) -> String {
    catalog(server, async |mut client| {
        let get = GetItemRequest { sku: sku.into(), min_version: 0 };
        client.get_item(get).await.expect("it is there").into_inner().item.expect("an item").title
    })
}

fn sold(server: &Server) -> u64 {
    100 - server.run(&["availability", "SCARF", "--json"]).json()["atp_now"]
        .as_u64()
        .expect("units")
}

#[test]
fn what_a_file_does_not_say_stays() {
    let files = Files::new();
    let server = stocked(&files);
    let before = node(&server, "NYC");
    assert_eq!(before.working_days, [1, 2, 3]);
    assert_eq!((before.cut_off_minutes, before.holidays.len()), (Some(13 * 60), 1));
    let new = node(&server, "RENO");
    assert_eq!((new.cut_off_minutes, new.enabled), (Some(24 * 60), Some(true)));
    assert_eq!(new.working_days.len(), 7);

    let bare = "node_id,kind,postal_code,time_zone,working_days\n\
                NYC,store,10001,America/New_York,mon tue wed\n";
    assert_eq!(import(&server, &files, "bare.csv", bare).code, 0);
    assert_eq!(node(&server, "NYC"), before);
    let blank = NODES.lines().next().expect("a header").to_owned()
        + "\nNYC,store,,10001,America/New_York,mon tue wed,,,,,\n";
    assert_eq!(import(&server, &files, "blank.csv", &blank).code, 0);
    assert_eq!(node(&server, "NYC"), before);

    assert_eq!(import(&server, &files, "items2.csv", "sku\nSCARF\nHAT\n").code, 0);
    assert_eq!(
        (title(&server, "SCARF"), title(&server, "HAT")),
        ("Silk scarf".into(), String::new())
    );

    // What it does say changes, and `none` says that there is none.
    let some = "node_id,kind,postal_code,time_zone,working_days,holidays,unit_cost_minor\n\
                NYC,store,10001,America/New_York,sat,none,0\n";
    assert_eq!(import(&server, &files, "some.csv", some).code, 0);
    let changed = node(&server, "NYC");
    let expected =
        v1::Node { working_days: vec![6], holidays: vec![], unit_cost_minor: 0, ..before.clone() };
    assert_eq!(changed, expected);

    // A kind that cannot change is told, and nothing else of the row goes in.
    let other = bare.replace("store", "supplier");
    let refused = import(&server, &files, "other.csv", &other);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stderr.contains("NODE_KIND_FIXED"), "{refused:?}");
    assert_eq!(node(&server, "NYC"), changed);
}

#[test]
fn files_may_be_written_as_spreadsheets_write_them() {
    let files = Files::new();
    let server = Server::start(&files.data());
    let nodes = "Node_ID;Kind;Postal_Code;Time_Zone;Working_Days;Enabled\n\
                 RENO;Warehouse;89506;America/Los_Angeles;Mon-Fri, Sat;TRUE\n";
    let items = "{\"SKU\": \"SCARF\", \"Title\": \"Silk scarf\"}\n";
    let stock = "SKU\tNODE_ID\tON_HAND\nSCARF\tRENO\t100\n";
    for (name, content) in [("n.CSV", nodes), ("i.jsonl", items), ("s.tsv", stock)] {
        let ran = import(&server, &files, name, content);
        assert_eq!((ran.code, file(&ran)["applied"].as_u64()), (0, Some(1)), "{ran:?}");
    }
    assert_eq!(node(&server, "RENO").working_days, [1, 2, 3, 4, 5, 6]);
    assert_eq!(sold(&server), 0);
}

#[test]
fn an_order_is_whole_or_it_is_left_out() {
    let files = Files::new();
    let server = stocked(&files);
    let rows = "WEB-1,10001,SCARF,1,\nWEB-2,10001,SCARF,2,\nWEB-1,10001,SCARF,4,\n\
                WEB-3,10001,SCARF,8,\nWEB-3,10001,SCARF\nWEB-4,10001,SCARF,16,\n";
    let csv = import(&server, &files, "orders.csv", &format!("{ORDERS}{rows}"));
    assert_eq!((csv.code, file(&csv)["applied"].as_u64()), (1, Some(2)), "{csv:?}");
    assert_eq!(sold(&server), 2 + 16);
    for line in [2, 4, 6] {
        assert!(csv.stderr.contains(&format!("orders.csv:{line}: ")), "{csv:?}");
    }

    // One order a line, and one line of an order a line.
    let row = |id: &str, quantity: u32| {
        format!(
            "{{\"order_id\":\"{id}\",\"destination_postal_code\":\"10001\",\"sku\":\"SCARF\",\"quantity\":{quantity}}}\n"
        )
    };
    let whole = |id: &str, lines: &str| {
        format!(
            "{{\"order_id\":\"{id}\",\"destination_postal_code\":\"10001\",\"lines\":[{lines}]}}\n"
        )
    };
    let good = "{\"sku\":\"SCARF\",\"quantity\":1}";
    let rows = [
        row("J-1", 1),
        row("J-1", 2),
        whole("J-2", &format!("{good},{good}")),
        whole("J-3", &format!("{good},7")),
        whole("J-4", good),
        whole("J-4", good),
    ];
    let jsonl = import(&server, &files, "orders.jsonl", &rows.concat());
    assert_eq!((jsonl.code, file(&jsonl)["applied"].as_u64()), (1, Some(2)), "{jsonl:?}");
    assert_eq!(sold(&server), 18 + 3 + 2);
}

#[test]
fn orders_that_were_rejected_are_told_by_id_and_by_exit_code() {
    let files = Files::new();
    let server = stocked(&files);
    let rows = "WEB-1,10001,SCARF,60,reject\nWEB-2,10001,SCARF,41,reject\n\
                WEB-3,10001,SCARF,50,backorder\n";
    let ran = import(&server, &files, "orders.csv", &format!("{ORDERS}{rows}"));
    assert_eq!(ran.code, 13, "{ran:?}");
    let told = file(&ran);
    assert_eq!((&told["rows"], &told["applied"]), (&3.into(), &2.into()));
    let outcomes = serde_json::json!({"allocated": 1, "partially_allocated": 1, "rejected": 1});
    assert_eq!(told["outcomes"], outcomes);
    let short = |at: usize, field: &str| told["short"][at][field].clone();
    assert_eq!((short(0, "order_id"), short(0, "outcome")), ("WEB-2".into(), "rejected".into()));
    assert_eq!((short(0, "line"), short(1, "order_id")), (3.into(), "WEB-3".into()));
    let lacks = "orders.csv:3: WEB-2 is rejected: it lacks 1 of SCARF\n";
    assert!(ran.stderr.contains(lacks), "{ran:?}");

    // Once there is enough, the same file places what was rejected, and nothing twice.
    let more = STOCK.replace("100", "1000");
    assert_eq!(import(&server, &files, "more.csv", &more).code, 0);
    let again = import(&server, &files, "orders.csv", &format!("{ORDERS}{rows}"));
    assert_eq!((again.code, file(&again)["applied"].as_u64()), (0, Some(3)), "{again:?}");
    let left = server.run(&["availability", "SCARF", "--json"]).json();
    assert_eq!(left["atp_now"], 1000 - 60 - 41 - 50);
}

#[test]
fn many_bad_rows_are_some_lines_and_a_file() {
    let files = Files::new();
    let server = stocked(&files);
    let mut rows = "sku,node_id,on_hand\n".to_owned();
    for no in 0..300 {
        writeln!(rows, "SCARF,RENO,x{no}").expect("a text takes all");
    }
    let ran = import(&server, &files, "bad.csv", &rows);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 21, "{ran:?}");
    let list = file(&ran)["list"].as_str().expect("a path").to_owned();
    let said = format!("and 280 more; all 300 are in {list}");
    assert!(ran.stderr.lines().last().expect("a line").ends_with(&said), "{ran:?}");
    let listed = std::fs::read_to_string(&list).expect("a file");
    assert_eq!(listed.lines().count(), 300);
    assert!(listed.lines().last().expect("a line").contains("bad.csv:301: on_hand: \"x299\""));
}

#[test]
fn what_cannot_be_read_is_told_before_anything_is_sent() {
    let files = Files::new();
    let good = files.write("items.csv", ITEMS);
    let gone = good.replace("items", "gone");
    let directory = files.write("d.csv/items.csv", ITEMS).replace("/items.csv", "");
    for other in [files.write("items.xlsx", ITEMS), gone, directory] {
        // No server is there: the arguments are looked at first.
        let ran = run(&["import", &good, &other, "--server", "127.0.0.1:1"]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains(&other), "{ran:?}");
    }
}

/// As many orders of one scarf as eight messages have.
fn many_orders() -> String {
    let mut rows = ORDERS.to_owned();
    for no in 0..2_048 {
        writeln!(rows, "WEB-{no:04},10001,SCARF,1,backorder").expect("a text takes all");
    }
    rows
}

/// What more than five messages of [`many_orders`] take: the fifth is sent when the
/// first is answered.
const FIVE_MESSAGES_BYTES: u64 = 48_000;

/// The command that goes on, as it is printed, with a server that is there.
fn go_on(ran: &Ran, server: &str) -> String {
    let line = ran.stderr.lines().find(|line| line.starts_with("  backstock import "));
    let words = line.unwrap_or_else(|| panic!("{ran:?}")).split_whitespace();
    let words = words.map(|word| if word.starts_with("http://") { server } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Runs a command that was printed.
fn run_line(line: &str) -> Ran {
    run(&line.split(' ').skip(1).collect::<Vec<_>>())
}

fn check_broken_off(ran: &Ran, server: &Server, orders: &str) {
    let told = ran.json();
    assert_eq!((&told["complete"], &told["files"][0]["complete"]), (&false.into(), &false.into()));
    let answered = told["files"][0]["answered_line"].as_u64().expect("some are answered");
    assert!((257..2_049).contains(&answered), "{ran:?}");
    let applied = told["files"][0]["applied"].as_u64().expect("a count");
    assert_eq!(applied, answered - 1, "an order a row, below one header");
    let said = format!("{applied} went in, and all up to line {answered} is answered");
    assert!(ran.stderr.contains(&said), "{ran:?}");
    // The proxy that it names is gone.
    let go_on = go_on(ran, &server.addr);
    assert!(go_on.contains(&format!("--from-line {}", answered + 1)), "{ran:?}");
    assert!(go_on.ends_with(orders), "{ran:?}");
    let again = run_line(&go_on);
    let left = 2_048 - (answered - 1);
    assert_eq!((again.code, file(&again)["applied"].as_u64()), (0, Some(left)), "{again:?}");
    let left = server.run(&["availability", "SCARF", "--json"]).json();
    assert_eq!(left["atp_now"], 10_000 - 2_048, "nothing is placed twice");
    assert_eq!(server.run(&["audit"]).code, 0);
}

fn server_of_many(files: &Files) -> Server {
    let server = stocked(files);
    let many = STOCK.replace("100", "10000");
    assert_eq!(import(&server, files, "many.csv", &many).code, 0);
    server
}

#[test]
fn a_broken_import_says_how_far_it_came_and_goes_on() {
    let files = Files::new();
    let server = server_of_many(&files);
    let orders = files.write("orders.csv", &many_orders());
    let proxy = Proxy::start(&server.addr, FIVE_MESSAGES_BYTES, Then::Cut);
    let ran = run(&["import", &orders, "--json", "--server", &proxy.addr]);
    assert_eq!(ran.code, 8, "{ran:?}");
    check_broken_off(&ran, &server, &orders);
}

#[test]
fn an_interrupted_import_says_how_far_it_came_and_goes_on() {
    let files = Files::new();
    let server = server_of_many(&files);
    let orders = files.write("orders.csv", &many_orders());
    let proxy = Proxy::start(&server.addr, FIVE_MESSAGES_BYTES, Then::Hold);
    let child = program()
        .args(["import", &orders, "--json", "--server", &proxy.addr])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    proxy.wait();
    signal("INT", child.id());
    let ran = Ran::from(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 130, "{ran:?}");
    check_broken_off(&ran, &server, &orders);
}

/// With room for one command at a time, most of many calls are refused at first.
#[test]
fn rows_that_are_refused_for_the_moment_are_sent_again() {
    let files = Files::new();
    let server = Process::start_with(&files.data(), &["--commands-in-flight-max", "1"]);
    let mut items = "sku,title\n".to_owned();
    for no in 0..24 {
        writeln!(items, "SKU-{no},Item {no}").expect("a text takes all");
    }
    let items = files.write("items.csv", &items);
    let ran = run(&["import", &items, "--json", "--server", &server.address]);
    assert_eq!((ran.code, file(&ran)["applied"].as_u64()), (0, Some(24)), "{ran:?}");
    assert!(server.scrape()[names::OVERLOADED] > 0.0, "none was refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_meets_a_full_disk_breaks_off_and_goes_on_from_there() {
    let files = Files::new();
    let disk = SimulatedDisk::new();
    let mut server = TestServer::start_on(&disk, &files.data()).await;
    server.stock().await;
    disk.set_capacity(Some(disk.used()));
    let mut rows = "sku,node_id,on_hand\n".to_owned();
    for no in 0..2_000 {
        writeln!(rows, "SKU,NYC,{no}").expect("a text takes all");
    }
    let stock = files.write("levels.csv", &rows);
    let address = server.address.to_string();
    let broken = in_background(&["import", &stock, "--json", "--server", &address]).await;
    assert_eq!((broken.code, file(&broken)["bad_count"].as_u64()), (9, Some(0)), "{broken:?}");
    assert!(broken.stderr.contains("DISK_FULL"), "{broken:?}");
    let answered = file(&broken)["answered_line"].as_u64().expect("some are answered");
    assert_eq!(file(&broken)["applied"].as_u64(), Some(answered - 1), "a row a line");

    disk.set_capacity(None);
    let deadline = Instant::now() + LONG;
    while server.engine.status().is_journal_full {
        assert!(Instant::now() < deadline, "there is room");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let go_on = go_on(&broken, &address);
    assert!(go_on.contains(&format!("--from-line {} ", answered + 1)), "{broken:?}");
    let rest = tokio::task::spawn_blocking(move || run_line(&go_on)).await.expect("no panic");
    let left = 2_001 - answered;
    assert_eq!((rest.code, file(&rest)["rows"].as_u64()), (0, Some(left)), "{rest:?}");
    let get =
        v1::GetStockRequest { sku: "SKU".into(), node_id: "NYC".into(), ..Default::default() };
    let stock = server.inventory.get_stock(get).await.expect("read").into_inner().stock;
    assert_eq!(stock.expect("a stock").on_hand, 1_999, "the last row counts");
    server.stop().await.expect("drained");
}

/// A quote that is not closed takes all that follows for one row.
#[test]
fn rows_before_what_cannot_be_read_go_in() {
    let files = Files::new();
    let server = stocked(&files);
    let endless = "x".repeat(2 << 20);
    let rows = format!("{STOCK}SCARF,RENO,101\nSCARF,RENO,\"{endless}\n");
    let ran = import(&server, &files, "endless.csv", &rows);
    assert_eq!((ran.code, file(&ran)["applied"].as_u64()), (70, Some(2)), "{ran:?}");
    assert_eq!(file(&ran)["answered_line"], 3);
    assert!(ran.stderr.contains("line 4 is longer than"), "{ran:?}");
    assert!(ran.stderr.contains("once the file can be read further, go on with"), "{ran:?}");
    assert!(go_on(&ran, &server.addr).contains("--from-line 4 "), "{ran:?}");
    let left = server.run(&["availability", "SCARF", "--json"]).json();
    assert_eq!(left["atp_now"], 101);

    // Orders are read to their end first.
    let rows = format!("{ORDERS}WEB-1,10001,SCARF,1,\nWEB-2,10001,\"{endless}\n");
    let ran = import(&server, &files, "endless_orders.csv", &rows);
    assert_eq!((ran.code, file(&ran)["applied"].as_u64()), (70, Some(0)), "{ran:?}");
    assert!(ran.stderr.contains("nothing of it was sent"), "{ran:?}");
    let left = server.run(&["availability", "SCARF", "--json"]).json();
    assert_eq!(left["atp_now"], 101);
}

/// Runs a command to its end while a server in this process answers it.
async fn in_background(args: &[&str]) -> Ran {
    let args: Vec<_> = args.iter().map(|arg| (*arg).to_owned()).collect();
    let ran = tokio::task::spawn_blocking(move || {
        run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    });
    ran.await.expect("no panic")
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let files = Files::new();
    let server = stocked(&files);
    let stock = files.write("again.csv", STOCK);
    server.signal("STOP");
    let commands: [&[&str]; 6] = [
        &["availability", "SCARF"],
        &["order", "show", "WEB-1"],
        &["audit"],
        &["snapshot", "list"],
        &["snapshot", "take"],
        &["import", &stock],
    ];
    for command in commands {
        let ran = server.run(&[command, &["--timeout", "100ms"]].concat());
        assert_eq!(ran.code, 14, "{ran:?}");
        assert!(ran.stderr.contains("not done within 100ms"), "{ran:?}");
    }
    server.signal("CONT");
    let patient = server.run(&["availability", "SCARF", "--timeout", "60"]);
    assert_eq!(patient.code, 0, "{patient:?}");
}

#[test]
fn what_goes_into_a_pipe_has_no_colour() {
    let files = Files::new();
    let server = Server::start_logged(&files.data());
    let imported = import(&server, &files, "items.csv", ITEMS);
    let logged = server.killed();
    for text in [&imported.stdout, &imported.stderr, &logged] {
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }
    assert!(logged.contains("listening"), "{logged}");
}

/// Who may have what is stated by a file: safety stock of channels, segments, and a pair off sourcing.
#[test]
fn terms_are_read_and_hold() {
    let files = Files::new();
    let server = stocked(&files);
    let atp = |channel: &str| {
        let ran = server.run(&["availability", "SCARF", "--channel", channel, "--json"]);
        ran.json()["atp_now"].as_u64().expect("units")
    };
    let header = "sku,node_id,off_sourcing,channel_safety,segments\n";
    let row = "SCARF,RENO,,web:10; fax:100,\"vip=app,club:30%; web:25 borrows\"\n";
    let ran = import(&server, &files, "terms.csv", &format!("{header}{row}"));
    assert_eq!((ran.code, file(&ran)["applied"].as_u64()), (0, Some(1)), "{ran:?}");
    assert_eq!(["app", "web", "fax", "shop"].map(atp), [30, 60, 0, 45]);
    // What it says of all terms is refused whole, and told with its column.
    let over = "SCARF,RENO,,,vip:60%; web:50%\nSCARF,RENO,,,\nSCARF,RENO,,web,web:half\n";
    let refused = import(&server, &files, "over.csv", &format!("{header}{over}"));
    assert_eq!((refused.code, file(&refused)["applied"].as_u64()), (1, Some(0)), "{refused:?}");
    for told in ["kept_basis_points", "all other terms", "channel_safety", "web:half"] {
        assert!(refused.stderr.contains(told), "{told}: {refused:?}");
    }
    assert_eq!(atp("app"), 30);
    let off = "{\"sku\": \"SCARF\", \"node_id\": \"RENO\", \"off_sourcing\": true}\n";
    assert_eq!(import(&server, &files, "off.jsonl", off).code, 0);
    assert_eq!(atp("app"), 0);
    let none = format!("{header}SCARF,RENO,false,none,none\n");
    assert_eq!(import(&server, &files, "none.csv", &none).code, 0);
    assert_eq!(atp("app"), 100);
}

/// Files of a vendor overtake each other: what it stated last is what it has.
#[test]
fn a_vendor_file_that_is_older_than_the_last_one_is_told_row_by_row() {
    let files = Files::new();
    let server = stocked(&files);
    let vendor = "VENDOR,supplier,,60601,America/Chicago,mon-fri,,,,,\n";
    let (header, _) = NODES.split_once('\n').expect("a header");
    let ran = import(&server, &files, "vendor.csv", &format!("{header}\n{vendor}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    let atp = || {
        let ran = server.run(&["availability", "SCARF", "--json"]);
        ran.json()["atp_now"].as_u64().expect("units")
    };
    let header = "sku,node_id,vendor_feed,vendor_feed_as_of\n";
    let feed = |name: &str, row: &str| import(&server, &files, name, &format!("{header}{row}\n"));
    let ran = feed("new.csv", "SCARF,VENDOR,40,2026-01-02T00:00:00Z");
    assert_eq!((ran.code, atp()), (0, 140), "{ran:?}");
    let ran = feed("old.csv", "SCARF,VENDOR,90,2026-01-01T00:00:00Z");
    assert_eq!((ran.code, atp()), (1, 140), "{ran:?}");
    for told in ["VENDOR_FEED_OUTDATED", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] {
        assert!(ran.stderr.contains(told), "{told}: {ran:?}");
    }
    // One from the future names its column.
    let ran = feed("ahead.csv", "SCARF,VENDOR,90,2099-01-01T00:00:00Z");
    assert_eq!((ran.code, atp()), (1, 140), "{ran:?}");
    assert!(ran.stderr.contains("vendor_feed") && ran.stderr.contains("2099-01-01"), "{ran:?}");
    assert_eq!((feed("undated.csv", "SCARF,VENDOR,50,").code, atp()), (0, 150));
}
