use super::super::{Fact, Measure, Move};
use super::{count, message, receipt, sku};

fn totals(fact: &Fact) -> Vec<(String, i64)> {
    let line = |line: &super::FactLine| (line.sku.to_string(), line.counts[0].1);
    fact.lines.iter().map(line).collect()
}

#[test]
fn a_fact_has_the_totals_of_its_highest_revision() {
    let first = Fact::stated(None, &message(1, receipt("PO-1"), 1, &[("A", 3), ("B", 2)]));
    let second = Fact::stated(Some(&first), &message(2, receipt("PO-1"), 2, &[("A", 1)]));
    assert_eq!(totals(&second), [("A".to_owned(), 1)]);
}

#[test]
fn a_count_says_nothing_of_what_it_does_not_list_and_something_of_what_is_the_same() {
    let first = message(1, count("C-1"), 1, &[("A", 3), ("B", 2), ("C", 0)]);
    let known = Fact::stated(None, &first);
    assert_eq!(totals(&known).len(), 3, "that none is there was counted");
    let second = message(2, count("C-1"), 2, &[("A", 3), ("D", 7)]);
    let told = |name: &str, from, to| Move { sku: sku(name), measure: Measure::OnHand, from, to };
    assert_eq!(Fact::moves(Some(&known), &second), [told("A", 3, 3), told("D", 0, 7)]);
    assert_eq!(totals(&Fact::stated(Some(&known), &second)).len(), 4);
}
