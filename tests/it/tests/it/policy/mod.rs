pub mod approvals;
pub mod policies;
pub mod policy_tools;
