//! Policies: denials, approvals, and tools for authors.

pub mod approvals;
pub mod policies;
pub mod policy_tools;
