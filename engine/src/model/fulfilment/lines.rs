//! Units by line, as events have them: an array of line and units, one after the other.

use crate::model::stock::LineUnits;

pub(super) fn encode<C, W: minicbor::encode::Write>(
    lines: &LineUnits,
    e: &mut minicbor::Encoder<W>,
    _: &mut C,
) -> Result<(), minicbor::encode::Error<W::Error>> {
    e.array(2 * lines.len() as u64)?;
    for (line, units) in lines {
        e.u16(*line)?.u32(*units)?;
    }
    Ok(())
}

pub(super) fn decode<C>(
    d: &mut minicbor::Decoder<'_>,
    _: &mut C,
) -> Result<LineUnits, minicbor::decode::Error> {
    let at = d.position();
    let length = d.array()?.filter(|length| length % 2 == 0);
    let length =
        length.ok_or_else(|| minicbor::decode::Error::message("lines are pairs").at(at))?;
    (0..length / 2).map(|_| Ok((d.u16()?, d.u32()?))).collect()
}
