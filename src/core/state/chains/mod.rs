//! Registry of the chains' parts of the state.
//!
//! Only the chain folders, this file and the tables beside it match on a chain in the state.

mod kaspa;
mod rules;
mod solana;
pub(super) mod tables;

use super::State;
use crate::base::{Chain, Timestamp};
use crate::chains::registry::ChainEvent;
use ic_stable_structures::Memory;
use kaspa::rules::KaspaState;
use rules::StateRules;
use solana::rules::SolanaState;

/// Returns the rules of a chain's part of the state.
pub(super) fn rules<'a, M: Memory + 'a>(chain: Chain) -> &'a (dyn StateRules<M> + 'a) {
    match chain {
        Chain::Kaspa => &KaspaState,
        Chain::Solana => &SolanaState,
    }
}

impl<M: Memory> State<M> {
    /// Applies an event that only one chain has.
    pub(super) fn apply_chain(&mut self, event: &ChainEvent, at: Timestamp) {
        match event {
            ChainEvent::Kaspa(event) => self.apply_kaspa(event, at),
            ChainEvent::Solana(event) => self.apply_solana(event, at),
        }
    }
}
