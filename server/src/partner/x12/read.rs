//! Reads one set into messages: what the set says, and what its envelope says of it.

use backstock_engine::model::{MessageId, PartnerId, Rule, Timestamp, Violation};
use jiff::civil::Time;

use super::ack::read_997;
use super::envelope::{Group, Set};
use super::fault::{SetCode, SetFault};
use super::sets::{carrier, receiving, returns, shipping, stock};
use super::walk::{Common, Walk, date};
use super::{SETS, VERSION};
use crate::partner::contract::{Body, Message, check, seq};
use crate::partner::found::Found;

/// The messages of a set, or all that is wrong with it.
pub(super) fn messages(
    interchange: &str,
    group: &Group<'_>,
    set: &Set<'_>,
    now: Timestamp,
) -> Result<Vec<Message>, Vec<SetFault>> {
    if let Some(code) = set.fault {
        return Err(vec![SetFault::Set(code)]);
    }
    let fits = |(id, code, _): &(&str, &str, _)| *id == set.id && *code == group.code;
    if !SETS.iter().any(fits) {
        return Err(vec![SetFault::Set(SetCode::NotSupported)]);
    }
    let mut walk = Walk::new(set);
    let bodies = bodies(set.id, &mut walk);
    let (common, mut faults) = walk.into_faults();
    let mut found = Found::default();
    let head = head(interchange, group, set, &common, &mut found);
    let made = head.filter(|_| faults.is_empty()).map(|head| together(&head, bodies, &common));
    let made = made.unwrap_or_default();
    for message in &made {
        check(message, now, &mut found);
    }
    faults.extend(found.into_list().into_iter().map(SetFault::Message));
    if faults.is_empty() { Ok(made) } else { Err(faults) }
}

fn bodies(set: &str, walk: &mut Walk<'_>) -> Vec<Body> {
    let one = match set {
        "940" => shipping::read_940(walk),
        "945" => shipping::read_945(walk),
        "943" => receiving::read_943(walk),
        "944" => receiving::read_944(walk),
        "947" => stock::read_947(walk),
        "846" => stock::read_846(walk),
        "180" => returns::read_180(walk),
        "214" => carrier::read_214(walk),
        _ => return read_997(walk),
    };
    one.into_iter().collect()
}

/// What an envelope says of its messages.
struct Head {
    sender: PartnerId,
    seq: u64,
    id: MessageId,
    occurred_at: Timestamp,
}

fn head(
    interchange: &str,
    group: &Group<'_>,
    set: &Set<'_>,
    common: &Common,
    found: &mut Found,
) -> Option<Head> {
    let sender = found.take(PartnerId::new("GS02", group.sender));
    let number = interchange.trim().parse().map_err(|_| {
        let rule = Rule::Malformed(format!("is no number, in version {VERSION}"));
        Violation::new("ISA13", interchange, rule)
    });
    let seq = found.take(number.and_then(|number| seq("ISA13", number)));
    let named = || {
        let short = |text: &str| text.trim().trim_start_matches('0').to_owned();
        let parts = [interchange, group.control, set.control].map(short);
        MessageId::new("ST02", parts.join("-"))
    };
    let id = common.id.clone().map_or_else(named, Ok);
    let id = found.take(id);
    let occurred_at = instant(group.date, group.time);
    if occurred_at.is_none() {
        let value = format!("{} {}", group.date, group.time);
        found.malformed("GS04", value, "is no date and time like 20261224 1800, in UTC");
    }
    Some(Head { sender: sender?, seq: seq?, id: id?, occurred_at: occurred_at? })
}

/// `CCYYMMDD` and `HHMM`, `HHMMSS` or `HHMMSSDD`, in UTC.
fn instant(day: &str, time: &str) -> Option<Timestamp> {
    let is_time = [4, 6, 8].contains(&time.len()) && time.bytes().all(|byte| byte.is_ascii_digit());
    let part = |at: usize| time.get(at..at + 2).map_or(Some(0), |part| part.parse::<i8>().ok());
    let nanos = i32::from(part(6)?) * 10_000_000;
    let time = Time::new(part(0)?, part(2)?, part(4)?, nanos).ok().filter(|_| is_time)?;
    let zoned = date(day)?.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
}

/// A set's messages. All but the first, of a 997, have the place of theirs in the id. What says no
/// revision has that of its interchange: a later one replaces it.
fn together(head: &Head, bodies: Vec<Body>, common: &Common) -> Vec<Message> {
    let of_interchange = u32::try_from(head.seq).unwrap_or(u32::MAX);
    let revision = common.revision.unwrap_or(of_interchange);
    let id = |place: usize| match place {
        0 => Some(head.id.clone()),
        _ => MessageId::new("id", format!("{}.{}", head.id, place + 1)).ok(),
    };
    let message = |(place, body)| {
        Some(Message {
            sender: head.sender.clone(),
            seq: head.seq,
            id: id(place)?,
            occurred_at: head.occurred_at,
            node: common.node.clone(),
            revision,
            body,
        })
    };
    bodies.into_iter().enumerate().filter_map(message).collect()
}
