//! Items, nodes and the policy.

use super::*;
use crate::model::bundle::{Component, Components};
use crate::model::catalog::{Item, Sale};
use crate::model::ids::{NodeId, PostalCode, ServiceName, Sku};
use crate::model::{
    Band, Eligibility, Location, Node, NodeKind, Objective, OwnStock, PickupOffer, Policy,
    ReleaseRule, Service, Shortage, Split, WeekdayCutOffs, Weekdays,
};

pub(super) fn events() -> Vec<Named> {
    [of_items(), of_bundles(), of_nodes(), of_policies()].concat()
}

fn plain_item(title: &str, sale: Sale) -> Item {
    let (sku, components) = (Sku::new("sku", "SKU-1").unwrap(), Components::default());
    Item { sku, title: text(title), sale, waiting_max: None, components, opens: None }
}

fn item_defined(item: Item) -> AnyEvent {
    ItemDefined { no: PAIR.sku, item }.into()
}

fn of_items() -> Vec<Named> {
    let item = plain_item("Café", Sale::On);
    let waits = Item { waiting_max: Some(500), ..item.clone() };
    let opens = Item { opens: Some(ETA), ..item.clone() };
    vec![
        ("item_defined", item_defined(item)),
        ("item_off_sale", item_defined(plain_item("", Sale::Off))),
        ("item_for_which_some_wait", item_defined(waits)),
        ("item_whose_sale_opens", item_defined(opens)),
    ]
}

fn of_bundles() -> Vec<Named> {
    let of = |name: &str, units| Component { sku: Sku::new("sku", name).unwrap(), units };
    let components = Components(Box::new([of("SKU-2", 1), of("SKU-3", 1_000)]));
    let bundle = |sale| Item { components: components.clone(), ..plain_item("", sale) };
    vec![
        ("bundle_defined", item_defined(bundle(Sale::On))),
        ("bundle_off_sale", item_defined(bundle(Sale::Off))),
    ]
}

fn node() -> Node {
    Node {
        id: NodeId::new("id", "DC-EAST").unwrap(),
        kind: NodeKind::ThirdParty,
        title: text("East"),
        postal_code: PostalCode::new("code", "10001").unwrap(),
        location: Location::new(40_750_000, -73_990_000).unwrap(),
        time_zone: "America/New_York".into(),
        working_days: 0b001_1111,
        cut_off_minute: 840,
        holidays: vec![day(20_000)],
        capacity_units_per_day: 5_000,
        shipment_cost: 450,
        unit_cost: -1,
        lead_time_days: 2,
        enabled: true,
        weekday_cut_offs: WeekdayCutOffs::default(),
        eligibility: Eligibility::default(),
        capacity_shipments_per_day: None,
        min_order_quantity: None,
        reliability: None,
        pickup_days: None,
        release: None,
        paused_until: None,
        pickup: PickupOffer::default(),
    }
}

/// The same, with cut-offs of their own on Friday and Saturday.
fn weekday_node() -> Node {
    let own = [None, None, None, None, Some(720), Some(600), None];
    Node { weekday_cut_offs: WeekdayCutOffs(own), ..node() }
}

/// The same, for two channels and one service.
fn restricted_node() -> Node {
    let services = vec![ServiceName::new("name", "standard").unwrap()];
    let eligibility = Eligibility { channels: vec![text("web"), text("app")], services };
    Node { eligibility, ..weekday_node() }
}

/// The same node, where customers collect.
fn pickup_node() -> Node {
    Node { pickup: PickupOffer::Offered, ..restricted_node() }
}

fn node_defined(node: Node) -> AnyEvent {
    NodeDefined { no: PAIR.node, node: Box::new(node) }.into()
}

fn of_nodes() -> Vec<Named> {
    let bounded = Node { capacity_shipments_per_day: Some(70), ..node() };
    let kind = NodeKind::Supplier;
    let minimum = Node { min_order_quantity: Some(12), kind, ..node() };
    let vendor = Node { reliability: Some(9_750), kind, ..node() };
    let keeps =
        Node { pickup_days: Some(14), release: Some(ReleaseRule::BeforeCutOff(120)), ..node() };
    let releases = Node { release: Some(ReleaseRule::AtOnce), ..node() };
    vec![
        ("node_defined", node_defined(node())),
        ("node_defined_weekdays", node_defined(weekday_node())),
        ("node_defined_for_some", node_defined(restricted_node())),
        ("node_defined_with_shipments", node_defined(bounded)),
        ("node_defined_with_minimum", node_defined(minimum)),
        ("node_defined_with_pickup", node_defined(pickup_node())),
        ("node_defined_with_reliability", node_defined(vendor)),
        ("node_defined_with_pickup_days", node_defined(keeps)),
        ("node_defined_with_release", node_defined(releases)),
        ("node_defined_with_pause", node_defined(Node { paused_until: Some(ETA), ..node() })),
    ]
}

fn policy() -> Policy {
    Policy {
        objectives: [Objective::Shipments, Objective::Promise, Objective::Cost, Objective::Balance],
        currency: "EUR".into(),
        bands: vec![Band { distance_m_max: 500_000, shipment_cost: 300, unit_cost: 5 }],
        services: vec![Service {
            name: ServiceName::new("name", "standard").unwrap(),
            promise_days: 5,
            transit_days: vec![2],
            pickup_weekdays: Weekdays::EVERY_DAY,
            transit_weekdays: Weekdays::EVERY_DAY,
            delivery_weekdays: Weekdays::EVERY_DAY,
        }],
        shortage: Shortage::Partial,
        split: Split::WholeLine,
        horizon_days: 60,
        own_stock: OwnStock::Alike,
        overdue_days: None,
    }
}

/// The same, by a carrier that rests on Sundays and counts no day of the weekend.
fn weekday_policy() -> Policy {
    let mut policy = policy();
    policy.services[0].pickup_weekdays = Weekdays::MONDAY_TO_SATURDAY;
    policy.services[0].transit_weekdays = Weekdays::MONDAY_TO_FRIDAY;
    policy.services[0].delivery_weekdays = Weekdays::MONDAY_TO_SATURDAY;
    policy
}

fn of_policies() -> Vec<Named> {
    let set = |policy| PolicySet { policy: Box::new(policy) }.into();
    vec![
        ("policy_set", set(policy())),
        ("policy_set_weekdays", set(weekday_policy())),
        ("policy_set_own_stock", set(Policy { own_stock: OwnStock::First, ..policy() })),
        ("policy_set_overdue", set(Policy { overdue_days: Some(14), ..policy() })),
    ]
}
