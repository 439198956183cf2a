//! Solana's part of the state, as the rest of the state asks for it.

use super::signing;
use super::wallet_keys;
use crate::base::Bytes;
use crate::chains::registry::LandedIn;
use crate::event::Event;
use crate::state::chains::rules::StateRules;
use crate::state::{Refusal, State};
use crate::transfer::{BuiltTx, SignedTx, Status, Transfer};
use crate::wallet::{KeyKind, RootKeys, Wallet};
use ic_stable_structures::Memory;

/// The rules of Solana's part of the state.
#[derive(Clone, Copy, Debug)]
pub struct SolanaState;

impl<M: Memory> StateRules<M> for SolanaState {
    fn reserved(&self, state: &mut State<M>, transfer: &Transfer) {
        state.nonce_reserved(transfer);
    }

    fn built(&self, state: &mut State<M>, transfer: &Transfer, built: &BuiltTx) {
        state.nonce_built(transfer, built);
    }

    fn expired(&self, state: &mut State<M>, transfer: &Transfer) {
        state.nonce_released(transfer);
    }

    fn settled(&self, state: &mut State<M>, transfer: &Transfer, status: Status, landed_in: Option<LandedIn>) {
        state.nonce_settled(transfer, status);
        if let Some(LandedIn::Solana(place)) = landed_in {
            state.tables.chains.solana.record_landed_slot(place.slot);
        }
    }

    fn check_built(&self, state: &State<M>, transfer: &Transfer, built: &BuiltTx) -> Result<(), Refusal> {
        state.check_nonce(transfer, built)
    }

    fn event_after_built(&self, state: &State<M>, transfer: &Transfer) -> Option<Event> {
        state.resume_following(transfer)
    }

    fn signing_messages(&self, _: &Wallet, _: KeyKind, built: &BuiltTx) -> Option<Vec<Bytes>> {
        Some(vec![built.unsigned.clone()])
    }

    fn attach(&self, wallet: &Wallet, _: KeyKind, built: &BuiltTx, signatures: &[&[u8]]) -> Result<SignedTx, String> {
        signing::attach(wallet, built, signatures)
    }

    fn derived_keys(&self, roots: &RootKeys, path: &dyn Fn(KeyKind) -> Vec<Vec<u8>>) -> Result<Vec<(KeyKind, Bytes)>, String> {
        wallet_keys::derive(roots, path)
    }

    fn registered_keys(&self, state: &State<M>, key: &Bytes) -> Result<Vec<(KeyKind, Bytes)>, Refusal> {
        wallet_keys::register(state, key)
    }

    fn keys_at(&self, payload: &[u8]) -> Vec<(KeyKind, Vec<u8>)> {
        vec![(KeyKind::Solana, payload.to_vec())]
    }
}
