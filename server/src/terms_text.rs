//! How terms are written in files and on the command line: who may have the units of a SKU at a
//! node.

use backstock_proto::v1;
use backstock_proto::v1::segment::Kept;
use jiff::Timestamp;

use crate::client::words;

/// Says that there is none, where an empty text says nothing.
const NONE: &str = "none";

/// What a message says that units withheld from channels should have been.
pub const SAFETY: &str = "channels and units, as \"web:5; shop:2\", or none";

/// What a message says that segments should have been.
pub const SEGMENTS: &str =
    "segments, as \"vip=app,club:30% borrows; web:25 until 2026-12-01T08:00:00Z\", or none";

/// Units that are withheld from channels; none if the text says no such thing.
pub fn safeties(text: &str) -> Option<Vec<v1::ChannelSafety>> {
    entries(text, |entry| {
        let (channel, units) = entry.split_once(':')?;
        let (channel, safety) = (channel.trim().to_owned(), units.trim().parse().ok()?);
        Some(v1::ChannelSafety { channel, safety })
    })
}

/// Shares that are kept for channels; none if the text says no such thing.
pub fn segments(text: &str) -> Option<Vec<v1::Segment>> {
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

/// Units that are withheld from channels, as they are read.
pub fn of_safeties(safeties: &[v1::ChannelSafety]) -> String {
    joined(safeties.iter().map(|of| format!("{}:{}", of.channel, of.safety)))
}

/// Shares that are kept for channels, as they are read.
pub fn of_segments(segments: &[v1::Segment]) -> String {
    joined(segments.iter().map(of_segment))
}

fn joined(entries: impl Iterator<Item = String>) -> String {
    let entries = entries.collect::<Vec<_>>();
    if entries.is_empty() { NONE.to_owned() } else { entries.join("; ") }
}

fn of_segment(segment: &v1::Segment) -> String {
    let v1::Segment { name, channels, kept, borrows, release_time } = segment;
    let channels = channels.join(",");
    let whose = if channels == *name { channels } else { format!("{name}={channels}") };
    let kept = match kept {
        None => "0".to_owned(),
        Some(Kept::KeptUnits(units)) => units.to_string(),
        Some(Kept::KeptBasisPoints(part)) if part % 100 == 0 => format!("{}%", part / 100),
        Some(Kept::KeptBasisPoints(part)) => {
            let decimals = format!("{:02}", part % 100);
            format!("{}.{}%", part / 100, decimals.trim_end_matches('0'))
        }
    };
    let borrows = if *borrows { " borrows" } else { "" };
    let until = words::time(release_time.as_ref()).map(|time| format!(" until {time}"));
    format!("{whose}:{kept}{borrows}{}", until.unwrap_or_default())
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

    #[test]
    fn terms_are_written_as_they_are_read() {
        for text in [
            "none",
            "web:25",
            "vip=app,in store:30.5% borrows; fax:0.05%; web:7 until 2026-12-01T08:00:00Z",
        ] {
            assert_eq!(segments(text).map(|of| of_segments(&of)).as_deref(), Some(text));
        }
        for text in ["none", "web:5; in store:2"] {
            assert_eq!(safeties(text).map(|of| of_safeties(&of)).as_deref(), Some(text));
        }
    }
}
