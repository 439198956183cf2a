//! The chain and the record of its calls, which all servers of one chain share under one lock.

use kaspa_consensus_core::network::NetworkType;
use rand::{Rng, SeedableRng, rngs::SmallRng};
use serde_json::Value;

use super::{
    chain::Chain,
    fault::{Endpoint, Fault, FaultsHandle},
    rest,
};

/// The state behind the lock.
pub(super) struct State {
    pub chain: Chain,
    random: SmallRng,
    pub auto_mine: bool,
    pub received: Vec<Value>,
    pub calls: Vec<String>,
}

impl State {
    /// An empty chain whose random numbers start from a fixed seed.
    pub fn new(network: NetworkType) -> Self {
        Self {
            chain: Chain::new(network),
            random: SmallRng::seed_from_u64(20_090_103),
            auto_mine: false,
            received: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// Handles one call and lets up to two blocks pass. The fault, if any, is returned for the server, which performs those that
    /// concern the connection.
    pub fn call(&mut self, request: &rest::Request, faults: &FaultsHandle) -> (Option<Fault>, rest::Answer) {
        self.calls.push(format!("{} {}", request.method, request.path));
        let endpoint = rest::endpoint(request.method, request.path);
        if let (Some(Endpoint::Submit), Some(body)) = (endpoint, &request.body) {
            self.received.push(body.clone());
        }
        let fault = faults.take(endpoint);
        if let Some(Fault::Reorg { depth }) = fault {
            self.chain.reorg(depth);
        }
        let answer = match &fault {
            Some(fault) if fault.replaces_handling() => rest::internal_error(),
            fault => rest::answer(&mut self.chain, &mut self.random, request, endpoint, fault.as_ref()),
        };
        if self.auto_mine {
            self.chain.mine(1);
        }
        self.chain.advance(self.random.gen_range(0..=2));
        (fault, answer)
    }
}
