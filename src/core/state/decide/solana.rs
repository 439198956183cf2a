//! What is decided on Solana only: nonce accounts, revocations and providers.

use super::{Decided, authenticated, invalid, not_found};
use crate::access::Role;
use crate::base::{Amount, Asset, Bytes, Chain, Destination, Timestamp, TransferId, WalletId};
use crate::chains::solana::{Address, MAX_MEMO_BYTES, derived};
use crate::event::{Event, TransferReserved, TransferTransition};
use crate::governance::config::KEY_PLACEHOLDER;
use crate::policy::{Decision, Evaluation};
use crate::state::{Refusal, State};
use crate::transfer::solana::{
    Execution, MAX_NONCES, NONCE_RENT_BOUND, NonceOperation, NonceRecord, NonceStatus, SolanaEvent, SolanaSettings,
    SolanaTransferParams,
};
use crate::transfer::{BuiltTx, OPERATION_PREFIX, Status, Transfer, TransferRequest};
use crate::wallet::{KeyKind, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

/// A shorter key would be found in texts that have nothing to do with it; a longer one is none.
const MIN_KEY_BYTES: usize = 8;
const MAX_KEY_BYTES: usize = 256;

impl<M: Memory> State<M> {
    /// An admin decides how a wallet's transactions are bounded in time.
    ///
    /// # Errors
    /// When the caller is no admin, the wallet unknown, or it is so already.
    pub fn decide_solana_settings(
        &self,
        caller: Principal,
        wallet: WalletId,
        settings: SolanaSettings,
    ) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        self.require_wallet(wallet)?;
        if self.solana_settings(wallet) == settings {
            return Err(Refusal::AlreadySo { what: "the wallet's settings are these" });
        }
        Ok(Decided::by(caller, Event::Solana(SolanaEvent::SettingsSet { wallet, settings })))
    }

    /// An admin wants a wallet to have nonce accounts with the numbers below `size`; those that are missing are created, and those that
    /// failed are tried again. Fees and rents are held and count against the wallet's limit of SOL, but no policy is asked: the rent stays
    /// the wallet's own. Returns the transfers that create them.
    ///
    /// # Errors
    /// When the caller is no admin, the wallet unknown, the number too large, nothing is missing, or there is an emergency.
    pub fn decide_nonce_pool(
        &self,
        caller: Principal,
        wallet: WalletId,
        size: u16,
        now: Timestamp,
    ) -> Result<(Decided, Vec<TransferId>), Refusal> {
        self.require(caller, Role::Admin)?;
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
        if self.config().solana.execution() == Execution::Simulate {
            return Err(Refusal::AlreadySo { what: "transfers on Solana are only simulated; an upgrade can make them live" });
        }
        let works = |record: NonceRecord| !matches!(record.status, NonceStatus::Broken { .. });
        let missing: Vec<u16> = (0..size).filter(|index| !self.nonce(wallet.id, *index).is_some_and(works)).collect();
        if missing.is_empty() {
            return Err(Refusal::AlreadySo { what: "the wallet has these nonce accounts" });
        }
        self.check_places(wallet.id, missing.len() as u64, 0)?;
        let max_fee = self.config().solana.max_fee.checked_add(NONCE_RENT_BOUND).unwrap_or(Amount::MAX);
        let (mut events, mut ids) = (Vec::new(), Vec::new());
        let mut id = self.tables.head().next_transfer;
        for index in missing {
            let address = derived::nonce_account(&address_of(&wallet), index);
            let request = operation(id, &wallet, NonceOperation::Create { index }, address, max_fee);
            events.push(self.reserved_operation(caller, id, request, now)?);
            ids.push(id);
            id = id.next();
        }
        Ok((Decided { actor: Some(caller), events }, ids))
    }

    /// Takes back a transfer whose signed bytes stand on a nonce and have not landed, whether they were sent or not: a transaction that
    /// does nothing but use the nonce up is sent, and after it the bytes cannot land. Also in an emergency, and out of a quarantine.
    /// Returns the transfer that does it.
    ///
    /// # Errors
    /// When the caller is neither the transfer's agent nor an admin nor a guardian, nothing of the transfer is signed on a nonce, or it
    /// is being revoked already.
    pub fn decide_revoke(&self, caller: Principal, id: TransferId, now: Timestamp) -> Result<(Decided, TransferId), Refusal> {
        authenticated(caller)?;
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let roles = self.tables.roles(&caller);
        if transfer.agent != caller && !roles.has(Role::Admin) && !roles.has(Role::Guardian) {
            return Err(Refusal::Unauthorized { needs: "the agent who asked for the transfer, an Admin or a Guardian" });
        }
        let Some(index) = transfer.nonce_index().filter(|_| transfer.may_be_revoked()) else {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "signed bytes on a nonce that may still land" });
        };
        if self.revocation_of(&transfer).is_some() {
            return Err(Refusal::AlreadySo { what: "the transfer is being revoked" });
        }
        let Some(wallet) = self.tables.wallet(transfer.request.wallet) else {
            return Err(not_found("wallet", transfer.request.wallet));
        };
        let revocation = self.tables.head().next_transfer;
        let address = derived::nonce_account(&address_of(&wallet), index);
        let act = NonceOperation::Revoke { transfer: id };
        let request = operation(revocation, &wallet, act, address, self.config().solana.max_fee);
        let event = self.reserved_operation(caller, revocation, request, now)?;
        Ok((Decided::by(caller, event), revocation))
    }

    /// An operation is held like any transfer, in every scope that it falls into; no policy is asked.
    fn reserved_operation(
        &self,
        caller: Principal,
        id: TransferId,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let applicable = self.applicable_policies(caller, &request);
        let too_much = || invalid("max_fee", "amount and fee together are more than can be counted");
        let holds = self.reservations(&applicable.policies, &request, self.monotonic_now(now)).ok_or_else(too_much)?;
        let policy_version = self.policy(request.wallet).map_or(0, |policy| policy.version);
        let evaluation = Evaluation { decision: Decision::Allow, policy_version, findings: Vec::new(), approvals: Vec::new() };
        let reserved = request.reserved();
        Ok(Event::TransferReserved(Box::new(TransferReserved {
            id,
            agent: caller,
            request,
            reserved,
            evaluation,
            holds,
            approval: None,
            simulated: false,
        })))
    }

    /// A transfer takes a recent blockhash because its nonce account cannot be used.
    ///
    /// # Errors
    /// When the wallet has no such account, something under way stands on it, or the transfer is only simulated and leaves no traces.
    pub fn decide_fallback(&self, id: TransferId, index: u16, reason: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.simulated {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer that is not only tried out" });
        }
        match self.nonce(transfer.request.wallet, index) {
            Some(record) if record.holder.is_none() => {
                Ok(Decided::by_canister(Event::Solana(SolanaEvent::FellBack { id, index, reason })))
            }
            _ => Err(Refusal::AlreadySo { what: "the nonce account is in use" }),
        }
    }

    /// The nonce account that a transfer was to create turns out to work: nothing is sent, and transfers stand on it from now on.
    ///
    /// # Errors
    /// When the transfer is to create no nonce account, or something is built for it.
    pub fn decide_nonce_found(&self, id: TransferId, note: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        match transfer.request.nonce_operation() {
            Some(NonceOperation::Create { index }) if transfer.status.is_before_building() => {
                let found = Event::Solana(SolanaEvent::NonceFound { id, index });
                let ended = Event::TransferCancelled(TransferTransition { id, note: Some(note) });
                Ok(Decided { actor: None, events: vec![found, ended] })
            }
            _ => Err(Refusal::WrongStatus { status: transfer.status, needs: "an operation that has built no nonce account yet" }),
        }
    }

    /// The nonce of a submitted transaction was seen unchanged.
    ///
    /// # Errors
    /// When it is not on its way.
    pub fn decide_still_live(&self, id: TransferId) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::Submitted {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a submitted transaction" });
        }
        Ok(Decided::by_canister(Event::Solana(SolanaEvent::StillLive { id })))
    }

    /// A provider was seen to serve this chain.
    ///
    /// # Errors
    /// When it is pinned to a chain already.
    pub fn decide_pin(&self, url: String, genesis: [u8; 32]) -> Result<Decided, Refusal> {
        if self.provider_genesis(&url).is_some() {
            return Err(Refusal::AlreadySo { what: "the provider is pinned" });
        }
        Ok(Decided::by_canister(Event::Solana(SolanaEvent::ProviderPinned { url, genesis: Bytes::new(genesis) })))
    }

    /// An admin replaces or takes away a provider's API key. The caller keeps the key with [`State::keep_provider_key`]; what is decided
    /// does not hold it.
    ///
    /// # Errors
    /// When the caller is no admin, no such provider takes a key, the key could be something else than a part of an address, or there is
    /// none to take away.
    pub fn decide_provider_key(&self, caller: Principal, url: &str, key: Option<&str>) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        let present = match key {
            Some(key) => {
                if !url.contains(KEY_PLACEHOLDER) || !self.config().solana.providers.iter().any(|known| known == url) {
                    return Err(invalid(
                        "url",
                        format!("no provider of Solana with {KEY_PLACEHOLDER} in it is configured like this"),
                    ));
                }
                let plain = |c: char| c.is_ascii_alphanumeric() || ['-', '_', '.', '~'].contains(&c);
                if !(MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&key.len()) || !key.chars().all(plain) {
                    let problem = format!("{MIN_KEY_BYTES} to {MAX_KEY_BYTES} letters, digits, and any of - _ . ~");
                    return Err(invalid("key", problem));
                }
                true
            }
            None if self.provider_key(url).is_none() => return Err(Refusal::AlreadySo { what: "the provider has no key" }),
            None => false,
        };
        Ok(Decided::by(caller, Event::Solana(SolanaEvent::ProviderKeySet { url: url.to_owned(), present })))
    }

    /// The canister itself ends a transfer of which nothing signed can land: it was revoked, or only simulated.
    ///
    /// # Errors
    /// When something signed could.
    pub fn decide_cancel_by_canister(&self, id: TransferId, note: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if !transfer.status.may_become(Status::Cancelled) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer without signed bytes that could land" });
        }
        Ok(Decided::by_canister(Event::TransferCancelled(TransferTransition { id, note: Some(note) })))
    }

    /// One transaction at a time stands on a nonce, and nothing but its revocation uses that up.
    pub(super) fn check_nonce(&self, transfer: &Transfer, built: &BuiltTx) -> Result<(), Refusal> {
        let used = |built: &BuiltTx| built.solana.as_ref().map(|built| (built.nonce.clone(), built.uses_up.clone()));
        let (stands_on, uses_up) = used(built).unwrap_or_default();
        if let Some(NonceOperation::Revoke { transfer: id }) = transfer.request.nonce_operation() {
            let revoked = self.tables.transfer(id).filter(Transfer::may_be_revoked);
            let its_nonce = revoked.and_then(|revoked| used(&revoked.built?)?.0);
            if stands_on.is_none() && uses_up.is_some() && uses_up == its_nonce {
                return Ok(());
            }
            return Err(invalid("uses_up", "not the nonce that the transfer to be revoked stands on, if it still does"));
        }
        if uses_up.is_some() {
            return Err(invalid("uses_up", "only a revocation uses a nonce up that it does not stand on"));
        }
        // What is only simulated takes no nonce, and disturbs nobody who does.
        let Some(used) = stands_on.filter(|_| !transfer.simulated) else { return Ok(()) };
        let record = self.nonce(transfer.request.wallet, used.index).ok_or_else(|| not_found("nonce account", used.index))?;
        if record.holder.is_none_or(|holder| holder == transfer.id) {
            return Ok(());
        }
        Err(Refusal::AlreadySo { what: "another transfer stands on the nonce" })
    }

    /// When a revocation is built, the nonce has just been seen to be what the revoked transaction stands on: until then that cannot have
    /// landed. From here on it is followed until it is proven dead or has landed, whether it was held back after its signature or left
    /// to people, because its bytes stand in the log and anybody can send them.
    pub(super) fn resume_following(&self, revocation: &Transfer) -> Option<Event> {
        let Some(NonceOperation::Revoke { transfer: id }) = revocation.request.nonce_operation() else { return None };
        let status = self.tables.transfer(id)?.status;
        let is_left = matches!(status, Status::Signed | Status::Quarantined);
        is_left.then_some(Event::TransferSubmitted(TransferTransition { id, note: None }))
    }
}

fn operation(id: TransferId, wallet: &Wallet, operation: NonceOperation, to: Address, max_fee: Amount) -> TransferRequest {
    TransferRequest {
        wallet: wallet.id,
        asset: Asset::Sol,
        to: Destination::new(Chain::Solana, to.as_bytes().to_vec()),
        amount: Amount::ZERO,
        max_fee,
        fee_named: true,
        source: KeyKind::Solana,
        idempotency_key: format!("{OPERATION_PREFIX}{id}"),
        reason: None,
        session: None,
        created_at: None,
        kaspa: None,
        solana: Some(SolanaTransferParams { operation: Some(operation), ..SolanaTransferParams::default() }),
    }
}

fn address_of(wallet: &Wallet) -> Address {
    Address::from_bytes(wallet.solana_key[..].try_into().expect("BUG: a wallet with an impossible key"))
}

/// Checks what a request says about Solana.
pub(super) fn check_terms(request: &TransferRequest) -> Result<(), Refusal> {
    let Some(terms) = &request.solana else { return Ok(()) };
    if request.asset.chain() != Chain::Solana {
        let field = if terms.off_curve && terms.memo.is_none() { "allow_off_curve" } else { "memo" };
        return Err(invalid(field, "only a payment on Solana has one; leave this out for KAS"));
    }
    if terms.operation.is_some() {
        return Err(invalid("asset", "nonce accounts are an admin's"));
    }
    match &terms.memo {
        Some(memo) if memo.is_empty() || memo.len() > MAX_MEMO_BYTES => {
            Err(invalid("memo", format!("between 1 and {MAX_MEMO_BYTES} bytes")))
        }
        _ => Ok(()),
    }
}
