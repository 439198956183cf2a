mod budgets;
mod conformance;
mod demo;
mod faults;
mod images;
mod installation;
mod recovery;
mod upgrades;
