//! What callers may say of nodes and of the policy: this definition, exactly these violations.

use crate::calendar::Zone;
use crate::command::fixture::{definition, meta, said};
use crate::command::{NodeDefinition, SetPolicy};
use crate::engine::tests::OnePlace;
use crate::geo::{PostalCodes, PostalMatch, ZoneNo};
use crate::model::{Day, NodeKind, Objective, Policy, ReleaseRule};

/// What is wrong with the default policy after a change.
fn policy(change: impl FnOnce(&mut Policy)) -> Vec<String> {
    let mut policy = Policy::default();
    change(&mut policy);
    said(SetPolicy { meta: meta(), policy }.validate())
}

/// What is wrong with a node after a change.
fn node(change: impl FnOnce(&mut NodeDefinition)) -> Vec<String> {
    let mut node = definition("N", NodeKind::Warehouse);
    change(&mut node);
    said(node.validate(&OnePlace))
}

#[test]
fn a_policy_names_every_objective_once_and_a_currency() {
    assert_eq!(policy(|_| {}), [""; 0]);
    assert_eq!(
        policy(|policy| policy.objectives[2] = Objective::Promise),
        ["objectives[2]: \"Promise\" is given twice"]
    );
    assert_eq!(policy(|policy| policy.currency = "EUR".into()), [""; 0]);
    for currency in ["", "EU", "EURO", "eur", "E1R"] {
        assert_eq!(
            policy(|policy| policy.currency = currency.into()),
            [format!("currency: \"{currency}\" is not an ISO 4217 code of three capitals")]
        );
    }
    assert_eq!(
        policy(|policy| policy.overdue_days = Some(367)),
        ["overdue_days: \"367\" is not within 0 to 366"]
    );
    assert_eq!(policy(|policy| policy.overdue_days = Some(366)), [""; 0]);
    assert_eq!(
        policy(|policy| policy.horizon_days = 367),
        ["horizon_days: \"367\" is not within 0 to 366"]
    );
}

#[test]
fn bands_ascend_and_reach_everywhere() {
    let none = "services[0].transit_days: \"5\" has not one entry for each of 0 bands";
    let told = policy(|policy| policy.bands.clear());
    assert_eq!(told[..2], ["bands: \"0\" is not within 1 to 16", none]);
    let told = policy(|policy| policy.bands = vec![policy.bands[0].clone(); 17]);
    assert_eq!(told[0], "bands: \"17\" is not within 1 to 16");
    for metres in [249_999, 250_000] {
        assert_eq!(
            policy(|policy| policy.bands[1].distance_m_max = metres),
            [format!(
                "bands[1].distance_m_max: \"{metres}\" is not greater than the band before it"
            )]
        );
    }
    assert_eq!(
        policy(|policy| policy.bands[4].distance_m_max -= 1),
        ["bands[4].distance_m_max: \"\" is not 4294967295: the last band reaches everywhere"]
    );
    assert_eq!(
        policy(|policy| {
            policy.bands[0].shipment_cost = -1;
            policy.bands[3].unit_cost = 5_000_001;
        }),
        [
            "bands[0].shipment_cost: \"-1\" is not within 0 to 5000000",
            "bands[3].unit_cost: \"5000001\" is not within 0 to 5000000",
        ]
    );
}

#[test]
fn a_service_has_a_name_of_its_own_and_a_time_for_each_band() {
    assert_eq!(policy(|policy| policy.services.clear()), ["services: \"0\" is not within 1 to 32"]);
    assert_eq!(
        policy(|policy| policy.services = vec![policy.services[0].clone(); 33]),
        ["services: \"33\" is not within 1 to 32"]
    );
    assert_eq!(
        policy(|policy| policy.services[3].name = policy.services[1].name.clone()),
        ["services[3].name: \"second_class\" is given twice"]
    );
    for (days, given) in [(vec![1; 4], 4), (vec![1; 6], 6)] {
        assert_eq!(
            policy(|policy| policy.services[2].transit_days = days),
            [format!(
                "services[2].transit_days: \"{given}\" has not one entry for each of 5 bands"
            )]
        );
    }
    assert_eq!(
        policy(|policy| {
            policy.services[0].promise_days = 367;
            policy.services[1].transit_days[4] = 367;
        }),
        [
            "services[0].promise_days: \"367\" is not within 0 to 366",
            "services[1].transit_days[4]: \"367\" is not within 0 to 366",
        ]
    );
}

#[test]
fn a_node_works_on_some_day_and_its_numbers_are_within_bounds() {
    assert_eq!(node(|_| {}), [""; 0]);
    assert_eq!(node(|node| node.working_days = 0), ["working_days: \"\" is required"]);
    assert_eq!(
        node(|node| node.working_days = 0b1000_0000),
        ["working_days: \"128\" is not within 1 to 127"]
    );
    assert_eq!(
        node(|node| {
            node.cut_off_minute = 24 * 60;
            node.capacity_units_per_day = 1_000_000_000;
            node.capacity_shipments_per_day = Some(1_000_000_000);
            node.lead_time_days = 366;
            node.shipment_cost = 5_000_000;
            node.unit_cost = 5_000_000;
        }),
        [""; 0]
    );
    assert_eq!(
        node(|node| {
            node.cut_off_minute = 24 * 60 + 1;
            node.capacity_units_per_day = 1_000_000_001;
            node.capacity_shipments_per_day = Some(0);
            node.min_order_quantity = Some(500_001);
            node.reliability = Some(10_001);
            node.pickup_days = Some(61);
            node.release = Some(ReleaseRule::BeforeCutOff(10_081));
            node.lead_time_days = 367;
            node.shipment_cost = -1;
            node.unit_cost = 5_000_001;
        }),
        [
            "cut_off_minute: \"1441\" is not within 0 to 1440",
            "capacity_units_per_day: \"1000000001\" is not within 0 to 1000000000",
            "capacity_shipments_per_day: \"0\" is not within 1 to 1000000000",
            "min_order_quantity: \"500001\" is not within 1 to 500000",
            "reliability_basis_points: \"10001\" is not within 1 to 10000",
            "pickup_days: \"61\" is not within 1 to 60",
            "release_minutes_before_cut_off: \"10081\" is not within 0 to 10080",
            "lead_time_days: \"367\" is not within 0 to 366",
            "shipment_cost: \"-1\" is not within 0 to 5000000",
            "unit_cost: \"5000001\" is not within 0 to 5000000",
            "min_order_quantity: \"500001\" is for suppliers only",
            "reliability_basis_points: \"10001\" is for suppliers only",
        ]
    );
}

#[test]
fn a_supplier_offers_no_pickup() {
    let offers = |kind| {
        said(NodeDefinition { pickup: true.into(), ..definition("N", kind) }.validate(&OnePlace))
    };
    assert_eq!(offers(NodeKind::ThirdParty), [""; 0]);
    assert_eq!(
        offers(NodeKind::Supplier),
        ["offers_pickup: \"true\" cannot be offered by a SUPPLIER: nobody collects there"]
    );
}

/// A table that knows no code.
struct Nowhere;

impl PostalCodes for Nowhere {
    fn locate(&self, _: &str) -> Option<PostalMatch> {
        None
    }

    fn code_count(&self) -> u32 {
        0
    }

    fn zone(&self, _: ZoneNo) -> &Zone {
        unreachable!("no code has a zone")
    }
}

#[test]
fn a_node_is_at_a_known_place_and_in_a_known_zone() {
    let mut node = definition("N", NodeKind::Warehouse);
    node.time_zone = "Mars/Olympus".into();
    assert_eq!(
        said(node.validate(&Nowhere)),
        [
            "postal_code: \"00000\" is not one of the postal codes this server knows",
            "time_zone: \"Mars/Olympus\" is not a known IANA name",
        ]
    );
}

#[test]
fn a_holiday_is_given_once() {
    let days = |days: std::ops::Range<i32>| days.map(Day::from_epoch_days).collect::<Vec<_>>();
    assert_eq!(node(|node| node.holidays = days(0..400)), [""; 0]);
    assert_eq!(
        node(|node| node.holidays = days(0..401)),
        ["holidays: \"401\" has more than 400 entries"]
    );
    let twice = [days(20_000..20_003), days(20_001..20_002)].concat();
    let day = Day::from_epoch_days(20_001);
    assert_eq!(
        node(|node| node.holidays = twice),
        [format!("holidays[3]: \"{day}\" is given twice")]
    );
}
