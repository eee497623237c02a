//! What is wrong with a message: all of it, up to a bound.

use backstock_engine::model::{Rule, Violation};

use super::limits::FAULTS_TOLD_MAX;

/// Violations of one message, the first ones kept and the others counted.
#[derive(Debug, Default)]
pub struct Found {
    kept: Vec<Violation>,
    more: usize,
}

impl Found {
    /// Notes a violation.
    pub fn note(&mut self, violation: Violation) {
        if self.kept.len() < FAULTS_TOLD_MAX {
            self.kept.push(violation);
        } else {
            self.more += 1;
        }
    }

    /// Notes that the value of a field breaks a rule that the text tells.
    pub fn malformed(&mut self, field: &str, value: impl std::fmt::Display, text: &str) {
        self.note(Violation::new(field, value, Rule::Malformed(text.to_owned())));
    }

    /// The value, or none and the violation noted.
    pub fn take<T>(&mut self, read: Result<T, Violation>) -> Option<T> {
        read.map_err(|violation| self.note(violation)).ok()
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether something is wrong with lines: those that are left have other places in the list.
    pub fn is_of_lines(&self) -> bool {
        self.kept.iter().any(|violation| violation.field.starts_with("lines"))
    }

    /// All that was found; the last one says how many are not listed, if some are not.
    pub fn into_list(mut self) -> Vec<Violation> {
        if self.more > 0 {
            let text = format!("and {} more faults", self.more);
            self.kept.push(Violation::new("", "", Rule::Malformed(text)));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_of_faults_is_listed_and_the_others_are_counted() {
        let mut found = Found::default();
        (0..FAULTS_TOLD_MAX + 7).for_each(|at| found.malformed("sku", at, "is wrong"));
        let list = found.into_list();
        assert_eq!(list.len(), FAULTS_TOLD_MAX + 1);
        assert!(list[FAULTS_TOLD_MAX].to_string().contains("and 7 more"));
    }
}
