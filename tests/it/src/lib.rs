//! Purser's suite: a test environment that the tests, the demo and the benchmarks share.
//!
//! | module | content |
//! |---|---|
//! | [`test_env`] | the test environment, its actors and its clock |
//! | [`client`] | the canister's methods, typed |
//! | [`network`] | the network of the environment: the embedded one, or PocketIC when `POCKET_IC_BIN` names a server |
//! | [`pocket`] | the network interface over PocketIC |
//! | [`replica`] | the HTTPS interface of a replica in front of the environment |
//! | [`recipients`] | addresses outside the canister, and the default policy |
//! | [`demo`] | the demo |
//! | [`bench`] | the benchmarks |
//! | [`values`] | conversion of ICRC-3 values |
//! | [`wasm`] | the released modules |

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
