//! Decisions about nonce accounts, and about the recent hash that a wallet's transactions stand on.

use super::operations::{address_of, operation_request};
use crate::access::Role;
use crate::base::{Amount, Chain, Timestamp, TransferId, WalletId};
use crate::chains::config::Execution;
use crate::chains::registry::ChainEvent;
use crate::chains::solana::derived;
use crate::chains::solana::transfer::{
    MAX_NONCES, NONCE_RENT_BOUND, NonceOperation, NonceRecord, NonceStatus, SolanaEvent, SolanaSettings,
};
use crate::event::{Event, TransferStopped};
use crate::policy::ReasonCode;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::Status;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Decides an admin's command to set a wallet's settings on Solana.
    ///
    /// # Errors
    /// When the caller is no admin, the wallet does not exist, or it has these settings.
    pub fn decide_solana_settings(
        &self,
        caller: Principal,
        wallet: WalletId,
        settings: SolanaSettings,
    ) -> Result<Decided, Refusal> {
        self.require_role(caller, Role::Admin)?;
        self.require_wallet(wallet)?;
        if self.solana_settings(wallet) == settings {
            return Err(Refusal::AlreadySo { what: "the wallet's settings are these" });
        }
        Ok(Decided::by_caller(caller, event(SolanaEvent::SettingsSet { wallet, settings })))
    }

    /// Decides an admin's command to create a wallet's nonce accounts with the numbers below `size`, and returns their transfers.
    ///
    /// Accounts that work or are being created are left out; broken ones are created again. Fee and rent are reserved and count against the
    /// wallet's limits of SOL.
    ///
    /// # Errors
    /// When the caller is no admin, the wallet does not exist or cannot pay on Solana, `size` is too large, no account is missing, too
    /// many transfers are under way, an emergency is on, or transfers on Solana are only simulated.
    pub fn decide_nonce_pool(
        &self,
        caller: Principal,
        wallet: WalletId,
        size: u16,
        now: Timestamp,
    ) -> Result<(Decided, Vec<TransferId>), Refusal> {
        self.require_role(caller, Role::Admin)?;
        let Some(wallet) = self.tables.wallet(wallet) else { return Err(not_found("wallet", wallet)) };
        if size > MAX_NONCES {
            return Err(invalid("size", format!("at most {MAX_NONCES} nonce accounts")));
        }
        if wallet.deactivated || wallet.solana_key.is_empty() {
            return Err(invalid("wallet_id", "the wallet is deactivated, or has no key on Solana"));
        }
        if self.mode().is_emergency() {
            return Err(Refusal::AlreadySo { what: "the canister is in emergency mode, in which no money moves" });
        }
        if self.config().execution(Chain::Solana) == Execution::Simulate {
            return Err(Refusal::AlreadySo { what: "transfers on Solana are only simulated; an upgrade can make them live" });
        }
        let works = |record: NonceRecord| !matches!(record.status, NonceStatus::Broken { .. });
        let missing: Vec<u16> = (0..size).filter(|index| !self.nonce(wallet.id, *index).is_some_and(works)).collect();
        if missing.is_empty() {
            return Err(Refusal::AlreadySo { what: "the wallet has these nonce accounts" });
        }
        self.check_active_limit(wallet.id, missing.len() as u64, 0)?;
        let max_fee = self.config().chains.solana.max_fee.checked_add(NONCE_RENT_BOUND).unwrap_or(Amount::MAX);
        let (mut events, mut ids) = (Vec::new(), Vec::new());
        let mut id = self.tables.head().next_transfer;
        for index in missing {
            let address = derived::nonce_account(&address_of(&wallet), index);
            let request = operation_request(id, &wallet, NonceOperation::Create { index }, address, max_fee);
            events.push(self.operation_event(caller, id, request, now)?);
            ids.push(id);
            id = id.next();
        }
        Ok((Decided { actor: Some(caller), events }, ids))
    }

    /// Decides that a transfer takes a recent blockhash, because its nonce account cannot be used.
    ///
    /// # Errors
    /// When the transfer is only simulated and must leave no traces, the wallet has no such account, or a transfer holds its nonce.
    pub fn decide_nonce_fallback(&self, id: TransferId, index: u16, reason: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.simulated {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer that is not only tried out" });
        }
        match self.nonce(transfer.request.wallet, index) {
            Some(record) if record.holder.is_none() => Ok(Decided::by_canister(event(SolanaEvent::FellBack { id, index, reason }))),
            _ => Err(Refusal::AlreadySo { what: "the nonce account is in use" }),
        }
    }

    /// Decides that the nonce account which a transfer was to create exists and works; the transfer is cancelled.
    ///
    /// # Errors
    /// When the transfer is to create no nonce account, or a transaction is built for it.
    pub fn decide_nonce_found(&self, id: TransferId, note: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        match transfer.request.nonce_operation() {
            Some(NonceOperation::Create { index }) if transfer.status.awaits_build() => {
                let found = event(SolanaEvent::NonceFound { id, index });
                let ended = Event::TransferCancelled(TransferStopped { id, code: ReasonCode::AlreadyExists, note: Some(note) });
                Ok(Decided { actor: None, events: vec![found, ended] })
            }
            _ => Err(Refusal::WrongStatus { status: transfer.status, needs: "an operation that has built no nonce account yet" }),
        }
    }

    /// Decides to record that the nonce of a submitted transaction was seen unchanged.
    ///
    /// # Errors
    /// When the transfer is not submitted.
    pub fn decide_nonce_unchanged(&self, id: TransferId) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::Submitted {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a submitted transaction" });
        }
        Ok(Decided::by_canister(event(SolanaEvent::NonceUnchanged { id })))
    }
}

const fn event(event: SolanaEvent) -> Event {
    Event::Chain(ChainEvent::Solana(event))
}
