//! What became of a transaction, and when its money is free again. See `purser_core::chains::solana::landing` for the rule.

use super::{blockhash, charge, failure, recorded, send_again};
use crate::flows::{FlowError, Progress, TransferContext, providers, unreadable};
use crate::ports::Runtime;
use purser_core::base::Amount;
use purser_core::chains::solana::rpc::{self, Commitment, Failure, NonceState, Reading, Request, SignatureBatch};
use purser_core::chains::solana::{
    Blockhash, Evidence, Landing, Lifetime, Observation, RecentHash, SignatureStatus, SignedTx, StatusLookup,
    UNBOUND_MARGIN_BLOCKS, landing,
};
use purser_core::state::Decided;
use std::num::NonZeroU64;

/// Heights and slots advance five times a second; rounded to 20 seconds, replicas that ask within a second of each other agree.
const STEP: NonZeroU64 = NonZeroU64::new(100).unwrap();
/// Two providers whose heights differ by more are not on the same chain, or one of them stands still: about four minutes of blocks.
const MAX_HEIGHT_DIFFERENCE: u64 = 1_000;
/// No attempt on a blockhash is found dead sooner, whatever heights a provider claims: a blockhash lives for 30 seconds, and only the
/// subnet's clock cannot be lied about.
pub(super) const LEAST_LIFETIME_SECONDS: u64 = 90;
/// A node that has pruned its history does not know what landed. So an unknown signature proves nothing when more than this lies
/// between the broadcast and the deadline, or between the deadline and the proof: an hour together, which nodes without an archive keep
/// too. On a nonce it is the time since the nonce was last seen unchanged.
pub(super) const PROOF_SECONDS: u64 = 1_800;
/// How often it is noted that a nonce was seen unchanged.
const NOTE_SECONDS: u64 = 1_200;

/// Asks the chain what became of the transaction; sends it again while it may land.
pub(in crate::flows) async fn follow<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    let signed = recorded(context)?;
    // The status first: a known one decides whatever the heights are.
    let known = status(context, context.provider_offset, &signed).await?;
    context.unchanged()?;
    if matches!(known, StatusLookup::Found(_)) {
        blockhash::landed(context.transfer.id);
    }
    match known {
        StatusLookup::Found(SignatureStatus::Finalized { slot, error: None }) => {
            let (fee, note) = charge::charged(context, &signed, slot, false).await?;
            context.unchanged()?;
            context.commit(|state| Ok(landed_in(context, state.decide_confirmed(context.transfer.id, fee, note)?, slot)))?;
            Ok(Progress::Ended)
        }
        StatusLookup::Found(SignatureStatus::Finalized { slot, error: Some(error) }) => {
            failure::fail(context, signed, slot, &error).await
        }
        StatusLookup::Found(SignatureStatus::Pending) => {
            Err(FlowError::Waiting("it is in a block that is not final yet".to_owned()))
        }
        StatusLookup::Unavailable => Err(FlowError::Transient("the provider cannot prove that it is up to date".to_owned())),
        StatusLookup::NotFound => rebroadcast_or_expire(context, signed).await,
    }
}

/// With the slot, when more than one provider named it: no older state is believed afterwards, so one that lies must not set it.
pub(super) fn landed_in<R: Runtime>(context: &TransferContext<'_, R>, decided: Decided, slot: u64) -> Decided {
    if context.rt.read(|state| state.config().solana.quorum()) > 1 { decided.in_slot(slot) } else { decided }
}

/// Expires a transaction that the chain does not know if it is proven dead; otherwise sends it again, even when the reads that could
/// prove it fail.
async fn rebroadcast_or_expire<R: Runtime>(context: &TransferContext<'_, R>, signed: SignedTx) -> Result<Progress, FlowError> {
    let trouble = match is_dead(context, &signed).await {
        Ok(true) => return record_expired(context),
        Ok(false) => None,
        Err(passing @ (FlowError::Transient(_) | FlowError::RateLimited(_))) => Some(passing),
        Err(error) => return Err(error),
    };
    context.unchanged()?;
    offer_again(context, signed).await?;
    trouble.map_or(Ok(Progress::Waiting), Err)
}

/// Sends a transaction that may land again, unless it is not to.
pub(super) async fn offer_again<R: Runtime>(context: &TransferContext<'_, R>, signed: SignedTx) -> Result<(), FlowError> {
    // What is being revoked is not helped to land.
    let is_revoked = context.revocation().is_some();
    if !is_revoked && was_quarantined(context) {
        // It was followed for its revocation only.
        return Err(FlowError::NeedsOperator("its revocation ended without effect; it was in quarantine before".to_owned()));
    }
    if !is_revoked && (!context.is_emergency() || context.transfer.is_revocation()) {
        send_again(context, signed).await?;
    }
    Ok(())
}

/// Whether the attempt can never land: two observations agree, made with different providers where there are two, or one of as many
/// providers as must agree.
async fn is_dead<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<bool, FlowError> {
    let lifetime = match (&signed.plan().recent_hash, context.transfer.deadline_height) {
        (RecentHash::Nonce { value, .. }, _) => Lifetime::Nonce { value: *value },
        (RecentHash::Blockhash(blockhash), Some(last_valid_block_height)) => {
            if context.age_seconds() < LEAST_LIFETIME_SECONDS {
                return Ok(false);
            }
            blockhash_lifetime(context, *blockhash, last_valid_block_height)
        }
        (RecentHash::Blockhash(_), None) if context.age_seconds() > PROOF_SECONDS => return Err(lost(context, signed).await?),
        (RecentHash::Blockhash(blockhash), None) => {
            record_deadline(context, *blockhash).await?;
            return Ok(false);
        }
    };
    let proven = proven_dead(context, signed, &lifetime).await?;
    if proven && context.age_seconds() > PROOF_SECONDS { Err(too_late()) } else { Ok(proven) }
}

/// The lifetime of a blockhash with a recorded deadline, longer when no slot of the blockhash is known that nodes had to reach for it.
pub(super) fn blockhash_lifetime<R: Runtime>(
    context: &TransferContext<'_, R>,
    blockhash: Blockhash,
    last_valid_block_height: u64,
) -> Lifetime {
    let lifetime = Lifetime::Blockhash { blockhash, last_valid_block_height };
    lifetime.prolonged(if recent_hash_slot(context).is_some() { 0 } else { UNBOUND_MARGIN_BLOCKS })
}

/// Whether as many nodes as must agree, but two at least where there are two that answer, prove it each for itself. One alone has to do so
/// twice. What several of them put together proves nothing: the height of one says nothing about what another does not know. Those that
/// remain are asked as well, because one that knows it outweighs all that do not.
async fn proven_dead<R: Runtime>(
    context: &TransferContext<'_, R>,
    signed: &SignedTx,
    lifetime: &Lifetime,
) -> Result<bool, FlowError> {
    let quorum = context.rt.read(|state| state.config().solana.quorum());
    let (nodes, needed) = (providers::nodes(context.rt, context.provider_offset), quorum.max(2));
    let questions = nodes.len().max(needed);
    let mut tally = Tally::default();
    for (asked, node) in (1..).zip(nodes.iter().cycle().take(questions)) {
        match observe(context, node, signed, lifetime).await {
            Ok(Found::Dead) => tally.dead += 1,
            Ok(Found::Live) => tally.live += 1,
            Ok(Found::Known) => tally.known += 1,
            // The slot of a nonce's change was rounded up: up to date is who will reach it within seconds.
            Ok(Found::Behind) if matches!(lifetime, Lifetime::Nonce { .. }) => {}
            Ok(Found::Behind) => {
                tally.problem = Some(FlowError::Transient("the provider cannot prove that it is up to date".to_owned()));
            }
            Err(passing @ (FlowError::Transient(_) | FlowError::RateLimited(_))) => tally.problem = Some(passing),
            Err(error) => return Err(error),
        }
        let left = questions - asked;
        let may_be_noted = is_note_due(context, lifetime) && tally.live < quorum && tally.live + left >= quorum;
        if tally.dead + left < needed && !may_be_noted {
            break;
        }
    }
    if tally.live >= quorum {
        note_live(context, lifetime)?;
    }
    tally.settles(needed)
}

/// What one node shows.
enum Found {
    /// It can never land.
    Dead,
    /// It may land yet.
    Live,
    /// It is in a block, or was.
    Known,
    /// The node may not know yet.
    Behind,
}

/// How many nodes show what.
#[derive(Default)]
struct Tally {
    dead: usize,
    live: usize,
    known: usize,
    problem: Option<FlowError>,
}

impl Tally {
    /// Dead when enough say so and none of those asked knows it. That one is further than another is no contradiction; trouble is when
    /// they contradict each other, or none of them can tell.
    fn settles(self, needed: usize) -> Result<bool, FlowError> {
        match self.problem {
            _ if self.dead > 0 && self.known > 0 => Err(FlowError::Transient("two observations of the chain disagree".to_owned())),
            _ if self.dead >= needed => Ok(true),
            Some(problem) if self.live + self.known == 0 => Err(problem),
            _ => Ok(false),
        }
    }
}

/// What to do about a transaction without a deadline that is looked for too late: nothing the chain says now could prove it dead.
async fn lost<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<FlowError, FlowError> {
    match the_status(&providers::agreed_by_two(context.rt, context.provider_offset, &statuses(signed, 0)?).await?)? {
        StatusLookup::NotFound => {
            blockhash::died(context.transfer.id, context.rt.now());
            Ok(too_late())
        }
        _ => Err(FlowError::Transient("providers disagree about the status".to_owned())),
    }
}

fn too_late() -> FlowError {
    FlowError::NeedsOperator("unknown to the chain, but looked for so late that a node may have forgotten it".to_owned())
}

fn was_quarantined<R: Runtime>(context: &TransferContext<'_, R>) -> bool {
    context.transfer.solana.as_ref().is_some_and(|progress| progress.was_quarantined)
}

/// Records a proven death. What was revoked ends with it, and so does what was in quarantine: nobody wants it to be tried again.
fn record_expired<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Progress, FlowError> {
    context.unchanged()?;
    let note = match context.transfer.deadline_height {
        Some(deadline) => format!("the finalized block height has passed {deadline} without it"),
        None => "its nonce was used up without it".to_owned(),
    };
    let id = context.transfer.id;
    context.commit(|state| state.decide_expired(id, Some(note)))?;
    blockhash::died(id, context.rt.now());
    let why = match context.revocation() {
        Some(revocation) => format!("revoked by transfer {revocation}"),
        None if was_quarantined(context) => "it was in quarantine, and is proven dead".to_owned(),
        None => return Ok(Progress::Again),
    };
    context.commit(|state| state.decide_cancel_by_canister(id, why))?;
    Ok(Progress::Ended)
}

pub(super) fn built_fee<R: Runtime>(context: &TransferContext<'_, R>) -> Result<Amount, FlowError> {
    context.transfer.built.as_ref().map(|built| built.fee).ok_or_else(|| unreadable("its fee is missing"))
}

/// Records the attempt's deadline, from the greatest of the heights that all replicas saw at nodes which have reached the slot of the
/// blockhash. The height of one that is behind says nothing about a blockhash that it cannot know; until enough have come so far, there is no
/// deadline. Of what the one node said beside the blockhash only its slot is used: too low a one lets nodes answer that are behind, as if it
/// had named none, and too high a one leaves the transaction without a deadline.
pub(super) async fn record_deadline<R: Runtime>(context: &TransferContext<'_, R>, blockhash: Blockhash) -> Result<(), FlowError> {
    let min_slot = recent_hash_slot(context).unwrap_or(0).max(providers::least_slot(context.rt));
    // As fresh as the blockhash: the finalized height lies several seconds behind it. Height and slot are of the same block, whatever stands
    // behind the address.
    let step = Reading::RoundDown { step: STEP };
    let request = providers::position(Commitment::Confirmed, step, step, min_slot);
    let Some(positions) = providers::positions(context.rt, context.provider_offset, &request).await? else { return Ok(()) };
    let (least, greatest) = positions
        .iter()
        .fold((u64::MAX, 0), |(least, greatest), position| (least.min(position.height), greatest.max(position.height)));
    if least.abs_diff(greatest) > MAX_HEIGHT_DIFFERENCE {
        return Err(FlowError::Transient(format!("providers disagree about the block height: {least} and {greatest}")));
    }
    let Some(Lifetime::Blockhash { last_valid_block_height, .. }) = Lifetime::recorded_after(blockhash, greatest, STEP) else {
        return Err(FlowError::Transient("the providers claim an impossible block height".to_owned()));
    };
    context.unchanged()?;
    let reached = positions.iter().map(|position| position.slot).min().unwrap_or(0);
    blockhash::compare(context.transfer.id, reached, context.rt.now());
    context.commit(|state| state.decide_deadline(context.transfer.id, last_valid_block_height))
}

/// The slot in which the transaction's blockhash or nonce was read, where that was recorded.
fn recent_hash_slot<R: Runtime>(context: &TransferContext<'_, R>) -> Option<u64> {
    context.transfer.built.as_ref()?.solana.as_ref()?.anchor_slot
}

/// What one node's answers make of the attempt, asked in the order that makes them a proof of death: whether its lifetime is over, and
/// only then the status, of a node that has reached the slot of the first answer. Behind an address there may be several, and not all of
/// them up to date. A lifetime that is not over settles that it may still land.
async fn observe<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    lifetime: &Lifetime,
) -> Result<Found, FlowError> {
    let Some((evidence, min_slot)) = evidence(context, node, signed, lifetime).await? else { return Ok(Found::Behind) };
    if !lifetime.is_over(evidence) {
        return Ok(Found::Live);
    }
    let request = statuses(signed, min_slot)?;
    let then_status = the_status(&providers::ask_node(context.rt, node, &request).await?)?;
    Ok(match landing(lifetime, &Observation { first: Some(evidence), then_status }) {
        Landing::Dead => Found::Dead,
        Landing::Unknown => Found::Behind,
        // Also what is pending: it is in a block.
        Landing::Live | Landing::Landed { .. } | Landing::LandedFailed { .. } => Found::Known,
    })
}

/// Whether a node shows that the lifetime is over, and the slot that shows it: a blockhash's rounded down by less than the margin of its
/// deadline, a nonce's rounded up, because the proof is about the very slot. Nothing when the node has not come as far as the nonce's value.
pub(super) async fn evidence<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    lifetime: &Lifetime,
) -> Result<Option<(Evidence, u64)>, FlowError> {
    let Lifetime::Nonce { value } = lifetime else {
        let threshold = lifetime.dead_from().unwrap_or(u64::MAX);
        let (height, slot) = (Reading::AtLeast { threshold }, Reading::RoundDown { step: STEP });
        let request = providers::position(Commitment::Finalized, height, slot, 0);
        let info = rpc::parse_epoch(&providers::ask_node(context.rt, node, &request).await?)?;
        return Ok(Some((Evidence::HeightAtLeast(info.height), info.slot)));
    };
    let RecentHash::Nonce { account, .. } = signed.plan().recent_hash else { return Err(unreadable("it stands on no nonce")) };
    let request = Request::NonceChanged { account, value: *value, min_slot: least_slot_of_nonce(context), step: STEP };
    let read = rpc::parse_nonce(&providers::answer_of(context.rt, node, &request).await?);
    if read.is_err_and(Failure::is_behind) {
        return Ok(None);
    }
    match read? {
        NonceState::Unchanged => {
            providers::unchanged(node, &account);
            Ok(Some((Evidence::NonceChanged(false), 0)))
        }
        NonceState::Changed { by_slot } => {
            let by_slot = providers::changed_by(node, &account, *value, by_slot, context.rt.now());
            Ok(Some((Evidence::NonceChanged(true), by_slot)))
        }
        // A missing account proves nothing: only another value does.
        NonceState::NoNonce => Err(FlowError::Transient("the nonce account cannot be read".to_owned())),
    }
}

/// The slot that a node must have reached to show that a nonce is used up: one that is behind the transaction's value shows the value before
/// it, which is another one as well. What set it is in the log by its slot where several providers agree; the slot that a single node named
/// counts only where one provider's word is enough for everything.
fn least_slot_of_nonce<R: Runtime>(context: &TransferContext<'_, R>) -> u64 {
    match context.rt.read(|state| state.config().solana.quorum()) {
        1 => recent_hash_slot(context).unwrap_or(0),
        _ => providers::least_slot(context.rt),
    }
}

/// Whether it should be noted that a nonce is unchanged.
fn is_note_due<R: Runtime>(context: &TransferContext<'_, R>, lifetime: &Lifetime) -> bool {
    matches!(lifetime, Lifetime::Nonce { .. }) && context.age_seconds() >= NOTE_SECONDS
}

/// Notes from time to time that a nonce is unchanged: whatever becomes of the transaction then is recent enough to be known.
fn note_live<R: Runtime>(context: &TransferContext<'_, R>, lifetime: &Lifetime) -> Result<(), FlowError> {
    if !is_note_due(context, lifetime) {
        return Ok(());
    }
    context.unchanged()?;
    context.commit(|state| state.decide_still_live(context.transfer.id))
}

/// What the quorum of providers knows of the transaction.
pub(super) async fn status<R: Runtime>(
    context: &TransferContext<'_, R>,
    provider_offset: usize,
    signed: &SignedTx,
) -> Result<StatusLookup, FlowError> {
    the_status(&providers::agreed(context.rt, provider_offset, &statuses(signed, 0)?).await?)
}

pub(super) fn statuses(signed: &SignedTx, min_slot: u64) -> Result<Request, FlowError> {
    let signatures = SignatureBatch::new(vec![signed.txid()]).ok_or_else(no_status)?;
    Ok(Request::SignatureStatuses { signatures, min_slot })
}

pub(super) fn the_status(body: &[u8]) -> Result<StatusLookup, FlowError> {
    rpc::parse_statuses(body)?.into_iter().next().ok_or_else(no_status)
}

fn no_status() -> FlowError {
    FlowError::Transient("the provider gave no status".to_owned())
}
