use proptest::prelude::*;

use super::super::{FileFault, Party, acknowledge, read};
use super::golden::GOLDEN;
use crate::partner::contract::tests::NOW;
use crate::partner::limits::SEGMENTS_MAX;

const SHIPMENT: &str = include_str!("../../testdata/945.x12");

/// How a file is broken, and whether its envelope is, so that nothing of it is taken.
type Broken = (&'static str, fn(&str) -> String, bool);

const BROKEN: &[Broken] = &[
    ("empty", |_| String::new(), true),
    ("only a header", |file| file[..107].to_owned(), true),
    ("a header cut short", |file| file[..50].to_owned(), true),
    ("no header", |file| file[107..].to_owned(), true),
    ("no group trailer", |file| file.replace("GE*1*4711~\n", ""), true),
    ("no interchange trailer", |file| file.replace("IEA*1*000004711~\n", ""), true),
    ("another group number", |file| file.replace("GE*1*4711", "GE*1*4712"), true),
    ("another interchange number", |file| file.replace("IEA*1*000004711", "IEA*1*1"), true),
    ("a wrong count of sets", |file| file.replace("GE*1*", "GE*2*"), true),
    ("a wrong count of groups", |file| file.replace("IEA*1*", "IEA*0*"), true),
    ("a segment between groups", |file| file.replace("IEA*", "LX*1~\nIEA*"), true),
    ("something after the end", |file| format!("{file}hello"), true),
    ("no set trailer", |file| file.replace("SE*21*0001~\n", ""), false),
    ("another set number", |file| file.replace("SE*21*0001", "SE*21*0002"), false),
    ("a wrong count of segments", |file| file.replace("SE*21*", "SE*20*"), false),
    ("an unknown set", |file| file.replace("ST*945", "ST*999"), false),
    ("a set in another's group", |file| file.replace("GS*SW", "GS*RE"), false),
    ("no head", |file| file.replace("W06*F*", "W09*F*"), false),
    ("no order", |file| file.replace("W06*F*W-100", "W06*F*"), false),
    ("no node", |file| file.replace("N1*SF", "N1*BY"), false),
    ("another separator", |file| file.replace("W12*CC*2*2", "W12|CC|2|2"), false),
    ("no number", |file| file.replace("W12*CC*2*2", "W12*CC*2*two"), false),
    ("a fraction", |file| file.replace("W12*CC*2*2", "W12*CC*2*1.5"), false),
    ("a huge number", |file| file.replace("W12*CC*2*2", "W12*CC*2*99999999999999999999"), false),
    ("a negative number", |file| file.replace("W12*CC*2*2", "W12*CC*2*-2"), false),
    ("cases", |file| file.replacen("*EA*", "*CA*", 1), false),
    ("a wrong sum", |file| file.replace("W03*4*", "W03*5*"), false),
    ("no day", |file| file.replace("*20261201*1030*4711", "*20261301*1030*4711"), false),
    ("no time", |file| file.replace("*20261201*1030*4711", "*20261201*2530*4711"), false),
    ("of the future", |file| file.replace("*20261201*1030*4711", "*20270101*1030*4711"), false),
    ("no line", |file| file.replace("W12*", "W99*").replace("W03*4*", "W03*0*"), false),
    ("a sku that is not ascii", |file| file.replace("VN*SCARF", "VN*SC\u{c4}RF"), false),
];

#[test]
fn a_broken_file_is_told_and_never_taken() {
    for (how, change, is_of_file) in BROKEN {
        let file = change(SHIPMENT);
        assert_ne!(file, SHIPMENT, "{how}");
        let read = read(file.as_bytes(), NOW);
        assert_eq!(read.is_err(), *is_of_file, "{how}: {read:?}");
        for set in read.iter().flatten().flat_map(|one| &one.groups).flat_map(|of| &of.sets) {
            let faults = set.outcome.as_ref().expect_err(how);
            assert!(!faults.is_empty() && faults.iter().all(|fault| !fault.text().is_empty()));
        }
    }
}

#[test]
fn a_million_segments_are_refused() {
    let many = "W12*CC*2*2**EA**VN*A~\n".repeat(700_000);
    let file = SHIPMENT.replace("W03*4", &format!("{many}W03*4"));
    let told = read(file.as_bytes(), NOW).unwrap_err();
    assert!(matches!(told, FileFault::TooMany { max: SEGMENTS_MAX, .. }), "{told}");
}

#[test]
fn a_file_cut_short_anywhere_is_refused_whole() {
    let whole = SHIPMENT.trim_end().len() - 1;
    for end in 0..whole {
        assert!(read(&SHIPMENT.as_bytes()[..end], NOW).is_err(), "cut at {end}");
    }
}

/// Reads what may be anything, and answers what can be answered.
fn survive(bytes: &[u8]) {
    let to = Party { receiver: "X", is_test: true };
    for group in read(bytes, NOW).into_iter().flatten().flat_map(|one| one.groups) {
        let _ = acknowledge(&group, ("SHOP", 1), &to, NOW);
    }
    let _ = crate::partner::contract::read(bytes, NOW);
}

proptest! {
    #[test]
    fn random_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        survive(&bytes);
        survive(&[&SHIPMENT.as_bytes()[..107], &bytes].concat());
    }

    #[test]
    fn golden_files_with_changed_bytes_are_survived(
        of in 0..GOLDEN.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..9),
    ) {
        for text in [GOLDEN[of].1, GOLDEN[of].2] {
            let mut bytes = text.as_bytes().to_vec();
            for (at, byte, how) in &changes {
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = *byte,
                    1 => bytes.insert(at, *byte),
                    _ => { bytes.remove(at); }
                }
            }
            survive(&bytes);
        }
    }

    #[test]
    fn golden_files_with_moved_segments_are_survived(
        of in 0..GOLDEN.len(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>(),
    ) {
        let mut segments: Vec<&str> = GOLDEN[of].1.split_inclusive(['~', '\n']).collect();
        let moved = segments.remove(from.index(segments.len()));
        segments.insert(to.index(segments.len() + 1), moved);
        survive(segments.concat().as_bytes());
    }
}
