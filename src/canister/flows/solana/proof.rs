//! The proof that a sent transaction can never land. See `purser_core::chains::solana::landing` for the rule.

use super::evidence::{LifetimeEnd, lifetime_end};
use super::lifetime::{Bounds, PROOF_SECONDS, bounds, record_deadline};
use super::providers;
use super::{blockhash, status};
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::ports::Runtime;
use purser_core::chains::config::ChainConfig;
use purser_core::chains::solana::{Landing, Lifetime, Observation, SignedTx, StatusLookup, landing};
use purser_core::policy::ReasonCode;

/// The time, in seconds, after which it is recorded that a nonce was seen unchanged.
const NOTE_SECONDS: u64 = 1_200;

/// Whether the present transaction can never land. Records its deadline where that is missing.
///
/// # Errors
/// When the observations fail or contradict each other, or are made too late to prove anything.
pub(super) async fn is_dead<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<bool, FlowError> {
    let lifetime = match bounds(context, signed) {
        Bounds::Recorded(lifetime) => lifetime,
        Bounds::TooYoung => return Ok(false),
        Bounds::NoDeadline(_) if context.age_seconds() > PROOF_SECONDS => return Err(lost(context, signed).await?),
        Bounds::NoDeadline(blockhash) => return record_deadline(context, blockhash).await.map(|()| false),
    };
    let proven = proven_dead(context, signed, &lifetime).await?;
    if proven && context.age_seconds() > PROOF_SECONDS { Err(too_late()) } else { Ok(proven) }
}

/// Whether enough nodes prove the death, each for itself.
///
/// A quorum has to, and at least two nodes where two answer; a single node has to prove it twice. Observations of several nodes put together
/// prove nothing: the height of one says nothing about the knowledge of another. The remaining nodes are asked as well, because one that
/// knows the transaction outweighs all that do not.
async fn proven_dead<R: Runtime>(
    context: &TransferContext<'_, R>,
    signed: &SignedTx,
    lifetime: &Lifetime,
) -> Result<bool, FlowError> {
    let quorum = context.rt.read(|state| state.config().chains.solana.quorum());
    let (nodes, needed) = (providers::nodes(context), quorum.max(2));
    let questions = nodes.len().max(needed);
    let mut tally = Tally::default();
    for (asked, node) in (1..).zip(nodes.iter().cycle().take(questions)) {
        tally.add(observe(context, node, signed, lifetime).await, lifetime)?;
        let left = questions - asked;
        let may_be_noted = is_note_due(context, lifetime) && tally.open < quorum && tally.open + left >= quorum;
        if tally.dead + left < needed && !may_be_noted {
            break;
        }
    }
    if tally.open >= quorum && is_note_due(context, lifetime) {
        // From now on the transaction's fate is recent enough to be known, so that a later proof is in time.
        context.unchanged()?;
        context.commit(|state| state.decide_nonce_unchanged(context.transfer.id))?;
    }
    tally.verdict(needed)
}

/// The fate of a transaction as one node shows it.
enum Fate {
    /// The transaction can never land.
    Dead,
    /// The transaction may land yet.
    Open,
    /// The transaction is in a block, or was.
    InBlock,
    /// The node may not know yet.
    Unknown,
}

/// The number of nodes that show each fate.
#[derive(Default)]
struct Tally {
    dead: usize,
    open: usize,
    in_block: usize,
    problem: Option<FlowError>,
}

impl Tally {
    /// Counts an observation. Fails with an error that no other node can make up for.
    fn add(&mut self, observed: Result<Fate, FlowError>, lifetime: &Lifetime) -> Result<(), FlowError> {
        match observed {
            Ok(Fate::Dead) => self.dead += 1,
            Ok(Fate::Open) => self.open += 1,
            Ok(Fate::InBlock) => self.in_block += 1,
            // The slot of a nonce's change was rounded up. A node that is up to date reaches it within seconds, and this is no problem.
            Ok(Fate::Unknown) if matches!(lifetime, Lifetime::Nonce { .. }) => {}
            Ok(Fate::Unknown) => {
                self.problem = Some(FlowError::Transient("the provider cannot prove that it is up to date".to_owned()));
            }
            Err(error) if error.may_pass() => self.problem = Some(error),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Dead when enough nodes prove it and none of those asked knows the transaction.
    ///
    /// That one node is further than another is no contradiction. The problem of a node counts only where no other one can tell.
    fn verdict(self, needed: usize) -> Result<bool, FlowError> {
        match self.problem {
            _ if self.dead > 0 && self.in_block > 0 => {
                Err(FlowError::Transient("two observations of the chain disagree".to_owned()))
            }
            _ if self.dead >= needed => Ok(true),
            Some(problem) if self.open + self.in_block == 0 => Err(problem),
            _ => Ok(false),
        }
    }
}

/// Observes a transaction at one node: the end of its lifetime first, and only then its status.
///
/// In the other order it could land between the two reads. Several nodes may stand behind one address, not all of them up to date. So the
/// status is demanded of a state that has reached the slot of the first read.
async fn observe<R: Runtime>(
    context: &TransferContext<'_, R>,
    node: &str,
    signed: &SignedTx,
    lifetime: &Lifetime,
) -> Result<Fate, FlowError> {
    let (evidence, slot) = match lifetime_end(context, node, signed, lifetime).await? {
        LifetimeEnd::Over { evidence, slot } => (evidence, slot),
        LifetimeEnd::Open => return Ok(Fate::Open),
        LifetimeEnd::Behind => return Ok(Fate::Unknown),
    };
    let then_status = status::at_node(context, node, signed, slot).await?;
    Ok(match landing(lifetime, &Observation { first: Some(evidence), then_status }) {
        Landing::Dead => Fate::Dead,
        Landing::Unknown => Fate::Unknown,
        // A pending transaction is in a block as well.
        Landing::Live | Landing::Landed { .. } | Landing::LandedFailed { .. } => Fate::InBlock,
    })
}

/// Whether it should be recorded that a nonce is unchanged.
fn is_note_due<R: Runtime>(context: &TransferContext<'_, R>, lifetime: &Lifetime) -> bool {
    matches!(lifetime, Lifetime::Nonce { .. }) && context.age_seconds() >= NOTE_SECONDS
}

/// The error for a transaction without a deadline that is looked up too late. No read of the chain can prove it dead now.
async fn lost<R: Runtime>(context: &TransferContext<'_, R>, signed: &SignedTx) -> Result<FlowError, FlowError> {
    match status::agreed_by_two(context, signed).await? {
        StatusLookup::NotFound => {
            blockhash::on_died(context.transfer.id, context.rt.now());
            Ok(too_late())
        }
        _ => Err(FlowError::Transient("providers disagree about the status".to_owned())),
    }
}

fn too_late() -> FlowError {
    let why = "unknown to the chain, but looked for so late that a node may have forgotten it";
    FlowError::NeedsOperator(ReasonCode::OutcomeUnknown, why.to_owned())
}
