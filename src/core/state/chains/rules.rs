//! Rules of a chain's part of the state, as the rest of the state asks for them.

use crate::base::Bytes;
use crate::chains::registry::LandedIn;
use crate::event::Event;
use crate::state::{Refusal, State};
use crate::transfer::{BuiltTx, SignedTx, Status, Transfer};
use crate::wallet::{KeyKind, RootKeys, Wallet};
use ic_stable_structures::Memory;

/// The rules of a chain about its own tables, and about what transfers on it may do.
pub trait StateRules<M: Memory> {
    /// Records a reserved transfer in the chain's tables.
    fn reserved(&self, state: &mut State<M>, transfer: &Transfer);

    /// Records a built transaction in the chain's tables. The transfer is as it was before.
    fn built(&self, state: &mut State<M>, transfer: &Transfer, built: &BuiltTx);

    /// Records in the chain's tables that the current attempt of a transfer is proven dead.
    fn expired(&self, state: &mut State<M>, transfer: &Transfer);

    /// Records the end of a transfer in the chain's tables. The transfer is as it was before.
    fn settled(&self, state: &mut State<M>, transfer: &Transfer, status: Status, landed_in: Option<LandedIn>);

    /// Checks that a built transaction conflicts with no other transfer of the wallet.
    ///
    /// # Errors
    /// When another transfer under way has what the transaction uses.
    fn check_built(&self, state: &State<M>, transfer: &Transfer, built: &BuiltTx) -> Result<(), Refusal>;

    /// Returns the event that a built transaction causes beside its own, if there is one.
    fn event_after_built(&self, state: &State<M>, transfer: &Transfer) -> Option<Event>;

    /// Returns the messages that the owner of a client-side wallet has to sign, in order.
    fn signing_messages(&self, wallet: &Wallet, source: KeyKind, built: &BuiltTx) -> Option<Vec<Bytes>>;

    /// Returns the transaction with the signatures of the wallet's owner, each of which is verified.
    ///
    /// # Errors
    /// The problem in a sentence, when a signature is missing or wrong.
    fn attach(&self, wallet: &Wallet, source: KeyKind, built: &BuiltTx, signatures: &[&[u8]]) -> Result<SignedTx, String>;

    /// Derives the threshold keys of a wallet from the root keys, each along its own path.
    ///
    /// # Errors
    /// The problem in a sentence, when the root keys cannot be used.
    fn derived_keys(&self, roots: &RootKeys, path: &dyn Fn(KeyKind) -> Vec<Vec<u8>>) -> Result<Vec<(KeyKind, Bytes)>, String>;

    /// Checks the key that the owner of a new client-side wallet registers, and returns the wallet's keys.
    ///
    /// # Errors
    /// When it is no key of the chain, or another wallet has it.
    fn registered_keys(&self, state: &State<M>, key: &Bytes) -> Result<Vec<(KeyKind, Bytes)>, Refusal>;

    /// Returns the keys that an address may stand for.
    fn keys_at(&self, payload: &[u8]) -> Vec<(KeyKind, Vec<u8>)>;
}
