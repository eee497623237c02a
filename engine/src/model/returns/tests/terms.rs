//! What a customer is credited.

use proptest::prelude::*;

use super::*;

fn worth(before: i64, with: i64) -> Worth {
    Worth { before: Minor(before), with: Minor(with) }
}

fn fees(basis_points: u16, most: Option<i64>, label: i64) -> Fees {
    Fees {
        restocking_basis_points: basis_points,
        restocking_max: most.map(Minor),
        label: Minor(label),
    }
}

#[test]
fn a_credit_is_the_value_less_reduction_and_fees_and_never_below_zero() {
    let half = Some(5_000);
    for (name, worth, reduced, fees, label_due, parts) in [
        ("all of it", worth(0, 1_813), None, fees(0, None, 0), 0, [1_813, 0, 0, 0]),
        ("a later one", worth(1_813, 3_627), None, fees(0, None, 0), 0, [1_814, 0, 0, 0]),
        ("half", worth(0, 1_813), half, fees(0, None, 0), 0, [906, 907, 0, 0]),
        ("15%", worth(0, 1_000), None, fees(1_500, None, 0), 0, [850, 0, 150, 0]),
        (
            "15%, at most 1.00",
            worth(0, 1_000),
            None,
            fees(1_500, Some(100), 0),
            0,
            [900, 0, 100, 0],
        ),
        (
            "that was paid before",
            worth(1_000, 2_000),
            None,
            fees(1_500, Some(100), 0),
            0,
            [1_000, 0, 0, 0],
        ),
        ("the label", worth(0, 1_000), None, fees(0, None, 599), 599, [401, 0, 0, 599]),
        ("a label dearer than it", worth(0, 300), None, fees(0, None, 599), 599, [0, 0, 0, 300]),
        (
            "nothing is left for fees",
            worth(0, 300),
            Some(10_000),
            fees(1_500, None, 599),
            599,
            [0, 300, 0, 0],
        ),
        ("the rest of a fee", worth(0, 100), half, fees(9_000, None, 0), 0, [0, 50, 50, 0]),
        ("worth nothing", worth(500, 500), None, fees(1_500, None, 599), 599, [0, 0, 0, 0]),
    ] {
        let credited = worth.credited(reduced.map(by), &fees, Minor(label_due));
        let Credited { credit, reduced, restocking, label } = credited;
        assert_eq!([credit, reduced, restocking, label].map(|of| of.0), parts, "{name}");
    }
}

/// medusa/admin#522: what the label costs was not deducted.
#[test]
fn medusa_admin_522_a_label_is_deducted_once() {
    let fees = fees(0, None, 500);
    let first = worth(0, 300).credited(None, &fees, fees.label);
    let second = worth(300, 900).credited(None, &fees, fees.label - first.label);
    let third = worth(900, 1_200).credited(None, &fees, fees.label - first.label - second.label);
    let all = [first, second, third];
    assert_eq!(all.map(|of| of.label.0), [300, 200, 0]);
    assert_eq!(all.map(|of| of.credit.0), [0, 400, 300]);
}

proptest! {
    #[test]
    fn the_steps_in_which_units_are_credited_change_nothing(
        steps in prop::collection::vec(0..100_000_i64, 1..12),
        basis_points in 0..=10_000_u16,
        most in prop::option::of(0..50_000_i64),
        label in 0..2_000_i64,
    ) {
        let fees = fees(basis_points, most, label);
        let (mut at, mut sum, mut due) = (0, [0; 2], fees.label);
        for step in &steps {
            let each = worth(at, at + step).credited(None, &fees, due);
            prop_assert_eq!(each.credit + each.restocking + each.label, Minor(*step));
            prop_assert!(each.credit >= Minor::ZERO);
            due -= each.label;
            sum = [sum[0] + each.credit.0 + each.label.0, sum[1] + each.restocking.0];
            at += step;
        }
        let whole = worth(0, at).credited(None, &fees, fees.label);
        prop_assert_eq!(sum, [whole.credit.0 + whole.label.0, whole.restocking.0]);
    }
}
