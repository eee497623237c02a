//! Styles: items that are one thing in several sizes and colours.

use std::collections::HashSet;
use std::hash::Hash;

use minicbor::{Decode, Encode};

use crate::limits::{ATTRIBUTE_WEIGHT_MAX, STYLE_ATTRIBUTES_MAX, STYLE_VARIANTS_MAX};
use crate::model::check::in_range;
use crate::model::{Rule, SkuNo, StyleId, Text, Violation};

/// Items that differ by some attributes alone. `S` is how an item is named: by its number in the state, by its id
/// in a command.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Style<S = SkuNo> {
    /// The caller's id.
    #[n(0)]
    pub id: StyleId,
    /// By what its items differ, such as size and colour.
    #[n(1)]
    pub attributes: Vec<Attribute>,
    /// Its items. A style without any is one that is not sold any more.
    #[n(2)]
    pub variants: Vec<Variant<S>>,
}

/// By what items of a style differ.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Attribute {
    /// Its name, such as `size`.
    #[n(0)]
    pub name: Text,
    /// How much a difference matters, from 1 to [`ATTRIBUTE_WEIGHT_MAX`]. Who wears a size wears no other, and
    /// may well take another colour: size weighs far more.
    #[n(1)]
    pub weight: u16,
}

/// An item of a style.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Variant<S = SkuNo> {
    /// The item.
    #[n(0)]
    pub sku: S,
    /// What it is of each attribute, in the order of the attributes.
    #[n(1)]
    pub values: Vec<StyleValue>,
}

/// What an item is of an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StyleValue {
    /// The value, such as `navy`.
    #[n(0)]
    pub value: Text,
    /// The family of values that it is of, such as `blue`: those are half as far from each other as others
    /// are.
    #[n(1)]
    pub family: Option<Text>,
}

impl StyleValue {
    /// How far two values are apart: 0 if they are the same, 1 if they are of one family, else 2.
    fn apart(&self, other: &Self) -> u32 {
        if self.value == other.value {
            0
        } else if self.family.is_some() && self.family == other.family {
            1
        } else {
            2
        }
    }
}

impl Style {
    /// An item of it.
    pub fn variant(&self, sku: SkuNo) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.sku == sku)
    }

    /// How far two of its items are apart: the sum over its attributes of how far their values are apart, times
    /// the attribute's weight.
    pub fn distance(&self, one: &Variant, other: &Variant) -> u32 {
        let values = one.values.iter().zip(&other.values);
        let apart = self.attributes.iter().zip(values);
        apart.map(|(of, (one, other))| u32::from(of.weight) * one.apart(other)).sum()
    }
}

impl<S: Clone + Eq + Hash + std::fmt::Display> Style<S> {
    /// Notes what is wrong with it: `field` is where it stands.
    pub fn check(&self, found: &mut Vec<Violation>, field: &str) {
        let many = |name, length, max| {
            let rule = Rule::TooMany { max };
            (length > max).then(|| Violation::new(format!("{field}.{name}"), length, rule))
        };
        let attributes = many("attributes", self.attributes.len(), STYLE_ATTRIBUTES_MAX);
        let variants = many("variants", self.variants.len(), STYLE_VARIANTS_MAX);
        let before = found.len();
        found.extend(attributes.into_iter().chain(variants));
        if found.len() > before {
            return;
        }
        self.check_attributes(found, field);
        self.check_variants(found, field);
    }

    fn check_attributes(&self, found: &mut Vec<Violation>, field: &str) {
        let mut names = HashSet::new();
        for (at, Attribute { name, weight }) in self.attributes.iter().enumerate() {
            let of = format!("{field}.attributes[{at}]");
            if name.as_str().is_empty() {
                found.push(Violation::new(format!("{of}.name"), "", Rule::Required));
            } else if !names.insert(name) {
                found.push(Violation::new(format!("{of}.name"), name.as_str(), Rule::Duplicate));
            }
            let max = ATTRIBUTE_WEIGHT_MAX.into();
            in_range(found, format!("{of}.weight"), i64::from(*weight), 1, max);
        }
    }

    fn check_variants(&self, found: &mut Vec<Violation>, field: &str) {
        let wanted = self.attributes.len();
        for (at, Variant { values, .. }) in self.variants.iter().enumerate() {
            let of = format!("{field}.variants[{at}].values");
            if values.len() != wanted {
                let rule = Rule::Malformed(format!("has not one of each of {wanted} attributes"));
                found.push(Violation::new(&of, values.len(), rule));
            }
            let unsaid = values.iter().position(|value| value.value.as_str().is_empty());
            found.extend(
                unsaid.map(|at| Violation::new(format!("{of}[{at}].value"), "", Rule::Required)),
            );
        }
    }

    /// The same, with its items named otherwise.
    ///
    /// # Errors
    /// What `name` answers.
    pub fn named<T, E>(&self, name: impl Fn(&S) -> Result<T, E>) -> Result<Style<T>, E> {
        let variants = self.variants.iter().map(|variant| {
            Ok(Variant { sku: name(&variant.sku)?, values: variant.values.clone() })
        });
        let variants = variants.collect::<Result<_, _>>()?;
        Ok(Style { id: self.id.clone(), attributes: self.attributes.clone(), variants })
    }
}
