//! Interchanges, groups and sets: headers, trailers, and whether they agree.
//!
//! A fault of an interchange's or a group's envelope is one of the file: most often it was cut short, and
//! to send it again harms nothing. A fault of one set is one of that set.

use super::fault::{FileFault, SetCode};
use super::syntax::{Segment, Segments, Separators};
use crate::partner::limits::SETS_MAX;

/// One interchange.
#[derive(Debug)]
pub(super) struct Interchange<'a> {
    /// Who sends it (ISA06), without the spaces that fill it up.
    pub(super) sender: &'a str,
    /// Whom it is for (ISA08).
    pub(super) receiver: &'a str,
    /// Its number (ISA13).
    pub(super) control: &'a str,
    pub(super) groups: Vec<Group<'a>>,
}

/// Sets of one kind.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// What kind (GS01).
    pub(super) code: &'a str,
    /// Who sends it (GS02).
    pub(super) sender: &'a str,
    /// Its day (GS04) and time (GS05).
    pub(super) date: &'a str,
    pub(super) time: &'a str,
    /// Its number (GS06).
    pub(super) control: &'a str,
    pub(super) sets: Vec<Set<'a>>,
}

/// One set: one message.
#[derive(Debug)]
pub(super) struct Set<'a> {
    /// Which one (ST01).
    pub(super) id: &'a str,
    /// Its number (ST02).
    pub(super) control: &'a str,
    /// The segments between header and trailer.
    pub(super) body: &'a str,
    pub(super) separators: Separators,
    /// What is wrong with its trailer.
    pub(super) fault: Option<SetCode>,
}

/// The interchanges of a file, at least one.
pub(super) fn interchanges(text: &str) -> Result<Vec<Interchange<'_>>, FileFault> {
    let mut segments = Segments::of_file(text);
    let (mut list, mut sets) = (Vec::new(), 0);
    while list.is_empty() || !segments.is_at_end() {
        let one = interchange(&mut segments)?;
        sets += one.groups.iter().map(|group| group.sets.len()).sum::<usize>();
        if sets > SETS_MAX || list.len() >= SETS_MAX {
            let (segment, what) = (segments.no(), "sets or interchanges");
            return Err(FileFault::TooMany { segment, what, max: SETS_MAX });
        }
        list.push(one);
    }
    Ok(list)
}

fn interchange<'a>(segments: &mut Segments<'a>) -> Result<Interchange<'a>, FileFault> {
    let isa = segments.header()?;
    let (sender, receiver, control) = (isa[5].trim(), isa[7].trim(), isa[12]);
    let mut groups = Vec::new();
    loop {
        let segment = due(segments, "IEA")?;
        match segment.id {
            "GS" => groups.push(group(segments, &segment)?),
            "IEA" => {
                agrees(segments, "IEA02", segment.element(2), control)?;
                counts(segments, "IEA01", segment.element(1), groups.len())?;
                return Ok(Interchange { sender, receiver, control, groups });
            }
            _ => return Err(out_of_place(segments, &segment, "GS or IEA")),
        }
    }
}

fn group<'a>(segments: &mut Segments<'a>, gs: &Segment<'a>) -> Result<Group<'a>, FileFault> {
    let control = gs.element(6);
    let mut sets = Vec::new();
    loop {
        let segment = due(segments, "GE")?;
        match segment.id {
            "ST" => sets.push(set(segments, &segment)?),
            "GE" => {
                agrees(segments, "GE02", segment.element(2), control)?;
                counts(segments, "GE01", segment.element(1), sets.len())?;
                let (code, sender) = (gs.element(1), gs.element(2).trim());
                let (date, time) = (gs.element(4), gs.element(5));
                return Ok(Group { code, sender, date, time, control, sets });
            }
            _ => return Err(out_of_place(segments, &segment, "ST or GE")),
        }
    }
}

/// Takes a set up to its trailer, or up to what shows that it has none.
fn set<'a>(segments: &mut Segments<'a>, st: &Segment<'a>) -> Result<Set<'a>, FileFault> {
    let (whole, mut count) = (segments.rest(), 1);
    loop {
        let before = segments.clone();
        let body = &whole[..whole.len() - before.rest().len()];
        let (id, control, separators) = (st.element(1), st.element(2), segments.separators());
        let made = |fault| Set { id, control, body, separators, fault };
        let segment = due(segments, "SE")?;
        count += 1;
        match segment.id {
            "SE" => return Ok(made(trailer(&segment, control, count))),
            "ST" | "GE" => {
                *segments = before;
                return Ok(made(Some(SetCode::TrailerMissing)));
            }
            "GS" | "IEA" | "ISA" => return Err(out_of_place(segments, &segment, "SE")),
            _ => {}
        }
    }
}

fn trailer(se: &Segment<'_>, control: &str, count: usize) -> Option<SetCode> {
    if se.element(2) != control {
        return Some(SetCode::NumbersDiffer);
    }
    (se.element(1).parse() != Ok(count)).then_some(SetCode::CountWrong)
}

fn due<'a>(segments: &mut Segments<'a>, wanted: &'static str) -> Result<Segment<'a>, FileFault> {
    segments.next()?.ok_or(FileFault::CutShort { wanted })
}

fn out_of_place(segments: &Segments<'_>, segment: &Segment<'_>, wanted: &'static str) -> FileFault {
    let found = segment.id.chars().take(20).collect();
    FileFault::OutOfPlace { segment: segments.no(), found, wanted }
}

/// A trailer repeats the number of its header; zeros in front do not count.
fn agrees(
    segments: &Segments<'_>,
    trailer: &'static str,
    said: &str,
    control: &str,
) -> Result<(), FileFault> {
    if !control.is_empty() && said.trim_start_matches('0') == control.trim_start_matches('0') {
        return Ok(());
    }
    Err(differs(segments, trailer, said, control))
}

fn counts(
    segments: &Segments<'_>,
    trailer: &'static str,
    said: &str,
    is: usize,
) -> Result<(), FileFault> {
    if said.parse() == Ok(is) {
        Ok(())
    } else {
        Err(differs(segments, trailer, said, &is.to_string()))
    }
}

fn differs(segments: &Segments<'_>, trailer: &'static str, said: &str, is: &str) -> FileFault {
    let short = |text: &str| text.chars().take(20).collect();
    FileFault::Trailer { segment: segments.no(), trailer, said: short(said), is: short(is) }
}
