//! Sessions of agents, signatures of client-side wallets, and reports about clients.

use super::{access, requests};
use crate::jobs::{self, sessions};
use crate::store;
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::base::{HOUR_NS, SECOND_NS, SessionId, Timestamp, TransferId, WalletId};
use purser_core::policy::MAX_NAME_BYTES;
use purser_core::state::{NewSession, Refusal};
use purser_types::convert::policy::parse_rules;
use purser_types::{ClientArgs, Error, OpenSessionArgs, Page, Session, Transfer, at_most, page_size};
use serde_bytes::ByteBuf;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// How many entries about its clients one principal may have made within an hour.
pub(crate) const MAX_CLIENTS_PER_HOUR: u64 = 20;

thread_local! {
    /// How many of the current hour, by principal. Bounded by the number of those who have a power.
    static CLIENTS: RefCell<(u64, BTreeMap<Principal, u64>)> = const { RefCell::new((0, BTreeMap::new())) };
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn open_session(args: OpenSessionArgs) -> Result<Session, Error> {
    let OpenSessionArgs { wallet_id, agent, ttl_seconds, label, rules } = args;
    let (caller, wallet) = (msg_caller(), WalletId::new(wallet_id));
    let (decided, session) = store::read(|state| -> Result<_, Error> {
        access::require_member(state, caller)?;
        at_most("label", label.as_deref().unwrap_or_default(), MAX_NAME_BYTES)?;
        let rules = parse_rules(rules, &state.config().chains)?;
        let ttl_ns = ttl_seconds.saturating_mul(SECOND_NS);
        let new = NewSession { wallet, agent: agent.unwrap_or(caller), ttl_ns, label, rules };
        Ok(state.decide_open_session(caller, new, store::now())?)
    })?;
    store::commit(decided);
    sessions::arm();
    Ok(Session::new(session, store::now()))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn close_session(session_id: u64) -> Result<Session, Error> {
    let id = SessionId::new(session_id);
    let decided = store::read(|state| state.decide_close_session(msg_caller(), id, store::now()))?;
    store::commit(decided);
    find(id)
}

#[ic_cdk::query]
fn get_session(session_id: u64) -> Result<Session, Error> {
    find(SessionId::new(session_id))
}

#[ic_cdk::query]
fn list_sessions(wallet_id: u64, cursor: Option<u64>, limit: Option<u32>) -> Result<Page<Session, u64>, Error> {
    let (wallet, now) = (WalletId::new(wallet_id), store::now());
    store::read(|state| {
        access::require_wallet(state, wallet)?;
        let open = state.open_sessions_before(wallet, cursor.map(SessionId::new), now);
        Ok(Page::fill(page_size(limit), open.map(|session| (session.id.get(), Session::new(session, now)))))
    })
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn submit_signatures(transfer_id: u64, signatures: Vec<ByteBuf>) -> Result<Transfer, Error> {
    let id = TransferId::new(transfer_id);
    let decided = store::read(|state| state.decide_client_signatures(msg_caller(), id, &signatures, store::now()))?;
    store::commit(decided);
    jobs::wake(id);
    store::read(|state| requests::find(state, id))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn record_client(args: ClientArgs) -> Result<(), Error> {
    let ClientArgs { success, wallet_id, address, device } = args;
    let (caller, wallet) = (msg_caller(), wallet_id.map(WalletId::new));
    let decided = store::read(|state| state.decide_client_seen(caller, success, wallet, address.as_deref(), device.as_deref()))?;
    CLIENTS.with_borrow_mut(|clients| count_client(clients, caller, store::now()))?;
    store::commit(decided);
    Ok(())
}

fn find(id: SessionId) -> Result<Session, Error> {
    let session = store::read(|state| state.session(id));
    let session = session.ok_or_else(|| Refusal::NotFound { what: "session", id: id.to_string() })?;
    Ok(Session::new(session, store::now()))
}

fn count_client(clients: &mut (u64, BTreeMap<Principal, u64>), caller: Principal, now: Timestamp) -> Result<(), Refusal> {
    let hour = now.nanos() / HOUR_NS;
    if clients.0 != hour {
        *clients = (hour, BTreeMap::new());
    }
    let current = clients.1.entry(caller).or_default();
    if *current >= MAX_CLIENTS_PER_HOUR {
        let what = "entries about the caller's clients within an hour";
        return Err(Refusal::LimitReached { what, max: MAX_CLIENTS_PER_HOUR, current: *current });
    }
    *current += 1;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_quota_of_its_own_that_the_next_hour_renews() {
        let mut clients = (0, BTreeMap::new());
        let (one, other) = (Principal::from_slice(&[1]), Principal::from_slice(&[2]));
        let mut count = |caller, hour: u64| count_client(&mut clients, caller, Timestamp::from_nanos(hour * HOUR_NS + 1));
        for _ in 0..20 {
            assert_eq!(count(one, 7), Ok(()));
        }
        assert!(matches!(count(one, 7), Err(Refusal::LimitReached { max: 20, current: 20, .. })));
        assert_eq!((count(other, 7), count(one, 8)), (Ok(()), Ok(())));
    }
}
