//! Tests of every kind of rule at its exact boundaries, and of properties of all of them together.

mod amounts;
mod approvals;
pub(super) mod fixture;
mod generators;
mod hours;
mod properties;
mod rates;
mod recipients;
mod scopes;
mod values;
mod windows;
