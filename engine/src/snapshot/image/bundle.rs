//! Images of what items are made of that are bundles.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use crate::model::{Component, Components, Item, Sku};
use crate::snapshot::parts::ItemState;

/// A bundle.
#[derive(Archive, Serialize)]
pub(super) struct BundleImageV8 {
    /// The item, by its place in the chunk.
    item: u32,
    components: Vec<ComponentImageV8>,
}

/// Units of an item of which a bundle is made.
#[derive(Archive, Serialize)]
struct ComponentImageV8 {
    sku: String,
    units: u32,
}

/// The bundles of a chunk.
pub(super) fn images(items: &[ItemState]) -> Vec<BundleImageV8> {
    let image = |component: &Component| ComponentImageV8 {
        sku: component.sku.as_str().to_owned(),
        units: component.units,
    };
    let bundles = (0..).zip(items).filter_map(|(item, state)| {
        let components = &state.definition.item.components;
        let components = components.0.iter().map(image).collect::<Vec<_>>();
        (!components.is_empty()).then_some(BundleImageV8 { item, components })
    });
    bundles.collect()
}

impl ArchivedBundleImageV8 {
    /// Has the item be the bundle.
    pub(super) fn restore(&self, items: &mut [ItemState]) -> Result<(), ImageError> {
        let item = items.get_mut(self.item.to_native() as usize);
        let item = item.ok_or(ImageError::inconsistent("bundles", "of no item"))?;
        let component = |component: &ArchivedComponentImageV8| {
            let sku = Sku::new("sku", component.sku.as_str())?;
            Ok(Component { sku, units: component.units.to_native() })
        };
        let components = self.components.iter().map(component);
        let components = Components(components.collect::<Result<_, ImageError>>()?);
        let known = &item.definition.item;
        if components.validate(&known.sku).is_err() || !components.is_bundle() {
            return Err(ImageError::inconsistent("bundles", "not made of other items"));
        }
        item.definition.item = Item { components, ..Item::clone(known) }.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use rkyv::rancor;

    use super::super::access;
    use super::super::items_v8::{ArchivedItemsV8, ItemsV8, need_version_8};
    use super::*;
    use crate::command::fixture::{bundle, item};
    use crate::model::{Lsn, SkuNo};
    use crate::state::catalogue::Definition;

    fn states() -> Vec<ItemState> {
        let items = [item("A"), bundle("SET", &[("A", 2)]), bundle("KIT", &[("A", 1), ("B", 9)])];
        let state = |(no, item): (u32, crate::command::DefineItem)| ItemState {
            no: SkuNo(no),
            definition: Definition { item: item.item.into(), last_lsn: Lsn::FIRST, draw: None },
            pairs: Vec::new(),
        };
        (0..).zip(items).map(state).collect()
    }

    /// `IMAGE_EXACT` of bundles.
    #[test]
    fn a_bundle_reads_back_from_its_image() {
        assert!(need_version_8(&states()) && !need_version_8(&states()[..1]));
        let bytes = rkyv::to_bytes::<rancor::Error>(&ItemsV8::from(&*states())).expect("written");
        let read = access::<ArchivedItemsV8>(&bytes).expect("an archive").states().expect("items");
        for (read, state) in read.iter().zip(&states()) {
            assert_eq!(read.definition.item, state.definition.item);
            assert_eq!(read.hash(), state.hash());
        }
    }

    #[test]
    fn a_bundle_of_itself_is_no_image_of_one() {
        let mut image = ItemsV8::from(&*states());
        image.bundles[0].components[0].sku = "SET".into();
        let bytes = rkyv::to_bytes::<rancor::Error>(&image).expect("written");
        let read = access::<ArchivedItemsV8>(&bytes).expect("an archive").states();
        assert!(matches!(read, Err(ImageError::Inconsistent { .. })), "it is refused");
    }
}
