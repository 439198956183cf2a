//! What is decided about KAS transfers only: signatures that come one by one, transactions that replace one another, and coins of a
//! wallet that become one.

use super::{Decided, authenticated, invalid, not_found};
use crate::access::Role;
use crate::base::{Amount, Asset, Chain, Destination, HOUR_NS, Timestamp, TransferId, WalletId};
use crate::event::{Event, TransferBuilt, TransferInputsSigned, TransferSigned, TransferSupersededLanded};
use crate::state::apply::request_hash;
use crate::state::read::RECENT_TRANSFERS;
use crate::state::{Refusal, State};
use crate::transfer::kaspa::{Consolidation, FeeSpeed, InputSignature, KaspaTransferParams, MAX_KASPA_INPUTS, MAX_REPLACEMENTS};
use crate::transfer::{BuiltTx, Outcome, SignedTx, Status, Transfer, TransferRequest};
use crate::wallet::{KeyKind, Signing, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

/// The most coins that a caller names for one consolidation.
const MAX_NAMED_COINS: usize = MAX_KASPA_INPUTS as usize;
/// The most coins that the canister makes one of itself.
const AUTO_CONSOLIDATION_INPUTS: u32 = 40;
/// Who asks for what the canister does of itself: a principal that never calls anybody.
const CANISTER_AS_AGENT: Principal = Principal::management_canister();

impl<M: Memory> State<M> {
    /// Whether the replacement of a submitted transaction may be signed and sent.
    pub fn may_replace(&self, id: TransferId) -> bool {
        let waits = |transfer: &Transfer| transfer.kaspa.as_ref().is_some_and(|progress| progress.replacement.is_some());
        let submitted = |transfer: &Transfer| transfer.status == Status::Submitted;
        !self.mode().is_emergency() && self.tables.transfer(id).is_some_and(|transfer| submitted(&transfer) && waits(&transfer))
    }

    /// Records signatures of some inputs, so that they are not asked for again. The last ones are never recorded here but as
    /// [`State::decide_signed`] or [`State::decide_replacement_signed`]: the log is public, and all signatures of a transaction
    /// together are the transaction.
    ///
    /// # Errors
    /// When nothing is being signed, an input does not exist or has its signature, or none would be left.
    pub fn decide_inputs_signed(&self, id: TransferId, signatures: Vec<InputSignature>) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let progress = transfer.kaspa.clone().unwrap_or_default();
        let signing = match transfer.status {
            Status::Built => transfer.built.as_ref(),
            Status::Submitted => progress.replacement.as_ref(),
            _ => None,
        };
        let signing =
            signing.ok_or(Refusal::WrongStatus { status: transfer.status, needs: "a transaction that is being signed" })?;
        let mut inputs: Vec<u32> = progress.signatures.iter().chain(&signatures).map(|signature| signature.input).collect();
        inputs.sort_unstable();
        inputs.dedup();
        let expected = progress.signatures.len() + signatures.len();
        let exist = inputs.iter().all(|input| (*input as usize) < signing.inputs.len());
        if !exist || inputs.len() != expected || inputs.len() >= signing.inputs.len() || signatures.is_empty() {
            return Err(invalid("signatures", "one for each of some inputs that have none yet, and not for all"));
        }
        Ok(Decided::by_canister(Event::TransferInputsSigned(TransferInputsSigned { id, signatures })))
    }

    /// The agent of a transfer, or an admin, has its submitted transaction replaced by one that pays a higher fee, which is held since
    /// the transfer was asked for: a replacement pays at most the request's `max_fee`. Whoever builds it
    /// must have made it of the same inputs and the same payments: that only one of the two can land rests on the inputs, which are
    /// compared here.
    ///
    /// # Errors
    /// When the caller may not, nothing was submitted, a replacement is being signed already, or the inputs or the fee are not right.
    pub fn decide_replacement(&self, caller: Principal, id: TransferId, built: BuiltTx) -> Result<Decided, Refusal> {
        authenticated(caller)?;
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        self.require_log_room()?;
        let is_its_agent = transfer.agent == caller && self.is_agent(transfer.request.wallet, &caller);
        if !is_its_agent && !self.tables.roles(&caller).has(Role::Admin) {
            return Err(Refusal::Unauthorized { needs: "the agent who asked for the transfer, or an Admin" });
        }
        let wallet = self.tables.wallet(transfer.request.wallet);
        if wallet.is_none_or(|wallet| wallet.signing != Signing::Threshold) {
            return Err(invalid(
                "transfer_id",
                "the wallet's owner signs, and would have to be asked again; ask for a new transfer",
            ));
        }
        if self.mode().is_emergency() {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "the emergency to end" });
        }
        let progress = transfer.kaspa.clone().unwrap_or_default();
        let before = transfer.built.as_ref().filter(|_| transfer.status == Status::Submitted && progress.replacement.is_none());
        let before = before.ok_or(Refusal::WrongStatus {
            status: transfer.status,
            needs: "a submitted transaction that is not being replaced already",
        })?;
        if progress.superseded.len() >= MAX_REPLACEMENTS {
            let (what, max) = ("replacements of one transaction", MAX_REPLACEMENTS as u64);
            return Err(Refusal::LimitReached { what, max, current: max });
        }
        if built.inputs.is_empty() || built.inputs != before.inputs {
            return Err(invalid("inputs", "a replacement spends what the transaction before it spends"));
        }
        if built.fee <= before.fee || built.fee > transfer.request.max_fee {
            let problem = format!(
                "more than the {} that were paid and at most the {} that are reserved",
                before.fee, transfer.request.max_fee
            );
            return Err(invalid("fee", problem));
        }
        Ok(Decided::by(caller, Event::TransferReplacementBuilt(TransferBuilt { id, built })))
    }

    /// Records the signed replacement, before it leaves.
    ///
    /// # Errors
    /// When there is none to be signed, or it may not leave.
    pub fn decide_replacement_signed(&self, id: TransferId, signed: SignedTx) -> Result<Decided, Refusal> {
        if !self.may_replace(id) {
            let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a replacement to be signed, and no emergency" });
        }
        Ok(Decided::by_canister(Event::TransferReplacementSigned(TransferSigned { id, signed })))
    }

    /// A replaced transaction has landed instead of what replaced it.
    ///
    /// # Errors
    /// When no such transaction was replaced.
    pub fn decide_superseded_landed(&self, id: TransferId, txid: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let known = transfer.kaspa.iter().flat_map(|progress| &progress.superseded).any(|other| other.signed.txid == txid);
        if transfer.status != Status::Submitted || !known {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transaction that was replaced" });
        }
        Ok(Decided::by_canister(Event::TransferSupersededLanded(TransferSupersededLanded { id, txid })))
    }

    /// An agent of the wallet, or an admin, has coins of the wallet made into one. No limit or allowlist is asked: the money stays,
    /// and only the fee, which is held like any other, leaves. What holds before any rule is asked: an emergency, a deactivated wallet,
    /// breakers, and the quota of requests. The request's amount is zero and its recipient the paying key itself.
    ///
    /// # Errors
    /// When the caller may not, an argument cannot be accepted, the idempotency key stands for another request, or one is under way.
    pub fn decide_consolidation(
        &self,
        caller: Principal,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, Outcome), Refusal> {
        authenticated(caller)?;
        self.require_wallet(request.wallet)?;
        if !self.is_agent(request.wallet, &caller) && !self.tables.roles(&caller).has(Role::Admin) {
            return Err(Refusal::Unauthorized { needs: "an agent of the wallet or an Admin" });
        }
        check_consolidation(&request)?;
        self.check_source(request.wallet, request.source)?;
        self.require_own_address(&request)?;
        let again = self.asked_before(caller, &request.idempotency_key, request_hash(&request))?.is_some();
        if !again && self.is_consolidating(request.wallet) {
            return Err(Refusal::LimitReached { what: "consolidations of the wallet under way", max: 1, current: 1 });
        }
        self.decide_checked(caller, request, self.monotonic_now(now))
    }

    fn is_consolidating(&self, wallet: WalletId) -> bool {
        self.active_transfers_of(wallet).iter().any(|transfer| transfer.request.is_consolidation())
    }

    /// That no policy is asked rests on this: the money returns to the key that pays.
    fn require_own_address(&self, request: &TransferRequest) -> Result<(), Refusal> {
        let wallet = self.tables.wallet(request.wallet).ok_or_else(|| not_found("wallet", request.wallet))?;
        let own = own_address(&wallet, request.source).ok_or_else(|| invalid("source", "only KAS is kept in coins"))?;
        if request.to == own { Ok(()) } else { Err(invalid("to", "a consolidation returns to the key that pays")) }
    }

    /// The canister makes coins of a key one of itself, where its operator wants that: when more than the configured number were seen,
    /// nothing of the wallet is under way on Kaspa, and the last time was an hour ago or more. `None` when it is not time, or when
    /// anything speaks against it that holds before any rule.
    pub fn decide_auto_consolidation(
        &self,
        wallet: WalletId,
        source: KeyKind,
        coins: usize,
        now: Timestamp,
    ) -> Option<(Decided, TransferId)> {
        let (config, now) = (&self.config().kaspa, self.monotonic_now(now));
        let above = config.consolidate_above.filter(|above| *above > 0)?;
        let on_kaspa = |transfer: &Transfer| transfer.request.asset.chain() == Chain::Kaspa;
        let is_recent_auto =
            |transfer: &Transfer| transfer.agent == CANISTER_AS_AGENT && now.nanos_since(transfer.created_at) < HOUR_NS;
        if coins <= above as usize
            || self.active_transfers_of(wallet).iter().any(on_kaspa)
            || self.transfers(wallet, None, RECENT_TRANSFERS).iter().any(is_recent_auto)
            || !self.has_log_room()
        {
            return None;
        }
        let payer = self.tables.wallet(wallet).filter(|wallet| wallet.signing == Signing::Threshold)?;
        let consolidation = Consolidation { max_inputs: AUTO_CONSOLIDATION_INPUTS, coins: None };
        let request = TransferRequest {
            wallet,
            asset: Asset::Kas,
            to: own_address(&payer, source)?,
            amount: Amount::ZERO,
            max_fee: config.max_fee,
            fee_named: false,
            source,
            idempotency_key: format!("consolidation-{}", self.tables.head().next_transfer),
            reason: Some(format!("more than {above} coins")),
            session: None,
            created_at: None,
            solana: None,
            kaspa: Some(KaspaTransferParams { speed: Some(FeeSpeed::Low), batch: None, consolidation: Some(consolidation) }),
        };
        match self.decide_checked(CANISTER_AS_AGENT, request, now) {
            Ok((Some(decided), Outcome::Accepted { transfer, .. })) => Some((Decided { actor: None, ..decided }, transfer)),
            _ => None,
        }
    }
}

/// The address of a wallet's Kaspa key, without its network.
fn own_address(wallet: &Wallet, source: KeyKind) -> Option<Destination> {
    let payload = match (source, &wallet.key(source)[..]) {
        (KeyKind::KaspaSchnorr, [_, x_only @ ..]) => [&[0], x_only].concat(),
        (KeyKind::KaspaEcdsa, key) if !key.is_empty() => [&[1], key].concat(),
        _ => return None,
    };
    Some(Destination::new(Chain::Kaspa, payload))
}

fn check_consolidation(request: &TransferRequest) -> Result<(), Refusal> {
    super::transfer::check_texts(request)?;
    let terms = request.kaspa.as_ref().and_then(|terms| terms.consolidation.as_ref());
    let terms = terms.filter(|_| request.amount.is_zero()).ok_or_else(|| invalid("amount", "a consolidation pays nobody"))?;
    if !(2..=MAX_KASPA_INPUTS).contains(&terms.max_inputs) {
        return Err(invalid("max_inputs", format!("between 2 and {MAX_KASPA_INPUTS}")));
    }
    let Some(coins) = &terms.coins else { return Ok(()) };
    if !(2..=MAX_NAMED_COINS).contains(&coins.len()) {
        return Err(invalid("coins", format!("between 2 and {MAX_NAMED_COINS}")));
    }
    let usable = coins.iter().all(|coin| coin.outpoint.len() == 36 && !coin.amount.is_zero());
    if usable { Ok(()) } else { Err(invalid("coins", "each names a 32-byte transaction id, an index and an amount")) }
}
