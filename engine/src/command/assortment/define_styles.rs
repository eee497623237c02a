//! Defining styles.

use std::collections::{HashMap, HashSet};

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::number;
use crate::companions::{Assortment, AssortmentChange, NumberedStyle, Style};
use crate::limits::{STYLES_AT_ONCE_MAX, STYLES_MAX, VARIANTS_AT_ONCE_MAX};
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::{Meta, Refusal, Rule, Sku, SkuNo, StyleNo, Violation};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Defines styles, or says anew what they are. Others stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefineStyles {
    /// Key, origin, time.
    pub meta: Meta,
    /// What they are from now on.
    pub styles: Vec<Style<Sku>>,
}

/// Styles were defined, or changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StylesDefined {
    /// What they are now.
    #[n(0)]
    pub styles: Vec<NumberedStyle>,
}

impl DefineStyles {
    /// Checks all fields. An item is of one style, and that once.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.styles.is_empty() {
            found.push(Violation::new("styles", "", Rule::Required));
        }
        let variants: usize = self.styles.iter().map(|style| style.variants.len()).sum();
        for (field, length, max) in [
            ("styles", self.styles.len(), STYLES_AT_ONCE_MAX),
            ("styles.variants", variants, VARIANTS_AT_ONCE_MAX),
        ] {
            if length > max {
                found.push(Violation::new(field, length, Rule::TooMany { max }));
                return finish(found);
            }
        }
        let (mut ids, mut skus) = (HashSet::new(), HashSet::new());
        for (at, style) in self.styles.iter().enumerate() {
            let field = format!("styles[{at}]");
            if !ids.insert(&style.id) {
                found.push(Violation::new(format!("{field}.id"), &style.id, Rule::Duplicate));
            }
            style.check(&mut found, &field);
            for (at, variant) in style.variants.iter().enumerate() {
                if !skus.insert(&variant.sku) {
                    let field = format!("{field}.variants[{at}].sku");
                    found.push(Violation::new(field, &variant.sku, Rule::Duplicate));
                }
            }
        }
        finish(found)
    }
}

impl Command for DefineStyles {
    type Event = StylesDefined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&self.styles)
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<StylesDefined>, EngineError> {
        tx.take_turn_at_configuring().await?;
        let state = tx.state();
        let number = |sku: &Sku| number(&state.catalogue, sku);
        let assorted = state.assortment.load();
        Ok(Decision::Event(decide(assorted.assortment(), &self.styles, number)?))
    }
}

/// Decides what styles are beside others. An item that is of another style has to leave that before, or with the same
/// command.
fn decide(
    known: &Assortment,
    styles: &[Style<Sku>],
    number: impl Fn(&Sku) -> Result<SkuNo, Refusal>,
) -> Result<StylesDefined, Refusal> {
    let mut numbers = HashMap::new();
    let mut next = known.styles().len();
    let mut defined = Vec::with_capacity(styles.len());
    for style in styles {
        let no = known.style_no(&style.id).map_or(next, |no| no.0 as usize);
        next += usize::from(no == next);
        if next > STYLES_MAX {
            return Err(Refusal::ListFull { what: "styles", max: STYLES_MAX });
        }
        let no = StyleNo(u32::try_from(no).expect("STYLES_MAX fits 32 bits"));
        let style = style.named(&number)?;
        numbers.insert(no, defined.len());
        defined.push(NumberedStyle { no, style });
    }
    for NumberedStyle { no, style } in &defined {
        for variant in &style.variants {
            let other = known.style_no_of(variant.sku).filter(|of| of != no);
            let Some(other) = other.filter(|of| !numbers.contains_key(of)) else { continue };
            let (sku, style_id) = name(known, (variant.sku, other), styles, &number);
            return Err(Refusal::ItemInOtherStyle { sku, style_id });
        }
    }
    Ok(StylesDefined { styles: defined })
}

/// An item as its caller names it, and the style that it is of.
fn name(
    known: &Assortment,
    (no, other): (SkuNo, StyleNo),
    styles: &[Style<Sku>],
    number: &impl Fn(&Sku) -> Result<SkuNo, Refusal>,
) -> (Sku, crate::model::StyleId) {
    let mut all = styles.iter().flat_map(|style| &style.variants);
    let sku = all.find(|of| number(&of.sku) == Ok(no)).expect("a variant has it");
    (sku.sku.clone(), known.styles()[other.0 as usize].id.clone())
}

impl Event for StylesDefined {
    fn describe(&self) -> Value {
        let style = |of: &NumberedStyle| {
            let items: Vec<_> = of.style.variants.iter().map(|variant| variant.sku.0).collect();
            json!({ "style_id": of.style.id.as_str(), "sku_nos": items })
        };
        json!({ "styles": self.styles.iter().map(style).collect::<Vec<_>>() })
    }
}

impl Effective for StylesDefined {
    fn effects(self) -> Effects {
        let change = AssortmentChange::Styles(self.styles);
        vec![Effect::Configuration(Configuration::Assortment(Box::new(change)))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, sku, style};
    use crate::model::RefusalKind;

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let number = |of: &Sku| match of.as_str() {
            "A" => Ok(SkuNo(0)),
            "B" => Ok(SkuNo(1)),
            _ => Err(Refusal::ItemNotFound { sku: of.clone() }),
        };
        let mut known = Assortment::default();
        known.set_style(StyleNo(0), style("one", &["A"]).named(number).unwrap());
        let mut full = known.clone();
        for no in 1..STYLES_MAX {
            let no = StyleNo(u32::try_from(no).unwrap());
            full.set_style(no, style(&no.to_string(), &[]).named(number).unwrap());
        }
        let decided = |known: &Assortment, styles: &[Style<Sku>]| {
            let decided = decide(known, styles, number)?;
            Ok(decided.styles.iter().map(|of| of.no.0).collect::<Vec<_>>())
        };
        let of_one = Refusal::ItemInOtherStyle { sku: sku("A"), style_id: style("one", &[]).id };
        let too_many = Refusal::ListFull { what: "styles", max: STYLES_MAX };
        let two = [style("two", &["A", "B"]), style("one", &[])];
        check([
            ("a new one", decided(&known, &[style("two", &["B"])]), Ok(vec![1])),
            ("one that is there", decided(&known, &[style("one", &["A", "B"])]), Ok(vec![0])),
            ("an item of another one", decided(&known, &two[..1]), Err(of_one)),
            ("which gives it up", decided(&known, &two), Ok(vec![1, 0])),
            (
                "an item that is none",
                decided(&known, &[style("two", &["C"])]),
                Err(Refusal::ItemNotFound { sku: sku("C") }),
            ),
            ("one too many", decided(&full, &[style("two", &["B"])]), Err(too_many)),
            ("one of many", decided(&full, &[style("one", &["B"])]), Ok(vec![0])),
        ])
    }

    #[test]
    fn an_item_is_of_one_style() {
        table();
    }
}
