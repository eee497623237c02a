//! Rows of terms: who may have the units of a SKU at a node.

use backstock_proto::v1;
use backstock_proto::v1::segment::Kept;
use jiff::Timestamp;

use super::node;
use crate::client::words;
use crate::import::record::{Bad, Columns, Record};

/// Says that there is none, where an empty cell says nothing.
const NONE: &str = "none";

/// What a message says that units withheld from channels should have been.
const SAFETY: &str = "channels and units, as \"web:5; shop:2\", or none";

/// What a message says that segments should have been.
const SEGMENTS: &str =
    "segments, as \"vip=app,club:30% borrows; web:25 until 2026-12-01T08:00:00Z\", or none";

/// The terms of a pair, which a row states whole: what it leaves out is none.
pub(super) fn terms(record: &Record) -> Result<v1::SetStockTermsRequest, Vec<Bad>> {
    let mut columns = Columns::new(record);
    if ["off_sourcing", "channel_safety", "segments"].iter().all(|n| record.text(n).is_none()) {
        let all = "is empty, and so are all other terms; none says that there are none";
        columns.wrong("segments", all.to_owned());
    }
    let off_sourcing = columns.parsed("off_sourcing", "true or false", node::truth);
    let terms = v1::StockTerms {
        off_sourcing: off_sourcing.unwrap_or_default(),
        channel_safety: columns.parsed("channel_safety", SAFETY, safeties).unwrap_or_default(),
        segments: columns.parsed("segments", SEGMENTS, segments).unwrap_or_default(),
    };
    let request = v1::SetStockTermsRequest {
        sku: columns.required("sku"),
        node_id: columns.required("node_id"),
        terms: Some(terms),
        validate_only: false,
        request_id: String::new(),
    };
    columns.finish(request)
}

fn safeties(text: &str) -> Option<Vec<v1::ChannelSafety>> {
    entries(text, |entry| {
        let (channel, units) = entry.split_once(':')?;
        let (channel, safety) = (channel.trim().to_owned(), units.trim().parse().ok()?);
        Some(v1::ChannelSafety { channel, safety })
    })
}

fn segments(text: &str) -> Option<Vec<v1::Segment>> {
    entries(text, segment)
}

/// What stands between semicolons.
fn entries<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    if text.eq_ignore_ascii_case(NONE) {
        return Some(Vec::new());
    }
    text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).map(read).collect()
}

/// A segment: its name, `=` and its channels unless it is called as its one channel, `:` and how
/// much is kept, and what else is to be said of it.
fn segment(text: &str) -> Option<v1::Segment> {
    let (whose, said) = text.split_once(':')?;
    let (name, channels) = whose.split_once('=').unwrap_or((whose, whose));
    let mut words = said.split_ascii_whitespace();
    let mut segment = v1::Segment {
        name: name.trim().to_owned(),
        channels: channels.split(',').map(|channel| channel.trim().to_owned()).collect(),
        kept: Some(kept(words.next()?)?),
        ..v1::Segment::default()
    };
    while let Some(word) = words.next() {
        match word {
            "borrows" if !segment.borrows => segment.borrows = true,
            "until" if segment.release_time.is_none() => {
                let released: Timestamp = words.next()?.parse().ok()?;
                segment.release_time = Some(words::wire_time(released));
            }
            _ => return None,
        }
    }
    Some(segment)
}

/// Units, or a part in percent with two decimals at most.
fn kept(text: &str) -> Option<Kept> {
    let Some(percent) = text.strip_suffix('%') else {
        return text.parse().ok().map(Kept::KeptUnits);
    };
    let (whole, decimals) = percent.split_once('.').unwrap_or((percent, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !is_digits(decimals) || decimals.len() > 2 {
        return None;
    }
    let part: u32 = format!("{decimals:0<2}").parse().ok()?;
    let whole: u32 = whole.parse().ok()?;
    whole.checked_mul(100)?.checked_add(part).map(Kept::KeptBasisPoints)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_says_whose_it_is_how_much_it_keeps_and_until_when() {
        let vip = v1::Segment {
            name: "vip".into(),
            channels: vec!["app".into(), "in store".into()],
            kept: Some(Kept::KeptBasisPoints(3_050)),
            borrows: true,
            release_time: None,
        };
        let release: Timestamp = "2026-12-01T08:00:00Z".parse().expect("an instant");
        let web = v1::Segment {
            name: "web".into(),
            channels: vec!["web".into()],
            kept: Some(Kept::KeptUnits(25)),
            borrows: false,
            release_time: Some(words::wire_time(release)),
        };
        let text = "vip = app, in store : 30.5% borrows; web:25 until 2026-12-01T08:00:00Z;";
        assert_eq!(segments(text), Some(vec![vip, web]));
        assert_eq!(segments("none"), Some(Vec::new()));
        for bad in ["web", "web:", "web:many", "web:1.005%", "web:%", "web:5 lends", "web:5 until"]
        {
            assert_eq!(segments(bad), None, "{bad}");
        }
    }

    #[test]
    fn units_are_withheld_from_channels() {
        let of = |channel: &str, safety| v1::ChannelSafety { channel: channel.into(), safety };
        assert_eq!(safeties("web:5; in store:2"), Some(vec![of("web", 5), of("in store", 2)]));
        for bad in ["web", "web:", "web:-1", "web:5 shop:2"] {
            assert_eq!(safeties(bad), None, "{bad}");
        }
    }
}
