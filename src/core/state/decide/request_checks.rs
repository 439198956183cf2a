//! Checks of a request before the policies are evaluated.

use super::require_authenticated;
use crate::base::text::check_name;
use crate::base::{MINUTE_NS, Timestamp, WalletId, amount_text};
use crate::chains::registry;
use crate::chains::rules::Purpose;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Refusal, State};
use crate::transfer::{MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, TransferRequest};
use crate::wallet::KeyKind;
use candid::Principal;
use ic_stable_structures::Memory;

/// The greatest age of a request that states its time, in nanoseconds: 10 minutes.
const MAX_REQUEST_AGE_NS: u64 = 10 * MINUTE_NS;
/// The most that a caller's clock may be ahead, in nanoseconds: one minute.
const MAX_CLOCK_SKEW_NS: u64 = MINUTE_NS;

impl<M: Memory> State<M> {
    /// Checks caller, amount, texts, recipient and key of a request: all that does not depend on the time.
    pub(super) fn check_request(&self, caller: Principal, request: &TransferRequest) -> Result<(), Refusal> {
        require_authenticated(caller)?;
        self.require_wallet(request.wallet)?;
        if !self.is_agent(request.wallet, &caller) {
            return Err(Refusal::Unauthorized { needs: "an agent of the wallet" });
        }
        if request.amount.is_zero() {
            return Err(invalid("amount", "must be at least 1 base unit"));
        }
        check_text_lengths(request)?;
        let chain = request.asset.chain();
        check_params(request)?;
        if request.to.chain != chain {
            return Err(invalid("to", format!("{} is paid to a {chain} address", request.asset)));
        }
        if request.source.chain() != chain {
            return Err(invalid("source", format!("{} is paid from a {chain} key", request.asset)));
        }
        self.check_source(request.wallet, request.source)
    }

    /// Checks that the session of a new request is open, and the age of the request.
    ///
    /// A duplicate is recognised before this check: the answer to a repeated request does not depend on the time.
    pub(super) fn check_timeliness(&self, caller: Principal, request: &TransferRequest, now: Timestamp) -> Result<(), Refusal> {
        self.check_session(caller, request, now)?;
        check_age(request, now)
    }

    fn check_session(&self, caller: Principal, request: &TransferRequest, now: Timestamp) -> Result<(), Refusal> {
        let Some(id) = request.session else { return Ok(()) };
        let session = self.tables.session(id).filter(|session| session.wallet == request.wallet && session.agent == caller);
        match session {
            None => Err(not_found("session of the agent on this wallet", id)),
            Some(session) if session.is_open(now) => Ok(()),
            Some(_) => Err(invalid("session_id", "the session is over; open another")),
        }
    }

    /// Refuses a key that the wallet does not have.
    pub(in crate::state) fn check_source(&self, id: WalletId, source: KeyKind) -> Result<(), Refusal> {
        let wallet = self.tables.wallet(id).ok_or_else(|| not_found("wallet", id))?;
        if wallet.key(source).is_empty() {
            return Err(invalid("asset", "the wallet's owner has registered no key that could pay it"));
        }
        Ok(())
    }

    /// Checks the fee cap of a new request, whose transaction pays so many recipients.
    ///
    /// A duplicate is recognised before this check: it must be answered although the operator may have changed the cap since.
    pub(super) fn check_fee(&self, request: &TransferRequest, recipients: usize) -> Result<(), Refusal> {
        let (chain, max_fee) = (request.asset.chain(), request.max_fee);
        let most = self.config().batch_fee_cap(request.asset, recipients);
        let least = registry::rules(chain).least_fee();
        if max_fee < least || max_fee > most {
            let [least, most] = [least, most].map(|amount| amount_text(request.asset.native_asset(), amount));
            return Err(invalid("max_fee", format!("between {least} and {most} on {chain}")));
        }
        Ok(())
    }
}

/// Checks the lengths of idempotency key and reason.
pub(in crate::state) fn check_text_lengths(request: &TransferRequest) -> Result<(), Refusal> {
    if request.idempotency_key.is_empty() || request.idempotency_key.len() > MAX_IDEMPOTENCY_KEY_BYTES {
        return Err(invalid("idempotency_key", format!("between 1 and {MAX_IDEMPOTENCY_KEY_BYTES} bytes are needed")));
    }
    if let Err(problem) = check_name(&request.idempotency_key, MAX_IDEMPOTENCY_KEY_BYTES) {
        return Err(invalid("idempotency_key", problem));
    }
    if request.reason.as_ref().is_some_and(|reason| reason.len() > MAX_REASON_BYTES) {
        return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
    }
    Ok(())
}

/// Refuses parameters of another chain, or that the chain refuses, and transfers that are no payment.
fn check_params(request: &TransferRequest) -> Result<(), Refusal> {
    let chain = request.asset.chain();
    if request.params.chain() != chain {
        return Err(invalid("params", format!("{} takes the parameters of {chain}", request.asset)));
    }
    if request.purpose() != Purpose::Payment {
        return Err(invalid("asset", "an agent asks for payments only"));
    }
    request.params.check().map_err(|problem| invalid(problem.field, problem.problem))
}

/// Refuses a new request that states a time too long ago or in the future.
fn check_age(request: &TransferRequest, now: Timestamp) -> Result<(), Refusal> {
    let Some(created_at) = request.created_at else { return Ok(()) };
    if now.nanos_since(created_at) > MAX_REQUEST_AGE_NS {
        return Err(invalid("created_at", "the request is more than 10 minutes old; make a new one"));
    }
    if created_at.nanos_since(now) > MAX_CLOCK_SKEW_NS {
        return Err(invalid("created_at", "the request lies in the future; check the clock"));
    }
    Ok(())
}
