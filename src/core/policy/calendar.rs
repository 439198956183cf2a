//! Local time for policies: active hours, and calendar days, weeks and months.
//!
//! The IANA rules are compiled in ([`TZDB_VERSION`]); there is no system database that could differ. A new release may bring new
//! rules and then give another result for the same instant. What a decision used therefore belongs in its event, and replay must
//! read it there instead of evaluating again. Offset changes before the year 2000 are not known; instants before it are read with
//! the offset of that year.

mod civil;
mod hours;
mod period;
mod rules;
#[cfg(test)]
mod tests;
mod zone;

pub use hours::{ActiveHours, HoursWindow, LocalTime, MAX_WINDOWS, Weekday};
pub(super) use period::may_hold_start;
pub use period::{Period, period_end, period_start};
pub use rules::TZDB_VERSION;
pub use zone::{MAX_ZONE_BYTES, TimeZone};

use std::fmt;

/// The reason why a zone, a time or a window of hours is refused. No policy is stored with one of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CalendarError {
    /// The rules have no zone of this name.
    UnknownZone {
        /// The name that was looked up.
        name: String,
    },
    /// The name of the zone is longer than [`MAX_ZONE_BYTES`]; it is not repeated here.
    ZoneNameTooLong,
    /// The text is not `HH:MM` from `00:00` to `24:00`.
    MalformedTime,
    /// A window lists no day.
    NoDays,
    /// A window starts and ends at the same time, which could mean nothing or a whole day.
    EmptyWindow,
    /// A window starts at `24:00`.
    StartsAtDayEnd,
    /// The number of windows is not from 1 to [`MAX_WINDOWS`].
    WindowCount {
        /// The number of windows that were given.
        count: usize,
    },
}

impl fmt::Display for CalendarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownZone { name } => {
                write!(
                    f,
                    "unknown time zone {name:?}; give a name of the IANA database ({TZDB_VERSION}), such as \"Europe/London\""
                )
            }
            Self::ZoneNameTooLong => write!(f, "a time zone's name has at most {MAX_ZONE_BYTES} bytes, as in \"Europe/London\""),
            Self::MalformedTime => write!(f, "a local time is HH:MM from 00:00 to 24:00, as in \"09:30\""),
            Self::NoDays => write!(f, "a window lists no day of the week"),
            Self::EmptyWindow => write!(f, "a window starts and ends at the same time; a whole day is 00:00 to 24:00"),
            Self::StartsAtDayEnd => write!(f, "24:00 can end a window but not start one; use 00:00 of the next day"),
            Self::WindowCount { count } => write!(f, "active hours have from 1 to {MAX_WINDOWS} windows, not {count}"),
        }
    }
}

impl std::error::Error for CalendarError {}
