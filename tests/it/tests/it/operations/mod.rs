//! Operation: installation, upgrades, faults, recovery and costs.

pub mod budgets;
pub mod conformance;
pub mod demo;
pub mod faults;
pub mod images;
pub mod installation;
pub mod recovery;
pub mod upgrades;
