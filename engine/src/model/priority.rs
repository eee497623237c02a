//! The order in which demand is served: by class, then by tier, then by age.

use super::violation::{Rule, Violation};
use crate::limits::TIER_MAX;

/// What an order is to be served before. A better class is served before a worse one, whatever
/// the age. What an order has been given is never taken away for a better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriorityClass {
    /// Before all others.
    Win = 1,
    /// Before those that nothing was said of.
    Gain = 2,
    /// As it came: what nothing is said of.
    Redistribute = 3,
    /// With what is left over.
    Fill = 4,
    /// Last of all.
    Lose = 5,
}

/// The class and the tier of an order or a hold. The less, the sooner it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u8);

// A reservation keeps a priority in six bits.
const _: () = assert!(Priority::RANKS <= 64);

impl PriorityClass {
    /// Each of them, the best first.
    pub const ALL: [Self; 5] = [Self::Win, Self::Gain, Self::Redistribute, Self::Fill, Self::Lose];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Win => "win",
            Self::Gain => "gain",
            Self::Redistribute => "redistribute",
            Self::Fill => "fill",
            Self::Lose => "lose",
        }
    }
}

impl Priority {
    const TIERS: u8 = TIER_MAX + 1;
    const RANKS: u8 = 5 * Self::TIERS;

    /// The priority of an order that says nothing of it.
    pub const DEFAULT: Self = Self::of(PriorityClass::Redistribute, TIER_MAX);

    const fn of(class: PriorityClass, tier: u8) -> Self {
        Self((class as u8 - 1) * Self::TIERS + tier)
    }

    /// A class, and the tier of the customer: 0, the best, to [`TIER_MAX`], the last.
    ///
    /// # Errors
    /// When there is no such tier.
    pub fn new(class: PriorityClass, tier: u32) -> Result<Self, Violation> {
        let known = u8::try_from(tier).ok().filter(|tier| *tier <= TIER_MAX);
        let rule = Rule::OutOfRange { min: 0, max: i64::from(TIER_MAX) };
        let tier = known.ok_or_else(|| Violation::new("tier", tier, rule))?;
        Ok(Self::of(class, tier))
    }

    /// The class.
    pub fn class(self) -> PriorityClass {
        PriorityClass::ALL[usize::from(self.0 / Self::TIERS)]
    }

    /// The tier, from 0, the best, to [`TIER_MAX`].
    pub const fn tier(self) -> u8 {
        self.0 % Self::TIERS
    }

    /// The number that stands for it in state and events, never reused: 0 is the default.
    pub const fn code(self) -> u8 {
        self.0 ^ Self::DEFAULT.0
    }

    /// What the number stands for.
    pub const fn from_code(code: u8) -> Option<Self> {
        let rank = code ^ Self::DEFAULT.0;
        if rank < Self::RANKS { Some(Self(rank)) } else { None }
    }

    /// Whether it is what an order has that says nothing.
    pub const fn is_default(self) -> bool {
        self.0 == Self::DEFAULT.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl<C> minicbor::Encode<C> for Priority {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(self.code())?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Priority {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let code = d.u8()?;
        Self::from_code(code)
            .ok_or_else(|| minicbor::decode::Error::message(format!("unknown priority {code}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_ordered_by_class_and_then_by_tier_and_each_has_a_code_of_its_own() {
        let tiers = 0..=u32::from(TIER_MAX);
        let of = |class| tiers.clone().map(move |tier| (class, tier));
        let all: Vec<_> = PriorityClass::ALL.into_iter().flat_map(of).collect();
        let made = all.iter().map(|(class, tier)| Priority::new(*class, *tier).unwrap());
        let made: Vec<_> = made.collect();
        assert!(made.is_sorted_by(|a, b| a < b));
        for ((class, tier), priority) in all.into_iter().zip(&made) {
            assert_eq!((priority.class(), u32::from(priority.tier())), (class, tier));
            assert_eq!(Priority::from_code(priority.code()), Some(*priority));
        }
        let codes = (0..=u8::MAX).filter(|code| Priority::from_code(*code).is_some());
        assert_eq!(codes.count(), made.len());
        assert_eq!(
            (Priority::default().code(), Priority::from_code(0)),
            (0, made.get(29).copied())
        );
    }

    #[test]
    fn there_is_no_tier_beyond_the_last() {
        for tier in [10, 256, u32::MAX] {
            let refused = Priority::new(PriorityClass::Win, tier).unwrap_err().to_string();
            assert_eq!(refused, format!("tier: \"{tier}\" is not within 0 to 9"));
        }
    }
}
