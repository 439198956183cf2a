//! DFINITY's SOL RPC canister as a provider.
//!
//! The canister asks three providers of its own, which takes no API key of ours, and answers when two of them agree. Its replies
//! are translated into a node's JSON, so that one set of rules reads both and their answers are counted together.
//!
//! | request | whether the canister is asked |
//! |---|---|
//! | balances, accounts, rents, statuses, costs of transactions, the genesis hash, broadcasts | yes |
//! | statuses that are to prove that a transaction is unknown | no: its replies leave out the slot from which its nodes answered, so nothing shows that these are up to date |
//! | block heights, and whether a nonce has changed | no: they serve the same proof |
//! | blockhashes, simulations, prices, lists of tokens | no: one node's answer is enough, or its replicas could not agree |
//!
//! So the canister can find that a transaction landed, but never that it expired: as many providers as must agree are always asked
//! directly.

pub mod interface;
mod read;
#[cfg(test)]
mod tests;

use super::Commitment;
use super::request::Request;
use crate::chains::solana::Cluster;
use candid::utils::{ArgumentEncoder, encode_args};
use interface::{
    CommitmentLevel, ConsensusStrategy, DataSlice, Encoding, GetAccountInfoParams, GetBalanceParams, GetSignatureStatusesParams,
    RpcConfig, RpcSources, SendTransactionParams, SolanaCluster,
};

/// The cycles attached to every call; those that are not used come back.
///
/// Three providers, asked by the 34 nodes of the canister's subnet for answers of 6 kB, take about a tenth of them.
pub const CALL_CYCLES: u128 = 10_000_000_000;
/// The number of providers that the canister asks, and of those that must agree.
const ITS_PROVIDERS: u8 = 3;
const ITS_QUORUM: u8 = 2;

/// A call to the SOL RPC canister.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanisterCall {
    /// The method's name.
    pub method: &'static str,
    /// The arguments, encoded in Candid.
    pub args: Vec<u8>,
}

impl Request {
    /// Returns whether the canister is asked this request; see the module's table.
    pub const fn suits_canister(&self) -> bool {
        match self {
            Self::GenesisHash
            | Self::RentExemptMinimum { .. }
            | Self::Balance { .. }
            | Self::Accounts { .. }
            | Self::Transaction { .. }
            | Self::Send(_) => true,
            Self::SignatureStatuses { min_slot, .. } => *min_slot == 0,
            Self::LatestBlockhash { .. }
            | Self::EpochInfo { .. }
            | Self::NonceChanged { .. }
            | Self::Simulate { .. }
            | Self::PriorityPrice { .. }
            | Self::TokenBalances { .. } => false,
        }
    }

    /// Returns the calls that ask the canister, to be made in any order.
    ///
    /// The list is empty for a request or cluster that it is not asked about. Accounts take one call each, because the canister has
    /// no method of its own for several.
    pub fn canister_calls(&self, cluster: Cluster) -> Vec<CanisterCall> {
        let Some(cluster) = SolanaCluster::of(cluster).filter(|_| self.suits_canister()) else { return Vec::new() };
        let longest = if matches!(self, Self::Accounts { .. }) { self.accounts_bytes(1) } else { self.max_response_bytes() };
        let to = Envelope::new(cluster, longest);
        match self {
            Self::Balance { address, commitment, .. } => {
                let params = GetBalanceParams { pubkey: address.to_string(), commitment: Some(level(*commitment)) };
                vec![to.call("getBalance", params)]
            }
            Self::Accounts { wanted, commitment, min_slot } => {
                let (offset, length) = self.data_slice();
                let params = |address: String| GetAccountInfoParams {
                    pubkey: address,
                    commitment: Some(level(*commitment)),
                    encoding: Some(Encoding::Base64),
                    data_slice: Some(DataSlice { length, offset }),
                    min_context_slot: (*min_slot > 0).then_some(*min_slot),
                };
                wanted.iter().map(|wanted| to.call("getAccountInfo", params(wanted.address.to_string()))).collect()
            }
            Self::SignatureStatuses { signatures, .. } => {
                let signatures = signatures.iter().map(ToString::to_string).collect();
                let params = GetSignatureStatusesParams { signatures, search_transaction_history: Some(true) };
                vec![to.call("getSignatureStatuses", params)]
            }
            Self::Send(tx) => {
                let params = SendTransactionParams {
                    transaction: tx.to_base64(),
                    encoding: Some(Encoding::Base64),
                    skip_preflight: Some(true),
                    max_retries: Some(0),
                };
                vec![to.call("sendTransaction", params)]
            }
            _ => vec![to.call("jsonRequest", String::from_utf8_lossy(&self.body()).into_owned())],
        }
    }

    /// Translates the canister's replies, in the order of the calls, into the canonical body of a node's answer.
    ///
    /// # Errors
    /// A message for the operator when the number of replies is wrong, a reply cannot be read, the canister's providers disagree,
    /// or the canister reports that it could not ask them. An error of a node itself is a canonical body with its failure.
    pub fn canister_answer(&self, replies: &[Vec<u8>]) -> Result<Vec<u8>, String> {
        read::answer(self, replies)
    }
}

/// The arguments that every call has in common: the providers to ask, and how.
struct Envelope {
    sources: RpcSources,
    config: RpcConfig,
}

impl Envelope {
    fn new(cluster: SolanaCluster, response_size_estimate: u64) -> Self {
        let agreement = ConsensusStrategy::Threshold { total: Some(ITS_PROVIDERS), min: ITS_QUORUM };
        let config = RpcConfig { response_size_estimate: Some(response_size_estimate), response_consensus: Some(agreement) };
        Self { sources: RpcSources::Default(cluster), config }
    }

    fn call<T>(&self, method: &'static str, params: T) -> CanisterCall
    where
        for<'a> (&'a RpcSources, Option<&'a RpcConfig>, T): ArgumentEncoder,
    {
        let args = encode_args((&self.sources, Some(&self.config), params)).expect("BUG: arguments that Candid cannot hold");
        CanisterCall { method, args }
    }
}

const fn level(commitment: Commitment) -> CommitmentLevel {
    match commitment {
        Commitment::Confirmed => CommitmentLevel::Confirmed,
        Commitment::Finalized => CommitmentLevel::Finalized,
    }
}
