//! What becomes of shipments to nodes, otherwise than was announced. A hash of a shipment's id
//! decides; nothing is drawn at random.

use backstock_engine::model::Day;

use super::hash::spread_below;

/// What becomes of a shipment to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives when it was announced, with all that was.
    AsTold,
    /// On the morning of its day, it is told to come so many days later.
    Slips(u16),
    /// It comes without so many units, and no more come of it.
    Short(u32),
    /// It comes so many days before its day.
    Early(u16),
}

impl Fate {
    /// The fate of a shipment of so many units: of eight, two slip, one comes short, and one
    /// early.
    pub(super) fn of(id: &str, quantity: u32) -> Self {
        let days = || u16::try_from(2 + spread_below("days otherwise", id, 5)).unwrap_or(2);
        match spread_below("fate", id, 8) {
            0 | 1 => Self::Slips(days()),
            2 if quantity > 1 => Self::Short(quantity.div_ceil(3)),
            3 => Self::Early(days()),
            _ => Self::AsTold,
        }
    }

    /// The day on which it arrives, of one that was announced for that day.
    pub(super) fn arrives(self, told: Day) -> Day {
        match self {
            Self::AsTold | Self::Short(_) => told,
            Self::Slips(days) => told.plus(days),
            Self::Early(days) => Day::from_epoch_days(told.epoch_days() - i32::from(days)),
        }
    }

    /// The units that arrive, of so many.
    pub(super) const fn units(self, told: u32) -> u32 {
        match self {
            Self::Short(lacks) => told.saturating_sub(lacks),
            Self::AsTold | Self::Slips(_) | Self::Early(_) => told,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fate_is_met_and_something_always_arrives() {
        let fates: Vec<_> = (0..80).map(|at| Fate::of(&format!("PO-{at}"), 1 + at)).collect();
        let met = |is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count();
        assert!(met(|fate| matches!(fate, Fate::Slips(2..=6))) > 10);
        assert!(met(|fate| matches!(fate, Fate::Short(_))) > 5);
        assert!(met(|fate| matches!(fate, Fate::Early(2..=6))) > 5);
        assert!(met(|fate| *fate == Fate::AsTold) > 20);
        assert!((1..80).zip(&fates).all(|(units, fate)| fate.units(units) > 0));
        let day = Day::from_epoch_days(16_000);
        assert_eq!(Fate::Slips(3).arrives(day), day.plus(3));
        assert_eq!(Fate::Early(3).arrives(day).plus(3), day);
    }
}
