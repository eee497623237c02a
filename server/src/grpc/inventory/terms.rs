//! Who may have the units of a pair, as requests say it and answers show it.

use backstock_engine::model::{
    ChannelSafety, Kept, PairTerms, Rule, Segment, Segments, Text, Violation,
};
use backstock_proto::v1;
use backstock_proto::v1::segment::Kept as SaidKept;

use crate::grpc::times;
use crate::status::Violations;

/// Reads terms; none where something in them cannot be read.
pub(super) fn read(
    found: &mut Violations,
    path: &str,
    terms: &v1::StockTerms,
) -> Option<PairTerms> {
    let safety = terms.channel_safety.iter().enumerate().map(|(at, of)| {
        let path = format!("{path}.channel_safety[{at}]");
        let units = found.units(&format!("{path}.safety"), of.safety);
        let channel = found.taken(format!("{path}.channel"), text(&of.channel));
        channel.map(|channel| ChannelSafety { channel, units })
    });
    // Collected first, so that every bad one is noted.
    let safety: Vec<Option<ChannelSafety>> = safety.collect();
    let segments = terms.segments.iter().enumerate();
    let segments =
        segments.map(|(at, said)| segment(found, &format!("{path}.segments[{at}]"), said));
    let segments: Vec<Option<Segment>> = segments.collect();
    let channel_safety = safety.into_iter().collect::<Option<_>>()?;
    let segments = Segments(segments.into_iter().collect::<Option<_>>()?);
    Some(PairTerms { off_sourcing: terms.off_sourcing, channel_safety, segments })
}

fn segment(found: &mut Violations, path: &str, said: &v1::Segment) -> Option<Segment> {
    let name = found.taken(format!("{path}.name"), text(&said.name));
    let channels = said.channels.iter().enumerate();
    let channels =
        channels.map(|(at, channel)| found.taken(format!("{path}.channels[{at}]"), text(channel)));
    let channels: Vec<Option<Text>> = channels.collect();
    let kept = match said.kept {
        Some(SaidKept::KeptUnits(units)) => {
            Kept::Units(found.units(&format!("{path}.kept_units"), units))
        }
        Some(SaidKept::KeptBasisPoints(part)) => {
            let path = format!("{path}.kept_basis_points");
            Kept::BasisPoints(found.fits(&path, part.into(), 1, 10_000))
        }
        None => {
            found.breaks(&format!("{path}.kept"), "", Rule::Required);
            Kept::Units(0)
        }
    };
    let release = said.release_time.as_ref();
    let until = release.map(|at| times::instant(found, &format!("{path}.release_time"), at));
    // One that is no instant is noted.
    let until = until.flatten();
    let (channels, borrows) = (channels.into_iter().collect::<Option<_>>()?, said.borrows);
    Some(Segment { name: name?, channels, kept, borrows, until })
}

fn text(name: &str) -> Result<Text, Violation> {
    Text::new("channel", name)
}

/// Terms as answers show them.
pub(super) fn message(terms: &PairTerms) -> v1::StockTerms {
    let safety = terms.channel_safety.iter().map(|of| v1::ChannelSafety {
        channel: of.channel.as_str().to_owned(),
        safety: of.units.into(),
    });
    let segments = terms.segments.0.iter().map(segment_message).collect();
    v1::StockTerms { off_sourcing: terms.off_sourcing, channel_safety: safety.collect(), segments }
}

fn segment_message(segment: &Segment) -> v1::Segment {
    let kept = match segment.kept {
        Kept::Units(units) => SaidKept::KeptUnits(units.into()),
        Kept::BasisPoints(part) => SaidKept::KeptBasisPoints(part.into()),
    };
    v1::Segment {
        name: segment.name.as_str().to_owned(),
        channels: segment.channels.iter().map(|name| name.as_str().to_owned()).collect(),
        kept: Some(kept),
        borrows: segment.borrows,
        release_time: segment.until.map(times::timestamp),
    }
}
