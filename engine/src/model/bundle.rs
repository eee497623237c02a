//! Bundles: items that are sold as one, and made of units of other items.
//!
//! ```text
//!   item: components [(SKU, units)] --placed--> order: a line for each component
//!                                               bundle: so many, of these lines
//! ```
//! A bundle has no stock. What it is made of is stated when its item is first defined, and stays:
//! a set with other contents is another item, as GS1 has it for trade item numbers. So an order
//! needs no memory of what a bundle once was, and no item with stock ever becomes one.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::check::{finish, in_range};
use super::ids::{Sku, SkuNo};
use super::violation::{Rule, Violation};
use crate::limits::{BUNDLE_COMPONENTS_MAX, COMPONENT_UNITS_MAX};

/// Units of an item of which a bundle is made.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Component {
    /// The item.
    #[n(0)]
    pub sku: Sku,
    /// Units for each bundle, from 1 to [`COMPONENT_UNITS_MAX`].
    #[n(1)]
    pub units: u32,
}

/// What an item is made of: nothing, unless it is a bundle. An event of an item that is none does
/// not say so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Components(pub Box<[Component]>);

impl Components {
    /// Whether the item is a bundle.
    pub const fn is_bundle(&self) -> bool {
        !self.0.is_empty()
    }

    /// Checks the components of an item of that SKU, if it has any.
    ///
    /// # Errors
    /// Every one that is wrong: there are too many of them, all they are is one unit of one item,
    /// one is given twice, or is the bundle itself, or its units are out of bounds.
    pub fn validate(&self, sku: &Sku) -> Result<(), Vec<Violation>> {
        if self.0.len() > BUNDLE_COMPONENTS_MAX {
            let rule = Rule::TooMany { max: BUNDLE_COMPONENTS_MAX };
            return Err(vec![Violation::new("components", self.0.len(), rule)]);
        }
        let mut found = Vec::new();
        for (at, component) in self.0.iter().enumerate() {
            let (field, own) = (format!("components[{at}].sku"), &component.sku);
            if own == sku {
                let rule = Rule::Malformed("is the bundle itself".into());
                found.push(Violation::new(field, own, rule));
            } else if self.0[..at].iter().any(|other| other.sku == *own) {
                found.push(Violation::new(field, own, Rule::Duplicate));
            }
            let (units, max) = (i64::from(component.units), i64::from(COMPONENT_UNITS_MAX));
            in_range(&mut found, format!("components[{at}].units"), units, 1, max);
        }
        if let [Component { units: 1, .. }] = &*self.0 {
            let rule = Rule::Malformed("is one unit of one item, which is no bundle".into());
            found.push(Violation::new("components", 1, rule));
        }
        finish(found)
    }
}

impl<C> Encode<C> for Components {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.encode(&*self.0)?.ok()
    }

    fn is_nil(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'b, C> Decode<'b, C> for Components {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let components: Vec<Component> = d.decode()?;
        Ok(Self(components.into()))
    }

    fn nil() -> Option<Self> {
        Some(Self::default())
    }
}

/// A component with its item looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BundlePart {
    /// The item.
    pub sku: SkuNo,
    /// Units for each bundle, from 1.
    pub each: u32,
}

/// Bundles that were ordered: so many of one item, of which an order has the components as lines
/// that follow each other. They are placed, moved, cancelled and shipped together, in proportion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderedBundle {
    /// The item that was ordered.
    #[n(0)]
    pub sku: SkuNo,
    /// How many of it, from 1.
    #[n(1)]
    pub units: u32,
    /// The line of its first component, from 0.
    #[n(2)]
    pub line: u16,
    /// How many components it has, from 1.
    #[n(3)]
    pub components: u16,
}

impl OrderedBundle {
    /// The lines of its components, from 0.
    pub fn lines(&self) -> std::ops::Range<u16> {
        self.line..self.line + self.components
    }

    /// Whether a line, from 0, is of one of its components.
    pub fn has(&self, line: u16) -> bool {
        self.lines().contains(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::fixture::{said, sku};

    fn of(components: &[(&str, u32)]) -> Vec<String> {
        let component = |&(name, units): &(&str, u32)| Component { sku: sku(name), units };
        said(Components(components.iter().map(component).collect()).validate(&sku("SET")))
    }

    #[test]
    fn a_bundle_is_made_of_units_of_other_items() {
        for (components, expected) in [
            (&[][..], vec![]),
            (&[("A", 1), ("B", 1)], vec![]),
            (&[("A", 2)], vec![]),
            (&[("A", 1)], vec!["components: \"1\" is one unit of one item, which is no bundle"]),
            (&[("A", 1), ("SET", 1)], vec!["components[1].sku: \"SET\" is the bundle itself"]),
            (&[("A", 1), ("A", 2)], vec!["components[1].sku: \"A\" is given twice"]),
            (
                &[("A", 0), ("B", 1_001)],
                vec![
                    "components[0].units: \"0\" is not within 1 to 1000",
                    "components[1].units: \"1001\" is not within 1 to 1000",
                ],
            ),
            (&[("A", 1); 17], vec!["components: \"17\" has more than 16 entries"]),
        ] {
            assert_eq!(of(components), expected, "{components:?}");
        }
    }

    #[test]
    fn what_an_item_is_made_of_reads_back_and_nothing_says_nothing() {
        let components = Components(Box::new([Component { sku: sku("A"), units: 2 }]));
        let bytes = minicbor::to_vec(&components).expect("memory takes it");
        assert_eq!(minicbor::decode::<Components>(&bytes).expect("it decodes"), components);
        assert!(Encode::<()>::is_nil(&Components::default()));
    }
}
