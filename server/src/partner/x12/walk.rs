//! Takes the fields of a set, segment by segment, and notes what is wrong with each.

use std::collections::HashMap;

use backstock_engine::model::{MessageId, NodeId, Rule, Sku, Text, Violation};
use jiff::civil::Date;

use super::envelope::Set;
use super::fault::{ElementCode, SetFault, code_of};
use super::syntax::{Segment, Segments};
use crate::partner::contract::revision;
use crate::partner::limits::FAULTS_TOLD_MAX;

/// The unit that is counted in. Cases and pallets are no units of ours.
pub(super) const EACH: &str = "EA";

/// Says that an id is the seller's number of an item: our SKU.
pub(super) const SELLERS_NUMBER: &str = "VN";

/// The segments of one set between header and trailer.
pub(super) struct Walk<'a> {
    segments: Segments<'a>,
    /// The place in the set of the segment that was taken last; the header's is 1.
    place: usize,
    faults: Vec<SetFault>,
    /// What any set may say.
    pub(super) common: Common,
}

/// What any set may say.
#[derive(Debug, Default)]
pub(super) struct Common {
    /// The message's id (N9 or REF with TN).
    pub(super) id: Option<MessageId>,
    /// The revision (N9 or REF with V0).
    pub(super) revision: Option<u32>,
    /// The node (N1 with WH or SF).
    pub(super) node: Option<NodeId>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(set: &Set<'a>) -> Self {
        let segments = Segments::of_part(set.body, set.separators);
        Self { segments, place: 1, faults: Vec::new(), common: Common::default() }
    }

    /// The next segment. What any set may say is kept on the way.
    pub(super) fn next(&mut self) -> Option<Segment<'a>> {
        // Each was taken before, when the envelope was read, and is within the bounds.
        let segment = self.segments.next().ok().flatten()?;
        self.place += 1;
        match (segment.id, segment.element(1)) {
            ("N9" | "REF", "TN") => self.common.id = self.name(&segment, 2, MessageId::new),
            ("N9" | "REF", "V0") => self.common.revision = self.number(&segment, 2, revision),
            ("N1", "WH" | "SF") => self.common.node = self.name(&segment, 4, NodeId::new),
            _ => {}
        }
        Some(segment)
    }

    /// The bounded list of what is wrong.
    pub(super) fn into_faults(self) -> (Common, Vec<SetFault>) {
        (self.common, self.faults)
    }

    /// Notes a fault, unless there are many already.
    pub(super) fn note(&mut self, fault: SetFault) {
        if self.faults.len() < FAULTS_TOLD_MAX {
            self.faults.push(fault);
        }
    }

    fn note_element(
        &mut self,
        segment: &Segment<'_>,
        element: usize,
        code: ElementCode,
        violation: Violation,
    ) {
        let (place, segment) = (self.place, segment.id.to_owned());
        self.note(SetFault::Element { segment, place, element, code, violation });
    }

    /// Notes that the value of an element is wrong as the text tells.
    pub(super) fn wrong(&mut self, segment: &Segment<'_>, element: usize, text: &str) {
        let (field, value) = (field(segment, element), segment.element(element));
        let violation = Violation::new(field, value, Rule::Malformed(text.to_owned()));
        self.note_element(segment, element, ElementCode::Value, violation);
    }

    fn take<T>(
        &mut self,
        segment: &Segment<'_>,
        element: usize,
        read: Result<T, Violation>,
    ) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(violation) => {
                self.note_element(segment, element, code_of(&violation.rule), violation);
                None
            }
        }
    }

    /// A name that has to be there.
    pub(super) fn name<T>(
        &mut self,
        segment: &Segment<'_>,
        element: usize,
        make: impl FnOnce(&str, String) -> Result<T, Violation>,
    ) -> Option<T> {
        let value = segment.element(element).trim().to_owned();
        let path = field(segment, element);
        let made = if value.is_empty() {
            Err(Violation::new(path, "", Rule::Required))
        } else {
            make(&path, value)
        };
        self.take(segment, element, made)
    }

    /// A name that may be missing.
    pub(super) fn name_or<T>(
        &mut self,
        segment: &Segment<'_>,
        element: usize,
        make: impl FnOnce(&str, String) -> Result<T, Violation>,
    ) -> Option<T> {
        if segment.element(element).trim().is_empty() {
            return None;
        }
        self.name(segment, element, make)
    }

    /// Text for people that may be missing.
    pub(super) fn text_or(&mut self, segment: &Segment<'_>, element: usize) -> Option<Text> {
        self.name_or(segment, element, Text::new)
    }

    /// A whole number that has to be there; `12`, `-3` and `12.00` are.
    pub(super) fn number<T>(
        &mut self,
        segment: &Segment<'_>,
        element: usize,
        make: impl FnOnce(&str, i64) -> Result<T, Violation>,
    ) -> Option<T> {
        self.name(segment, element, |path, value| {
            let (whole, rest) = value.split_once('.').unwrap_or((&value, ""));
            let is_whole = rest.bytes().all(|byte| byte == b'0');
            let number = whole.parse().ok().filter(|_| is_whole);
            let malformed = || Rule::Malformed("is no whole number".to_owned());
            make(path, number.ok_or_else(|| Violation::new(path, &value, malformed()))?)
        })
    }

    /// A whole number that is `missing` if it is not there.
    pub(super) fn number_or<T>(
        &mut self,
        segment: &Segment<'_>,
        element: usize,
        missing: T,
        make: impl FnOnce(&str, i64) -> Result<T, Violation>,
    ) -> Option<T> {
        if segment.element(element).trim().is_empty() {
            return Some(missing);
        }
        self.number(segment, element, make)
    }

    /// A date, `CCYYMMDD`.
    pub(super) fn date(&mut self, segment: &Segment<'_>, element: usize) -> Option<Date> {
        let value = segment.element(element);
        let read = date(value);
        if read.is_none() {
            let rule = Rule::Malformed("is no date like 20261224".to_owned());
            let violation = Violation::new(field(segment, element), value, rule);
            self.note_element(segment, element, ElementCode::Date, violation);
        }
        read
    }

    /// The SKU in an element, after one that says whose number it is; and that units are counted, in
    /// the element that says so.
    pub(super) fn sku(
        &mut self,
        segment: &Segment<'_>,
        element: usize,
        unit: Option<usize>,
    ) -> Option<Sku> {
        if segment.element(element - 1) != SELLERS_NUMBER {
            self.wrong(segment, element - 1, "is not VN, the seller's number of the item");
            return None;
        }
        if let Some(unit) = unit.filter(|unit| !["", EACH].contains(&segment.element(*unit))) {
            self.wrong(segment, unit, "is not EA, single units");
        }
        self.name(segment, element, Sku::new)
    }

    /// Notes that a segment with the sum of all lines says another one.
    pub(super) fn total(&mut self, segment: &Segment<'_>, sum: u64) {
        let said = self.number(segment, 1, |_, number| Ok(number));
        if said.is_some_and(|said| u64::try_from(said) != Ok(sum)) {
            self.wrong(segment, 1, &format!("is not the sum of the lines, which is {sum}"));
        }
    }

    /// The value of a segment that has to be there, noted as missing if it was not there at all.
    pub(super) fn due<T>(
        &mut self,
        value: Option<T>,
        was_there: bool,
        id: &'static str,
    ) -> Option<T> {
        if value.is_none() && !was_there {
            self.note(SetFault::SegmentMissing(id));
        }
        value
    }
}

/// The name of an element: `W1203`.
fn field(segment: &Segment<'_>, element: usize) -> String {
    let id: String = segment.id.chars().take(3).collect();
    format!("{id}{element:02}")
}

/// A date as X12 has it.
pub(super) fn date(value: &str) -> Option<Date> {
    let is_date = value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = |from, to| value.get(from..to).and_then(|part| part.parse::<i16>().ok());
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let day = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    Some(day).filter(|_| is_date)
}

/// Lines by SKU in the order in which they came. Warehouses say a SKU again for each carton or lot:
/// those add up.
pub(super) struct BySku<T> {
    lines: Vec<T>,
    places: HashMap<Sku, usize>,
    /// The place of the line that came last.
    last: usize,
}

impl<T> BySku<T> {
    pub(super) fn new() -> Self {
        Self { lines: Vec::new(), places: HashMap::new(), last: 0 }
    }

    /// Adds a line, or lets `add` add it to the one that the SKU has.
    pub(super) fn add(&mut self, sku: &Sku, line: T, add: impl FnOnce(&mut T, T)) {
        if let Some(place) = self.places.get(sku) {
            self.last = *place;
            return add(&mut self.lines[*place], line);
        }
        self.last = self.lines.len();
        self.places.insert(sku.clone(), self.last);
        self.lines.push(line);
    }

    /// The line that came last, which the segments after it are about.
    pub(super) fn last(&mut self) -> Option<&mut T> {
        self.lines.get_mut(self.last)
    }

    pub(super) fn lines(&self) -> &[T] {
        &self.lines
    }

    pub(super) fn into_lines(self) -> Vec<T> {
        self.lines
    }
}
