//! What a desk and a node do with an order on the command line.

use backstock_proto::v1::{
    DeclineReason, DeclineShipmentRequest, fulfillment_service_client::FulfillmentServiceClient,
};

use super::program::{Ran, Server};
use super::{Files, import, in_a_month};

pub(super) fn served() -> (Files, Server) {
    let files = Files::new();
    let server = Server::start(&files.data());
    import(&server, &files);
    (files, server)
}

fn order(server: &Server, args: &[&str]) -> Ran {
    server.run(&[&["order"], args].concat())
}

fn token(quoted: &Ran) -> String {
    assert_eq!(quoted.code, 0, "{quoted:?}");
    quoted.json()["change_token"].as_str().expect("a token").to_owned()
}

fn lines(shown: &Ran) -> Vec<(String, u64)> {
    let shown = shown.json();
    let lines = shown["lines"].as_array().expect("lines").iter();
    let open = |line: &serde_json::Value| line["allocated"].as_u64().expect("a count");
    lines.map(|line| (line["sku"].as_str().expect("a name").to_owned(), open(line))).collect()
}

#[test]
fn a_change_is_read_before_it_is_committed_and_committed_as_it_was_read() {
    let (_files, server) = served();
    let change = ["change", "WEB-1", "--set", "1=1", "--add", "BLOUSE=1", "--note", "ring twice"];
    let amount = ["--amount", "1=500", "--currency", "EUR"];
    let read = order(&server, &[&change[..], &amount].concat());
    assert_eq!(read.code, 0, "{read:?}");
    for told in
        ["WEB-1 would be changed", "new", "500 minor units of EUR, not 0", "order commit WEB-1 "]
    {
        assert!(read.stdout.contains(told), "{told} is not in {}", read.stdout);
    }
    let quoted = order(&server, &[&change[..], &amount, &["--json"]].concat());
    let told = quoted.json();
    let changed = &told["changed_lines"];
    assert_eq!((&changed[0]["before"], &changed[0]["after"]), (&2.into(), &1.into()), "{told}");
    assert_eq!((&changed[1]["sku"], &changed[1]["before"]), (&"BLOUSE".into(), &().into()));
    let show = || order(&server, &["show", "WEB-1", "--json"]);
    assert_eq!(lines(&show()).len(), 2, "a quote changes nothing");

    let token = token(&quoted);
    let committed = order(&server, &["commit", "WEB-1", &token, "--json"]);
    assert_eq!((committed.code, &committed.json()["outcome"]), (0, &"committed".into()));
    let expected = [("SCARF", 1), ("BLOUSE", 1), ("BLOUSE", 1)];
    assert_eq!(lines(&show()), expected.map(|(sku, units)| (sku.to_owned(), units)));
    assert_eq!(show().json()["note"], "ring twice");
    let again = order(&server, &["commit", "WEB-1", &token]);
    assert_eq!(again.code, 0, "{again:?}");
    assert!(again.stdout.contains("was changed so before"), "{again:?}");
    assert_eq!(lines(&show()).len(), 3);
}

#[test]
fn what_cannot_be_had_is_told_by_the_argument_that_asked_for_it() {
    let (_files, server) = served();
    let change = |args: &[&str]| order(&server, &[&["change", "WEB-1"], args].concat());
    let refused = change(&["--set", "1=1", "--set", "9=1", "--commit"]);
    assert_eq!(refused.code, 9, "{refused:?}");
    assert!(refused.stdout.contains("--set 9=1: "), "{refused:?}");
    assert!(refused.stdout.contains("LINE_NOT_FOUND"), "{refused:?}");
    let short = change(&["--add", "SCARF=100", "--json"]);
    assert_eq!((short.code, &short.json()["change_token"]), (9, &"".into()));
    assert!(short.stdout.contains("CHANGE_SHORT"), "{short:?}");
    let wrong: [&[&str]; 5] = [
        &[],
        &["--set", "0=1"],
        &["--add", "SCARF"],
        &["--swap", "1=SCARF"],
        &["--amount", "1=much", "--currency", "EUR"],
    ];
    for wrong in wrong {
        assert_eq!(change(wrong).code, 2, "{wrong:?}");
    }
    let no_currency = change(&["--amount", "1=5"]);
    assert_eq!(no_currency.code, 9, "{no_currency:?}");
    assert!(no_currency.stderr.contains("currency_code"), "{no_currency:?}");
}

#[test]
fn a_change_that_was_overtaken_is_quoted_anew_and_changes_nothing() {
    let (_files, server) = served();
    let overtaken = token(&order(&server, &["change", "WEB-1", "--set", "1=0", "--json"]));
    let sooner = order(&server, &["change", "WEB-1", "--set", "1=1", "--commit"]);
    assert_eq!(sooner.code, 0, "{sooner:?}");
    assert!(sooner.stdout.starts_with("WEB-1 is changed\n"), "{sooner:?}");
    let anew = order(&server, &["commit", "WEB-1", &overtaken, "--json"]);
    assert_eq!((anew.code, &anew.json()["outcome"]), (9, &"quoted_anew".into()), "{anew:?}");
    let quote = &anew.json()["quote"];
    assert_eq!(quote["changed_lines"][0]["before"], 1, "{quote}");
    let token = quote["change_token"].as_str().expect("a token");
    assert_eq!(order(&server, &["commit", "WEB-3", token]).code, 9, "it is of another order");
    assert_eq!(order(&server, &["commit", "WEB-1", "no token"]).code, 2);
    let committed = order(&server, &["commit", "WEB-1", token]);
    assert_eq!(committed.code, 0, "{committed:?}");
    assert_eq!(lines(&order(&server, &["show", "WEB-1", "--json"]))[0].1, 0);
}

#[test]
fn an_order_is_put_on_hold_and_goes_on() {
    let (_files, server) = served();
    let hold = ["hold", "WEB-1", "H-1", "--kind", "fraud", "--owner", "risk"];
    let checked = order(&server, &[&hold[..], &["--validate-only"]].concat());
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(!checked.stdout.contains("H-1"), "{checked:?}");
    let until = format!("{}T18:00:00Z", in_a_month());
    let held = order(&server, &[&hold[..], &["--stock-until", &until]].concat());
    let told = format!("H-1 (fraud, risk); its units are kept until {until}");
    assert!(held.stdout.contains(&told), "{held:?}");
    let shown = order(&server, &["show", "WEB-1", "--json"]).json();
    assert_eq!(shown["holds"][0]["stock_until"], until);
    let released = order(&server, &["release-hold", "WEB-1", "H-1", "--reason", "cleared"]);
    assert_eq!(released.code, 0, "{released:?}");
    assert!(!released.stdout.contains("H-1"), "{released:?}");
    let again = order(&server, &["release-hold", "WEB-1", "H-1"]);
    assert_eq!(again.code, 9, "{again:?}");
    assert!(again.stderr.contains("ORDER_HOLD_NOT_FOUND"), "{again:?}");
    assert_eq!(order(&server, &["hold", "WEB-1", "H-2", "--kind", "mood"]).code, 2);
}

#[test]
fn a_shipment_is_claimed_by_one_picker_until_he_gives_it_up() {
    let (_files, server) = served();
    let claim = |args: &[&str]| server.run(&[&["work", "claim", "WEB-3"], args].concat());
    let first = claim(&["--owner", "scanner-7", "--lease", "5m"]);
    let told = "scanner-7 has shipment 1 of WEB-3 for 300 seconds\n";
    assert_eq!((first.code, &*first.stdout), (0, told), "{first:?}");
    let listed = server.run(&["work", "list", "RENO"]);
    assert!(listed.stdout.contains("scanner-7"), "{listed:?}");
    let second = claim(&["1", "--owner", "scanner-8"]);
    assert_eq!(second.code, 9, "{second:?}");
    assert!(second.stderr.contains("SHIPMENT_CLAIMED"), "{second:?}");
    assert_eq!(claim(&["--owner", "scanner-7", "--give-up"]).code, 0);
    let second = claim(&["1", "--owner", "scanner-8", "--json"]);
    assert_eq!(second.json()["lease_seconds"], 900);
    for wrong in [&["--lease", "500ms"][..], &["--lease", "soon"], &["--lease", "5m", "--give-up"]]
    {
        assert_eq!(claim(&[&["--owner", "x"], wrong].concat()).code, 2, "{wrong:?}");
    }
}

const STORES: &str = "\
node_id,kind,postal_code,time_zone,working_days,cut_off,offers_pickup
SHOP,store,10001,America/New_York,mon tue wed thu fri sat,13:00,true
DEPOT,warehouse,89506,America/Los_Angeles,mon tue wed thu fri,15:00,false
";

const PICKUP: &str = "\
order_id,pickup_node_id,sku,quantity
PICK-1,SHOP,SCARF,1
";

/// The store declines what the customer was to collect there.
fn decline(server: &Server) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let client = FulfillmentServiceClient::connect(format!("http://{}", server.addr)).await;
        let request = DeclineShipmentRequest {
            order_id: "PICK-1".into(),
            shipment_number: 1,
            reason: DeclineReason::NotFound.into(),
            ..DeclineShipmentRequest::default()
        };
        client.expect("a server").decline_shipment(request).await.expect("it is declined");
    });
}

/// Two nodes, of which the store offers pickup, and what the orders of a file ask of them.
fn two_nodes(orders: &str) -> (Files, Server) {
    let files = Files::new();
    let server = Server::start(&files.data());
    let names = [
        files.write("nodes.csv", STORES),
        files.write("items.csv", "sku,title\nSCARF,Silk scarf\n"),
        files.write("stock.csv", "sku,node_id,on_hand\nSCARF,SHOP,1\nSCARF,DEPOT,5\n"),
        files.write("orders.csv", orders),
    ];
    let names = names.iter().map(String::as_str);
    let imported = server.run(&std::iter::once("import").chain(names).collect::<Vec<_>>());
    assert_eq!(imported.code, 0, "{imported:?}");
    (files, server)
}

#[test]
fn an_order_goes_elsewhere_and_leaves_from_elsewhere_as_its_desk_asks() {
    let (_files, server) =
        two_nodes("order_id,destination_postal_code,sku,quantity\nWEB-1,10001,SCARF,1\n");
    let change = |args: &[&str]| order(&server, &[&["change", "WEB-1"], args].concat());
    let shown = || order(&server, &["show", "WEB-1", "--json"]).json();
    let node = |of: &serde_json::Value| {
        let shipments = of["shipments"].as_array().expect("shipments").iter();
        let open = shipments.filter(|of| of["state"] == "planned");
        open.map(|of| of["node_id"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(node(&shown()), ["SHOP"]);

    let moved = change(&["--move", "1=DEPOT", "--reason", "the store closes"]);
    assert_eq!(moved.code, 0, "{moved:?}");
    for told in ["DEPOT", "sourcing has it cost ", ", not "] {
        assert!(moved.stdout.contains(told), "{told} is not in {}", moved.stdout);
    }
    // Sourcing proposes the only other one.
    let by_ann = ["--actor", "Ann", "--via", "phone", "--reason", "the store closes"];
    assert_eq!(change(&[&["--move", "1", "--commit"], &by_ann[..]].concat()).code, 0);
    let story = order(&server, &["timeline", "WEB-1"]);
    for told in ["Ann", "phone", "the store closes"] {
        assert!(story.stdout.contains(told), "{told} is not in {}", story.stdout);
    }
    assert_eq!(node(&shown()), ["DEPOT"]);

    let far = change(&["--postal-code", "89506", "--country", "US", "--deliver-by", "2100-01-04"]);
    assert_eq!(far.code, 0, "{far:?}");
    for told in ["to          89506, US", "wanted by   2100-01-04"] {
        assert!(far.stdout.contains(told), "{told} is not in {}", far.stdout);
    }
    let collected = change(&["--pickup", "SHOP", "--only-stock-there", "--commit"]);
    assert_eq!(collected.code, 0, "{collected:?}");
    assert!(collected.stdout.contains("pickup at   SHOP, of its own stock alone"), "{collected:?}");
    assert_eq!(node(&shown()), ["SHOP"]);
    let unknown = change(&["--service", "rocket"]);
    assert_eq!(unknown.code, 9, "{unknown:?}");
    assert!(unknown.stderr.contains("rocket"), "{unknown:?}");
    let wrong: [&[&str]; 6] = [
        &["--pickup", "SHOP", "--postal-code", "10001"],
        &["--country", "US"],
        &["--only-stock-there", "--note", "x"],
        &["--move", "1="],
        &["--deliver-by", "tomorrow"],
        &["--note", "x", "--actor", ""],
    ];
    for wrong in wrong {
        assert_eq!(change(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_wave_is_looked_at_released_and_not_released_again() {
    let (_files, server) = served();
    let release = |args: &[&str]| server.run(&[&["work", "release"], args].concat());
    let seen = release(&["RENO", "--dry-run"]);
    assert_eq!(seen.code, 0, "{seen:?}");
    assert!(seen.stdout.starts_with("2 would be released, 0 left\n"), "{seen:?}");
    let once = ["RENO", "--limit", "1", "--request-id", "W-1", "--json"];
    let first = release(&once);
    assert_eq!((first.code, &first.json()["left"]), (0, &1.into()), "{first:?}");
    assert_eq!(release(&once).json()["shipments"], first.json()["shipments"], "the same wave");
    let rest = release(&["--kind", "warehouse", "--service", "standard", "--class", "win"]);
    assert!(rest.stdout.starts_with("0 released, 0 left\n"), "{rest:?}");
    let rest = release(&["--kind", "warehouse", "--ship-by", "2100-01-04"]);
    assert!(rest.stdout.starts_with("1 released, 0 left\n"), "{rest:?}");
    for wrong in
        [&[][..], &["RENO", "--kind", "store"], &["--kind", "shed"], &["RENO", "--class", "x"]]
    {
        assert_eq!(release(wrong).code, 2, "{wrong:?}");
    }
}

#[test]
fn a_customer_who_was_asked_waits_for_his_units() {
    let (_files, server) = two_nodes(PICKUP);
    let too_early = order(&server, &["resolve-decline", "PICK-1", "1"]);
    assert_eq!(too_early.code, 9, "{too_early:?}");
    assert!(too_early.stderr.contains("CUSTOMER_NOT_ASKED"), "{too_early:?}");
    decline(&server);
    let shown = order(&server, &["show", "PICK-1"]);
    assert!(shown.stdout.contains("the customer is asked"), "{shown:?}");
    let shown = order(&server, &["show", "PICK-1", "--json"]).json();
    let asked = shown["shipments"].as_array().expect("shipments").iter();
    let asked = asked.filter(|of| of["customer_asked"] == true).map(|of| of["number"].to_string());
    let [number] = &asked.collect::<Vec<_>>()[..] else { panic!("{shown:#}") };
    let resolved = order(&server, &["resolve-decline", "PICK-1", number, "--json"]);
    assert_eq!(resolved.code, 0, "{resolved:?}");
    let moved = resolved.json()["shipments"]
        .as_array()
        .expect("shipments")
        .iter()
        .any(|of| of["node_id"] == "DEPOT" && of["lines"][0]["quantity"] == 1);
    assert!(moved, "{resolved:?}");
}
