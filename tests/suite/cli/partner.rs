//! What somebody has to look at of what partners said, on the command line.

use std::fs;

use super::desk::served;

/// Goods that nobody knows are listed, let go in part, and are of a return in the end; messages in quarantine are
/// listed beside them.
#[test]
fn goods_of_nobody_are_listed_matched_and_let_go() {
    let (files, server) = served();
    let partner = |args: &[&str]| server.run(&[&["partner"], args].concat());
    assert_eq!(partner(&["define", "3pl-7", "--node", "RENO"]).code, 0);
    let file = files.data().with_file_name("messages.jsonl");
    let message = |seq: u32, kind: &str, subject: &str, lines: &str| {
        format!(
            r#"{{"sender":"3pl-7","seq":{seq},"id":"m-{seq}","type":"{kind}","occurred_at":"2026-01-02T03:04:05Z","node":"RENO","subject":{subject},"revision":1,"lines":[{lines}]}}"#
        )
    };
    let blind = message(1, "return_receipt", r#"{"rma":"BOX"}"#, r#"{"sku":"SCARF","received":3}"#);
    let unknown = message(2, "receipt", r#"{"inbound":"PO-9"}"#, r#"{"sku":"SCARF","received":3}"#);
    fs::write(&file, format!("{blind}\n{unknown}\n")).expect("it is written");
    let sent = partner(&["send", "3pl-7", file.to_str().expect("a path")]);
    assert_eq!(sent.code, 1, "one is in quarantine: {sent:?}");

    let listed = partner(&["gaps", "--json"]);
    let kinds: Vec<_> = listed.json()["gaps"].as_array().expect("a list").clone();
    let kinds: Vec<_> = kinds.iter().map(|of| of["kind"].as_str().expect("a word")).collect();
    assert_eq!(kinds, ["unmatched", "quarantined"], "{listed:?}");
    let text = partner(&["gaps", "3pl-7"]);
    for told in ["--rma BOX", "3 SCARF", "m-2", "unknown_subject", "RENO"] {
        assert!(text.stdout.contains(told), "{told} is not in {}", text.stdout);
    }

    let some = ["dispose", "3pl-7", "--rma", "BOX", "--as", "restock", "--reason", "found"];
    let key = ["--line", "SCARF=1", "--request-id", "K"];
    let ungraded = partner(&[&some[..], &key].concat());
    assert!(ungraded.code != 0 && ungraded.stderr.contains("grade"), "{ungraded:?}");
    for _ in 0..2 {
        let sold = partner(&[&some[..], &key, &["--grade", "a"]].concat());
        assert_eq!(sold.code, 0, "{sold:?}");
        assert!(partner(&["gaps"]).stdout.contains("2 SCARF"));
    }
    let without_key = partner(&[&some[..], &["--grade", "a", "--line", "SCARF=1"]].concat());
    assert_eq!(without_key.code, 2, "nobody knows whether it was said twice");
    let nothing = partner(&["dispose", "3pl-7", "--as", "scrap", "--reason", "x"]);
    assert_eq!(nothing.code, 2, "no goods are named");
    let wrong = ["match", "3pl-7", "--rma", "BOX", "--to-order", "WEB-1", "--to-return", "R"];
    let unknown = partner(&wrong);
    assert!(unknown.code != 0 && unknown.stderr.contains("RETURN_NOT_FOUND"), "{unknown:?}");
    let gone = ["dispose", "3pl-7", "--rma", "BOX", "--as", "scrap", "--reason", "wet"];
    assert_eq!(partner(&gone).code, 0);
    assert_eq!(partner(&gone).code, 0, "said again");
    assert!(!partner(&["gaps"]).stdout.contains("BOX"));
}
