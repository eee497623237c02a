//! What a policy says.

use super::*;
use crate::model::violation::Rule;

fn day(day: i32) -> Day {
    Day::from_epoch_days(day)
}

fn grants() -> Grants {
    Grants {
        days: Some(30),
        reasons: Vec::new(),
        ways: vec![ReturnWay::Store, ReturnWay::Mail],
        keep_it_up_to: Some(Minor(1_000)),
        advance_up_to: Some(Minor(5_000)),
        lost_up_to: Some(Minor(10_000)),
        review_from: Some(Minor(20_000)),
        fees: Fees {
            restocking_basis_points: 1_000,
            restocking_max: Some(Minor(2_000)),
            label: Minor(599),
        },
        label_payer: LabelPayer::Customer,
        shipping: ShippingRefund::LastUnit,
        fault_days: Some(60),
    }
}

/// Underwear is a final sale, gold customers have 90 days, the marketplace takes what is unopened, and for
/// all others it is 30 days.
fn policy() -> ReturnPolicy {
    let rule = |applies, grants| ReturnRule { applies, grants };
    let none = Applies::default();
    let underwear = Applies { category: Some(text("underwear")), ..none.clone() };
    let gold = Applies { tier: Some(2), ..none.clone() };
    let market = Applies { channel: Some(text("market")), ..none.clone() };
    let unopened = Applies { conditions: vec![Condition::Unopened], ..market.clone() };
    let broken = Grants { days: None, reasons: vec![ReturnReason::Defective], ..grants() };
    ReturnPolicy {
        rules: vec![
            rule(underwear, Grants { days: None, ..grants() }),
            rule(gold, Grants { days: Some(90), ..grants() }),
            rule(unopened, grants()),
            rule(market, broken),
            rule(none, grants()),
        ],
        holidays: vec![Holiday { from: day(300), to: day(340), until: day(400) }],
        destinations: None,
    }
}

/// A blouse of 50.00, bought on day 100 and delivered on day 103.
fn facts() -> ReturnFacts<'static> {
    ReturnFacts {
        category: Some("blouses"),
        channel: Some("web"),
        tier: 9,
        condition: Condition::Opened,
        reason: ReturnReason::ChangedMind,
        way: ReturnWay::Mail,
        mode: ReturnMode::Normal,
        bought: day(100),
        delivered: day(103),
        today: day(133),
        value: Minor(5_000),
        is_final_sale: false,
    }
}

fn until(facts: &ReturnFacts<'_>) -> Result<i32, Vec<Objection>> {
    judge(&policy(), facts).map(|terms| terms.until.epoch_days())
}

#[test]
fn the_first_rule_that_fits_says_until_when() {
    let f = facts();
    for (name, facts, expected) in [
        ("the last day", f, Ok(133)),
        (
            "a day late",
            ReturnFacts { today: day(134), ..f },
            Err(Objection::WindowPassed { until: day(133) }),
        ),
        ("gold", ReturnFacts { today: day(193), tier: 2, ..f }, Ok(193)),
        (
            "not gold",
            ReturnFacts { today: day(193), tier: 3, ..f },
            Err(Objection::WindowPassed { until: day(133) }),
        ),
        ("underwear", ReturnFacts { category: Some("underwear"), ..f }, Err(Objection::FinalSale)),
        ("sold as final", ReturnFacts { is_final_sale: true, ..f }, Err(Objection::FinalSale)),
        (
            "but broken",
            ReturnFacts { is_final_sale: true, reason: ReturnReason::Defective, ..f },
            Ok(163),
        ),
        (
            "unopened",
            ReturnFacts { channel: Some("market"), condition: Condition::Unopened, ..f },
            Ok(133),
        ),
        (
            "opened",
            ReturnFacts { channel: Some("market"), reason: ReturnReason::Defective, ..f },
            Ok(163),
        ),
        (
            "a gift",
            ReturnFacts { bought: day(340), delivered: day(343), today: day(400), ..f },
            Ok(400),
        ),
        (
            "after it",
            ReturnFacts { bought: day(341), delivered: day(343), today: day(374), ..f },
            Err(Objection::WindowPassed { until: day(373) }),
        ),
        (
            "bought then, and long enough",
            ReturnFacts { bought: day(340), delivered: day(390), today: day(420), ..f },
            Ok(420),
        ),
    ] {
        assert_eq!(until(&facts), expected.map_err(|one| vec![one]), "{name}");
    }
}

#[test]
fn each_refusal_is_explained() {
    let f = facts();
    let dear = ReturnFacts { value: Minor(5_001), ..f };
    let (value, most) = (Minor(5_001), Minor(1_000));
    for (facts, expected) in [
        (
            ReturnFacts { way: ReturnWay::KeepIt, ..dear },
            vec![Objection::TooDearToKeep { value, most }],
        ),
        (
            ReturnFacts { mode: ReturnMode::Advance, ..dear },
            vec![Objection::TooDearToAdvance { value, most: Minor(5_000) }],
        ),
        (
            ReturnFacts { way: ReturnWay::DropOff, today: day(140), ..f },
            vec![
                Objection::WindowPassed { until: day(133) },
                Objection::WayNotOffered { way: ReturnWay::DropOff },
            ],
        ),
        (
            ReturnFacts { channel: Some("market"), ..f },
            vec![
                Objection::FinalSale,
                Objection::ReasonNotAccepted { reason: ReturnReason::ChangedMind },
            ],
        ),
    ] {
        assert_eq!(judge(&policy(), &facts), Err(expected), "{facts:?}");
    }
    let nothing = judge(&ReturnPolicy::default(), &f);
    assert_eq!(nothing, Err(vec![Objection::NoRule]));
    let said = Objection::WindowPassed { until: day(133) }.to_string();
    assert_eq!(said, "they could be returned until 1970-05-14");
}

#[test]
fn who_is_to_blame_pays() {
    let f = facts();
    let terms = |facts: &ReturnFacts<'_>| judge(&policy(), facts).expect("it is taken back");
    let his = terms(&f);
    assert_eq!((his.fees, his.label_payer), (grants().fees, LabelPayer::Customer));
    let in_store = terms(&ReturnFacts { way: ReturnWay::Store, ..f });
    assert_eq!(in_store.fees, Fees { label: Minor::ZERO, ..grants().fees }, "there is no label");
    let ours = terms(&ReturnFacts { reason: ReturnReason::WrongItem, ..f });
    assert_eq!((ours.fees, ours.label_payer), (Fees::default(), LabelPayer::Seller));
}

#[test]
fn the_value_decides_who_looks_at_it_and_who_bears_a_loss() {
    for (value, covers_loss, needs_review) in [
        (10_000, true, false),
        (10_001, false, false),
        (19_999, false, false),
        (20_000, false, true),
    ] {
        let terms = judge(&policy(), &ReturnFacts { value: Minor(value), ..facts() }).unwrap();
        assert_eq!((terms.covers_loss, terms.needs_review), (covers_loss, needs_review), "{value}");
    }
}

#[test]
fn all_that_is_wrong_with_a_policy_is_told_at_once() {
    assert_eq!(policy().check("return_policy"), Ok(()));
    let mut wrong = policy();
    wrong.rules[0].grants.fees.restocking_basis_points = 10_001;
    wrong.rules[1].applies.tier = Some(10);
    wrong.rules[2].grants.days = Some(3_661);
    wrong.rules[3].grants.fees.label = Minor(-1);
    wrong.holidays.push(Holiday { from: day(2), to: day(1), until: day(3) });
    let found = wrong.check("return_policy").expect_err("it is wrong");
    let fields: Vec<&str> = found.iter().map(|of| of.field.as_str()).collect();
    let expected = [
        "return_policy.rules[0].restocking_basis_points",
        "return_policy.rules[1].tier",
        "return_policy.rules[2].days",
        "return_policy.rules[3].label",
        "return_policy.holidays[1]",
    ];
    assert_eq!(fields, expected);
    wrong.rules = vec![wrong.rules[4].clone(); 1_025];
    let found = wrong.check("return_policy").expect_err("it is wrong");
    assert_eq!(found[0].rule, Rule::TooMany { max: 1_024 });
    assert_eq!(Reduction::new("by", 0).map_err(|of| of.field), Err("by".into()));
}

#[test]
fn a_policy_is_read_as_it_was_written() {
    let bytes = minicbor::to_vec(policy()).unwrap();
    assert_eq!(minicbor::decode::<ReturnPolicy>(&bytes).unwrap(), policy());
}
