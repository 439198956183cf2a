//! The embedded network compared with PocketIC: the same probe canister, the same calls, the same outcomes. Without `POCKET_IC_BIN`
//! the embedded network is compared with the outcomes that the interface specification demands.

use localnet::conformance::{Server, run};
use purser_it::network::Network;
use purser_it::wasm;

#[test]
fn the_network_has_the_outcomes_of_the_internet_computer() {
    let server = Server::start();
    let outcomes = run(Network::from_environment().ic(), &wasm::probe(), &server.url());
    let observed: String = outcomes.iter().map(|(name, outcome)| format!("{name}: {outcome}\n")).collect();
    assert_eq!(observed, include_str!("../../../../localnet/tests/probe/conformance.txt"));
}
