//! One transfer on Solana, from the reservation to its end.
//!
//! Up to the broadcast there are one signature and four outcalls: the accounts, a simulation, a blockhash, the broadcast itself. On a
//! nonce there is no blockhash to ask for. A payment that comes close to the rent-exempt minimum on either side asks two questions more,
//! a token account that has to be created one, and a priority fee one.
//!
//! | file | what it does |
//! |---|---|
//! | `blockhash` | a recent blockhash, and who gave it |
//! | `intent` | what the transfer wants, and whether bytes say exactly that |
//! | `check` | reads the chain and refuses what would fail |
//! | `nonce` | which nonce account the transaction stands on |
//! | `price` | simulates, and says what to offer |
//! | `proof` | what became of a transaction |
//! | `failure` | whether one that failed can land no more |
//! | `charge` | what the chain charged for it |

mod blockhash;
mod charge;
mod check;
mod failure;
mod intent;
mod nonce;
mod price;
mod proof;

pub(super) use proof::follow;

use super::outcalls::Replication;
use super::{FlowError, TransferContext, providers, unreadable};
use crate::ports::Runtime;
use price::PreflightResult;
use purser_core::base::{Amount, Bytes, TransferId};
use purser_core::chains::solana::rpc::{self, Failure, Request, SendOutcome};
use purser_core::chains::solana::{Blockhash, Plan, RecentHash, SignedTx, StatusLookup, TxSignature, UnsignedTx, describe_message};
use purser_core::transfer::solana::{NonceOperation, NonceUse, SolanaBuilt};
use purser_core::transfer::{BuiltTx, SignedTx as Signed, Status, Transfer};

/// Stands in a plan until a blockhash is asked for, which is done last.
const NO_BLOCKHASH_YET: RecentHash = RecentHash::Blockhash(Blockhash::from_bytes([0; 32]));
/// For how long the same provider is given the bytes again.
const SAME_RECEIVER_SECONDS: u64 = 10;
const NOTHING_TO_REVOKE: &str = "the transfer has ended; there is nothing to revoke";
/// Why a revocation waits.
const LANDED_OR_DEAD: &str = "the transfer to be revoked is in a block, or its nonce is used up; it waits until that is final";

impl From<Failure> for FlowError {
    fn from(failure: Failure) -> Self {
        Self::Transient(format!("Solana: {failure}"))
    }
}

/// Reads the chain, checks that the payment can succeed, builds it and records it.
pub(super) async fn build<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    // Kept to the end of the build: nobody else builds on the same nonce account.
    let nonce = nonce::to_read(context)?;
    let index = nonce.as_ref().map(|nonce| nonce.index);
    let address = index.map(|index| intent::nonce_account(context, index)).transpose()?;
    let checked = check::check(context, address).await?;
    let mut solana = SolanaBuilt { rent: checked.rent, arrives: checked.arrives, ..SolanaBuilt::default() };
    let mut plan =
        Plan { payer: intent::payer(context)?, recent_hash: NO_BLOCKHASH_YET, budget: None, operation: checked.operation };
    match (context.transfer.request.nonce_operation(), index.zip(checked.nonce)) {
        (Some(NonceOperation::Create { .. }), Some((_, Ok(_)))) => return found(context),
        (Some(NonceOperation::Create { .. }), _) => {}
        (Some(NonceOperation::Revoke { transfer }), read) => {
            solana.uses_up = Some(to_use_up(context, transfer, read)?);
            check_unseen(context, transfer).await?;
        }
        (None, Some((index, Ok(value)))) => {
            let account = intent::nonce_account(context, index)?;
            plan.recent_hash = RecentHash::Nonce { account, value };
            solana.nonce = Some(NonceUse { index, value: Bytes::new(*value.as_bytes()) });
        }
        (None, Some((index, Err(reason)))) => fall_back(context, index, reason)?,
        (None, None) => {}
    }
    plan.budget = match (price::offer(context, &plan, checked.rent).await?, solana.nonce.take()) {
        (PreflightResult::Success { budget, slot }, nonce) => {
            solana.anchor_slot = nonce.is_some().then_some(slot);
            solana.nonce = nonce;
            budget
        }
        (PreflightResult::NonceRefused, Some(nonce)) => {
            fall_back(context, nonce.index, "the network takes no transaction that stands on it".to_owned())?;
            plan.recent_hash = NO_BLOCKHASH_YET;
            match price::offer(context, &plan, checked.rent).await? {
                PreflightResult::Success { budget, .. } => budget,
                PreflightResult::NonceRefused => return Err(unbuildable("it stands on no nonce")),
            }
        }
        (PreflightResult::NonceRefused, None) => return Err(unbuildable("it stands on no nonce")),
    };
    if plan.recent_hash == NO_BLOCKHASH_YET {
        // The last thing that is asked: a blockhash lives for half a minute, and the signature is still to come.
        let latest = blockhash::fetch(context).await?;
        plan.recent_hash = RecentHash::Blockhash(latest.blockhash);
        solana.anchor_slot = Some(latest.slot);
    }
    record(context, plan, solana)
}

/// Builds the message, reads it back, and records it if it says what the transfer wants.
fn record<R: Runtime>(context: &TransferContext<'_, R>, plan: Plan, solana: SolanaBuilt) -> Result<(), FlowError> {
    let fee = plan.fee().and_then(|fee| fee.checked_add(solana.rent));
    let fee = fee.ok_or_else(|| FlowError::Unbuildable("the fee overflows".to_owned()))?;
    let unsigned = plan.clone().build().map_err(|error| FlowError::Unbuildable(error.to_string()))?;
    let described = describe_message(unsigned.message_bytes()).map_err(unbuildable)?;
    if described != plan {
        return Err(unbuildable("it reads differently"));
    }
    intent::require(context, &described).map_err(unbuildable)?;
    context.recheck()?;
    let solana = (solana != SolanaBuilt::default()).then_some(solana);
    let built = BuiltTx { unsigned: Bytes::new(unsigned.message_bytes()), fee, inputs: Vec::new(), solana };
    context.commit(|state| state.decide_built(context.transfer.id, built))
}

/// The transfer to be revoked, as long as there is something to revoke.
fn revocable<R: Runtime>(context: &TransferContext<'_, R>, id: TransferId) -> Option<Transfer> {
    context.rt.read(|state| state.transfer(id)).filter(Transfer::may_be_revoked)
}

/// What a revocation uses up: the very value that the revoked transaction stands on, or nothing.
///
/// # Errors
/// When the nonce has another value. The transaction has landed then, or cannot any more; as long as it is followed that will show, and the
/// revocation counts until then.
fn to_use_up<R: Runtime>(
    context: &TransferContext<'_, R>,
    id: TransferId,
    read: Option<(u16, Result<Blockhash, String>)>,
) -> Result<NonceUse, FlowError> {
    let revoked = revocable(context, id).ok_or_else(|| FlowError::Unbuildable(NOTHING_TO_REVOKE.to_owned()))?;
    let value = match read {
        Some((_, Ok(value))) => value,
        Some((_, Err(reason))) => return Err(FlowError::Transient(format!("the nonce account cannot be used: {reason}"))),
        None => return Err(FlowError::Transient("the nonce account was not read".to_owned())),
    };
    let status = revoked.status;
    let stands_on = revoked.built.and_then(|built| built.solana?.nonce);
    match stands_on.filter(|used| used.value[..] == value.as_bytes()[..]) {
        Some(used) => Ok(used),
        None if status == Status::Submitted => Err(FlowError::blocked(LANDED_OR_DEAD)),
        None => Err(FlowError::Unbuildable("the transfer's nonce is used up already".to_owned())),
    }
}

/// A revocation comes too late for what is in a block already, and would cost a fee for nothing: the nonce is read at finalized
/// commitment, some seconds behind.
async fn check_unseen<R: Runtime>(context: &TransferContext<'_, R>, id: TransferId) -> Result<(), FlowError> {
    let Some(revoked) = revocable(context, id) else { return Err(FlowError::Unbuildable(NOTHING_TO_REVOKE.to_owned())) };
    // Bytes that do not read back may land all the same.
    let Some(Ok(signed)) = revoked.signed.map(|signed| SignedTx::decode(&signed.signed)) else { return Ok(()) };
    match proof::status(context, context.provider_offset, &signed).await? {
        StatusLookup::Found(_) if revoked.status == Status::Submitted => Err(FlowError::blocked(LANDED_OR_DEAD)),
        StatusLookup::Found(_) => Err(FlowError::Unbuildable("the transfer is in a block already".to_owned())),
        StatusLookup::NotFound | StatusLookup::Unavailable => Ok(()),
    }
}

/// The nonce account to be created is there: its creation was taken for failed, or the network took no nonces for a while.
fn found<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    context.recheck()?;
    context.commit(|state| state.decide_nonce_found(context.transfer.id, "the nonce account is there and works".to_owned()))
}

/// Notes in the log why a recent blockhash is used instead. What is only simulated leaves no traces.
fn fall_back<R: Runtime>(context: &TransferContext<'_, R>, index: u16, reason: String) -> Result<(), FlowError> {
    context.recheck()?;
    if context.transfer.simulated {
        return Ok(());
    }
    context.commit(|state| state.decide_fallback(context.transfer.id, index, reason))
}

/// Asks the key for a signature over exactly the recorded bytes. A signature whose answer was lost is simply asked for again: the
/// chain takes a message once, whichever signature it bears.
pub(super) async fn sign<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    if let Some(NonceOperation::Revoke { transfer }) = context.transfer.request.nonce_operation()
        && revocable(context, transfer).is_none()
    {
        // The nonce may carry another transfer from now on.
        return context.commit(|state| state.decide_failed(context.transfer.id, Amount::ZERO, Some(NOTHING_TO_REVOKE.to_owned())));
    }
    let built = context.transfer.built.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let unsigned = UnsignedTx::decode(&built.unsigned).map_err(unreadable)?;
    intent::require(context, unsigned.plan()).map_err(unreadable)?;
    let rent = built.solana.as_ref().map_or(Amount::ZERO, |solana| solana.rent);
    if unsigned.plan().fee().and_then(|fee| fee.checked_add(rent)) != Some(built.fee) {
        return Err(unreadable("its fee is another"));
    }
    let signature = context.signature(unsigned.message_bytes()).await?;
    context.recheck()?;
    let signature =
        <[u8; 64]>::try_from(signature).map_err(|_| FlowError::Transient("the signature has not 64 bytes".to_owned()))?;
    let attached = unsigned.attach(TxSignature::from_bytes(signature));
    let attached = attached.map_err(|error| FlowError::Transient(error.to_string()))?;
    let signed = Signed { signed: Bytes::new(attached.wire_bytes()), txid: attached.txid().to_string() };
    context.commit(|state| state.decide_signed(context.transfer.id, signed))
}

/// Records that the bytes leave, then sends them. Whatever comes back, they may have arrived.
pub(super) async fn submit<R: Runtime>(context: &TransferContext<'_, R>) -> Result<(), FlowError> {
    let signed = recorded(context)?;
    signed.verify().map_err(unreadable)?;
    if context.revocation().is_some() {
        // Its own bytes are to stay here; once the revocation is built it is followed like what was sent.
        return Err(FlowError::blocked("it is being revoked and is not sent"));
    }
    if context.age_seconds() > proof::PROOF_SECONDS {
        // The bytes stand in the log, so that somebody else may have sent them long ago.
        return Err(FlowError::NeedsOperator(
            "signed, but held back for so long that a node may have forgotten what became of it".to_owned(),
        ));
    }
    context.commit(|state| state.decide_submitted(context.transfer.id))?;
    blockhash::leaves(context.transfer.id, context.rt.now());
    sent(&providers::ask(context.rt, context.provider_offset, Replication::SingleNode, &Request::Send(signed)).await?)
}

/// Sends the signed bytes again. Nobody has seen them: what one provider took is given to the next, and so on around.
async fn send_again<R: Runtime>(context: &TransferContext<'_, R>, signed: SignedTx) -> Result<(), FlowError> {
    let places = usize::try_from(context.age_seconds() / SAME_RECEIVER_SECONDS + 1).unwrap_or(1);
    sent(&providers::ask_next(context.rt, context.provider_offset, places, &Request::Send(signed)).await?)
}

/// The recorded signed transaction, which must still make exactly the intended transfer.
fn recorded<R: Runtime>(context: &TransferContext<'_, R>) -> Result<SignedTx, FlowError> {
    let signed = context.transfer.signed.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let decoded = SignedTx::decode(&signed.signed).map_err(unreadable)?;
    intent::require(context, decoded.plan()).map_err(unreadable)?;
    Ok(decoded)
}

/// What a broadcast came to. No answer means that the bytes did not arrive, so a bad one is only worth another provider next time.
fn sent(body: &[u8]) -> Result<(), FlowError> {
    match rpc::parse_send(body) {
        SendOutcome::Accepted { .. } => Ok(()),
        SendOutcome::Rejected { diagnostic } | SendOutcome::Unknown { diagnostic } => {
            Err(FlowError::Transient(format!("the broadcast was not taken: {diagnostic}")))
        }
    }
}

fn unbuildable(error: impl std::fmt::Display) -> FlowError {
    FlowError::Unbuildable(format!("the transaction was not built as intended: {error}"))
}
