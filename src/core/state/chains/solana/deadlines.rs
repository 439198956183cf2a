//! Decisions about the finalized block heights after which attempts cannot land.

use crate::base::TransferId;
use crate::chains::registry::ChainEvent;
use crate::chains::solana::transfer::SolanaEvent;
use crate::event::Event;
use crate::state::refusal::not_found;
use crate::state::{Decided, Refusal, State};
use crate::transfer::Status;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Decides to record the finalized block height after which the current attempt cannot land.
    ///
    /// # Errors
    /// When the transfer has no attempt that could land, or its deadline is recorded already.
    pub fn decide_deadline(&self, id: TransferId, height: u64) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let may_land = matches!(transfer.status, Status::Built | Status::Signed | Status::Submitted);
        if !may_land || transfer.deadline_height().is_some() || transfer.progress.solana().is_none() {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "an attempt without a deadline" });
        }
        Ok(Decided::by_canister(Event::Chain(ChainEvent::Solana(SolanaEvent::DeadlineSet { id, height }))))
    }
}
