//! Styles and associations as callers see them, there and back.

use backstock_engine::companions::{
    Associated, Association, Attribute, Style, StyleValue, Variant,
};
use backstock_engine::limits::{ATTRIBUTE_WEIGHT_MAX, STYLE_ATTRIBUTES_MAX, STYLE_VARIANTS_MAX};
use backstock_engine::model::{Sku, SkuNo, StyleId};
use backstock_proto::v1;

use crate::grpc::pricing::parts::{some_text, text};
use crate::status::Violations;

/// Reads a style: `path` is where it stands. Of a list that is too long, one more than there may be is read, which is
/// told.
pub(super) fn read(found: &mut Violations, path: &str, given: &v1::Style) -> Style<Sku> {
    let attributes = given.attributes.iter().take(STYLE_ATTRIBUTES_MAX + 1).enumerate();
    let attributes = attributes.map(|(at, of)| {
        let path = format!("{path}.attributes[{at}]");
        let weight = u64::from(of.weight);
        let weight: u32 =
            found.fits(&format!("{path}.weight"), weight, 1, ATTRIBUTE_WEIGHT_MAX.into());
        Attribute {
            name: text(found, &format!("{path}.name"), &of.name),
            weight: u16::try_from(weight).unwrap_or(u16::MAX),
        }
    });
    let attributes = attributes.collect();
    let variants = given.variants.iter().take(STYLE_VARIANTS_MAX + 1).enumerate();
    let variants = variants.map(|(at, of)| variant(found, &format!("{path}.variants[{at}]"), of));
    let variants = variants.collect();
    let id = found.id(&format!("{path}.style_id"), &given.style_id, StyleId::new);
    Style { id, attributes, variants }
}

fn variant(found: &mut Violations, path: &str, given: &v1::StyleVariant) -> Variant<Sku> {
    let values = given.values.iter().take(STYLE_ATTRIBUTES_MAX + 1).enumerate();
    let values = values.map(|(at, of)| {
        let path = format!("{path}.values[{at}]");
        StyleValue {
            value: text(found, &format!("{path}.value"), &of.value),
            family: some_text(found, &format!("{path}.family"), &of.family),
        }
    });
    let values = values.collect();
    Variant { sku: found.id(&format!("{path}.sku"), &given.sku, Sku::new), values }
}

/// A style; `name` is what an item is called.
pub(super) fn message(style: &Style, name: impl Fn(SkuNo) -> String) -> v1::Style {
    let attribute = |of: &Attribute| v1::StyleAttribute {
        name: of.name.as_str().to_owned(),
        weight: of.weight.into(),
    };
    let value = |of: &StyleValue| v1::StyleValue {
        value: of.value.as_str().to_owned(),
        family: of.family.as_ref().map_or_else(String::new, |family| family.as_str().to_owned()),
    };
    let variants = style.variants.iter().map(|of| v1::StyleVariant {
        sku: name(of.sku),
        values: of.values.iter().map(value).collect(),
    });
    v1::Style {
        style_id: style.id.to_string(),
        attributes: style.attributes.iter().map(attribute).collect(),
        variants: variants.collect(),
    }
}

/// Reads what an item is to another one.
pub(super) fn read_associated(
    found: &mut Violations,
    path: &str,
    given: &v1::ItemAssociation,
) -> Associated<Sku> {
    use v1::AssociationKind as Told;
    let sku = found.id(&format!("{path}.sku"), &given.sku, Sku::new);
    let association = match given.kind() {
        Told::Substitute => Association::Substitute,
        Told::Complement => Association::Complement,
        Told::Upgrade => Association::Upgrade,
        Told::Successor => Association::Successor,
        Told::Unspecified => {
            let why = format!(
                "\"{}\" is not one of SUBSTITUTE, COMPLEMENT, UPGRADE, SUCCESSOR",
                given.kind
            );
            found.add(format!("{path}.kind"), why);
            Association::Substitute
        }
    };
    Associated { association, sku }
}

pub(super) fn associated_message(
    of: Associated,
    name: impl Fn(SkuNo) -> String,
) -> v1::ItemAssociation {
    use v1::AssociationKind as Told;
    let kind = match of.association {
        Association::Substitute => Told::Substitute,
        Association::Complement => Told::Complement,
        Association::Upgrade => Told::Upgrade,
        Association::Successor => Told::Successor,
    };
    v1::ItemAssociation { kind: kind.into(), sku: name(of.sku) }
}
