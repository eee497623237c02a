//! The week: on which days something happens, and what differs from day to day.

use minicbor::decode::Error as DecodeError;
use minicbor::encode::{Error as EncodeError, Write};
use minicbor::{Decode, Decoder, Encode, Encoder};

use super::time::Day;

/// Days of a week.
pub const WEEK_DAYS: usize = 7;

/// The names of the days, in the order in which they are numbered: Monday is 0.
pub const WEEKDAY_NAMES: [&str; WEEK_DAYS] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Day {
    /// Which day of the week it is: 0 is Monday, 6 is Sunday.
    pub const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday, three days after a Monday. The remainder is taken
        // first, so that the addition cannot overflow.
        let [weekday, ..] = ((self.epoch_days().rem_euclid(7) + 3) % 7).to_le_bytes();
        weekday
    }
}

/// Days of the week, one at least: bit 0 is Monday, bit 6 is Sunday. All seven are the
/// default: an event does not say them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Weekdays(u8);

impl Weekdays {
    /// Monday to Friday.
    pub const MONDAY_TO_FRIDAY: Self = Self(0b001_1111);
    /// Monday to Saturday.
    pub const MONDAY_TO_SATURDAY: Self = Self(0b011_1111);
    /// All seven.
    pub const EVERY_DAY: Self = Self(0b111_1111);

    /// The weekdays whose bits are set. None for 0, and for a bit above the seventh.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        if bits >= 1 && bits <= Self::EVERY_DAY.0 { Some(Self(bits)) } else { None }
    }

    /// The mask, never 0.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// How many they are, 1 to 7.
    pub const fn count(self) -> u16 {
        let [count, ..] = self.0.count_ones().to_le_bytes();
        count as u16
    }

    /// Whether `day` falls on one of them.
    pub const fn contains(self, day: Day) -> bool {
        self.0 & (1 << day.weekday()) != 0
    }

    /// Whether some weekday is among these and among `others`.
    pub const fn meets(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    /// The first of these days from `day` on, itself included.
    pub const fn on_or_after(self, day: Day) -> Day {
        let ahead = self.0 as u16 >> day.weekday() | (self.0 as u16) << (7 - day.weekday());
        let [days, ..] = ahead.trailing_zeros().to_le_bytes();
        day.plus(days as u16)
    }
}

impl Default for Weekdays {
    fn default() -> Self {
        Self::EVERY_DAY
    }
}

impl<C> Encode<C> for Weekdays {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, _: &mut C) -> Result<(), EncodeError<W::Error>> {
        e.u8(self.0)?.ok()
    }

    fn is_nil(&self) -> bool {
        *self == Self::EVERY_DAY
    }
}

impl<'b, C> Decode<'b, C> for Weekdays {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, DecodeError> {
        let at = d.position();
        let days = Self::from_bits(d.u8()?);
        days.ok_or_else(|| DecodeError::message("no days of the week").at(at))
    }

    fn nil() -> Option<Self> {
        Some(Self::EVERY_DAY)
    }
}

/// Cut-offs of single weekdays, Monday first, in minutes after local midnight. Where there
/// is none, the cut-off of all days counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WeekdayCutOffs(pub [Option<u16>; WEEK_DAYS]);

impl WeekdayCutOffs {
    /// Whether no weekday has one.
    pub fn is_none(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl<C> Encode<C> for WeekdayCutOffs {
    fn encode<W: Write>(&self, e: &mut Encoder<W>, c: &mut C) -> Result<(), EncodeError<W::Error>> {
        self.0.encode(e, c)
    }

    fn is_nil(&self) -> bool {
        self.is_none()
    }
}

impl<'b, C> Decode<'b, C> for WeekdayCutOffs {
    fn decode(d: &mut Decoder<'b>, c: &mut C) -> Result<Self, DecodeError> {
        Ok(Self(Decode::decode(d, c)?))
    }

    fn nil() -> Option<Self> {
        Some(Self::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1970-01-05.
    const MONDAY: Day = Day::from_epoch_days(4);

    #[test]
    fn weeks_start_on_monday() {
        for weekday in 0..7 {
            let only = Weekdays::from_bits(1 << weekday).unwrap();
            let hits: Vec<u16> = (0..7).filter(|days| only.contains(MONDAY.plus(*days))).collect();
            assert_eq!(hits, [u16::from(weekday)]);
            assert_eq!(MONDAY.minus(700).plus(weekday.into()).weekday(), weekday);
        }
        for days in [i32::MIN, i32::MAX] {
            assert!(Weekdays::EVERY_DAY.contains(Day::from_epoch_days(days)));
        }
    }

    #[test]
    fn the_next_of_some_weekdays_is_the_first_that_is_met() {
        for days in (0..=u8::MAX).filter_map(Weekdays::from_bits) {
            for from in (0..7).map(|days| MONDAY.plus(days)) {
                let walked = (0..7).map(|days| from.plus(days)).find(|day| days.contains(*day));
                assert_eq!(Some(days.on_or_after(from)), walked, "{days:?} from {from}");
            }
        }
    }

    #[test]
    fn a_mask_of_no_day_or_of_an_eighth_is_no_weekdays() {
        assert_eq!([0, 0b1000_0000].map(Weekdays::from_bits), [None, None]);
        for bytes in [&[0][..], &[0x18, 0x80]] {
            assert!(minicbor::decode::<Weekdays>(bytes).is_err(), "{bytes:?}");
        }
    }
}
