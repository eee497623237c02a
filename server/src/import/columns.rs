//! What files hold, and which columns each kind of file has.

use std::fmt;

use clap::ValueEnum;

/// What the rows of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Sellable things.
    Items,
    /// Places that fulfil.
    Nodes,
    /// Levels of a SKU at a node.
    Stock,
    /// Units on their way to a node.
    Inbound,
    /// Who may have the units of a SKU at a node.
    Terms,
    /// Orders; a row is a line of one.
    Orders,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Items => "items",
            Self::Nodes => "nodes",
            Self::Stock => "stock",
            Self::Inbound => "inbound",
            Self::Terms => "terms",
            Self::Orders => "orders",
        })
    }
}

/// The columns of one kind: those that have to be there, and the others. The
/// first required ones tell the kinds apart.
struct Columns {
    required: &'static [&'static str],
    optional: &'static [&'static str],
}

impl Kind {
    const fn columns(self) -> Columns {
        match self {
            Self::Items => Columns {
                required: &["sku"],
                optional: &["title", "off_sale", "waiting_units_max", "components", "opens_time"],
            },
            Self::Nodes => Columns {
                required: &["node_id", "kind", "postal_code", "time_zone", "working_days"],
                optional: &[
                    "title",
                    "country_code",
                    "cut_off",
                    "weekday_cut_offs",
                    "holidays",
                    "capacity_units_per_day",
                    "capacity_shipments_per_day",
                    "min_order_quantity",
                    "shipment_cost_minor",
                    "unit_cost_minor",
                    "lead_time_days",
                    "enabled",
                    "channels",
                    "services",
                    "offers_pickup",
                    "reliability_basis_points",
                    "pickup_days",
                    "release_minutes_before_cut_off",
                    "releases_at_once",
                    "paused_until",
                ],
            },
            Self::Stock => Columns {
                required: &["sku", "node_id"],
                optional: &["on_hand", "unavailable", "safety", "vendor_feed", "vendor_feed_as_of"],
            },
            Self::Inbound => Columns {
                required: &["inbound_id", "sku", "node_id", "quantity", "eta"],
                optional: &["confidence_basis_points", "source"],
            },
            Self::Terms => Columns {
                required: &["sku", "node_id"],
                optional: &["off_sourcing", "channel_safety", "segments"],
            },
            Self::Orders => Columns {
                required: &["order_id", "destination_postal_code", "sku", "quantity"],
                optional: &[
                    "destination_country_code",
                    "customer_id",
                    "channel",
                    "placed_time",
                    "service",
                    "wanted_by",
                    "shortage_policy",
                    "split_policy",
                    "priority",
                    "tier",
                    "pickup_node_id",
                    "pickup_only_stock_there",
                ],
            },
        }
    }

    /// Whether a column has several words.
    pub(super) fn is_list(name: &str) -> bool {
        matches!(name, "working_days" | "holidays" | "weekday_cut_offs" | "channels" | "services")
    }

    /// Whether rows of this kind have such a column.
    pub(super) fn has(self, name: &str) -> bool {
        let Columns { required, optional } = self.columns();
        required.contains(&name) || optional.contains(&name)
    }

    /// The first column that has to be there and is not among `names`. Orders that are
    /// collected go to no address.
    pub(super) fn missing(self, names: &[&str]) -> Option<&'static str> {
        let is_replaced =
            |name| name == "destination_postal_code" && names.contains(&"pickup_node_id");
        let mut required = self.columns().required.iter().copied();
        required.find(|name| !names.contains(name) && !is_replaced(*name))
    }

    /// All columns, for a message.
    pub(super) fn list(self) -> String {
        let Columns { required, optional } = self.columns();
        [required, optional].concat().join(", ")
    }

    /// The kind that a file with these columns is, the most telling first.
    pub(super) fn of(names: &[&str]) -> Option<Self> {
        let any = |of: &[&str]| of.iter().any(|name| names.contains(name));
        if any(&["order_id"]) {
            Some(Self::Orders)
        } else if any(&["inbound_id"]) {
            Some(Self::Inbound)
        } else if any(&["postal_code", "time_zone"]) {
            Some(Self::Nodes)
        } else if any(&["off_sourcing", "channel_safety", "segments"]) {
            Some(Self::Terms)
        } else if any(&["sku"]) {
            Some(if any(&["node_id"]) { Self::Stock } else { Self::Items })
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_each_kind_tell_the_kind() {
        for kind in Kind::value_variants() {
            let columns = kind.list();
            let names: Vec<_> = columns.split(", ").collect();
            assert_eq!(Kind::of(&names), Some(*kind));
            assert_eq!(kind.missing(&names), None);
        }
        let collected = ["order_id", "sku", "quantity", "pickup_node_id"];
        assert_eq!(Kind::Orders.missing(&collected), None);
        assert_eq!(Kind::Orders.missing(&collected[..3]), Some("destination_postal_code"));
        assert_eq!(Kind::of(&["colour"]), None);
    }
}
