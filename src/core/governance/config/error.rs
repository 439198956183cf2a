//! Errors of a configuration.

use std::fmt;

/// A field of [`Config`](super::Config) that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The name of the field in the init argument, for example `kaspa.providers`.
    pub field: &'static str,
    /// The problem, with the values that would be accepted.
    pub problem: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

/// Makes the error of a field.
pub(super) fn error(field: &'static str, problem: impl Into<String>) -> ConfigError {
    ConfigError { field, problem: problem.into() }
}
