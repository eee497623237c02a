//! Events on what is said of items.

use super::*;
use crate::command::assortment::define_styles::StylesDefined;
use crate::command::assortment::set_associations::AssociationsSet;
use crate::companions::{
    Associated, Association, Attribute, NumberedStyle, SkuAssociations, Style, StyleValue, Variant,
};
use crate::model::{StyleId, StyleNo};

pub(super) fn events() -> Vec<Named> {
    let value =
        |value, family: Option<&str>| StyleValue { value: text(value), family: family.map(text) };
    let variant = |sku, size, colour, family| Variant {
        sku: SkuNo(sku),
        values: vec![value(size, None), value(colour, Some(family))],
    };
    let attribute = |name, weight| Attribute { name: text(name), weight };
    let style = Style {
        id: StyleId::new("style_id", "blouse").unwrap(),
        attributes: vec![attribute("size", 100), attribute("colour", 10)],
        variants: vec![variant(PAIR.sku.0, "M", "red", "red"), variant(3, "M", "navy", "blue")],
    };
    let styles = vec![NumberedStyle { no: StyleNo(300), style }];
    let of = |association, sku| Associated { association, sku: SkuNo(sku) };
    let associated = vec![
        of(Association::Substitute, 3),
        of(Association::Complement, 4),
        of(Association::Upgrade, 5),
        of(Association::Successor, 6),
    ];
    let items = vec![
        SkuAssociations { sku: PAIR.sku, associated },
        SkuAssociations { sku: SkuNo(3), associated: Vec::new() },
    ];
    vec![
        ("styles_defined", StylesDefined { styles }.into()),
        ("associations_set", AssociationsSet { items }.into()),
    ]
}
