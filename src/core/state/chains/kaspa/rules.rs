//! Kaspa's part of the state, as the rest of the state asks for it.

use super::signing;
use super::tables::OUTPOINT_BYTES;
use super::wallet_keys;
use crate::base::Bytes;
use crate::chains::registry::LandedIn;
use crate::event::Event;
use crate::state::chains::rules::StateRules;
use crate::state::refusal::invalid;
use crate::state::{Refusal, State};
use crate::transfer::{BuiltTx, SignedTx, Status, Transfer};
use crate::wallet::{KeyKind, RootKeys, Wallet};
use ic_stable_structures::Memory;

/// The rules of Kaspa's part of the state.
#[derive(Clone, Copy, Debug)]
pub struct KaspaState;

impl<M: Memory> StateRules<M> for KaspaState {
    fn reserved(&self, _: &mut State<M>, _: &Transfer) {}

    fn built(&self, state: &mut State<M>, transfer: &Transfer, built: &BuiltTx) {
        // A simulated transaction is never sent, so it keeps its coins from nobody.
        if transfer.simulated {
            return;
        }
        let wallet = transfer.request.wallet;
        state.tables.chains.kaspa.unlock(wallet, transfer.kaspa_inputs());
        let inputs = built.details.kaspa().map(|built| &built.inputs[..]).unwrap_or_default();
        state.tables.chains.kaspa.lock(wallet, inputs, transfer.id);
    }

    /// Coins stay locked until the next attempt or the end, so that no other transfer spends them meanwhile.
    fn expired(&self, _: &mut State<M>, _: &Transfer) {}

    fn settled(&self, state: &mut State<M>, transfer: &Transfer, _: Status, _: Option<LandedIn>) {
        if !transfer.simulated {
            state.tables.chains.kaspa.unlock(transfer.request.wallet, transfer.kaspa_inputs());
        }
    }

    fn check_built(&self, state: &State<M>, transfer: &Transfer, built: &BuiltTx) -> Result<(), Refusal> {
        let (locked, own) = (state.locked_outpoints(transfer.request.wallet), transfer.kaspa_inputs());
        let inputs = built.details.kaspa().map(|built| &built.inputs[..]).unwrap_or_default();
        if inputs.iter().any(|input| input.len() != OUTPOINT_BYTES || (locked.contains(input) && !own.contains(input))) {
            return Err(invalid("inputs", "an input is malformed or spent by another transfer under way"));
        }
        Ok(())
    }

    fn event_after_built(&self, _: &State<M>, _: &Transfer) -> Option<Event> {
        None
    }

    fn signing_messages(&self, wallet: &Wallet, source: KeyKind, built: &BuiltTx) -> Option<Vec<Bytes>> {
        signing::messages(wallet, source, built)
    }

    fn attach(&self, wallet: &Wallet, source: KeyKind, built: &BuiltTx, signatures: &[&[u8]]) -> Result<SignedTx, String> {
        signing::attach(wallet, source, built, signatures)
    }

    fn derived_keys(&self, roots: &RootKeys, path: &dyn Fn(KeyKind) -> Vec<Vec<u8>>) -> Result<Vec<(KeyKind, Bytes)>, String> {
        wallet_keys::derive(roots, path)
    }

    fn registered_keys(&self, state: &State<M>, key: &Bytes) -> Result<Vec<(KeyKind, Bytes)>, Refusal> {
        wallet_keys::register(state, key)
    }

    fn keys_at(&self, payload: &[u8]) -> Vec<(KeyKind, Vec<u8>)> {
        match payload {
            // The address holds the x coordinate alone, and the stored key may have either y coordinate.
            [0, x_only @ ..] => [2, 3].map(|tag| (KeyKind::KaspaSchnorr, [&[tag], x_only].concat())).to_vec(),
            [1, key @ ..] => vec![(KeyKind::KaspaEcdsa, key.to_vec())],
            _ => Vec::new(),
        }
    }
}
