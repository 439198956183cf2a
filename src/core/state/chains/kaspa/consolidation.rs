//! Decisions about consolidations, which make one coin of several coins of a wallet.

use crate::access::Role;
use crate::base::{Amount, Asset, Chain, Destination, HOUR_NS, Timestamp, TransferId, WalletId};
use crate::chains::config::{ChainConfig, Execution};
use crate::chains::kaspa::transfer::{Consolidation, FeeSpeed, MAX_KASPA_INPUTS, TransferParams};
use crate::chains::registry::Params;
use crate::state::decide::request_checks::check_text_lengths;
use crate::state::decide::require_authenticated;
use crate::state::idempotency::request_hash;
use crate::state::read::RECENT_TRANSFERS;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{Outcome, Transfer, TransferRequest};
use crate::wallet::{KeyKind, Signing, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

/// The most coins that a caller names for one consolidation.
const MAX_NAMED_COINS: usize = MAX_KASPA_INPUTS as usize;
/// The most coins of a consolidation that the canister starts.
const AUTO_CONSOLIDATION_INPUTS: u32 = 40;
/// The requester of consolidations that the canister starts: a principal that never calls.
const CANISTER_AS_AGENT: Principal = Principal::management_canister();

impl<M: Memory> State<M> {
    /// Decides the request of an agent or an admin to consolidate coins of a wallet.
    ///
    /// The request's amount is zero and its recipient the paying key itself. No limit and no allowlist is evaluated: the money stays in
    /// the wallet, and only the fee leaves, which is reserved like any other. Mode, deactivation, breakers and the quota of requests do
    /// hold.
    ///
    /// # Errors
    /// When the caller may not, an argument cannot be accepted, the idempotency key stands for another request, or a consolidation of the
    /// wallet is under way.
    pub fn decide_consolidation(
        &self,
        caller: Principal,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, Outcome), Refusal> {
        require_authenticated(caller)?;
        self.require_wallet(request.wallet)?;
        if !self.is_agent(request.wallet, &caller) && !self.tables.roles(&caller).has(Role::Admin) {
            return Err(Refusal::Unauthorized { needs: "an agent of the wallet or an Admin" });
        }
        check_consolidation(&request)?;
        self.check_source(request.wallet, request.source)?;
        self.require_own_address(&request)?;
        let is_duplicate = self.find_duplicate(caller, &request.idempotency_key, request_hash(&request))?.is_some();
        if !is_duplicate && self.is_consolidating(request.wallet) {
            return Err(Refusal::LimitReached { what: "consolidations of the wallet under way", max: 1, current: 1 });
        }
        self.decide_checked_request(caller, request, self.monotonic_now(now))
    }

    fn is_consolidating(&self, wallet: WalletId) -> bool {
        self.active_transfers_of(wallet).iter().any(|transfer| transfer.request.is_consolidation())
    }

    /// Refuses a recipient other than the paying key. Without this check, a payment could avoid the policies.
    fn require_own_address(&self, request: &TransferRequest) -> Result<(), Refusal> {
        let wallet = self.tables.wallet(request.wallet).ok_or_else(|| not_found("wallet", request.wallet))?;
        let own = source_address(&wallet, request.source).ok_or_else(|| invalid("source", "only KAS is kept in coins"))?;
        if request.to == own { Ok(()) } else { Err(invalid("to", "a consolidation returns to the key that pays")) }
    }

    /// Decides whether the canister starts a consolidation of a key for which `coins` coins were seen.
    ///
    /// It does so when there are more than configured, no Kaspa transfer of the wallet is under way, and its last such consolidation was
    /// an hour ago or more, and transfers on Kaspa are carried out. `None` otherwise, and when a check that holds before any rule fails.
    pub fn decide_auto_consolidation(
        &self,
        wallet: WalletId,
        source: KeyKind,
        coins: usize,
        now: Timestamp,
    ) -> Option<(Decided, TransferId)> {
        let (config, now) = (&self.config().chains.kaspa, self.monotonic_now(now));
        let above = config.consolidate_above.filter(|above| *above > 0)?;
        let on_kaspa = |transfer: &Transfer| transfer.request.asset.chain() == Chain::Kaspa;
        let is_recent = |transfer: &Transfer| transfer.agent == CANISTER_AS_AGENT && now.nanos_since(transfer.created_at) < HOUR_NS;
        if coins <= above as usize
            || config.execution() == Execution::Simulate
            || self.active_transfers_of(wallet).iter().any(on_kaspa)
            || self.transfers(wallet, None, RECENT_TRANSFERS).iter().any(is_recent)
            || !self.has_log_capacity()
        {
            return None;
        }
        let payer = self.tables.wallet(wallet).filter(|wallet| wallet.signing == Signing::Threshold)?;
        let consolidation = Consolidation { max_inputs: AUTO_CONSOLIDATION_INPUTS, coins: None };
        let request = TransferRequest {
            wallet,
            asset: Asset::Kas,
            to: source_address(&payer, source)?,
            amount: Amount::ZERO,
            max_fee: config.max_fee,
            fee_named: false,
            source,
            idempotency_key: format!("consolidation-{}", self.tables.head().next_transfer),
            reason: Some(format!("more than {above} coins")),
            session: None,
            created_at: None,
            params: Params::Kaspa(TransferParams { speed: Some(FeeSpeed::Low), consolidation: Some(consolidation) }),
            batch: None,
        };
        match self.decide_checked_request(CANISTER_AS_AGENT, request, now) {
            Ok((Some(decided), Outcome::Accepted { transfer, .. })) => Some((Decided { actor: None, ..decided }, transfer)),
            _ => None,
        }
    }
}

/// Returns the address of a wallet's Kaspa key: version byte and payload.
fn source_address(wallet: &Wallet, source: KeyKind) -> Option<Destination> {
    let payload = match (source, &wallet.key(source)[..]) {
        (KeyKind::KaspaSchnorr, [_, x_only @ ..]) => [&[0], x_only].concat(),
        (KeyKind::KaspaEcdsa, key) if !key.is_empty() => [&[1], key].concat(),
        _ => return None,
    };
    Some(Destination::new(Chain::Kaspa, payload))
}

fn check_consolidation(request: &TransferRequest) -> Result<(), Refusal> {
    check_text_lengths(request)?;
    if request.asset != Asset::Kas {
        return Err(invalid("asset", "only KAS is kept in coins"));
    }
    let consolidation = request.consolidation().filter(|_| request.amount.is_zero());
    let consolidation = consolidation.ok_or_else(|| invalid("amount", "a consolidation pays nobody"))?;
    if !(2..=MAX_KASPA_INPUTS).contains(&consolidation.max_inputs) {
        return Err(invalid("max_inputs", format!("between 2 and {MAX_KASPA_INPUTS}")));
    }
    let Some(coins) = &consolidation.coins else { return Ok(()) };
    if !(2..=MAX_NAMED_COINS).contains(&coins.len()) {
        return Err(invalid("coins", format!("between 2 and {MAX_NAMED_COINS}")));
    }
    let usable = coins.iter().all(|coin| coin.outpoint.len() == 36 && !coin.amount.is_zero());
    if usable { Ok(()) } else { Err(invalid("coins", "each names a 32-byte transaction id, an index and an amount")) }
}
