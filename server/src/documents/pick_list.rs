//! What to take off the shelves of a node: once by SKU, for the walk, and once by shipment.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Goods;
use super::html::{Escaped, page};

/// What a picker is to take off the shelves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PickList {
    /// The node.
    pub(crate) node_id: String,
    /// When it was made, as the node's clocks show it.
    pub(crate) made: String,
    /// The shipments, in the order in which they have to leave.
    pub(crate) shipments: Vec<PickShipment>,
    /// Shipments that wait to be picked and are on no page of it.
    pub(crate) left_out: usize,
}

/// One shipment of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PickShipment {
    /// The order.
    pub(crate) order_id: String,
    /// The shipment's number in it, from 1.
    pub(crate) number: u32,
    /// The day on which it leaves; empty while that is not known.
    pub(crate) ship_by: String,
    /// Whether its cut-off has passed.
    pub(crate) is_late: bool,
    /// What is to be picked.
    pub(crate) units: Vec<Goods>,
}

/// The list as a page.
pub(crate) fn pick_list(list: &PickList) -> String {
    let PickList { node_id, made, shipments, left_out } = list;
    let all: u64 = shipments.iter().flat_map(|of| &of.units).map(|of| of.units).sum();
    let mut body = String::new();
    line(&mut body, format_args!("<h1>Pick list {}</h1>", Escaped(node_id)));
    let count = shipments.len();
    line(&mut body, format_args!("<p>{made}: {count} shipments, {all} units</p>"));
    if *left_out > 0 {
        line(
            &mut body,
            format_args!("<p>{left_out} more shipments are on no page of this list.</p>"),
        );
    }
    by_sku(&mut body, shipments);
    line(&mut body, format_args!("<h2>By shipment</h2>"));
    for shipment in shipments {
        section(&mut body, shipment);
    }
    page(&format!("Pick list {node_id}"), &body)
}

/// The walk: each SKU once, with all that wait for it.
fn by_sku(body: &mut String, shipments: &[PickShipment]) {
    let mut skus = BTreeMap::<&str, (&str, u64, Vec<String>)>::new();
    for shipment in shipments {
        for of in &shipment.units {
            let sku = skus.entry(&of.sku).or_insert_with(|| (&of.title, 0, Vec::new()));
            sku.1 += of.units;
            let name = format!("{}/{}", shipment.order_id, shipment.number);
            sku.2.push(format!("{}&nbsp;&times;&nbsp;{}", of.units, Escaped(&name)));
        }
    }
    line(
        body,
        format_args!(
            "<table>\n<thead><tr><th></th><th>SKU</th><th>Item</th>\
        <th class=\"n\">Goods</th><th>For</th></tr></thead>\n<tbody>"
        ),
    );
    for (sku, (title, units, of)) in skus {
        let (sku, title, of) = (Escaped(sku), Escaped(title), of.join(", "));
        line(
            body,
            format_args!(
                "<tr><td class=\"b\"></td><td>{sku}</td><td>{title}</td>\
            <td class=\"n\">{units}</td><td>{of}</td></tr>"
            ),
        );
    }
    line(body, format_args!("</tbody>\n</table>"));
}

fn section(body: &mut String, shipment: &PickShipment) {
    let PickShipment { order_id, number, ship_by, is_late, units } = shipment;
    let late = if *is_late { " <span class=\"late\">LATE</span>" } else { "" };
    let by = if ship_by.is_empty() { String::new() } else { format!(", leaves {ship_by}") };
    line(
        body,
        format_args!(
            "<section>\n<p>Order {}, shipment {number}{by}{late}</p>\n<table>\n\
        <tbody>",
            Escaped(order_id)
        ),
    );
    for Goods { sku, title, units } in units {
        let (sku, title) = (Escaped(sku), Escaped(title));
        line(
            body,
            format_args!(
                "<tr><td class=\"b\"></td><td>{sku}</td><td>{title}</td>\
            <td class=\"n\">{units}</td></tr>"
            ),
        );
    }
    line(body, format_args!("</tbody>\n</table>\n</section>"));
}

/// Writing to memory does not fail.
pub(super) fn line(body: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(body, "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(sku: &str, title: &str, units: u64) -> Goods {
        Goods { sku: sku.into(), title: title.into(), units }
    }

    #[test]
    fn a_pick_list_looks_like_this() {
        let shipment = |order_id: &str, is_late, units| PickShipment {
            order_id: order_id.into(),
            number: 1,
            ship_by: if is_late { "2026-11-27".into() } else { String::new() },
            is_late,
            units,
        };
        let list = PickList {
            node_id: "RENO".into(),
            made: "2026-11-28 08:15".into(),
            shipments: vec![
                shipment(
                    "WEB-<1>",
                    true,
                    vec![units("BLOUSE", "Blouse, \"red\" & <b>", 1), units("SCARF", "", 2)],
                ),
                shipment("WEB-2", false, vec![units("SCARF", "", 1)]),
            ],
            left_out: 3,
        };
        let golden = include_str!("golden/pick_list.html");
        assert_eq!(pick_list(&list), golden, "{}", pick_list(&list));
    }
}
