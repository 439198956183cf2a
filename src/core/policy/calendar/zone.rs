//! Time zones by name.

use super::CalendarError;
use super::rules::{Rules, find};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest name of a zone that is looked up, in bytes. The longest in the database has 32.
pub const MAX_ZONE_BYTES: usize = 64;

/// A zone of the IANA database, stored by its name in the database's spelling. A name that the database keeps for compatibility,
/// such as `US/Eastern`, stays as it is.
///
/// A stored name is decoded without the rules, so that every release can read a log. If the rules in force do not have the name,
/// active hours in that zone are never open and its calendar periods never end, so that nothing is spent by mistake.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimeZone(String);

impl TimeZone {
    /// Looks up a zone by its name in the IANA database, ignoring case.
    ///
    /// # Errors
    /// * [`CalendarError::ZoneNameTooLong`] when the name has more than [`MAX_ZONE_BYTES`] bytes.
    /// * [`CalendarError::UnknownZone`] when the rules that are compiled in have no zone of that name.
    pub fn parse(name: &str) -> Result<Self, CalendarError> {
        if name.len() > MAX_ZONE_BYTES {
            return Err(CalendarError::ZoneNameTooLong);
        }
        let (canonical, _) = find(name).ok_or_else(|| CalendarError::UnknownZone { name: name.to_owned() })?;
        Ok(Self(canonical.to_owned()))
    }

    /// Returns the name in the database's spelling.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Returns the rules of the zone; `None` when those that are compiled in do not have its name.
    pub(super) fn rules(&self) -> Option<&'static Rules> {
        find(&self.0).map(|(_, rules)| rules)
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
