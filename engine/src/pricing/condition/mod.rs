//! Conditions of promotions: expressions in CEL, <https://cel.dev>.
//!
//! ```text
//!   text --cel's parser--> tree --compile: names, types, bounds--> Node --eval--> true, false, or a fault
//! ```
//! A condition sees integers, texts and the list of the order's items, and no more: no doubles, no
//! times, no macros such as `exists`, no regular expressions. What it names, and of which type each
//! part is, is checked once, when it is loaded. So all that can go wrong later is arithmetic. What
//! it may cost is bounded beforehand.

mod compile;
mod facts;
mod node;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use compact_str::CompactString;
use minicbor::{Decode, Encode};

pub use facts::Facts;
pub use node::Fault;
use node::Node;

use crate::limits::CONDITION_BYTES_MAX;
use crate::model::{Rule, Violation};

/// A condition, as text and ready to be evaluated.
#[derive(Clone)]
pub struct Condition {
    text: CompactString,
    /// None where the text was written by a version that took what this one does not: such a
    /// condition never holds.
    node: Option<Arc<Node>>,
}

impl Condition {
    /// Takes the text of a condition; `field` is what a violation names.
    ///
    /// # Errors
    /// Where it is empty, too long, no expression of CEL, names what there is not, is not of type
    /// bool, or is too costly. The violation says at which character.
    pub fn new(field: &str, text: &str) -> Result<Self, Violation> {
        if text.len() > CONDITION_BYTES_MAX {
            let rule = Rule::TooLong { max: CONDITION_BYTES_MAX };
            return Err(Violation::new(field, text, rule));
        }
        if text.chars().any(char::is_control) {
            return Err(Violation::new(field, text, Rule::ControlCharacter));
        }
        let malformed = |told| Violation::new(field, text, Rule::Malformed(told));
        let node = compile::compile(text).map_err(|wrong| malformed(wrong.to_string()))?;
        Ok(Self { text: text.into(), node: Some(Arc::new(node)) })
    }

    /// What was written before. It was right then, so it is not refused now.
    fn written(text: &str) -> Self {
        Self::new("", text).unwrap_or_else(|_| Self { text: text.into(), node: None })
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds.
    ///
    /// # Errors
    /// Where its arithmetic leaves 64 bits or divides by zero, and where it is of another version.
    pub fn holds(&self, facts: &Facts<'_>) -> Result<bool, Fault> {
        self.node.as_ref().ok_or(Fault::OtherVersion)?.holds(facts)
    }
}

impl PartialEq for Condition {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Condition {}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Condition").field(&self.text).finish()
    }
}

impl<C> Encode<C> for Condition {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.text)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Condition {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        d.str().map(Self::written)
    }
}
