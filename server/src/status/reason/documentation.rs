//! The list of reasons in the .proto files is the one that is made from the tables.

use std::collections::HashSet;

use prost::Message;

use super::*;

/// Each code with what the list says of it, in the order of the list.
const HEADINGS: [(Code, &str); 10] = [
    (Code::InvalidArgument, "INVALID_ARGUMENT, to any call:"),
    (Code::NotFound, "NOT_FOUND, to what names something that does not exist:"),
    (Code::AlreadyExists, "ALREADY_EXISTS:"),
    (Code::FailedPrecondition, "FAILED_PRECONDITION, to changes that the state does not allow:"),
    (Code::OutOfRange, "OUT_OF_RANGE, to what names a version:"),
    (Code::Aborted, "ABORTED: the same again may be done."),
    (Code::ResourceExhausted, "RESOURCE_EXHAUSTED, with a delay after which to try again:"),
    (Code::Unavailable, "UNAVAILABLE, to any call; the first four say when to try again:"),
    (Code::DataLoss, "DATA_LOSS, to what names a closed order, and to readers of the feed:"),
    (Code::Internal, "INTERNAL, to any call:"),
];

/// Characters of a line of the list: 80 with the comment's indentation.
const WIDTH: usize = 75;

/// The list of all reasons, as it stands in the comment of `Fault.reason`.
fn list() -> String {
    let paragraphs = HEADINGS.map(|(code, heading)| {
        let reasons = Reason::all().filter(|reason| reason.code() == code);
        format!("{heading}\n{}", reasons.map(entry).collect::<String>())
    });
    paragraphs.join("\n")
}

/// One reason with its documentation in lines of at most [`WIDTH`].
fn entry(reason: Reason) -> String {
    let text = reason.documentation();
    let (first, rest) = text.split_at(1);
    let (mut entry, mut width) = (format!("- {reason}:"), reason.as_str().len() + 3);
    for word in format!("{}{rest}", first.to_lowercase()).split(' ') {
        if width + 1 + word.len() > WIDTH {
            entry.push_str("\n ");
            width = 1;
        }
        entry.push(' ');
        entry.push_str(word);
        width += 1 + word.len();
    }
    entry + "\n"
}

/// All comments of the .proto files.
fn comments() -> Vec<String> {
    let set = prost_types::FileDescriptorSet::decode(backstock_proto::FILE_DESCRIPTOR_SET);
    let ours = set.unwrap().file.into_iter().filter(|file| file.package() == "backstock.v1");
    ours.filter_map(|file| file.source_code_info)
        .flat_map(|info| info.location)
        .filter_map(|location| location.leading_comments)
        .collect()
}

/// The list at `Fault.reason`, which a caller looks a reason up in.
#[test]
fn the_proto_files_list_the_reasons_that_there_are_and_no_others() {
    let comments = comments();
    let comment = comments.iter().find(|comment| comment.contains("- INVALID_REQUEST:"));
    let lines = comment.unwrap().lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
    let listed = lines.skip_while(|line| *line != HEADINGS[0].1);
    let listed: String = listed.flat_map(|line| [line, "\n"]).collect();
    let list = list();
    assert_eq!(listed, list, "at Fault.reason in types.proto this should stand:\n{list}");
    let named: Vec<_> = list.lines().filter_map(|line| line.strip_prefix("- ")).collect();
    assert_eq!(named.len(), Reason::all().count(), "a code has no heading");
}

#[test]
fn every_reason_has_a_name_of_its_own_in_upper_snake_case() {
    let names: HashSet<_> = Reason::all().map(Reason::as_str).collect();
    assert_eq!(names.len(), Reason::all().count());
    for name in names {
        assert!(name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{name}");
    }
}

#[test]
fn a_reason_has_one_name_inside_and_outside() {
    for reason in Reason::all() {
        let inside = match reason {
            Reason::Refused(kind) => format!("{kind:?}"),
            own => format!("{own:?}"),
        };
        assert_eq!(reason.as_str().replace('_', ""), inside.to_uppercase());
    }
}

/// Methods are documented with their reasons in parentheses.
#[test]
fn every_reason_that_the_proto_files_name_exists() {
    let comments = comments();
    let in_parentheses = comments
        .iter()
        .flat_map(|comment| comment.split('(').skip(1))
        .filter_map(|rest| rest.split_once(')'))
        .flat_map(|(inside, _)| inside.split(',').map(str::trim));
    let is_name = |word: &&str| {
        word.contains('_') && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
    };
    let named: HashSet<_> = in_parentheses.filter(is_name).collect();
    assert!(named.len() >= 14, "only {named:?}");
    for reason in named {
        assert!(Reason::all().any(|one| one.as_str() == reason), "{reason}");
    }
}
