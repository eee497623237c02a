//! What metrics are told of by name.

use std::collections::BTreeSet;

/// Names that a metric tells of, those that were forgotten since included: a metric never forgets a
/// label. Four times as many as there may be consumers at a time.
const LABELS_MAX: usize = 256;

/// The names that metrics were told of.
#[derive(Debug, Default)]
pub(super) struct Labels(BTreeSet<String>);

impl Labels {
    /// Those that were told of and are not among these any more.
    pub(super) fn gone<'a>(&'a self, there: &[&str]) -> impl Iterator<Item = &'a String> {
        self.0.iter().filter(move |name| !there.contains(&name.as_str()))
    }

    /// Whether metrics are told of a name.
    pub(super) fn lets_in(&mut self, name: &str) -> bool {
        let is_known = self.0.contains(name);
        if !is_known && self.0.len() < LABELS_MAX {
            return self.0.insert(name.to_owned());
        }
        is_known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_names_are_told_of_than_may_be_and_those_that_are_gone_are_known() {
        let mut labels = Labels::default();
        let let_in = (0..2 * LABELS_MAX).filter(|at| labels.lets_in(&at.to_string()));
        assert_eq!(let_in.count(), LABELS_MAX);
        assert!(labels.lets_in("7") && !labels.lets_in("1000"));
        assert_eq!(labels.gone(&["7"]).count(), LABELS_MAX - 1);
    }
}
