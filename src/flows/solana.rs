//! One SOL transfer, from the reservation to its end.
//!
//! Up to the broadcast there are one signature and three outcalls: both accounts, a blockhash, the broadcast itself. Only a payment
//! that comes close to the rent-exempt minimum on either side asks two questions more.

use super::outcalls::{self, Asking};
use super::reserve::insufficient;
use super::{Halt, Progress, Run, unreadable};
use crate::ports::Runtime;
use purser_core::chains::solana::account::{Balance, Funds, FundsRefusal, OffCurve, RecipientState, check_funds, check_recipient};
use purser_core::chains::solana::rpc::{
    self, Commitment, Failure, PayerAndRecipient, Reading, Request, SendOutcome, SignatureBatch,
};
use purser_core::chains::solana::{
    Address, Landing, Lifetime, Observation, SignatureStatus, SignedTx, StatusLookup, SystemTransfer, TxSignature, UnsignedTx,
    build_transfer, describe_message, landing, signature_fee,
};
use purser_core::primitives::{Amount, Bytes};
use purser_core::transfer::{BuiltTx, SignedTx as Signed};
use std::num::NonZeroU64;

/// At least the rent-exempt minimum of an account without data. The minimum moves, but has not been above this and no proposal raises
/// it beyond: whoever has this much need not ask.
const RENT_UPPER_BOUND: Amount = Amount::new(890_880);
/// Heights and slots advance five times a second; rounded to 20 seconds, replicas that ask within a second of each other agree.
const STEP: NonZeroU64 = NonZeroU64::new(100).unwrap();
/// Two providers whose heights differ by more are not on the same chain, or one of them stands still: about four minutes of blocks.
const MAX_HEIGHT_DIFFERENCE: u64 = 1_000;
/// No attempt is found dead sooner, whatever heights a provider claims: a blockhash lives for 30 seconds, and only the subnet's clock
/// cannot be lied about.
const LEAST_LIFETIME_SECONDS: u64 = 90;
/// A node that has pruned its history does not know what landed. So an unknown signature proves nothing when more than this lies
/// between the broadcast and the deadline, or between the deadline and the proof: an hour together, which nodes without an archive keep
/// too.
const PROOF_SECONDS: u64 = 1_800;

impl From<Failure> for Halt {
    fn from(failure: Failure) -> Self {
        Self::Trouble(format!("Solana: {failure}"))
    }
}

/// Reads the chain, checks that the payment can succeed, builds it and records it.
pub(super) async fn build<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let fee = signature_fee(1).ok_or_else(|| Halt::Trouble("the fee overflows".to_owned()))?;
    check_payment(run, fee).await?;
    let body = ask(run, Asking::OneNode, &Request::LatestBlockhash).await?;
    let transfer = SystemTransfer { blockhash: rpc::parse_hash(&body)?, ..intent(run)? };
    let unsigned = build_transfer(&transfer).map_err(|error| Halt::Hopeless(error.to_string()))?;
    let described = describe_message(unsigned.message_bytes()).map_err(unbuildable)?;
    described.require(&transfer).map_err(unbuildable)?;
    run.recheck()?;
    let built = BuiltTx { unsigned: Bytes::new(unsigned.message_bytes()), fee, inputs: Vec::new() };
    run.commit(|state| state.decide_built(run.transfer.id, built))
}

/// Asks the key for a signature over exactly the recorded bytes. A signature whose answer was lost is simply asked for again: the
/// chain takes a message once, whichever signature it bears.
pub(super) async fn sign<R: Runtime>(run: &Run<'_, R>) -> Result<(), Halt> {
    let built = run.transfer.built.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let unsigned = UnsignedTx::decode(&built.unsigned).map_err(unreadable)?;
    let expected = SystemTransfer { blockhash: unsigned.transfer().blockhash, ..intent(run)? };
    unsigned.transfer().require(&expected).map_err(unreadable)?;
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

/// Asks the chain what became of the transaction; sends it again while it may land.
pub(super) async fn follow<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    let signed = recorded(run)?;
    // The status first: a known one decides whatever the heights are.
    let known = status(run, run.turn, &signed, 0).await?;
    run.unchanged()?;
    match known {
        StatusLookup::Found(SignatureStatus::Finalized { error: None, .. }) => {
            let fee = built_fee(run)?;
            run.commit(|state| state.decide_confirmed(run.transfer.id, fee, None))?;
            Ok(Progress::Ended)
        }
        StatusLookup::Found(SignatureStatus::Finalized { slot, error: Some(error) }) => fail(run, &signed, slot, &error).await,
        StatusLookup::Found(SignatureStatus::Pending) => Ok(Progress::Waiting),
        StatusLookup::Unavailable => Err(Halt::Trouble("the provider cannot prove that it is up to date".to_owned())),
        StatusLookup::NotFound => pursue(run, signed).await,
    }
}

/// A failure gives the amount free to be paid again, so it is believed only when a second look agrees, made with another provider
/// where there is one.
async fn fail<R: Runtime>(run: &Run<'_, R>, signed: &SignedTx, slot: u64, error: &str) -> Result<Progress, Halt> {
    let second = status(run, run.turn.wrapping_add(1), signed, 0).await?;
    run.unchanged()?;
    match second {
        StatusLookup::Found(SignatureStatus::Finalized { slot: also, error: Some(_) }) if also == slot => {
            let fee = built_fee(run)?;
            let note = format!("the transaction failed on chain: {error}");
            run.commit(|state| state.decide_failed(run.transfer.id, fee, Some(note)))?;
            Ok(Progress::Ended)
        }
        _ => Err(Halt::Trouble("providers disagree about the failure".to_owned())),
    }
}

/// Buries a transaction that the chain does not know if it is proven dead; otherwise sends it again, even when the reads that could
/// prove it fail.
async fn pursue<R: Runtime>(run: &Run<'_, R>, signed: SignedTx) -> Result<Progress, Halt> {
    let trouble = match is_dead(run, &signed).await {
        Ok(true) => return bury(run),
        Ok(false) => None,
        Err(Halt::Trouble(problem)) => Some(problem),
        Err(halt) => return Err(halt),
    };
    run.unchanged()?;
    if !run.is_emergency() {
        send(run, signed).await?;
    }
    trouble.map_or(Ok(Progress::Waiting), |problem| Err(Halt::Trouble(problem)))
}

/// Whether two observations agree that the attempt can never land, made with different providers where there are two.
async fn is_dead<R: Runtime>(run: &Run<'_, R>, signed: &SignedTx) -> Result<bool, Halt> {
    let Some(last_valid_block_height) = run.transfer.deadline_height else {
        if run.age_seconds() > PROOF_SECONDS {
            return Err(lost(run, signed).await?);
        }
        record_deadline(run, signed).await?;
        return Ok(false);
    };
    if run.age_seconds() < LEAST_LIFETIME_SECONDS {
        return Ok(false);
    }
    let lifetime = Lifetime::Blockhash { blockhash: signed.transfer().blockhash, last_valid_block_height };
    match observe(run, run.turn, signed, &lifetime).await? {
        Landing::Dead => {}
        Landing::Unknown => return Err(Halt::Trouble("the provider cannot prove that it is up to date".to_owned())),
        Landing::StillLive | Landing::Landed { .. } | Landing::LandedFailed { .. } => return Ok(false),
    }
    match observe(run, run.turn.wrapping_add(1), signed, &lifetime).await? {
        Landing::Dead if run.age_seconds() > PROOF_SECONDS => Err(too_late()),
        Landing::Dead => Ok(true),
        _ => Err(Halt::Trouble("two observations of the chain disagree".to_owned())),
    }
}

/// What to do about a transaction without a deadline that is looked for too late: nothing the chain says now could prove it dead.
async fn lost<R: Runtime>(run: &Run<'_, R>, signed: &SignedTx) -> Result<Halt, Halt> {
    match status(run, run.turn.wrapping_add(1), signed, 0).await? {
        StatusLookup::NotFound => Ok(too_late()),
        _ => Err(Halt::Trouble("providers disagree about the status".to_owned())),
    }
}

fn too_late() -> Halt {
    Halt::Stuck("unknown to the chain, but looked for so late that a node may have forgotten it".to_owned())
}

/// Records a proven death.
fn bury<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    run.unchanged()?;
    let deadline = run.transfer.deadline_height.ok_or_else(|| unreadable("its deadline is missing"))?;
    let note = format!("the finalized block height has passed {deadline} without it");
    run.commit(|state| state.decide_expired(run.transfer.id, Some(note)))?;
    Ok(Progress::Again)
}

fn built_fee<R: Runtime>(run: &Run<'_, R>) -> Result<Amount, Halt> {
    run.transfer.built.as_ref().map(|built| built.fee).ok_or_else(|| unreadable("its fee is missing"))
}

/// What must be paid to whom, with an arbitrary blockhash.
fn intent<R: Runtime>(run: &Run<'_, R>) -> Result<SystemTransfer, Halt> {
    let address = |bytes: &[u8], whose: &str| {
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| Halt::Hopeless(format!("the {whose}'s address has not 32 bytes")))?;
        Ok::<_, Halt>(Address::from_bytes(bytes))
    };
    Ok(SystemTransfer {
        from: address(&run.wallet.solana_key, "payer")?,
        to: address(&run.transfer.request.to.payload, "recipient")?,
        lamports: run.transfer.request.amount,
        blockhash: purser_core::chains::solana::Blockhash::from_bytes([0; 32]),
    })
}

/// Refuses a payment that would fail on chain at the price of its fee.
async fn check_payment<R: Runtime>(run: &Run<'_, R>, fee: Amount) -> Result<(), Halt> {
    let amount = run.transfer.request.amount;
    let others = run.others_in_flight();
    let held = Amount::checked_sum(others.iter().map(|other| other.reserved));
    let kept = RENT_UPPER_BOUND.max(run.minimum_balance());
    let ample = held.and_then(|held| Amount::checked_sum([held, amount, fee, kept]));
    let ample = ample.ok_or_else(|| Halt::Hopeless("amount and fee overflow".to_owned()))?;
    let accounts = read_accounts(run, at_least(ample), at_least(RENT_UPPER_BOUND)).await?;
    let recipient = recipient_state(run, &accounts)?;
    let payer_is_safe = payer_lamports(&accounts) >= ample;
    let recipient_is_safe = match recipient {
        RecipientState::New => amount >= RENT_UPPER_BOUND,
        RecipientState::Existing { lamports } => lamports >= RENT_UPPER_BOUND || amount >= RENT_UPPER_BOUND,
    };
    if payer_is_safe && recipient_is_safe {
        return Ok(());
    }
    // What the transfers under way leave of the balance shows only once they have ended.
    if !payer_is_safe && !others.is_empty() {
        return Err(Halt::Held);
    }
    let rent_minimum = rpc::parse_amount(&ask(run, Asking::AllReplicas, &Request::RentExemptMinimum { space: 0 }).await?)?;
    let accounts = read_accounts(run, Reading::EXACT, Reading::EXACT).await?;
    let recipient = recipient_state(run, &accounts)?;
    let balance = payer_lamports(&accounts);
    run.keeps_minimum(balance, amount.checked_add(fee).unwrap_or(Amount::MAX))?;
    let funds = Funds { balance: Balance::Exact(balance), amount, fee, rent_minimum };
    check_funds(&funds, recipient).map(drop).map_err(|refusal| match refusal {
        FundsRefusal::Insufficient { .. } => insufficient(refusal.to_string()),
        _ => Halt::Hopeless(refusal.to_string()),
    })
}

async fn read_accounts<R: Runtime>(
    run: &Run<'_, R>,
    payer_lamports: Reading,
    recipient_lamports: Reading,
) -> Result<PayerAndRecipient, Halt> {
    let SystemTransfer { from: payer, to: recipient, .. } = intent(run)?;
    let commitment = Commitment::Finalized;
    let request = Request::PayerAndRecipient { payer, recipient, commitment, payer_lamports, recipient_lamports };
    Ok(rpc::parse_payer_and_recipient(&ask(run, Asking::AllReplicas, &request).await?)?)
}

fn recipient_state<R: Runtime>(run: &Run<'_, R>, accounts: &PayerAndRecipient) -> Result<RecipientState, Halt> {
    let state = check_recipient(&intent(run)?.to, accounts.recipient.as_ref(), OffCurve::Refuse);
    state.map_err(|refusal| Halt::Hopeless(refusal.to_string()))
}

fn payer_lamports(accounts: &PayerAndRecipient) -> Amount {
    accounts.payer.map_or(Amount::ZERO, |account| account.lamports)
}

fn at_least(threshold: Amount) -> Reading {
    Reading::AtLeast { threshold: threshold.get() }
}

fn unbuildable(error: impl std::fmt::Display) -> Halt {
    Halt::Hopeless(format!("the transaction was not built as intended: {error}"))
}

/// The recorded signed transaction, which must still make exactly the intended transfer.
fn recorded<R: Runtime>(run: &Run<'_, R>) -> Result<SignedTx, Halt> {
    let signed = run.transfer.signed.as_ref().ok_or_else(|| unreadable("there is none"))?;
    let decoded = SignedTx::decode(&signed.signed).map_err(unreadable)?;
    let expected = SystemTransfer { blockhash: decoded.transfer().blockhash, ..intent(run)? };
    decoded.transfer().require(&expected).map_err(unreadable)?;
    Ok(decoded)
}

/// Sends the signed bytes. No answer means that they did not arrive, so a bad one is only worth another provider next time.
async fn send<R: Runtime>(run: &Run<'_, R>, signed: SignedTx) -> Result<(), Halt> {
    let body = ask(run, Asking::OneNode, &Request::Send(signed)).await?;
    match rpc::parse_send(&body) {
        SendOutcome::Accepted { .. } => Ok(()),
        SendOutcome::Rejected { diagnostic } | SendOutcome::Unknown { diagnostic } => {
            Err(Halt::Trouble(format!("the broadcast was not taken: {diagnostic}")))
        }
    }
}

/// Records the attempt's deadline, from the greater of two heights that all replicas saw after the blockhash was fetched. Nothing that
/// the one node said beside the blockhash is used.
async fn record_deadline<R: Runtime>(run: &Run<'_, R>, signed: &SignedTx) -> Result<(), Halt> {
    let first = confirmed_height(run, run.turn).await?;
    let second = confirmed_height(run, run.turn.wrapping_add(1)).await?;
    if first.abs_diff(second) > MAX_HEIGHT_DIFFERENCE {
        return Err(Halt::Trouble(format!("providers disagree about the block height: {first} and {second}")));
    }
    let lifetime = Lifetime::recorded_after(signed.transfer().blockhash, first.max(second), STEP);
    let lifetime = lifetime.ok_or_else(|| Halt::Trouble("the providers claim an impossible block height".to_owned()))?;
    run.unchanged()?;
    run.commit(|state| state.decide_deadline(run.transfer.id, lifetime.last_valid_block_height()))
}

/// As fresh as the blockhash: the finalized height lies several seconds behind it.
async fn confirmed_height<R: Runtime>(run: &Run<'_, R>, turn: usize) -> Result<u64, Halt> {
    let request = Request::BlockHeight { commitment: Commitment::Confirmed, reading: Reading::RoundDown { step: STEP } };
    Ok(rpc::parse_u64(&outcalls::solana(run.rt, turn, Asking::AllReplicas, &request).await?)?)
}

/// What one provider's answers make of the attempt, asked in the order that makes them a proof of death: the height, a slot that shows
/// how far the provider is, and only then the status. A height that is not past the deadline settles that it may still land.
async fn observe<R: Runtime>(run: &Run<'_, R>, turn: usize, signed: &SignedTx, lifetime: &Lifetime) -> Result<Landing, Halt> {
    let commitment = Commitment::Finalized;
    let height = Request::BlockHeight { commitment, reading: Reading::AtLeast { threshold: lifetime.dead_from() } };
    let height = rpc::parse_u64(&outcalls::solana(run.rt, turn, Asking::AllReplicas, &height).await?)?;
    if !lifetime.is_over(height) {
        return Ok(Landing::StillLive);
    }
    let slot = Request::Slot { commitment, reading: Reading::RoundDown { step: STEP } };
    let min_slot = rpc::parse_u64(&outcalls::solana(run.rt, turn, Asking::AllReplicas, &slot).await?)?;
    let then_status = status(run, turn, signed, min_slot).await?;
    Ok(landing(lifetime, &Observation { finalized_height_at_least: Some(height), then_status }))
}

async fn status<R: Runtime>(run: &Run<'_, R>, turn: usize, signed: &SignedTx, min_slot: u64) -> Result<StatusLookup, Halt> {
    let none = || Halt::Trouble("the provider gave no status".to_owned());
    let signatures = SignatureBatch::new(vec![signed.txid()]).ok_or_else(none)?;
    let request = Request::SignatureStatuses { signatures, min_slot };
    let statuses = rpc::parse_statuses(&outcalls::solana(run.rt, turn, Asking::AllReplicas, &request).await?)?;
    statuses.into_iter().next().ok_or_else(none)
}

async fn ask<R: Runtime>(run: &Run<'_, R>, asking: Asking, request: &Request) -> Result<Vec<u8>, Halt> {
    Ok(outcalls::solana(run.rt, run.turn, asking, request).await?)
}
