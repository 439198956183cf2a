//! What became of a transaction, and when its money is free again. See `purser_core::chains::solana::landing` for the rule.

use super::{recorded, send};
use crate::flows::{Halt, Progress, Run, providers, unreadable};
use crate::ports::Runtime;
use purser_core::chains::solana::rpc::{self, Commitment, Reading, Request, Seen, SignatureBatch, View, Wanted};
use purser_core::chains::solana::{
    Anchor, Blockhash, Evidence, Landing, Lifetime, Observation, SignatureStatus, SignedTx, StatusLookup, landing,
};
use purser_core::primitives::Amount;
use std::num::NonZeroU64;

/// Heights and slots advance five times a second; rounded to 20 seconds, replicas that ask within a second of each other agree.
const STEP: NonZeroU64 = NonZeroU64::new(100).unwrap();
/// On a nonce the proof is about the very slot at which the nonce was seen, so the slot is rounded up: by less than the 31 slots that
/// finality lags behind, so that whoever is up to date has reached it.
const NONCE_STEP: NonZeroU64 = NonZeroU64::new(25).unwrap();
/// Two providers whose heights differ by more are not on the same chain, or one of them stands still: about four minutes of blocks.
const MAX_HEIGHT_DIFFERENCE: u64 = 1_000;
/// No attempt on a blockhash is found dead sooner, whatever heights a provider claims: a blockhash lives for 30 seconds, and only the
/// subnet's clock cannot be lied about.
const LEAST_LIFETIME_SECONDS: u64 = 90;
/// A node that has pruned its history does not know what landed. So an unknown signature proves nothing when more than this lies
/// between the broadcast and the deadline, or between the deadline and the proof: an hour together, which nodes without an archive keep
/// too. On a nonce it is the time since the nonce was last seen unchanged.
pub(super) const PROOF_SECONDS: u64 = 1_800;
/// How often it is noted that a nonce was seen unchanged.
const NOTE_SECONDS: u64 = 1_200;

/// Asks the chain what became of the transaction; sends it again while it may land.
pub(in crate::flows) async fn follow<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    let signed = recorded(run)?;
    // The status first: a known one decides whatever the heights are.
    let known = status(run, run.turn, &signed, 0).await?;
    run.unchanged()?;
    match known {
        StatusLookup::Found(SignatureStatus::Finalized { slot, error: None }) => {
            providers::saw_slot(slot);
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
            providers::saw_slot(slot);
            // What failed created nothing.
            let rent = run.transfer.built.as_ref().and_then(|built| built.solana.as_ref()).map_or(Amount::ZERO, |built| built.rent);
            let fee = built_fee(run)?.remaining_after(rent);
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
    // What is being revoked is not helped to land.
    let is_revoked = run.revocation().is_some();
    if !is_revoked && was_quarantined(run) {
        // It was followed for its revocation only.
        return Err(Halt::Stuck("its revocation ended without effect; it was in quarantine before".to_owned()));
    }
    if !is_revoked && (!run.is_emergency() || run.transfer.is_revocation()) {
        send(run, signed).await?;
    }
    trouble.map_or(Ok(Progress::Waiting), |problem| Err(Halt::Trouble(problem)))
}

/// Whether the attempt can never land: two observations agree, made with different providers where there are two, or one of as many
/// providers as must agree.
async fn is_dead<R: Runtime>(run: &Run<'_, R>, signed: &SignedTx) -> Result<bool, Halt> {
    let lifetime = match (&signed.plan().anchor, run.transfer.deadline_height) {
        (Anchor::Nonce { value, .. }, _) => Lifetime::Nonce { value: *value },
        (Anchor::Blockhash(blockhash), Some(last_valid_block_height)) => {
            if run.age_seconds() < LEAST_LIFETIME_SECONDS {
                return Ok(false);
            }
            Lifetime::Blockhash { blockhash: *blockhash, last_valid_block_height }
        }
        (Anchor::Blockhash(_), None) if run.age_seconds() > PROOF_SECONDS => return Err(lost(run, signed).await?),
        (Anchor::Blockhash(blockhash), None) => {
            record_deadline(run, *blockhash).await?;
            return Ok(false);
        }
    };
    match observe(run, run.turn, signed, &lifetime).await? {
        Landing::Dead => {}
        Landing::Unknown => return Err(Halt::Trouble("the provider cannot prove that it is up to date".to_owned())),
        Landing::StillLive | Landing::Landed { .. } | Landing::LandedFailed { .. } => return Ok(false),
    }
    if run.rt.read(|state| state.config()).solana.quorum() == 1 {
        let second = observe(run, run.turn.wrapping_add(1), signed, &lifetime).await?;
        if second != Landing::Dead {
            return Err(Halt::Trouble("two observations of the chain disagree".to_owned()));
        }
    }
    if run.age_seconds() > PROOF_SECONDS { Err(too_late()) } else { Ok(true) }
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

fn was_quarantined<R: Runtime>(run: &Run<'_, R>) -> bool {
    run.transfer.solana.as_ref().is_some_and(|progress| progress.was_quarantined)
}

/// Records a proven death. What was revoked ends with it, and so does what was in quarantine: nobody wants it to be tried again.
fn bury<R: Runtime>(run: &Run<'_, R>) -> Result<Progress, Halt> {
    run.unchanged()?;
    let note = match run.transfer.deadline_height {
        Some(deadline) => format!("the finalized block height has passed {deadline} without it"),
        None => "its nonce was used up without it".to_owned(),
    };
    let id = run.transfer.id;
    run.commit(|state| state.decide_expired(id, Some(note)))?;
    let why = match run.revocation() {
        Some(revocation) => format!("revoked by transfer {revocation}"),
        None if was_quarantined(run) => "it was in quarantine, and is proven dead".to_owned(),
        None => return Ok(Progress::Again),
    };
    run.commit(|state| state.decide_called_off(id, why))?;
    Ok(Progress::Ended)
}

fn built_fee<R: Runtime>(run: &Run<'_, R>) -> Result<Amount, Halt> {
    run.transfer.built.as_ref().map(|built| built.fee).ok_or_else(|| unreadable("its fee is missing"))
}

/// Records the attempt's deadline, from the greatest of the heights that all replicas saw after the blockhash was fetched. Nothing that
/// the one node said beside the blockhash is used.
async fn record_deadline<R: Runtime>(run: &Run<'_, R>, blockhash: Blockhash) -> Result<(), Halt> {
    // As fresh as the blockhash: the finalized height lies several seconds behind it.
    let request = Request::BlockHeight { commitment: Commitment::Confirmed, reading: Reading::RoundDown { step: STEP } };
    let heights = providers::numbers(run.rt, run.turn, 2, &request).await?;
    let (least, greatest) =
        heights.iter().fold((u64::MAX, 0), |(least, greatest), height| (least.min(*height), greatest.max(*height)));
    if least.abs_diff(greatest) > MAX_HEIGHT_DIFFERENCE {
        return Err(Halt::Trouble(format!("providers disagree about the block height: {least} and {greatest}")));
    }
    let Some(Lifetime::Blockhash { last_valid_block_height, .. }) = Lifetime::recorded_after(blockhash, greatest, STEP) else {
        return Err(Halt::Trouble("the providers claim an impossible block height".to_owned()));
    };
    run.unchanged()?;
    run.commit(|state| state.decide_deadline(run.transfer.id, last_valid_block_height))
}

/// What the providers' answers make of the attempt, asked in the order that makes them a proof of death: whether its lifetime is over, a
/// slot that shows how far the providers are, and only then the status. A lifetime that is not over settles that it may still land.
async fn observe<R: Runtime>(run: &Run<'_, R>, turn: usize, signed: &SignedTx, lifetime: &Lifetime) -> Result<Landing, Halt> {
    let Some(evidence) = evidence(run, turn, signed, lifetime).await? else {
        return Err(Halt::Trouble("the nonce account cannot be read".to_owned()));
    };
    if !lifetime.is_over(evidence) {
        note_live(run, lifetime)?;
        return Ok(Landing::StillLive);
    }
    let min_slot = slot_to_reach(run, turn, lifetime).await?;
    let then_status = status(run, turn, signed, min_slot).await?;
    Ok(landing(lifetime, &Observation { first: Some(evidence), then_status }))
}

/// The slot that a node must have reached for its "unknown" to count: the providers' own finalized slot. A blockhash's deadline has a
/// margin that is wider than the rounding.
async fn slot_to_reach<R: Runtime>(run: &Run<'_, R>, turn: usize, lifetime: &Lifetime) -> Result<u64, Halt> {
    let (step, more) = match lifetime {
        Lifetime::Blockhash { .. } => (STEP, 0),
        Lifetime::Nonce { .. } => (NONCE_STEP, NONCE_STEP.get()),
    };
    let request = Request::Slot { commitment: Commitment::Finalized, reading: Reading::RoundDown { step } };
    let slots = providers::numbers(run.rt, turn, 1, &request).await?;
    Ok(slots.into_iter().max().unwrap_or(u64::MAX).saturating_add(more))
}

async fn evidence<R: Runtime>(
    run: &Run<'_, R>,
    turn: usize,
    signed: &SignedTx,
    lifetime: &Lifetime,
) -> Result<Option<Evidence>, Halt> {
    let commitment = Commitment::Finalized;
    if let Some(threshold) = lifetime.dead_from() {
        let height = Request::BlockHeight { commitment, reading: Reading::AtLeast { threshold } };
        let heights = providers::numbers(run.rt, turn, 1, &height).await?;
        return Ok(heights.into_iter().min().map(Evidence::HeightAtLeast));
    }
    let Anchor::Nonce { account, .. } = signed.plan().anchor else { return Ok(None) };
    let wanted = vec![Wanted { address: account, view: View::Nonce }];
    let request = Request::Accounts { wanted, commitment, min_slot: providers::seen_slot() };
    let seen = rpc::parse_accounts(&providers::agreed(run.rt, turn, &request).await?)?;
    // A missing account proves nothing: only another value does.
    Ok(match seen.first() {
        Some(Seen::Nonce { value, .. }) => Some(Evidence::NonceIs(*value)),
        _ => None,
    })
}

/// Notes from time to time that a nonce is unchanged: whatever becomes of the transaction then is recent enough to be known.
fn note_live<R: Runtime>(run: &Run<'_, R>, lifetime: &Lifetime) -> Result<(), Halt> {
    if matches!(lifetime, Lifetime::Blockhash { .. }) || run.age_seconds() < NOTE_SECONDS {
        return Ok(());
    }
    run.unchanged()?;
    run.commit(|state| state.decide_still_live(run.transfer.id))
}

pub(super) async fn status<R: Runtime>(
    run: &Run<'_, R>,
    turn: usize,
    signed: &SignedTx,
    min_slot: u64,
) -> Result<StatusLookup, Halt> {
    let none = || Halt::Trouble("the provider gave no status".to_owned());
    let signatures = SignatureBatch::new(vec![signed.txid()]).ok_or_else(none)?;
    let request = Request::SignatureStatuses { signatures, min_slot };
    let statuses = rpc::parse_statuses(&providers::agreed(run.rt, turn, &request).await?)?;
    statuses.into_iter().next().ok_or_else(none)
}
