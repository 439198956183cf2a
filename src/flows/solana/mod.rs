//! One transfer on Solana, from the reservation to its end.
//!
//! Up to the broadcast there are one signature and four outcalls: the accounts, a simulation, a blockhash, the broadcast itself. On a
//! nonce there is no blockhash to ask for. A payment that comes close to the rent-exempt minimum on either side asks two questions more,
//! a token account that has to be created one, and a priority fee one.
//!
//! | file | what it does |
//! |---|---|
//! | `intent` | what the transfer wants, and whether bytes say exactly that |
//! | `check` | reads the chain and refuses what would fail |
//! | `price` | simulates, and says what to offer |
//! | `proof` | what became of a transaction |

mod check;
mod intent;
mod price;
mod proof;

pub(super) use proof::follow;

use super::outcalls::Asking;
use super::{Halt, Run, providers, unreadable};
use crate::ports::Runtime;
use purser_core::chains::solana::rpc::{self, Failure, Request, SendOutcome};
use purser_core::chains::solana::{Anchor, Blockhash, Plan, SignedTx, TxSignature, UnsignedTx, describe_message};
use purser_core::primitives::{Amount, Bytes};
use purser_core::solana_terms::{LifetimeChoice, NonceOperation, NonceUse, SolanaBuilt};
use purser_core::transfer::{BuiltTx, SignedTx as Signed};

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Trouble(format!("Solana: {failure}"))
    }
}

/// Reads the chain, checks that the payment can succeed, builds it and records it.
pub(super) async fn build<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let index = nonce_to_use(run)?;
    let address = index.map(|index| intent::nonce_account(run, index)).transpose()?;
    let checked = check::check(run, address).await?;
    let nonce = match (index, checked.nonce) {
        (Some(index), Some(Ok(value))) => Some((index, value)),
        (Some(index), Some(Err(reason))) => {
            fall_back(run, index, reason)?;
            None
        }
        _ => None,
    };
    check_revoked(run, nonce.map(|(_, value)| value))?;
    let anchor = match (nonce, address) {
        (Some((_, value)), Some(account)) => Anchor::Nonce { account, value },
        _ => Anchor::Blockhash(Blockhash::from_bytes([0; 32])),
    };
    let mut plan = Plan { payer: intent::payer(run)?, anchor, budget: None, act: checked.act };
    plan.budget = price::offer(run, &plan, checked.rent).await?;
    if nonce.is_none() {
        // The last thing that is asked: a blockhash lives for half a minute, and the signature is still to come.
        let body = providers::ask(run.rt, run.turn, Asking::OneNode, &Request::LatestBlockhash).await?;
        plan.anchor = Anchor::Blockhash(rpc::parse_hash(&body)?);
    }
    let nonce = nonce.map(|(index, value)| NonceUse { index, value: Bytes::new(*value.as_bytes()) });
    record(run, plan, SolanaBuilt { rent: checked.rent, nonce, arrives: checked.arrives })
}

/// Builds the message, reads it back, and records it if it says what the transfer wants.
fn record<R: Runtime>(run: &Run<'_, R>, plan: Plan, solana: SolanaBuilt) -> Result<(), Halt> {
    let fee = plan.fee().and_then(|fee| fee.checked_add(solana.rent));
    let fee = fee.ok_or_else(|| Halt::Hopeless("the fee overflows".to_owned()))?;
    let unsigned = plan.clone().build().map_err(|error| Halt::Hopeless(error.to_string()))?;
    let described = describe_message(unsigned.message_bytes()).map_err(unbuildable)?;
    if described != plan {
        return Err(unbuildable("it reads differently"));
    }
    intent::require(run, &described).map_err(unbuildable)?;
    run.recheck()?;
    let solana = (solana != SolanaBuilt::default()).then_some(solana);
    let built = BuiltTx { unsigned: Bytes::new(unsigned.message_bytes()), fee, inputs: Vec::new(), solana };
    run.commit(|state| state.decide_built(run.transfer.id, built))
}

/// The nonce account to stand on: the one whose use is revoked, or a free one of the wallet. `None` means a recent blockhash.
///
/// # Errors
/// When all of the wallet's nonce accounts are taken: one becomes free when its transfer has ended.
fn nonce_to_use<R: Runtime>(run: &Run<'_, R>) -> Result<Option<u16>, Halt> {
    match run.transfer.request.nonce_operation() {
        Some(NonceOperation::Create { .. }) => return Ok(None),
        Some(NonceOperation::Revoke { transfer }) => {
            let revoked = run.rt.read(|state| state.transfer(transfer)).filter(|revoked| !revoked.status.is_terminal());
            let index = revoked.and_then(|revoked| revoked.nonce_index());
            return index.map(Some).ok_or_else(|| Halt::Hopeless("the transfer has ended; there is nothing to revoke".to_owned()));
        }
        None => {}
    }
    let (nonces, settings) = run.rt.read(|state| (state.working_nonces(run.wallet.id), state.solana_settings(run.wallet.id)));
    if settings.lifetime == LifetimeChoice::Blockhash {
        return Ok(None);
    }
    if nonces.is_empty() {
        return Ok(None);
    }
    // Of those of the transfer's own lane: what is built at the same time takes another one.
    let (lanes, lane) = run.rt.read(|state| (usize::from(state.lanes(run.wallet.id)), usize::from(state.lane(&run.transfer))));
    let mut free = nonces.iter().skip(lane).step_by(lanes).filter(|(_, record)| record.holder.is_none());
    free.next().map(|(index, _)| Some(*index)).ok_or(Halt::Held)
}

/// A revocation uses up the very value that the revoked transaction stands on, or nothing.
fn check_revoked<R: Runtime>(run: &Run<'_, R>, value: Option<Blockhash>) -> Result<(), Halt> {
    let Some(NonceOperation::Revoke { transfer }) = run.transfer.request.nonce_operation() else { return Ok(()) };
    let stands_on = run.rt.read(|state| state.transfer(transfer)).and_then(|revoked| revoked.built?.solana?.nonce);
    let same = stands_on.zip(value).is_some_and(|(used, value)| used.value[..] == value.as_bytes()[..]);
    if same { Ok(()) } else { Err(Halt::Hopeless("the transfer's nonce is used up already".to_owned())) }
}

/// Notes in the log why a recent blockhash is used instead. A revocation has no other way.
fn fall_back<R: Runtime>(run: &Run<'_, R>, index: u16, reason: String) -> Result<(), Halt> {
    run.recheck()?;
    if run.transfer.is_revocation() {
        return Err(Halt::Trouble(format!("the nonce account cannot be used: {reason}")));
    }
    run.commit(|state| state.decide_fallback(run.transfer.id, index, reason))
}

/// Asks the key for a signature over exactly the recorded bytes. A signature whose answer was lost is simply asked for again: the
/// chain takes a message once, whichever signature it bears.
pub(super) async fn sign<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let built = run.transfer.built.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let unsigned = UnsignedTx::decode(&built.unsigned).map_err(unreadable)?;
    intent::require(run, unsigned.plan()).map_err(unreadable)?;
    let rent = built.solana.as_ref().map_or(Amount::ZERO, |solana| solana.rent);
    if unsigned.plan().fee().and_then(|fee| fee.checked_add(rent)) != Some(built.fee) {
        return Err(unreadable("its fee is another"));
    }
    let signature = run.signature(unsigned.message_bytes()).await?;
    run.recheck()?;
    let signature = <[u8; 64]>::try_from(signature).map_err(|_| Halt::Trouble("the signature has not 64 bytes".to_owned()))?;
    let attached = unsigned.attach(TxSignature::from_bytes(signature));
    let attached = attached.map_err(|error| Halt::Trouble(error.to_string()))?;
    let signed = Signed { signed: Bytes::new(attached.wire_bytes()), txid: attached.txid().to_string() };
    run.commit(|state| state.decide_signed(run.transfer.id, signed))
}

/// Records that the bytes leave, then sends them. Whatever comes back, they may have arrived.
pub(super) async fn submit<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let signed = recorded(run)?;
    signed.verify().map_err(unreadable)?;
    run.commit(|state| state.decide_submitted(run.transfer.id))?;
    send(run, signed).await
}

/// The recorded signed transaction, which must still make exactly the intended transfer.
fn recorded<R: Runtime>(run: &Run<'_, R>) -> Result<SignedTx, Halt> {
    let signed = run.transfer.signed.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let decoded = SignedTx::decode(&signed.signed).map_err(unreadable)?;
    intent::require(run, decoded.plan()).map_err(unreadable)?;
    Ok(decoded)
}

/// Sends the signed bytes. No answer means that they did not arrive, so a bad one is only worth another provider next time.
async fn send<R: Runtime>(run: &Run<'_, R>, signed: SignedTx) -> Result<(), Halt> {
    let body = providers::ask(run.rt, run.turn, Asking::OneNode, &Request::Send(signed)).await?;
    match rpc::parse_send(&body) {
        SendOutcome::Accepted { .. } => Ok(()),
        SendOutcome::Rejected { diagnostic } | SendOutcome::Unknown { diagnostic } => {
            Err(Halt::Trouble(format!("the broadcast was not taken: {diagnostic}")))
        }
    }
}

fn unbuildable(error: impl std::fmt::Display) -> Halt {
    Halt::Hopeless(format!("the transaction was not built as intended: {error}"))
}
