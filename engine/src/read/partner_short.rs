//! What a partner says will not leave of a shipment, as its node's answer that it does not ship it.

use std::collections::BTreeMap;

use crate::command::{DeclineShipment, ReportPartner};
use crate::limits::PARTNER_PARTS_MAX;
use crate::model::digest::fingerprint;
use crate::model::fulfilment::Content;
use crate::model::partner::{
    Fact, Judgement, Measure, Move, PartnerMessage, Subject, Topic, judge, stated,
};
use crate::model::{DeclineReason, Document, DocumentKey, LineUnits, Meta, Order, RequestId, Sku};
use crate::transaction::error::EngineError;
use crate::transaction::find::find_order;
use crate::transaction::kernel::Kernel;

/// What is declined by a message, if it says that units will not leave and counts. Units that are not in the
/// shipment any more were declined, or cancelled, by somebody else.
///
/// # Errors
/// What stopped the engine.
pub async fn declined_by(
    kernel: &Kernel,
    command: &ReportPartner,
) -> Result<Option<DeclineShipment>, EngineError> {
    let message = command.message();
    let Subject::Shipment { order, shipment, .. } = &message.subject else { return Ok(None) };
    let said = Said::of(kernel, message);
    if said.short.is_empty() {
        return Ok(None);
    }
    let order = match find_order(kernel, order).await {
        Ok(order) => order,
        Err(EngineError::Refused(_)) => return Ok(None),
        Err(stopped) => return Err(stopped),
    };
    let Some(place) = place(kernel, (&order, shipment.as_str()), message) else { return Ok(None) };
    let lines = said.lines(kernel, (&order, place));
    let meta = Meta { request_id: Some(key(message)), ..command.meta.clone() };
    let (reason, paused_until) = (DeclineReason::Short, None);
    let (order, shipment) = (order.header.id.clone(), place + 1);
    let decline = DeclineShipment { meta, order, shipment, reason, lines, paused_until };
    Ok(Some(decline).filter(|decline| !decline.lines.is_empty()))
}

/// The same words have the same key, whichever message says them.
fn key(message: &PartnerMessage) -> RequestId {
    let short = message.lines.iter().flat_map(|line| {
        let counts = line.counts.iter().filter(|(measure, _)| *measure == Measure::Short);
        counts.map(|(_, units)| (&line.sku, *units))
    });
    let short: Vec<_> = short.collect();
    let key = format!("partner-short-{:016x}", fingerprint(&(message.fact(), short)));
    RequestId::new("request_id", key).expect("it is short, and of letters and digits")
}

/// The place of the shipment of that number, if it is of the message's node.
fn place(
    kernel: &Kernel,
    (order, number): (&Order, &str),
    message: &PartnerMessage,
) -> Option<u16> {
    let node = kernel.state.network.load().node_no(message.node.as_ref()?)?;
    let place = number.parse::<u16>().ok()?.checked_sub(1)?;
    let shipment = order.shipments.get(usize::from(place))?;
    (shipment.node == node).then_some(place)
}

/// What a message says of a shipment, if it counts.
#[derive(Default)]
struct Said {
    /// Units that will not leave, beyond what it said before.
    short: Vec<(Sku, i64)>,
    /// Units that left, by all that the partner says by then.
    shipped: BTreeMap<Sku, i64>,
}

impl Said {
    /// Nothing if it does not count, or may be said under other names.
    fn of(kernel: &Kernel, message: &PartnerMessage) -> Self {
        let is_short = |(measure, _): &(Measure, i64)| *measure == Measure::Short;
        if !message.lines.iter().flat_map(|line| &line.counts).any(is_short) {
            return Self::default();
        }
        let documents = &kernel.state.documents;
        let partner = documents.read(&DocumentKey::Partner(message.sender.clone()));
        let Some(partner) = partner.and_then(Document::into_partner) else {
            return Self::default();
        };
        let known = documents.read(&DocumentKey::Fact(message.fact()));
        let known = known.as_ref().and_then(Document::fact);
        let named = Topic::named(&message.subject).into_iter();
        let facts = named.filter_map(|of| documents.about(&message.sender, &of, PARTNER_PARTS_MAX));
        let others = facts.flatten().filter(|(subject, _)| *subject != message.subject);
        let others: Vec<(Subject, Fact)> = others.collect();
        if known.is_none() && others.iter().any(|(it, _)| message.subject.may_be(it)) {
            return Self::default();
        }
        let Judgement::Accepted(moves) = judge(&partner, known, message) else {
            return Self::default();
        };
        let short = moves.iter().filter(|of| of.measure == Measure::Short && of.by() > 0);
        let stated_now = Fact::stated(None, message);
        let all = others.iter().map(|(_, fact)| fact).chain([&stated_now]);
        Self {
            short: short.map(|of: &Move| (of.sku.clone(), of.by())).collect(),
            shipped: stated(all, &Measure::Shipped),
        }
    }

    /// Units by line that are declined: those that are short, as far as they are there beside those that leave.
    fn lines(&self, kernel: &Kernel, (order, place): (&Order, u16)) -> LineUnits {
        let content = Content::of(order, place);
        let mut lines = LineUnits::new();
        for (sku, short) in &self.short {
            let Ok(item) = kernel.state.catalogue.with_stock(sku) else { continue };
            let its = content.lines().filter(|line| order.lines[usize::from(*line)].sku == item);
            let places: Vec<(u16, u32)> =
                its.map(|line| (line, content.standing(line).open())).collect();
            let there: i64 = places.iter().map(|(_, open)| i64::from(*open)).sum();
            let left: i64 = places.iter().map(|(line, _)| i64::from(content.left(*line))).sum();
            let leaves = self.shipped.get(sku).copied().unwrap_or(0) - left;
            let units = (*short).min(there - leaves.max(0));
            let mut units = u32::try_from(units).unwrap_or(0);
            for (line, open) in places.into_iter().rev() {
                let declined = units.min(open);
                lines.extend((declined > 0).then_some((line, declined)));
                units -= declined;
            }
        }
        lines.sort_unstable();
        lines
    }
}
