//! What a reader of the feed asks for.

use backstock_engine::command::AnyEvent;
use backstock_engine::engine::{Filter, SubjectFilter};
use backstock_engine::model::{ConsumerId, Lsn};

use super::event::name_of;
use crate::grpc::limits::{FEED_SUBJECT_BYTES_MAX, FEED_SUBJECTS_MAX, FEED_TYPES_MAX};
use crate::status::Violations;

/// Where a reader begins.
pub(super) enum From {
    /// With that version.
    Version(Lsn),
    /// Behind what that consumer acknowledged.
    Consumer(ConsumerId),
}

/// Where a reader begins.
pub(super) fn from(found: &mut Violations, version: u64, consumer: &str) -> Option<From> {
    if consumer.is_empty() {
        return Some(From::Version(Lsn::new(version)));
    }
    if version > 0 {
        found.add("from_version", "is set, and so is consumer_id, which says where to begin");
    }
    found.taken("consumer_id", ConsumerId::new("consumer_id", consumer)).map(From::Consumer)
}

/// Which events are asked for; `path` is what stands before the fields.
pub(in crate::grpc) fn filter(
    found: &mut Violations,
    path: &str,
    types: &[String],
    subjects: Vec<String>,
) -> Option<Filter> {
    let (names, subjects) = (names(found, path, types), subject_filters(found, path, subjects));
    names.zip(subjects).map(|(names, subjects)| Filter { names, subjects })
}

fn names(found: &mut Violations, path: &str, types: &[String]) -> Option<Vec<String>> {
    if types.len() > FEED_TYPES_MAX {
        found.add(
            format!("{path}types"),
            format!("{} types; at most {FEED_TYPES_MAX}", types.len()),
        );
        return None;
    }
    let names = types.iter().enumerate().map(|(at, event_type)| {
        let name = name_of(event_type).filter(|name| AnyEvent::names().any(|known| known == *name));
        if name.is_none() {
            let field = format!("{path}types[{at}]");
            found.add(field, format!("{event_type:.100?} is no type of events"));
        }
        name.map(str::to_owned)
    });
    // Collected first, so that every bad one is noted.
    names.collect::<Vec<_>>().into_iter().collect()
}

fn subject_filters(
    found: &mut Violations,
    path: &str,
    subjects: Vec<String>,
) -> Option<Vec<SubjectFilter>> {
    if subjects.len() > FEED_SUBJECTS_MAX {
        let limit = format!("{} subjects; at most {FEED_SUBJECTS_MAX}", subjects.len());
        found.add(format!("{path}subjects"), limit);
        return None;
    }
    for (at, subject) in subjects.iter().enumerate() {
        if !(1..=FEED_SUBJECT_BYTES_MAX).contains(&subject.len()) {
            let limit = format!("{} bytes; 1 to {FEED_SUBJECT_BYTES_MAX}", subject.len());
            found.add(format!("{path}subjects[{at}]"), limit);
        }
    }
    found.is_empty().then(|| subjects.into_iter().map(SubjectFilter::new).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(types: &[&str], subjects: &[&str]) -> Violations {
        let mut found = Violations::default();
        let types: Vec<_> = types.iter().map(|text| (*text).to_owned()).collect();
        let subjects = subjects.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(filter(&mut found, "", &types, subjects).is_none(), !found.is_empty());
        found
    }

    #[test]
    fn every_bad_filter_is_named() {
        assert!(wrong(&["backstock.order_placed.v1"], &["orders/"]).is_empty());
        let found = wrong(&["order_placed", "backstock.nothing.v1"], &["orders/", ""]);
        assert!(found.names("types[0]") && found.names("types[1]") && found.names("subjects[1]"));
        let long = "x".repeat(FEED_SUBJECT_BYTES_MAX + 1);
        assert!(wrong(&[], &[&long]).names("subjects[0]"));
        let many = vec!["orders/"; FEED_SUBJECTS_MAX + 1];
        assert!(wrong(&[], &many).names("subjects"));
        let many = vec!["backstock.order_placed.v1"; FEED_TYPES_MAX + 1];
        assert!(wrong(&many, &[]).names("types"));
    }
}
