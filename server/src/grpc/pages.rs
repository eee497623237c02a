//! Pages of lists: sizes and tokens (AIP-158).

use tonic::Status;

use super::limits::{PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX};
use crate::status::Violations;

/// Which page is wanted: where it begins and how long it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    /// Place of the first entry.
    pub(super) from: usize,
    /// Most entries.
    pub(super) size: usize,
}

impl Page {
    /// Reads a request's size and token.
    pub(super) fn read(found: &mut Violations, page_size: i32, page_token: &str) -> Option<Self> {
        let size = size(found, page_size);
        let from = known(found, parse(page_token));
        Some(Self { from: from?, size: size? })
    }

    /// Reads the page of a request that has nothing else to check.
    pub(super) fn of(page_size: i32, page_token: &str) -> Result<Self, Status> {
        let mut found = Violations::default();
        let page = Self::read(&mut found, page_size, page_token);
        found.converted(page)
    }

    /// The entries of the page, and how the next one is asked for.
    pub(super) fn list<T>(self, all: impl Iterator<Item = T>) -> (Vec<T>, String) {
        let mut entries = all.skip(self.from).take(self.peek()).collect();
        let next = self.cut(&mut entries);
        (entries, next)
    }

    /// How many entries to read: one more than fit, to know whether more follow.
    pub(super) fn peek(self) -> usize {
        self.size + 1
    }

    /// Cuts what was peeked to the page, and says how the next one is asked for.
    pub(super) fn cut<T>(self, entries: &mut Vec<T>) -> String {
        let more = entries.len() > self.size;
        entries.truncate(self.size);
        if more { token(self.from + self.size) } else { String::new() }
    }
}

/// Most entries of a page.
pub(super) fn size(found: &mut Violations, page_size: i32) -> Option<usize> {
    match usize::try_from(page_size) {
        Ok(0) => Some(PAGE_SIZE_DEFAULT),
        Ok(size) => Some(size.min(PAGE_SIZE_MAX)),
        Err(_) => {
            found.add("page_size", format!("\"{page_size}\" is negative"));
            None
        }
    }
}

/// Where a page begins, if its token says so.
pub(super) fn known<T>(found: &mut Violations, from: Option<T>) -> Option<T> {
    if from.is_none() {
        found.add("page_token", "is not the next_page_token of an answer");
    }
    from
}

/// Tokens are opaque to callers; the letter tells them from a number that a
/// caller made up.
fn token(place: usize) -> String {
    format!("p{place:x}")
}

fn parse(token: &str) -> Option<usize> {
    if token.is_empty() {
        return Some(0);
    }
    usize::from_str_radix(token.strip_prefix('p')?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_one_another_without_a_gap() {
        let all: Vec<usize> = (0..25).collect();
        let (mut token, mut read) = (String::new(), Vec::<usize>::new());
        loop {
            let (entries, next) = Page::of(10, &token).unwrap().list(all.iter());
            token = next;
            read.extend(entries);
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(read, all);
    }

    #[test]
    fn made_up_tokens_and_negative_sizes_are_refused() {
        let mut found = Violations::default();
        assert_eq!(Page::read(&mut found, -1, "12"), None);
        let status = found.into_status();
        assert!(status.message().starts_with("2 fields"), "{}", status.message());
    }
}
