//! Tables: who may have the units of a pair.

use super::*;
use crate::model::stock::{ChannelSafety, Kept, PairTerms, Segment, Segments, Shares};

const AT: Timestamp = Timestamp::from_micros(1_000);

fn text(text: &str) -> Text {
    Text::new("channel", text).unwrap()
}

fn withheld(from: &[(&str, u32)]) -> PairTerms {
    let safety =
        |(channel, units): &(&str, u32)| ChannelSafety { channel: text(channel), units: *units };
    PairTerms { channel_safety: from.iter().map(safety).collect(), ..PairTerms::default() }
}

fn set(terms: PairTerms) -> StockOperation {
    StockOperation::SetTerms(Box::new(terms))
}

#[test]
fn terms_are_stated_whole_and_what_they_say_already_changes_nothing() {
    let web = withheld(&[("web", 7)]);
    let shut = PairTerms { off_sourcing: true, ..PairTerms::default() };
    let mut table = Table::default();
    for (terms, expected) in [
        (PairTerms::default(), None),
        (web.clone(), Some(&web)),
        (web.clone(), None),
        (shut.clone(), Some(&shut)),
        (PairTerms::default(), Some(&PairTerms::default())),
        (PairTerms::default(), None),
    ] {
        let change = decide(&table, &set(terms.clone())).unwrap();
        let said = expected
            .map_or(StockChange::Unchanged, |terms| StockChange::Termed(Box::new(terms.clone())));
        assert_eq!(change, said, "{terms:?}");
        table = table.then(&StockEffect::Change { change, serves: Serves::Backlog });
        assert_eq!(table.stock.terms().cloned().unwrap_or_default(), terms);
    }
}

#[test]
fn a_channel_may_have_what_is_free_beyond_what_is_withheld_from_it() {
    let terms = withheld(&[("web", 7), ("shop", 0)]);
    for (channel, free, expected) in [
        (Some("web"), 9, 2),
        (Some("web"), 7, 0),
        (Some("web"), 5, 0),
        (Some("web"), -1, -1),
        (Some("shop"), 5, 5),
        (Some("fax"), 5, 5),
        (Some("we"), 5, 5),
        (None, 5, 5),
    ] {
        assert_eq!(
            terms.may_have(terms.audience(channel), (free, &Shares::default()), AT),
            expected,
            "{channel:?}, {free} free"
        );
    }
}

fn share(channel: &str, kept: Kept, borrows: bool) -> Segment {
    let name = text(channel);
    Segment { channels: vec![name.clone()], name, kept, borrows, until: None }
}

fn shared(segments: Vec<Segment>) -> PairTerms {
    PairTerms { segments: Segments(segments), ..PairTerms::default() }
}

#[test]
fn what_a_segment_keeps_is_its_channels_and_what_it_has_counts() {
    let terms = shared(vec![
        share("web", Kept::Units(6), true),
        share("fax", Kept::BasisPoints(2_000), false),
    ]);
    // Of ten good units: what each has, what is free, and what each may have.
    for (used, free, web, fax, others) in [
        ([0, 0], 10, 8, 2, 2),
        ([4, 0], 6, 4, 2, 2),
        ([8, 0], 2, 0, 2, 0),
        ([0, 2], 8, 8, 0, 2),
        ([0, 1], 9, 8, 1, 2),
        ([7, 0], 3, 1, 2, 1),
        // Too little for both: it is the first one's.
        ([0, 0], 6, 6, 0, 0),
        ([0, 0], 7, 6, 1, 0),
        // A count found fewer than are promised.
        ([0, 0], -2, -2, -2, -2),
    ] {
        let mut shares = Shares { good: 10, ..Shares::default() };
        shares.used[..2].copy_from_slice(&used);
        let may = [Some("web"), Some("fax"), None].map(|channel| {
            let audience = terms.audience(channel);
            terms.may_have(audience, (free, &shares), AT)
        });
        assert_eq!(may, [web, fax, others], "{used:?} of ten, {free} free");
    }
}

#[test]
fn a_segment_counts_until_it_is_released() {
    let mut web = share("web", Kept::Units(6), false);
    web.until = Some(AT);
    let terms = shared(vec![web]);
    let shares = Shares { good: 10, ..Shares::default() };
    let before = Timestamp::from_micros(AT.as_micros() - 1);
    let may = |channel, at| terms.may_have(terms.audience(channel), (10, &shares), at);
    assert_eq!([may(Some("web"), before), may(None, before)], [6, 4]);
    assert_eq!([may(Some("web"), AT), may(None, AT)], [10, 10]);
}

#[test]
fn segments_are_within_bounds_and_sum_up_to_the_whole_at_most() {
    let part = |channel, part| share(channel, Kept::BasisPoints(part), true);
    let nobodys = Segment { channels: Vec::new(), ..share("web", Kept::Units(1), true) };
    let many: Vec<String> = (0..17).map(|no| format!("c{no}")).collect();
    let of_many = Segment {
        channels: many.iter().map(|name| text(name)).collect(),
        ..share("web", Kept::Units(1), true)
    };
    let nine = many[..9].iter().map(|name| share(name, Kept::Units(0), true)).collect();
    for (segments, expected) in [
        (vec![part("web", 6_000), part("shop", 4_000)], vec![]),
        (
            vec![part("web", 6_000), part("shop", 4_001)],
            vec!["segments.kept_basis_points: \"10001\" is not within 0 to 10000"],
        ),
        (
            vec![part("web", 0)],
            vec!["segments[0].kept_basis_points: \"0\" is not within 1 to 10000"],
        ),
        (
            vec![part("web", 1), part("web", 1)],
            vec![
                "segments[1].name: \"web\" is given twice",
                "segments[1].channels[0]: \"web\" is given twice",
            ],
        ),
        (
            vec![share("", Kept::Units(1_000_000_001), true)],
            vec![
                "segments[0].name: \"\" is required",
                "segments[0].channels[0]: \"\" is required",
                "segments[0].kept_units: \"1000000001\" is not within 0 to 1000000000",
            ],
        ),
        (vec![nobodys], vec!["segments[0].channels: \"\" is required"]),
        (vec![of_many], vec!["segments[0].channels: \"17\" has more than 16 entries"]),
        (nine, vec!["segments: \"9\" has more than 8 entries"]),
    ] {
        let found = set(shared(segments.clone())).validate().err().unwrap_or_default();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{segments:?}");
    }
}

#[test]
fn terms_are_within_bounds_and_name_each_channel_once() {
    let many: Vec<String> = (0..17).map(|no| format!("c{no}")).collect();
    let many: Vec<(&str, u32)> = many.iter().map(|name| (name.as_str(), 1)).collect();
    for (terms, expected) in [
        (withheld(&[]), vec![]),
        (withheld(&[("web", 0), ("shop", 1_000_000_000)]), vec![]),
        (withheld(&many[..16]), vec![]),
        (withheld(&many), vec!["channel_safety: \"17\" has more than 16 entries"]),
        (withheld(&[("", 1)]), vec!["channel_safety[0].channel: \"\" is required"]),
        (
            withheld(&[("web", 1), ("shop", 1), ("web", 1_000_000_001)]),
            vec![
                "channel_safety[2].channel: \"web\" is given twice",
                "channel_safety[2].units: \"1000000001\" is not within 0 to 1000000000",
            ],
        ),
    ] {
        let found = set(terms.clone()).validate().err().unwrap_or_default();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{terms:?}");
    }
}
