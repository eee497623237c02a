//! The network that the demo's orders are served from: made up, at real postal
//! codes, and the same at every start.

use backstock_engine::model::Day;
use backstock_engine::model::Weekdays;

use super::data::Category;
use super::holidays;

/// Capacity that never runs out in the demo: its busiest day has 19 orders.
const WAREHOUSE_SHIPMENTS_PER_DAY: u32 = 400;

/// A store spares an hour of one person: four to eight parcels.
const STORE_SHIPMENTS_PER_DAY: u32 = 6;

/// What a node is, in the words of the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DemoNodeKind {
    /// Ships parcels and nothing else.
    Warehouse,
    /// Sells over the counter and ships from its shelves.
    Store,
    /// Another company's warehouse, which ships for the retailer.
    ThirdParty,
    /// Drop-ships its own goods after a lead time.
    Supplier {
        /// Working days from purchase order to shipment.
        lead_days: u16,
        /// The department whose goods it makes.
        makes: Category,
    },
}

/// A place that can fulfil.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoNode {
    /// The node id, unique in the network.
    pub id: &'static str,
    /// For people.
    pub name: &'static str,
    /// What it is.
    pub kind: DemoNodeKind,
    /// Five digits that the reference table knows.
    pub postal_code: &'static str,
    /// IANA name of the zone in which its days begin and end.
    pub zone: &'static str,
    /// The weekdays on which it ships.
    pub working_days: Weekdays,
    /// Minutes after local midnight until which work ships on the same day.
    pub cut_off_minutes: u16,
    /// Days off besides the weekly ones, 2014 to 2018, ascending.
    pub holidays: Vec<Day>,
    /// Shipments that it can send in a day.
    pub shipments_per_day: u32,
    /// US cents for picking, packing and handing over one shipment.
    pub cost_per_shipment_cents: u32,
    /// US cents for each unit in it.
    pub cost_per_unit_cents: u32,
}

/// All nodes: warehouses, then stores, the third party, the suppliers.
pub fn nodes() -> Vec<DemoNode> {
    let warehouses = WAREHOUSES.iter().map(warehouse);
    let stores = STORES.iter().map(store);
    let suppliers = SUPPLIERS.iter().map(supplier);
    warehouses.chain(stores).chain([third_party()]).chain(suppliers).collect()
}

/// The ids of the warehouses, from west to east.
pub(super) fn warehouse_ids() -> impl ExactSizeIterator<Item = &'static str> {
    WAREHOUSES.iter().map(|site| site.0)
}

/// The ids of the stores.
pub(super) fn store_ids() -> impl ExactSizeIterator<Item = &'static str> {
    STORES.iter().map(|site| site.0)
}

/// The ids of the stores, with their postal codes.
pub(super) fn stores() -> impl ExactSizeIterator<Item = (&'static str, &'static str)> {
    STORES.iter().map(|site| (site.0, site.2))
}

/// The id of the supplier of a department.
pub(super) const fn supplier_id(makes: Category) -> &'static str {
    match makes {
        Category::Furniture => FURNITURE_MAKER,
        Category::OfficeSupplies => PAPER_MAKER,
        Category::Technology => DEVICE_MAKER,
    }
}

/// The id of the one third party.
pub(super) const THIRD_PARTY_ID: &str = "3P-MEM";

const FURNITURE_MAKER: &str = "SU-FUR";
const PAPER_MAKER: &str = "SU-OFF";
const DEVICE_MAKER: &str = "SU-TEC";

const PACIFIC: &str = "America/Los_Angeles";
const MOUNTAIN: &str = "America/Denver";
const CENTRAL: &str = "America/Chicago";
const EASTERN: &str = "America/New_York";

/// Node id, name, postal code, zone.
type Site = (&'static str, &'static str, &'static str, &'static str);

/// Spread so that most people live within two days by truck of one of them.
const WAREHOUSES: [Site; 7] = [
    ("WH-RNO", "Reno warehouse", "89506", PACIFIC),
    ("WH-DEN", "Denver warehouse", "80239", MOUNTAIN),
    ("WH-DAL", "Dallas warehouse", "75241", CENTRAL),
    ("WH-JOT", "Joliet warehouse", "60436", CENTRAL),
    ("WH-CMH", "Columbus warehouse", "43217", EASTERN),
    ("WH-ATL", "Atlanta warehouse", "30336", EASTERN),
    ("WH-MDT", "Harrisburg warehouse", "17111", EASTERN),
];

/// In the cities that order most, and in each zone that differs from its
/// neighbours: Phoenix, Detroit and Indianapolis have names of their own.
const STORES: [Site; 24] = [
    ("ST-NYC", "New York, Chelsea", "10001", EASTERN),
    ("ST-LAX", "Los Angeles, Wilshire", "90036", PACIFIC),
    ("ST-PHL", "Philadelphia, Center City", "19103", EASTERN),
    ("ST-SFO", "San Francisco, Market Street", "94103", PACIFIC),
    ("ST-SEA", "Seattle, Downtown", "98101", PACIFIC),
    ("ST-HOU", "Houston, Downtown", "77002", CENTRAL),
    ("ST-CHI", "Chicago, Magnificent Mile", "60611", CENTRAL),
    ("ST-SAN", "San Diego, Downtown", "92101", PACIFIC),
    ("ST-PHX", "Phoenix, Downtown", "85004", "America/Phoenix"),
    ("ST-DEN", "Denver, Downtown", "80202", MOUNTAIN),
    ("ST-BOS", "Boston, Back Bay", "02116", EASTERN),
    ("ST-MIA", "Miami, Brickell", "33131", EASTERN),
    ("ST-MSP", "Minneapolis, Downtown", "55402", CENTRAL),
    ("ST-DTW", "Detroit, Downtown", "48226", "America/Detroit"),
    ("ST-DCA", "Washington, Downtown", "20005", EASTERN),
    ("ST-PDX", "Portland, Downtown", "97205", PACIFIC),
    ("ST-LAS", "Las Vegas, The Strip", "89109", PACIFIC),
    ("ST-BNA", "Nashville, Midtown", "37203", CENTRAL),
    ("ST-AUS", "Austin, Downtown", "78701", CENTRAL),
    ("ST-CLT", "Charlotte, Uptown", "28202", EASTERN),
    ("ST-STL", "Saint Louis, Downtown", "63101", CENTRAL),
    ("ST-IND", "Indianapolis, Downtown", "46204", "America/Indiana/Indianapolis"),
    ("ST-SLC", "Salt Lake City, Downtown", "84101", MOUNTAIN),
    ("ST-MSY", "New Orleans, Central", "70130", CENTRAL),
];

/// A site, its lead time in working days, and what it makes.
const SUPPLIERS: [(Site, u16, Category); 3] = [
    ((FURNITURE_MAKER, "Piedmont Furniture", "27260", EASTERN), 10, Category::Furniture),
    ((PAPER_MAKER, "Fox Valley Paper", "54956", CENTRAL), 3, Category::OfficeSupplies),
    ((DEVICE_MAKER, "Santa Clara Devices", "95131", PACIFIC), 5, Category::Technology),
];

fn warehouse(&(id, name, postal_code, zone): &Site) -> DemoNode {
    DemoNode {
        id,
        name,
        kind: DemoNodeKind::Warehouse,
        postal_code,
        zone,
        working_days: Weekdays::MONDAY_TO_FRIDAY,
        cut_off_minutes: 15 * 60,
        holidays: holidays::federal(),
        shipments_per_day: WAREHOUSE_SHIPMENTS_PER_DAY,
        cost_per_shipment_cents: 210,
        cost_per_unit_cents: 35,
    }
}

/// A store packs by hand, at the pay of the shop floor, on Saturdays too.
fn store(&(id, name, postal_code, zone): &Site) -> DemoNode {
    DemoNode {
        id,
        name,
        kind: DemoNodeKind::Store,
        postal_code,
        zone,
        working_days: Weekdays::MONDAY_TO_SATURDAY,
        cut_off_minutes: 13 * 60,
        holidays: holidays::retail(),
        shipments_per_day: STORE_SHIPMENTS_PER_DAY,
        cost_per_shipment_cents: 480,
        cost_per_unit_cents: 90,
    }
}

/// Beside the air hub in Memphis: late cut-off, every day, at a price.
fn third_party() -> DemoNode {
    DemoNode {
        id: THIRD_PARTY_ID,
        name: "Memphis fulfilment partner",
        kind: DemoNodeKind::ThirdParty,
        postal_code: "38118",
        zone: CENTRAL,
        working_days: Weekdays::EVERY_DAY,
        cut_off_minutes: 20 * 60,
        holidays: holidays::retail(),
        shipments_per_day: 50,
        cost_per_shipment_cents: 390,
        cost_per_unit_cents: 60,
    }
}

fn supplier(
    &((id, name, postal_code, zone), lead_days, makes): &(Site, u16, Category),
) -> DemoNode {
    DemoNode {
        id,
        name,
        kind: DemoNodeKind::Supplier { lead_days, makes },
        postal_code,
        zone,
        working_days: Weekdays::MONDAY_TO_FRIDAY,
        cut_off_minutes: 12 * 60,
        holidays: holidays::federal(),
        shipments_per_day: 40,
        cost_per_shipment_cents: 650,
        cost_per_unit_cents: 0,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use backstock_engine::calendar::Calendar;
    use backstock_engine::geo::PostalCodes;

    use super::*;
    use crate::demo::data::Superstore;
    use crate::reference::UsPostalCodes;

    fn count(is: fn(DemoNodeKind) -> bool) -> usize {
        nodes().iter().filter(|node| is(node.kind)).count()
    }

    #[test]
    fn the_network_has_nodes_of_every_kind() {
        assert_eq!(count(|kind| kind == DemoNodeKind::Warehouse), 7);
        assert_eq!(count(|kind| kind == DemoNodeKind::Store), 24);
        assert_eq!(count(|kind| kind == DemoNodeKind::ThirdParty), 1);
        assert_eq!(count(|kind| matches!(kind, DemoNodeKind::Supplier { .. })), 3);
        let ids: HashSet<_> = nodes().iter().map(|node| node.id).collect();
        assert_eq!(ids.len(), nodes().len());
    }

    #[test]
    fn every_node_is_at_a_known_postal_code_of_the_city_it_is_named_after() {
        let codes = UsPostalCodes::shared();
        for node in nodes() {
            assert!(codes.locate(node.postal_code).is_some(), "{}", node.id);
            let place = codes.place(node.postal_code).unwrap();
            let supplier = matches!(node.kind, DemoNodeKind::Supplier { .. });
            assert!(supplier || node.name.starts_with(place.city), "{} {place:?}", node.name);
        }
    }

    #[test]
    fn every_node_has_a_calendar_that_the_engine_takes() {
        for node in nodes() {
            let holidays = node.holidays.clone();
            let calendar =
                Calendar::new(node.zone, node.working_days, node.cut_off_minutes, holidays);
            assert_eq!(calendar.unwrap().zone().name(), node.zone);
        }
    }

    #[test]
    fn every_department_has_a_supplier() {
        let nodes = nodes();
        for product in &Superstore::shared().products {
            let id = supplier_id(product.category);
            let supplier = nodes.iter().find(|node| node.id == id).unwrap();
            let makes = |category| matches!(supplier.kind, DemoNodeKind::Supplier { makes, .. } if makes == category);
            assert!(makes(product.category));
        }
    }

    #[test]
    fn no_day_of_the_data_comes_near_what_a_warehouse_can_ship() {
        let orders = &Superstore::shared().orders;
        let busiest = orders.chunk_by(|a, b| a.date == b.date).map(<[_]>::len).max();
        assert_eq!(busiest, Some(19));
    }
}
