//! What was learnt, in parts that snapshots hold.

use minicbor::{Decode, Encode};

use super::bestsellers::Bestsellers;
use super::epoch::Epoch;
use super::learnt::{BLOCK, Block, Learnt, Tally};
use super::partners::{Bought, Partner};
use crate::limits::{BESTSELLERS_MAX, PARTNERS_MAX};
use crate::model::SkuNo;

/// A part of what was learnt.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum LearntPage {
    /// What is counted of all items together, and the bestsellers.
    #[n(0)]
    Head(#[n(0)] LearntHead),
    /// Items of one block, by number.
    #[n(1)]
    Block(#[n(0)] u32, #[n(1)] Vec<LearntItem>),
}

/// What is counted of all items together.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LearntHead {
    /// Orders, in 16ths.
    #[n(0)]
    orders: u64,
    /// The newest epoch.
    #[n(1)]
    epoch: u16,
    /// Orders that were ever learnt from.
    #[n(2)]
    learnt: u64,
    /// What is bought most.
    #[n(3)]
    bestsellers: Vec<SkuNo>,
}

/// An item of a block.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LearntItem {
    /// Its place in the block.
    #[n(0)]
    at: u8,
    /// Orders, in 16ths.
    #[n(1)]
    orders: u32,
    /// When it was bought last.
    #[n(2)]
    epoch: u16,
    /// How often its partners' counts were halved.
    #[n(3)]
    scale: u8,
    /// Its partners: of each its place, the item, its count and its epoch.
    #[n(4)]
    partners: Vec<(u8, u32, u16, u16)>,
}

/// A part that no learning makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what was learnt of {0} makes no sense")]
pub struct PageError(&'static str);

impl Learnt {
    /// How many parts it has at the most.
    pub const fn pages(&self) -> usize {
        if self.is_empty() { 0 } else { self.blocks.len() + 1 }
    }

    /// A part, from 0, if it is there. The first one is the head.
    pub fn page(&self, no: usize) -> Option<LearntPage> {
        let Some(block) = no.checked_sub(1) else {
            return (!self.is_empty()).then(|| LearntPage::Head(self.head()));
        };
        let known = self.blocks.get(block)?.as_deref()?;
        Some(page(u32::try_from(block).ok()?, known))
    }

    /// Puts a part back.
    ///
    /// # Errors
    /// When it is none.
    pub fn put_back(&mut self, page: LearntPage) -> Result<(), PageError> {
        match page {
            LearntPage::Head(head) => self.put_head(head),
            LearntPage::Block(no, items) => self.put_block(no, &items),
        }
    }

    fn head(&self) -> LearntHead {
        let Tally { orders, epoch, learnt } = self.tally;
        LearntHead { orders, epoch: epoch.0, learnt, bestsellers: self.bestsellers.0.clone() }
    }

    fn put_head(&mut self, head: LearntHead) -> Result<(), PageError> {
        let LearntHead { orders, epoch, learnt, bestsellers } = head;
        if learnt == 0 || bestsellers.len() > BESTSELLERS_MAX || !self.is_empty() {
            return Err(PageError("all items"));
        }
        self.tally = Tally { orders, epoch: Epoch(epoch), learnt };
        self.bestsellers = Bestsellers(bestsellers);
        Ok(())
    }

    fn put_block(&mut self, no: u32, items: &[LearntItem]) -> Result<(), PageError> {
        let at = no as usize;
        if at > crate::limits::ITEMS_MAX / BLOCK || self.blocks.get(at).is_some_and(Option::is_some)
        {
            return Err(PageError("a block"));
        }
        let mut block = Block::boxed();
        items.iter().try_for_each(|item| put_item(&mut block, item))?;
        if self.blocks.len() <= at {
            self.blocks.resize(at + 1, None);
        }
        self.blocks[at] = Some(block);
        Ok(())
    }
}

fn put_item(block: &mut Block, item: &LearntItem) -> Result<(), PageError> {
    let at = usize::from(item.at);
    if at >= BLOCK || item.scale > 4 {
        return Err(PageError("an item"));
    }
    let LearntItem { orders, epoch, scale, .. } = *item;
    block.bought[at] = Bought { orders, epoch: Epoch(epoch), scale };
    for (place, sku, count, epoch) in &item.partners {
        let place = usize::from(*place);
        if place >= PARTNERS_MAX || *count == 0 {
            return Err(PageError("a partner"));
        }
        let (sku, epoch) = (SkuNo(*sku), Epoch(*epoch));
        block.partners[at][place] = Partner { sku, count: *count, epoch };
    }
    Ok(())
}

fn page(no: u32, block: &Block) -> LearntPage {
    let known = (0_u8..).zip(block.bought.iter().zip(&block.partners));
    let items = known.filter(|(_, (bought, _))| **bought != Bought::default());
    let items = items.map(|(at, (bought, partners))| {
        let Bought { orders, epoch, scale } = *bought;
        let partners = (0_u8..).zip(partners).filter(|(_, partner)| partner.count > 0);
        let partners = partners.map(|(place, of)| (place, of.sku.0, of.count, of.epoch.0));
        LearntItem { at, orders, epoch: epoch.0, scale, partners: partners.collect() }
    });
    LearntPage::Block(no, items.collect())
}
