//! What may come back, by a policy that is set once and judges each return.

use tonic_types::StatusExt;

use super::*;

/// Shoes come back for thirty days, less 5% and the label. Hats are a final sale, but for the seller's fault.
/// Socks are kept up to 5.00 by who does not want them. Nothing else comes back.
fn policy() -> v1::ReturnPolicy {
    let of = |category: &str| v1::ReturnRule { category: category.into(), ..Default::default() };
    let shoes = v1::ReturnRule {
        days: Some(30),
        restocking_bp: 500,
        label_fee_minor: 199,
        customer_pays_label: true,
        ways: vec![v1::ReturnWay::Mail.into()],
        ..of("shoes")
    };
    let hats = v1::ReturnRule { fault_days: Some(90), ..of("hats") };
    let socks = v1::ReturnRule {
        days: Some(30),
        keep_it_up_to_minor: Some(500),
        reasons: vec![v1::ReturnReason::DoesNotFit.into()],
        ..of("socks")
    };
    v1::ReturnPolicy { rules: vec![shoes, hats, socks], ..Default::default() }
}

impl Shop {
    async fn set_policy(&mut self, policy: v1::ReturnPolicy) -> Result<(), Status> {
        let request = v1::SetReturnPolicyRequest { policy: Some(policy), ..Default::default() };
        self.server.returns.set_return_policy(request).await.map(drop)
    }

    /// A shop with that policy that sold a pair of shoes, a hat, and two pairs of socks.
    async fn with_policy() -> (Self, Provider) {
        let sold = [("SHOES", 1, 100_000), ("HAT", 1, 50_000), ("SOCKS", 2, 30_000)];
        let (mut shop, provider) = Self::sold(&sold).await;
        let items = [("SHOES", "shoes"), ("HAT", "hats"), ("SOCKS", "socks")]
            .map(|(sku, of)| v1::ItemTaxCategory { sku: sku.into(), category: of.into() });
        let request = v1::SetTaxCategoriesRequest { items: items.into(), ..Default::default() };
        shop.server.pricing.set_tax_categories(request).await.expect("set");
        shop.set_policy(policy()).await.expect("set");
        (shop, provider)
    }
}

/// What a refusal says against lines: the objection, and the line.
fn objections(refused: &Status) -> Vec<(String, String)> {
    let details = refused.get_error_details();
    let found = details.precondition_failure().expect("objections").violations.clone();
    found.into_iter().map(|of| (of.r#type, of.subject)).collect()
}

fn told(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(of, line)| ((*of).into(), (*line).into())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_a_policy_says_against_a_return_is_told_at_once_and_by_line() {
    let (mut shop, _) = Shop::with_policy().await;
    let all = v1::RequestReturnRequest {
        way: v1::ReturnWay::Store.into(),
        reason: v1::ReturnReason::ChangedMind.into(),
        validate_only: true,
        ..asked("R", &[(0, 1), (1, 1), (2, 1)])
    };
    let refused = shop.ask(all.clone()).await.expect_err("none of it comes back so");
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "NOT_IN_RETURN_POLICY");
    let expected = told(&[
        ("RETURN_WAY_NOT_OFFERED", "line/0"),
        ("FINAL_SALE", "line/1"),
        ("RETURN_REASON_NOT_ACCEPTED", "line/2"),
    ]);
    assert_eq!(objections(&refused), expected);
    // A person at a desk says terms, and none of that counts.
    let granted = v1::RequestReturnRequest {
        terms: Some(v1::ReturnTerms::default()),
        validate_only: false,
        ..all
    };
    shop.ask(granted).await.expect("granted");
    assert_eq!(places(&shop.rma("R").await).len(), 3);
}

/// What is kept is judged by the worth of all of it: two at 3.00 each are not twice one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_kept_is_judged_by_the_worth_of_the_whole_return() {
    let (mut shop, mut provider) = Shop::with_policy().await;
    let mode = v1::ReturnMode::KeepIt.into();
    let keep = |id: &str, units| v1::RequestReturnRequest { mode, ..asked(id, &[(2, units)]) };
    let refused = shop.ask(keep("R", 2)).await.expect_err("too dear");
    assert_eq!(objections(&refused), told(&[("TOO_DEAR_TO_KEEP", "line/2")]));
    shop.ask(keep("R", 1)).await.expect("granted");
    assert_eq!(shop.refunded(&mut provider).await, 300);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_charges_its_fees_unless_the_seller_is_to_blame() {
    for (reason, refund) in
        [(v1::ReturnReason::DoesNotFit, 1_000 - 50 - 199), (v1::ReturnReason::Damaged, 1_000)]
    {
        let (mut shop, mut provider) = Shop::with_policy().await;
        let request = v1::RequestReturnRequest { reason: reason.into(), ..asked("R", &[(0, 1)]) };
        for _ in 0..2 {
            shop.ask(request.clone()).await.expect("granted, and found again");
        }
        // What was granted stays, whatever the policy is by then.
        shop.set_policy(v1::ReturnPolicy::default()).await.expect("set");
        shop.ask(request).await.expect("found again");
        shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
        shop.inspect(as_new("R")).await.expect("looked at");
        assert_eq!(shop.refunded(&mut provider).await, refund, "{reason:?}");
    }
}

/// A final sale comes back where it is damaged; fees that differ by line are no terms of one return.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_other_fees_come_back_apart() {
    let (mut shop, _) = Shop::with_policy().await;
    let both = v1::RequestReturnRequest {
        reason: v1::ReturnReason::Damaged.into(),
        ..asked("R", &[(0, 1), (1, 1)])
    };
    shop.ask(both).await.expect("where the seller is to blame, no fee differs");
    let refused = shop.ask(asked("S", &[(2, 1)])).await;
    refused.expect("socks come back");
    let (mut shop, _) = Shop::with_policy().await;
    let refused = shop.ask(asked("R", &[(0, 1), (2, 1)])).await.expect_err("other fees");
    assert_eq!(refused.get_error_details().error_info().unwrap().reason, "RETURN_TERMS_DIFFER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_is_read_as_it_was_set_and_what_is_wrong_with_one_is_told_at_once() {
    let mut shop = Shop::with(&[]).await;
    let get = v1::GetReturnPolicyRequest::default();
    let read = shop.server.returns.get_return_policy(get).await.expect("read").into_inner();
    assert_eq!(read.policy, None);
    let date = |month| Some(v1::Date { year: 2026, month, day: 1 });
    let mut set = policy();
    set.rules.iter_mut().for_each(|rule| rule.shipping = v1::ReturnShipping::None.into());
    set.holidays = vec![v1::ReturnHoliday { from: date(11), to: date(12), until: date(12) }];
    shop.set_policy(set.clone()).await.expect("set");
    let read = shop.server.returns.get_return_policy(get).await.expect("read").into_inner();
    assert_eq!(read.policy, Some(set.clone()));
    set.rules[0] = v1::ReturnRule {
        tier: Some(10),
        days: Some(3_661),
        restocking_bp: 10_001,
        label_fee_minor: -1,
        conditions: vec![7],
        ways: vec![0],
        ..Default::default()
    };
    set.holidays[0].until = date(1);
    let refused = shop.set_policy(set).await.expect_err("it is wrong");
    let details = refused.get_error_details();
    let mut fields: Vec<_> =
        details.bad_request().unwrap().field_violations.iter().map(|of| of.field.clone()).collect();
    fields.sort();
    let rule = |field: &str| format!("policy.rules[0].{field}");
    let mut expected = vec!["policy.holidays[0]".to_owned()];
    let names = ["tier", "days", "restocking_bp", "label_fee_minor", "conditions[0]", "ways[0]"];
    expected.extend(names.map(rule));
    expected.sort();
    assert_eq!(fields, expected);
}
