//! What a customer reads of his order: its timeline, as he gets it, in his words.

use std::collections::BTreeMap;

use backstock_proto::v1;
use backstock_proto::v1::TimelineEvent as Event;
use jiff::tz::TimeZone;

use crate::client::words;

/// Letters of a product's name that are shown.
const NAME_CHARS_MAX: usize = 32;

/// An order's story.
pub(super) struct Story<'a> {
    pub(super) order: &'a v1::Order,
    /// The customer's timeline.
    pub(super) entries: &'a [v1::TimelineEntry],
    /// By when all of it was to be there, as told when it was placed.
    pub(super) promised: Option<&'a v1::Date>,
    /// The names of products.
    pub(super) names: &'a BTreeMap<&'static str, &'static str>,
    /// The zone of the shop.
    pub(super) zone: &'a TimeZone,
}

impl Story<'_> {
    /// One line for each thing that he was told.
    pub(super) fn told(&self) -> String {
        let lines = self.entries.iter().map(|entry| {
            let what: Vec<_> = [self.what(entry)].into_iter().chain(days(entry)).collect();
            format!("    {}  {}", self.at(entry), what.join("; "))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    fn at(&self, entry: &v1::TimelineEntry) -> String {
        let time = entry.time.unwrap_or_default();
        let time = jiff::Timestamp::new(time.seconds, time.nanos).unwrap_or_default();
        time.to_zoned(self.zone.clone()).strftime("%m-%d %H:%M").to_string()
    }

    fn what(&self, entry: &v1::TimelineEntry) -> String {
        let units = self.units(&entry.lines);
        let by = |text: &str| if text.is_empty() { String::new() } else { format!(", {text}") };
        match entry.event() {
            Event::Placed => match words::date(self.promised) {
                Some(day) => format!("ordered, to be there by {day}"),
                None => "ordered; there is no day for all of it yet".to_owned(),
            },
            Event::DateMoved => "the day moved".to_owned(),
            Event::Cancelled => format!("cancelled: {units}"),
            Event::Changed => self.changed(entry),
            Event::CustomerAsked => format!("your store does not have {units}: wait for it?"),
            Event::DeclineResolved => "you wait: it is brought to your store".to_owned(),
            Event::Shipped => {
                format!("left{}", by(&format!("{} {}", entry.carrier, entry.tracking)))
            }
            Event::Ready => "waits for you in your store".to_owned(),
            Event::Delivered => format!("arrived{}", by(&units)),
            Event::Collected => "you collected it".to_owned(),
            other => words::word(other.as_str_name(), "TIMELINE_EVENT_").replace('_', " "),
        }
    }

    fn changed(&self, entry: &v1::TimelineEntry) -> String {
        let parts = [("without", &entry.lines), ("with", &entry.added_lines)];
        let parts = parts.into_iter().filter(|(_, lines)| !lines.is_empty());
        let parts = parts.map(|(word, lines)| format!("{word} {}", self.units(lines)));
        format!("changed: {}", parts.collect::<Vec<_>>().join(", "))
    }

    fn units(&self, lines: &[v1::LineQuantity]) -> String {
        let each = lines.iter().map(|line| {
            let of = self.order.lines.get(line.line_index as usize);
            let sku = of.map(|line| line.sku.as_str()).unwrap_or_default();
            let name = self.names.get(sku).copied().unwrap_or(sku);
            format!("{} x {}", line.quantity, short(name))
        });
        each.collect::<Vec<_>>().join(", ")
    }
}

/// Days that were told anew, with those told before. What a node does not ship another one does, in
/// another shipment: the day that is lost is the one before of the day that is found.
fn days(entry: &v1::TimelineEntry) -> Vec<String> {
    let day = |date: &Option<v1::Date>| words::date(date.as_ref());
    let told = entry.dates.iter().map(|days| (day(&days.deliver_by_before), day(&days.deliver_by)));
    let (lost, mut others): (Vec<_>, Vec<_>) = told.partition(|(_, now)| now.is_none());
    let mut lost = lost.into_iter().filter_map(|(before, _)| before);
    for (before, _) in &mut others {
        *before = before.take().or_else(|| lost.next());
    }
    let others = others.into_iter().filter_map(|(before, now)| {
        let now = format!("to be there by {}", now?);
        Some(before.map_or(now.clone(), |before| format!("{now}, was {before}")))
    });
    others.chain(lost.map(|before| format!("no day yet, was {before}"))).collect()
}

/// The beginning of a name, up to a whole word.
fn short(name: &str) -> &str {
    if name.len() <= NAME_CHARS_MAX {
        return name;
    }
    let fits = |at: &usize| *at <= NAME_CHARS_MAX;
    let spaces = name.char_indices().filter(|(_, c)| *c == ' ').map(|(at, _)| at);
    let end = spaces.take_while(fits).last();
    name[..end.unwrap_or(name.len())].trim_end_matches([',', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [(&str, &str); 1] = [("A", "Bretford Rectangular Conference Table Tops, Oak")];

    fn told(entry: v1::TimelineEntry) -> String {
        let line = v1::OrderLine { sku: "A".into(), ..Default::default() };
        let order = v1::Order { lines: vec![line], ..Default::default() };
        let names = BTreeMap::from(NAMES);
        let (entries, zone) = ([entry], TimeZone::UTC);
        let promised = Some(v1::Date { year: 2017, month: 12, day: 9 });
        let story = Story {
            order: &order,
            entries: &entries,
            promised: promised.as_ref(),
            names: &names,
            zone: &zone,
        };
        story.told()
    }

    #[test]
    fn a_day_is_told_with_the_one_before() {
        let day = |day| Some(v1::Date { year: 2017, month: 12, day });
        let dates = |before, now| {
            vec![v1::DaysTold { shipment_number: 1, deliver_by_before: before, deliver_by: now }]
        };
        let entry = |dates| v1::TimelineEntry {
            event: Event::DateMoved.into(),
            dates,
            ..Default::default()
        };
        let moved = told(entry(dates(day(9), day(12))));
        assert_eq!(
            moved,
            "    01-01 00:00  the day moved; to be there by 2017-12-12, was 2017-12-09"
        );
        assert!(told(entry(dates(day(9), None))).ends_with("no day yet, was 2017-12-09"));
        let elsewhere = [dates(day(9), None), dates(None, day(11))].concat();
        let elsewhere = told(entry(elsewhere));
        assert!(elsewhere.ends_with("the day moved; to be there by 2017-12-11, was 2017-12-09"));
    }

    #[test]
    fn units_are_told_by_the_name_of_the_product() {
        let lines = vec![v1::LineQuantity { line_index: 0, quantity: 2 }];
        let entry = |event: Event| v1::TimelineEntry {
            event: event.into(),
            lines: lines.clone(),
            ..Default::default()
        };
        let cancelled = told(entry(Event::Cancelled));
        assert!(
            cancelled.ends_with("cancelled: 2 x Bretford Rectangular Conference"),
            "{cancelled}"
        );
        assert!(told(entry(Event::Placed)).ends_with("ordered, to be there by 2017-12-09"));
    }
}
