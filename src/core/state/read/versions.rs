//! Versions of the records that several people may write.

use crate::policy::Scope;
use crate::state::{Refusal, State};
use ic_stable_structures::Memory;
use std::fmt;

/// A record that several people may write, and that counts its changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionedRecord<'a> {
    /// The policy of a scope.
    Policy(Scope),
    /// The settings of the canister.
    Settings,
    /// The group of a name.
    Group(&'a str),
    /// The settings of the audit log.
    AuditSettings,
}

impl VersionedRecord<'_> {
    /// Returns the stored key of the record's version; `None` for a policy, whose history has its versions.
    pub(in crate::state) fn key(&self) -> Option<Vec<u8>> {
        match self {
            Self::Policy(_) => None,
            Self::Settings => Some(vec![0]),
            Self::Group(name) => Some([&[1], name.as_bytes()].concat()),
            Self::AuditSettings => Some(vec![2]),
        }
    }
}

impl fmt::Display for VersionedRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy(_) => f.write_str("the policy of the scope"),
            Self::Settings => f.write_str("the settings"),
            Self::Group(name) => write!(f, "the group {name}"),
            Self::AuditSettings => f.write_str("the settings of the audit log"),
        }
    }
}

impl<M: Memory> State<M> {
    /// Returns the version of a record: the number of changes that ever took effect, a removal included. 0 before the first.
    pub fn version(&self, record: &VersionedRecord<'_>) -> u64 {
        match (record, record.key()) {
            (VersionedRecord::Policy(scope), _) => self.tables.last_policy_version(scope),
            (_, Some(key)) => self.tables.version(&key),
            (_, None) => 0,
        }
    }

    /// Checks that a record still has the version that the caller saw. Without an expectation nothing is checked.
    ///
    /// # Errors
    /// [`Refusal::VersionConflict`] when the record has another version.
    pub fn require_version(&self, record: &VersionedRecord<'_>, expected: Option<u64>) -> Result<(), Refusal> {
        let current = self.version(record);
        match expected {
            Some(expected) if expected != current => Err(Refusal::VersionConflict { what: record.to_string(), expected, current }),
            _ => Ok(()),
        }
    }
}
