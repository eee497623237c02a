//! What lies in the packages of a shipment: a page for each.

use super::Goods;
use super::html::{Escaped, page};
use super::pick_list::line;

/// What a customer finds in a shipment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PackingSlip {
    /// The order.
    pub(crate) order_id: String,
    /// The shipment's number in it, from 1, and how many there are.
    pub(crate) number: u32,
    /// The node that ships it.
    pub(crate) node_id: String,
    /// Facts about it, by name: what has no value is left out.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Its packages; one without an id has what is in none.
    pub(crate) packages: Vec<SlipPackage>,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlipPackage {
    /// Its id; empty for what is in no package yet.
    pub(crate) package_id: String,
    /// What is in it.
    pub(crate) units: Vec<Goods>,
}

/// The slips as a document: a page for each package.
pub(crate) fn packing_slip(slip: &PackingSlip) -> String {
    let mut body = String::new();
    for (at, package) in slip.packages.iter().enumerate() {
        let breaks = if at > 0 { " style=\"break-before:page\"" } else { "" };
        line(&mut body, format_args!("<article{breaks}>"));
        article(&mut body, slip, package);
        line(&mut body, format_args!("</article>"));
    }
    if slip.packages.is_empty() {
        line(&mut body, format_args!("<p>There is nothing in this shipment.</p>"));
    }
    page(&format!("Packing slip {}/{}", slip.order_id, slip.number), &body)
}

fn article(body: &mut String, slip: &PackingSlip, package: &SlipPackage) {
    let PackingSlip { order_id, number, node_id, facts, packages } = slip;
    line(body, format_args!("<h1>Packing slip</h1>"));
    let (order_id, node_id) = (Escaped(order_id), Escaped(node_id));
    line(body, format_args!("<p>Order {order_id}, shipment {number} from {node_id}</p>"));
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        line(body, format_args!("<p>{name}: {}</p>", Escaped(value)));
    }
    let all = packages.iter().filter(|of| !of.package_id.is_empty()).count();
    if package.package_id.is_empty() {
        line(body, format_args!("<h2>In no package yet</h2>"));
    } else {
        line(body, format_args!("<h2>Package {}, of {all}</h2>", Escaped(&package.package_id)));
    }
    line(
        body,
        format_args!(
            "<table>\n<thead><tr><th>SKU</th><th>Item</th>\
        <th class=\"n\">Goods</th></tr></thead>\n<tbody>"
        ),
    );
    for Goods { sku, title, units } in &package.units {
        let (sku, title) = (Escaped(sku), Escaped(title));
        line(
            body,
            format_args!(
                "<tr><td>{sku}</td><td>{title}</td>\
            <td class=\"n\">{units}</td></tr>"
            ),
        );
    }
    let all: u64 = package.units.iter().map(|of| of.units).sum();
    line(body, format_args!("</tbody>\n</table>\n<footer>{all} units</footer>"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packing_slip_looks_like_this() {
        let units = |sku: &str, units| Goods { sku: sku.into(), title: "A & B".into(), units };
        let package = |id: &str, units| SlipPackage { package_id: id.into(), units };
        let slip = PackingSlip {
            order_id: "WEB-<1>".into(),
            number: 2,
            node_id: "RENO".into(),
            facts: vec![("Service", "standard".into()), ("Tracking", String::new())],
            packages: vec![
                package("P1", vec![units("SCARF", 2), units("BLOUSE", 1)]),
                package("", vec![units("HAT", 1)]),
            ],
        };
        let golden = include_str!("golden/packing_slip.html");
        assert_eq!(packing_slip(&slip), golden, "{}", packing_slip(&slip));
    }
}
