//! The conformance scenario on localnet, with the outcomes the interface specification demands.

use localnet::LocalNet;
use localnet::conformance::{self, Server};

#[test]
fn should_have_the_outcomes_the_interface_specification_demands() {
    let server = Server::start();
    let outcomes = conformance::run(&mut LocalNet::new(), &crate::wasm(), &server.url());
    let observed: String = outcomes.iter().map(|(name, outcome)| format!("{name}: {outcome}\n")).collect();
    assert_eq!(observed, include_str!("conformance.txt"));
}
