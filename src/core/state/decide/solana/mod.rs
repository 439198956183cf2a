//! Decisions about Solana only.

mod nonces;
mod providers;
mod revocations;

use crate::base::{Amount, Asset, Chain, Destination, Timestamp, TransferId};
use crate::chains::solana::{Address, MAX_MEMO_BYTES};
use crate::event::{Event, TransferReserved};
use crate::policy::{Decision, Evaluation};
use crate::state::refusal::invalid;
use crate::state::{Refusal, State};
use crate::transfer::solana::{NonceOperation, TransferParams};
use crate::transfer::{OPERATION_KEY_PREFIX, TransferRequest};
use crate::wallet::{KeyKind, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the event that reserves an operation on a nonce account.
    ///
    /// Fee and rent are reserved in every scope like those of a payment. No policy is evaluated, because the rent stays the wallet's own.
    fn operation_event(
        &self,
        caller: Principal,
        id: TransferId,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let applicable = self.applicable_policies(caller, &request);
        let overflow = || invalid("max_fee", "amount and fee together are more than can be counted");
        let holds = self.reservations(&applicable.policies, &request, self.monotonic_now(now)).ok_or_else(overflow)?;
        let policy_version = self.policy(request.wallet).map_or(0, |policy| policy.version);
        let evaluation = Evaluation { decision: Decision::Allow, policy_version, findings: Vec::new(), approvals: Vec::new() };
        let reserved = request.reserved();
        Ok(Event::TransferReserved(Box::new(TransferReserved {
            id,
            agent: caller,
            request,
            reserved,
            evaluation,
            holds,
            approval: None,
            simulated: false,
        })))
    }
}

/// Returns the request of an operation on a nonce account, with an idempotency key that no caller can name.
fn operation_request(id: TransferId, wallet: &Wallet, operation: NonceOperation, to: Address, max_fee: Amount) -> TransferRequest {
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
        kaspa: None,
        solana: Some(TransferParams { operation: Some(operation), ..TransferParams::default() }),
    }
}

fn address_of(wallet: &Wallet) -> Address {
    Address::from_bytes(wallet.solana_key[..].try_into().expect("BUG: a wallet with an impossible key"))
}

/// Checks the Solana parameters of an agent's request.
pub(super) fn check_solana_params(request: &TransferRequest) -> Result<(), Refusal> {
    let Some(params) = &request.solana else { return Ok(()) };
    if request.asset.chain() != Chain::Solana {
        let field = if params.off_curve && params.memo.is_none() { "allow_off_curve" } else { "memo" };
        return Err(invalid(field, "only a payment on Solana has one; leave this out for KAS"));
    }
    if params.operation.is_some() {
        return Err(invalid("asset", "nonce accounts are an admin's"));
    }
    match &params.memo {
        Some(memo) if memo.is_empty() || memo.len() > MAX_MEMO_BYTES => {
            Err(invalid("memo", format!("between 1 and {MAX_MEMO_BYTES} bytes")))
        }
        _ => Ok(()),
    }
}
