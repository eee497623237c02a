//! Which events a reader is told of.

/// Which events a reader is told of; without any word, of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Names of events, as `order_placed`; one of them, or any if there is none.
    pub names: Vec<String>,
    /// What the events are about; one of them, or anything if there is none.
    pub subjects: Vec<SubjectFilter>,
}

/// What an event is about, as `orders/WEB-1`, or the beginning of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectFilter(String);

impl SubjectFilter {
    /// All subjects that begin so, if it ends with a slash; that subject otherwise.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn lets_in(&self, subject: &str) -> bool {
        if self.0.ends_with('/') { subject.starts_with(&self.0) } else { subject == self.0 }
    }
}

impl Filter {
    /// Whether an event of that name is told.
    pub(super) fn lets_name_in(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|one| one == name)
    }

    /// Whether an event about these subjects is told.
    pub(super) fn lets_subjects_in(&self, subjects: &[String]) -> bool {
        let is_wanted = |subject: &String| self.subjects.iter().any(|one| one.lets_in(subject));
        self.subjects.is_empty() || subjects.iter().any(is_wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lets_in(filter: &str, subject: &str) -> bool {
        let subjects = vec![SubjectFilter::new(filter)];
        Filter { subjects, ..Filter::default() }.lets_subjects_in(&[subject.to_owned()])
    }

    #[test]
    fn a_subject_is_named_whole_or_by_what_it_is_below() {
        assert!(lets_in("orders/A", "orders/A"));
        assert!(!lets_in("orders/A", "orders/AB"));
        assert!(lets_in("orders/", "orders/AB"));
        assert!(lets_in("stock/SKU/", "stock/SKU/NYC"));
        assert!(!lets_in("stock/SKU/", "stock/SKU2/NYC"));
        assert!(!lets_in("stock/SKU", "stock/SKU/NYC"));
    }

    #[test]
    fn without_a_word_everything_is_told() {
        let all = Filter::default();
        assert!(all.lets_name_in("anything") && all.lets_subjects_in(&[]));
        let placed = Filter { names: vec!["order_placed".into()], ..Filter::default() };
        assert!(placed.lets_name_in("order_placed") && !placed.lets_name_in("order_cancelled"));
    }
}
