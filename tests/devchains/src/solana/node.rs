//! One node: the chain, and the record of its calls.

use solana_address::Address;

use super::chain::Chain;
use super::faults::FaultsHandle;
use super::params::Params;
use super::wire::Encoding;

/// One node of the chain.
pub struct Node {
    pub chain: Chain,
    pub faults: FaultsHandle,
    pub calls: Vec<String>,
    pub received: Vec<Vec<u8>>,
    pub auto_advance: bool,
    /// The text that the target of every request must contain.
    pub key: Option<String>,
    /// The mints, each with its program.
    pub mints: Vec<(Address, Address)>,
}

impl Node {
    /// A node of this chain without faults.
    pub fn new(chain: Chain) -> Self {
        Self {
            chain,
            faults: FaultsHandle::default(),
            calls: Vec::new(),
            received: Vec::new(),
            auto_advance: false,
            key: None,
            mints: Vec::new(),
        }
    }

    /// Records a call, whether or not it meets a fault.
    pub fn note(&mut self, method: &str, params: &Params<'_>) {
        self.calls.push(method.to_owned());
        if method == "sendTransaction" {
            self.received.extend(sent_bytes(params));
        }
        if self.auto_advance && ["getBlockHeight", "getSignatureStatuses"].contains(&method) {
            self.chain.produce();
        }
    }
}

fn sent_bytes(params: &Params<'_>) -> Option<Vec<u8>> {
    let config = params.config(1).ok()?;
    let encoding = Encoding::of_transaction(config.encoding(), Encoding::Base58).ok()?;
    encoding.decode(params.string(0).ok()?).ok()
}
