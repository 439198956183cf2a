//! Queries about scopes: wallets with their ancestors, and the scopes that a request falls into.

use crate::base::WalletId;
use crate::policy::Scope;
use crate::state::State;
use crate::transfer::{Transfer, TransferRequest};
use crate::wallet::Wallet;
use candid::Principal;
use ic_stable_structures::Memory;

/// The most ancestors of a wallet.
pub const MAX_ANCESTORS: usize = 4;

impl<M: Memory> State<M> {
    /// Returns every scope that a transfer falls into, outermost first.
    pub fn scopes(&self, transfer: &Transfer) -> Vec<Scope> {
        self.scopes_with(transfer.agent, &transfer.request, None)
    }

    /// Returns every scope that a request falls into, outermost first.
    ///
    /// With `changed`, as if one of the wallets were that.
    pub(in crate::state) fn scopes_with(
        &self,
        agent: Principal,
        request: &TransferRequest,
        changed: Option<&Wallet>,
    ) -> Vec<Scope> {
        request_scopes(&self.wallet_chain(request.wallet, changed), agent, request)
    }

    /// Returns the scopes of a wallet, outermost first: its owner, its ancestors, the wallet itself.
    pub(in crate::state) fn wallet_scopes(&self, id: WalletId) -> Vec<Scope> {
        wallet_scopes(&self.wallet_chain(id, None))
    }

    /// Returns a wallet and its ancestors with their records, the wallet first.
    ///
    /// With `changed`, as if one of the wallets were that.
    pub(in crate::state) fn wallet_chain(&self, id: WalletId, changed: Option<&Wallet>) -> Vec<(WalletId, Option<Wallet>)> {
        let read = |id| changed.filter(|changed| changed.id == id).cloned().or_else(|| self.tables.wallet(id));
        let parent = |(_, wallet): &(WalletId, Option<Wallet>)| wallet.as_ref().and_then(|wallet| wallet.parent);
        let first = (id, read(id));
        let line = std::iter::successors(Some(first), |last| parent(last).map(|id| (id, read(id))));
        line.take(MAX_ANCESTORS + 1).collect()
    }

    /// Returns the ids of a wallet's ancestors, nearest first.
    pub(in crate::state) fn ancestors(&self, id: WalletId) -> Vec<WalletId> {
        self.wallet_chain(id, None).into_iter().skip(1).map(|(id, _)| id).collect()
    }
}

/// Returns every scope that a request falls into, outermost first, from its wallet and the ancestors.
pub(in crate::state) fn request_scopes(
    wallets: &[(WalletId, Option<Wallet>)],
    agent: Principal,
    request: &TransferRequest,
) -> Vec<Scope> {
    let mut scopes = wallet_scopes(wallets);
    scopes.push(Scope::Agent { wallet: request.wallet, agent });
    scopes.extend(request.session.map(Scope::Session));
    scopes
}

/// Returns the scopes of a wallet, outermost first. The owner is that of the wallet itself, whoever owns its ancestors.
fn wallet_scopes(wallets: &[(WalletId, Option<Wallet>)]) -> Vec<Scope> {
    let owner = wallets.first().and_then(|(_, wallet)| wallet.as_ref()).map(|wallet| Scope::User(wallet.owner()));
    owner.into_iter().chain(wallets.iter().rev().map(|(id, _)| Scope::Wallet(*id))).collect()
}
