//! Sessions: opened for a while, ended by somebody or by time.

use super::{Decided, authenticated, invalid, not_found};
use crate::access::{
    MAX_OPEN_SESSIONS_PER_AGENT, MAX_OPEN_SESSIONS_PER_WALLET, MAX_SESSION_NS, MAX_SESSIONS_PER_HOUR, Role, Session, SessionEnd,
};
use crate::base::{HOUR_NS, SECOND_NS, SessionId, Timestamp, WalletId};
use crate::event::{Event, SessionClosed, SessionOpened, TransferTransition};
use crate::policy::{self, MAX_NAME_BYTES, Rule};
use crate::state::{Refusal, State};
use crate::transfer::Status;
use candid::Principal;
use ic_stable_structures::Memory;

/// What somebody says about a new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The wallet it spends from.
    pub wallet: WalletId,
    /// Whose it is.
    pub agent: Principal,
    /// How long it lasts: between a second and [`MAX_SESSION_NS`].
    pub ttl_ns: u64,
    /// For people; at most [`MAX_NAME_BYTES`].
    pub label: Option<String>,
    /// Its limits, beside those of its agent, its wallet and its owner. They can only tighten those.
    pub rules: Vec<Rule>,
}

impl<M: Memory> State<M> {
    /// An agent, its wallet's owner or an admin opens a session. Sessions of the wallet whose time is over end in the same commit.
    ///
    /// # Errors
    /// When the caller may not, the wallet is unknown or deactivated, the agent is none of its, an argument cannot be accepted, or too
    /// many sessions are open or were opened lately.
    pub fn decide_open_session(&self, caller: Principal, new: NewSession, now: Timestamp) -> Result<(Decided, Session), Refusal> {
        let now = self.monotonic_now(now);
        let NewSession { wallet, agent, ttl_ns, label, rules } = new;
        self.require_session_power(caller, wallet, agent, &[Role::Admin])?;
        if !self.is_agent(wallet, &agent) {
            return Err(not_found("agent", format!("{agent} of wallet {wallet}")));
        }
        if self.tables.wallet(wallet).is_some_and(|wallet| wallet.deactivated) {
            return Err(invalid("wallet_id", "the wallet is deactivated"));
        }
        if !(SECOND_NS..=MAX_SESSION_NS).contains(&ttl_ns) {
            return Err(invalid("ttl_seconds", "between a second and 30 days"));
        }
        if label.as_ref().is_some_and(|label| label.len() > MAX_NAME_BYTES) {
            return Err(invalid("label", format!("at most {MAX_NAME_BYTES} bytes")));
        }
        policy::validate(&rules).map_err(|error| invalid("rules", error.to_string()))?;
        let (open, over): (Vec<Session>, _) = self.open_sessions(wallet).into_iter().partition(|session| session.is_open(now));
        self.check_sessions(&open, agent, now)?;
        let session = Session {
            id: self.tables.head().next_session,
            wallet,
            agent,
            opened_by: caller,
            opened_at: now,
            expires_at: now.saturating_add(ttl_ns),
            label,
            ended: None,
        };
        let mut events: Vec<Event> = over.iter().flat_map(|session| self.expiry(session)).collect();
        events.push(Event::SessionOpened(SessionOpened { session: session.clone(), rules }));
        Ok((Decided { actor: Some(caller), events }, session))
    }

    /// The session's agent, its wallet's owner, an admin or a guardian ends a session. Its transfers that may still be cancelled end
    /// with it; what may already be on its way is followed to its end.
    ///
    /// # Errors
    /// When the caller may not, or the session is unknown or over.
    pub fn decide_close_session(&self, caller: Principal, id: SessionId, now: Timestamp) -> Result<Decided, Refusal> {
        authenticated(caller)?;
        let session = self.tables.session(id).ok_or_else(|| not_found("session", id))?;
        self.require_session_power(caller, session.wallet, session.agent, &[Role::Admin, Role::Guardian])?;
        if !session.is_open(self.monotonic_now(now)) {
            return Err(Refusal::AlreadySo { what: "the session is over" });
        }
        let cancelled = |id| Event::TransferCancelled(TransferTransition { id, note: Some("its session was closed".into()) });
        let transfers = self.active_transfers_of(session.wallet).into_iter();
        let own =
            transfers.filter(|transfer| transfer.request.session == Some(id) && transfer.status.may_become(Status::Cancelled));
        let mut decided = Decided::by(caller, closed(id, SessionEnd::Revoked));
        decided.events.extend(own.map(|transfer| cancelled(transfer.id)));
        Ok(decided)
    }

    /// Ends up to `limit` sessions whose time is over, oldest end first; `None` when there are none. A session that is over takes no
    /// request whether or not its end is recorded: this only cleans up. Its transfers go on, they were asked for in time, but for those
    /// that still wait for people.
    pub fn decide_expired_sessions(&self, now: Timestamp, limit: usize) -> Option<Decided> {
        let now = self.monotonic_now(now);
        let over = self.tables.session_ends.iter().take_while(|(end, _)| *end <= now.nanos()).take(limit);
        let over = over.filter_map(|(_, id)| self.tables.session(SessionId::new(id)));
        let events: Vec<Event> = over.flat_map(|session| self.expiry(&session)).collect();
        (!events.is_empty()).then_some(Decided { actor: None, events })
    }

    /// The end of a session whose time is over.
    fn expiry(&self, session: &Session) -> Vec<Event> {
        [vec![closed(session.id, SessionEnd::Expired)], self.rejections_of_session(session)].concat()
    }

    /// The end of every session of a wallet, or of one agent's.
    pub(super) fn session_ends(&self, wallet: WalletId, agent: Option<Principal>) -> Vec<Event> {
        let sessions = self.open_sessions(wallet).into_iter().filter(|session| agent.is_none_or(|agent| session.agent == agent));
        sessions.map(|session| closed(session.id, SessionEnd::Cascaded)).collect()
    }

    fn require_session_power(&self, caller: Principal, wallet: WalletId, agent: Principal, roles: &[Role]) -> Result<(), Refusal> {
        authenticated(caller)?;
        let known = self.tables.wallet(wallet).ok_or_else(|| not_found("wallet", wallet))?;
        let held = self.tables.roles(&caller);
        if caller == agent && self.is_agent(wallet, &agent) || caller == known.owner() || roles.iter().any(|role| held.has(*role)) {
            return Ok(());
        }
        Err(Refusal::Unauthorized { needs: "the session's agent, the wallet's owner or an Admin" })
    }

    /// Each agent has a quota of its own, so that none can take the others' room or fill the log.
    fn check_sessions(&self, open: &[Session], agent: Principal, now: Timestamp) -> Result<(), Refusal> {
        let own = open.iter().filter(|session| session.agent == agent).count() as u64;
        let lately = self.tables.sessions_latest_first().take_while(|session| now.nanos_since(session.opened_at) < HOUR_NS);
        let bounds = [
            ("open sessions of the agent", MAX_OPEN_SESSIONS_PER_AGENT, own),
            ("open sessions of the wallet", MAX_OPEN_SESSIONS_PER_WALLET, open.len() as u64),
            (
                "sessions of the agent within an hour",
                MAX_SESSIONS_PER_HOUR,
                lately.filter(|session| session.agent == agent).count() as u64,
            ),
        ];
        match bounds.into_iter().find(|(_, max, current)| current >= max) {
            Some((what, max, current)) => Err(Refusal::LimitReached { what, max, current }),
            None => Ok(()),
        }
    }
}

fn closed(id: SessionId, end: SessionEnd) -> Event {
    Event::SessionClosed(SessionClosed { id, end })
}
