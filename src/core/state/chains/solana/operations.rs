//! Operations of the canister on nonce accounts, as transfers.

use crate::base::{Amount, Asset, Chain, Destination, Timestamp, TransferId};
use crate::chains::registry::Params;
use crate::chains::solana::Address;
use crate::chains::solana::transfer::{NonceOperation, TransferParams};
use crate::event::{Event, TransferReserved};
use crate::policy::{Decision, Evaluation};
use crate::state::refusal::invalid;
use crate::state::{Refusal, State};
use crate::transfer::{OPERATION_KEY_PREFIX, TransferRequest};
use crate::wallet::{KeyKind, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the event that reserves an operation on a nonce account.
    ///
    /// Fee and rent are reserved in every scope like those of a payment. No policy is evaluated, because the rent stays the wallet's own.
    pub(super) fn operation_event(
        &self,
        caller: Principal,
        id: TransferId,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let applicable = self.applicable_policies(caller, &request);
        let overflow = || invalid("max_fee", "amount and fee together are more than can be counted");
        let reservations = self.reservations(&applicable.policies, &request, self.monotonic_now(now)).ok_or_else(overflow)?;
        let policy_version = self.policy(request.wallet).map_or(0, |policy| policy.version);
        let evaluation = Evaluation { decision: Decision::Allow, policy_version, findings: Vec::new(), approvals: Vec::new() };
        let reserved = request.reserved();
        Ok(Event::TransferReserved(Box::new(TransferReserved {
            id,
            agent: caller,
            request,
            reserved,
            evaluation,
            reservations,
            approval: None,
            simulated: false,
        })))
    }
}

/// Returns the request of an operation on a nonce account, with an idempotency key that no caller can name.
pub(super) fn operation_request(
    id: TransferId,
    wallet: &Wallet,
    operation: NonceOperation,
    to: Address,
    max_fee: Amount,
) -> TransferRequest {
    TransferRequest {
        wallet: wallet.id,
        asset: Asset::Sol,
        to: Destination::new(Chain::Solana, to.as_bytes().to_vec()),
        amount: Amount::ZERO,
        max_fee,
        fee_named: true,
        source: KeyKind::Solana,
        idempotency_key: format!("{OPERATION_KEY_PREFIX}{id}"),
        reason: None,
        session: None,
        created_at: None,
        params: Params::Solana(TransferParams { operation: Some(operation), ..TransferParams::default() }),
        batch: None,
    }
}

pub(super) fn address_of(wallet: &Wallet) -> Address {
    Address::from_bytes(wallet.solana_key[..].try_into().expect("BUG: a wallet with an impossible key"))
}
