//! What a 945 says is short: only what does not follow later.

use super::golden::GOLDEN;
use super::messages;
use crate::partner::contract::Body;

/// How many of `SCARF` will not leave, by its line.
fn short(line: &str) -> u32 {
    let (_, file, _) = GOLDEN.into_iter().find(|(name, ..)| *name == "945").expect("a 945");
    let all = messages(&file.replace("W12*CP*3*1*2*EA**VN*SCARF~", line));
    let Body::Shipment(shipment) = &all[0].body else { panic!("{all:?}") };
    let scarf = shipment.lines.iter().find(|of| of.sku.as_str() == "SCARF");
    scarf.expect("a line").short
}

#[test]
fn what_follows_later_is_not_short() {
    let rows = [
        ("W12*CP*3*1*2*EA**VN*SCARF~", 2, "it is said"),
        ("W12*CP*3*1**EA**VN*SCARF~", 2, "nothing follows"),
        ("W12*CC*3*1*2*EA**VN*SCARF~", 2, "it is said"),
        ("W12*CC*3*1**EA**VN*SCARF~", 0, "nobody says that nothing follows"),
        ("W12*BP*3*1*2*EA**VN*SCARF~", 0, "the rest follows"),
        ("W12*BP*3*1**EA**VN*SCARF~", 0, "the rest follows"),
        ("W12*PR*3*1*2*EA**VN*SCARF~", 0, "the rest follows"),
        ("W12**3*1**EA**VN*SCARF~", 0, "nobody says anything"),
    ];
    for (line, wanted, why) in rows {
        assert_eq!(short(line), wanted, "{line}: {why}");
    }
}
