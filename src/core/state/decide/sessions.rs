//! Decisions about sessions.

use super::cancel::cancelled;
use super::require_authenticated;
use crate::access::{
    MAX_OPEN_SESSIONS_PER_AGENT, MAX_OPEN_SESSIONS_PER_WALLET, MAX_SESSION_NS, MAX_SESSIONS_PER_HOUR, Role, Session, SessionEnd,
};
use crate::base::text::check_name;
use crate::base::{HOUR_NS, SECOND_NS, SessionId, Timestamp, WalletId};
use crate::event::{Event, SessionClosed, SessionOpened};
use crate::policy::{self, MAX_NAME_BYTES, ReasonCode, Rule};
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::Status;
use candid::Principal;
use ic_stable_structures::Memory;

/// The arguments of a new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The agent.
    pub agent: Principal,
    /// The time to live in nanoseconds: from a second to [`MAX_SESSION_NS`].
    pub ttl_ns: u64,
    /// A name for people, at most [`MAX_NAME_BYTES`].
    pub label: Option<String>,
    /// The rules of the session's policy. They hold beside those of agent, wallet and owner, so they can only tighten these.
    pub rules: Vec<Rule>,
}

impl<M: Memory> State<M> {
    /// Decides the command of an agent, its wallet's owner or an admin to open a session.
    ///
    /// Sessions of the wallet that have expired are closed in the same commit.
    ///
    /// # Errors
    /// When the caller may not, the wallet does not exist or is deactivated, the principal is no agent of it, an argument cannot be
    /// accepted, or too many sessions are open or were opened within the hour.
    pub fn decide_open_session(&self, caller: Principal, new: NewSession, now: Timestamp) -> Result<(Decided, Session), Refusal> {
        let now = self.monotonic_now(now);
        let NewSession { wallet, agent, ttl_ns, label, rules } = new;
        self.require_session_manager(caller, wallet, agent, &[Role::Admin])?;
        if !self.is_agent(wallet, &agent) {
            return Err(not_found("agent", format!("{agent} of wallet {wallet}")));
        }
        if self.tables.wallet(wallet).is_some_and(|wallet| wallet.deactivated) {
            return Err(invalid("wallet_id", "the wallet is deactivated"));
        }
        if !(SECOND_NS..=MAX_SESSION_NS).contains(&ttl_ns) {
            return Err(invalid("ttl_seconds", "between a second and 30 days"));
        }
        check_name(label.as_deref().unwrap_or_default(), MAX_NAME_BYTES).map_err(|problem| invalid("label", problem))?;
        policy::validate(&rules).map_err(|error| invalid("rules", error.to_string()))?;
        let (open, expired): (Vec<Session>, _) = self.open_sessions(wallet).into_iter().partition(|session| session.is_open(now));
        self.check_session_limits(&open, agent, now)?;
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
        let mut events: Vec<Event> = expired.iter().flat_map(|session| self.expiry_events(session)).collect();
        events.push(Event::SessionOpened(SessionOpened { session: session.clone(), rules }));
        Ok((Decided { actor: Some(caller), events }, session))
    }

    /// Decides the command of a session's agent, its wallet's owner, an admin or a guardian to close the session.
    ///
    /// The session's transfers that can be cancelled end with it. Signed transfers are followed to their end.
    ///
    /// # Errors
    /// When the caller may not, or the session does not exist or is over.
    pub fn decide_close_session(&self, caller: Principal, id: SessionId, now: Timestamp) -> Result<Decided, Refusal> {
        require_authenticated(caller)?;
        let session = self.tables.session(id).ok_or_else(|| not_found("session", id))?;
        self.require_session_manager(caller, session.wallet, session.agent, &[Role::Admin, Role::Guardian])?;
        if !session.is_open(self.monotonic_now(now)) {
            return Err(Refusal::AlreadySo { what: "the session is over" });
        }
        let in_session = self
            .active_transfers_of(session.wallet)
            .into_iter()
            .filter(|transfer| transfer.request.session == Some(id) && transfer.status.may_become(Status::Cancelled));
        let mut decided = Decided::by_caller(caller, session_closed(id, SessionEnd::Revoked));
        decided
            .events
            .extend(in_session.map(|transfer| cancelled(transfer.id, ReasonCode::SessionClosed, "its session was closed")));
        Ok(decided)
    }

    /// Decides the end of up to `limit` expired sessions, earliest expiry first; `None` when there are none.
    ///
    /// An expired session takes no request whether or not its end is recorded. Its transfers go on, because they were requested in time,
    /// except those that still wait for approval.
    pub fn decide_expired_sessions(&self, now: Timestamp, limit: usize) -> Option<Decided> {
        let now = self.monotonic_now(now);
        let expired = self.tables.session_ends.iter().take_while(|(end, _)| *end <= now.nanos()).take(limit);
        let expired = expired.filter_map(|(_, id)| self.tables.session(SessionId::new(id)));
        let events: Vec<Event> = expired.flat_map(|session| self.expiry_events(&session)).collect();
        (!events.is_empty()).then_some(Decided { actor: None, events })
    }

    /// Returns the end of an expired session, and of its transfers that wait for approval.
    fn expiry_events(&self, session: &Session) -> Vec<Event> {
        [vec![session_closed(session.id, SessionEnd::Expired)], self.rejections_of_session(session)].concat()
    }

    /// Returns the end of the sessions of a wallet: of one agent, or of all.
    pub(super) fn session_end_events(&self, wallet: WalletId, agent: Option<Principal>) -> Vec<Event> {
        let sessions = self.open_sessions(wallet).into_iter().filter(|session| agent.is_none_or(|agent| session.agent == agent));
        sessions.map(|session| session_closed(session.id, SessionEnd::EndedByParent)).collect()
    }

    /// Refuses a caller that is neither the agent nor the wallet's owner, and has none of the roles.
    fn require_session_manager(
        &self,
        caller: Principal,
        wallet: WalletId,
        agent: Principal,
        roles: &[Role],
    ) -> Result<(), Refusal> {
        require_authenticated(caller)?;
        let known = self.tables.wallet(wallet).ok_or_else(|| not_found("wallet", wallet))?;
        let held = self.tables.roles(&caller);
        if caller == agent && self.is_agent(wallet, &agent) || caller == known.owner() || roles.iter().any(|role| held.has(*role)) {
            return Ok(());
        }
        Err(Refusal::Unauthorized { needs: "the session's agent, the wallet's owner or an Admin" })
    }

    /// Refuses one more session when too many are open, or were opened within the hour.
    ///
    /// Each agent has limits of its own, so that no agent can use up the others' or fill the log.
    fn check_session_limits(&self, open: &[Session], agent: Principal, now: Timestamp) -> Result<(), Refusal> {
        let own = open.iter().filter(|session| session.agent == agent).count() as u64;
        let recent = self.tables.sessions_newest_first().take_while(|session| now.nanos_since(session.opened_at) < HOUR_NS);
        let limits = [
            ("open sessions of the agent", MAX_OPEN_SESSIONS_PER_AGENT, own),
            ("open sessions of the wallet", MAX_OPEN_SESSIONS_PER_WALLET, open.len() as u64),
            (
                "sessions of the agent within an hour",
                MAX_SESSIONS_PER_HOUR,
                recent.filter(|session| session.agent == agent).count() as u64,
            ),
        ];
        match limits.into_iter().find(|(_, max, current)| current >= max) {
            Some((what, max, current)) => Err(Refusal::LimitReached { what, max, current }),
            None => Ok(()),
        }
    }
}

fn session_closed(id: SessionId, end: SessionEnd) -> Event {
    Event::SessionClosed(SessionClosed { id, end })
}
