//! Why a calendar is refused.

use thiserror::Error;

use crate::limits::HOLIDAYS_MAX;

/// The latest cut-off: midnight at the end of the day, 24 hours in minutes.
pub const CUT_OFF_MINUTES_MAX: u16 = 24 * 60;

/// Why a calendar was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CalendarError {
    /// The zone is in no release of the IANA database that this build knows.
    #[error("time zone {zone:?} is not a known IANA name")]
    UnknownZone {
        /// The name as given.
        zone: String,
    },
    /// A node that never works could never ship, and a search for its next
    /// working day would never end.
    #[error("working days are empty, at least 1 of 7 is needed")]
    NoWorkingDay,
    /// Bits above the seventh stand for no weekday.
    #[error("working days {bits:#010b} set a bit above the 7 weekdays")]
    UnknownWeekday {
        /// The mask as given.
        bits: u8,
    },
    /// The cut-off is past the end of the day.
    #[error("cut-off of {minutes} minutes is past the limit of {CUT_OFF_MINUTES_MAX}")]
    CutOffTooLate {
        /// Minutes after local midnight, as given.
        minutes: u16,
    },
    /// More holidays than [`HOLIDAYS_MAX`].
    #[error("{count} holidays are more than the limit of {HOLIDAYS_MAX}")]
    TooManyHolidays {
        /// How many were given, before duplicates were dropped.
        count: usize,
    },
}
