//! Purser's suite: one env (an Internet Computer, a Solana and a Kaspa chain, the released wasm installed between them), used by
//! the tests, the demo and the benchmarks.
//!
//! | room | what is in it |
//! |---|---|
//! | [`env`] | the env and its actors; how time passes in it |
//! | [`client`] | the canister's methods, typed |
//! | [`network`] | which network the env stands on: the embedded one, or PocketIC when `POCKET_IC_BIN` names a server |
//! | [`pocket`] | the network contract over PocketIC |
//! | [`recipients`] | addresses outside the canister, and the policy the suite starts from |
//! | [`demo`] | the demo |
//! | [`bench`] | the benchmarks |
//! | [`values`] | the interface's ICRC-3 values as the domain's |
//! | [`wasm`] | where the released modules lie |

pub mod bench;
pub mod client;
pub mod demo;
pub mod network;
pub mod pocket;
pub mod recipients;
pub mod replica;
pub mod test_env;
pub mod values;
pub mod wasm;
