//! What a node has to do, on the command line and on paper.

use super::desk::served;
use super::program::{Ran, Server};

fn work(server: &Server, args: &[&str]) -> Ran {
    server.run(&[&["work"], args].concat())
}

/// How many shipments of the days of a load are to be picked.
fn to_pick(load: &Ran) -> u64 {
    let load = load.json();
    let days = load["days"].as_array().expect("days").iter();
    days.map(|day| day["work"]["to_pick"].as_u64().expect("a count")).sum()
}

#[test]
fn the_days_of_a_node_say_how_far_its_shipments_are() {
    let (_files, server) = served();
    let load = |args: &[&str]| work(&server, &[&["load", "RENO"], args].concat());
    let month = load(&["--days", "30", "--json"]);
    assert_eq!((month.code, to_pick(&month)), (0, 2), "{month:?}");
    assert_eq!(month.json()["days"].as_array().map(Vec::len), Some(30));
    let shown = load(&["--days", "30"]);
    assert!(!shown.stdout.contains("before"), "{shown:?}");
    // Seen from a later day, they are overdue.
    let later = load(&["--from", "2100-01-04", "--days", "1", "--json"]);
    assert_eq!((to_pick(&later), &later.json()["overdue"]["to_pick"]), (0, &2.into()), "{later:?}");
    let later = load(&["--from", "2100-01-04", "--days", "1"]);
    let row = |name: &str| later.stdout.find(name).expect("its row");
    assert!(row("before") < row("2100-01-04"), "{later:?}");
    for wrong in [["--days", "0"], ["--days", "367"], ["--from", "soon"]] {
        assert_eq!(load(&wrong).code, 2, "{wrong:?}");
    }
    let unknown = work(&server, &["load", "NOWHERE"]);
    assert_eq!(unknown.code, 9, "{unknown:?}");
    assert!(unknown.stderr.contains("NODE_NOT_FOUND"), "{unknown:?}");
}

#[test]
fn what_is_on_hold_is_told_and_on_no_pick_list() {
    let (_files, server) = served();
    let held = server.run(&["order", "hold", "WEB-1", "H-1", "--kind", "fraud"]);
    assert_eq!(held.code, 0, "{held:?}");
    let listed = work(&server, &["list", "RENO"]);
    let of = |id: &str| listed.stdout.lines().find(|line| line.contains(id)).expect("its line");
    assert!(of("WEB-1").contains("on hold"), "{listed:?}");
    assert!(!of("WEB-3").contains("on hold"), "{listed:?}");
    let listed = work(&server, &["list", "RENO", "--json"]).json();
    assert_eq!(listed["orders_left_out"], 0, "{listed:#}");
    let on_hold = |at: usize| listed["shipments"][at]["on_hold"].as_bool();
    assert_eq!([on_hold(0), on_hold(1)], [Some(true), Some(false)], "{listed:#}");
    let list = work(&server, &["pick-list", "RENO"]);
    assert_eq!(list.code, 0, "{list:?}");
    assert!(list.stdout.contains("WEB-3/1") && !list.stdout.contains("WEB-1/"), "{list:?}");
}

#[test]
fn pick_lists_and_packing_slips_are_written_where_they_are_wanted() {
    let (files, server) = served();
    let list = work(&server, &["pick-list", "RENO"]);
    assert_eq!(list.code, 0, "{list:?}");
    assert!(list.stdout.starts_with("<!DOCTYPE html>"), "{list:?}");
    assert!(list.stdout.contains("<td>SCARF</td><td>Silk scarf</td><td class=\"n\">3</td>"));
    let path = files.write("pick.html", "an older list");
    let one = work(&server, &["pick-list", "RENO", "--limit", "1", "--out", &path]);
    assert_eq!((one.code, &*one.stdout), (0, ""), "{one:?}");
    let html = std::fs::read_to_string(&path).expect("it is written");
    assert!(html.contains("1 more shipments are on no page of this list"), "{html}");
    assert!(html.starts_with("<!DOCTYPE html>") && !html.contains("older"), "{html}");

    let slip = work(&server, &["packing-slip", "WEB-3"]);
    assert_eq!(slip.code, 0, "{slip:?}");
    assert!(slip.stdout.contains("WEB-3") && slip.stdout.contains("Silk scarf"), "{slip:?}");
    let path = files.write("slip.html", "");
    assert_eq!(work(&server, &["packing-slip", "WEB-3", "1", "--out", &path]).code, 0);
    assert_eq!(std::fs::read_to_string(&path).expect("it is written"), slip.stdout);
    let nowhere = files.write("none", "a file is no directory") + "/slip.html";
    assert_ne!(work(&server, &["packing-slip", "WEB-3", "--out", &nowhere]).code, 0);
    for unknown in
        [&["packing-slip", "WEB-9"][..], &["packing-slip", "WEB-3", "2"], &["pick-list", "X"]]
    {
        let refused = work(&server, unknown);
        assert_eq!(refused.code, 9, "{refused:?}");
        assert!(refused.stderr.contains("NOT_FOUND"), "{refused:?}");
    }
    assert_eq!(work(&server, &["pick-list", "RENO", "--limit", "201"]).code, 9);
}
