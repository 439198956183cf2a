//! Sessions as answers show them.

use crate::session::{Session, SessionStatus};
use purser_core::access::{self, SessionEnd};
use purser_core::base::Timestamp;

impl Session {
    /// Returns a session of the domain with its status at `now`.
    pub fn new(session: access::Session, now: Timestamp) -> Self {
        let status = match session.ended {
            None if session.is_open(now) => SessionStatus::Open,
            None | Some(SessionEnd::Expired) => SessionStatus::Expired,
            Some(SessionEnd::Revoked) => SessionStatus::Revoked,
            Some(SessionEnd::EndedByParent) => SessionStatus::EndedByParent,
        };
        Self {
            id: session.id.get(),
            wallet_id: session.wallet.get(),
            agent: session.agent,
            opened_by: session.opened_by,
            opened_at: session.opened_at.nanos(),
            expires_at: session.expires_at.nanos(),
            label: session.label,
            status: status.into(),
        }
    }
}
