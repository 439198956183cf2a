mod approvals;
mod policies;
mod policy_tools;
