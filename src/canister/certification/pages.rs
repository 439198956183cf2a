//! The certified pages, made from a snapshot of the state. No page shows the cycles balance: it would tell an attacker when a drain
//! succeeds.

use ic_http_certification::{HttpResponse, StatusCode};
use ic_stable_structures::Memory;
use purser_core::VERSION;
use purser_core::base::{BlockIndex, Hash, ProposalId, Timestamp};
use purser_core::policy::Mode;
use purser_core::state::{MAX_APPEND_FAILURES, State};
use serde_json::json;

/// The part of the state that is certified: the end of the log, and the facts on the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The mode of operation.
    pub mode: Mode,
    /// Whether the threshold public keys are known.
    pub keys_ready: bool,
    /// The condition of the log.
    pub log: LogCondition,
    /// The oldest open recovery of the role Admin, with the end of its time lock.
    pub recovery: Option<(ProposalId, Option<Timestamp>)>,
    /// The last block of the log, with its hash.
    pub tip: (BlockIndex, Hash),
    /// The digest of the state after it.
    pub digest: Hash,
}

/// The condition of the log: whether events that spend can be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogCondition {
    /// Blocks are chained, and there is room for more.
    Sound,
    /// The capacity is used up: nothing more is spent.
    Full,
    /// Appending has failed several times in a row: nothing more is spent.
    Failing,
    /// A block does not fit between its neighbours.
    Broken,
}

impl LogCondition {
    fn of<M: Memory>(state: &State<M>) -> Self {
        let monitor = state.log_monitor();
        if monitor.broken.is_some() {
            Self::Broken
        } else if monitor.append_failures >= MAX_APPEND_FAILURES {
            Self::Failing
        } else if state.has_log_capacity() {
            Self::Sound
        } else {
            Self::Full
        }
    }
}

/// A certified page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The health of the canister.
    Health,
    /// The end of the log.
    AuditHead,
    /// Every other path.
    NotFound,
}

impl Snapshot {
    /// Returns the snapshot of a state.
    ///
    /// # Panics
    /// Before the first commit, which is the installation's.
    pub fn of<M: Memory>(state: &State<M>) -> Self {
        let tip = state.tip().expect("BUG: a page of a log without blocks");
        let log = LogCondition::of(state);
        let recovery = state.open_recoveries().first().map(|proposal| (proposal.id, proposal.ready_at));
        Self { mode: state.mode(), keys_ready: state.keys().is_some(), log, recovery, tip, digest: state.digest() }
    }

    /// Returns the page about the health of the canister. Its HTTP status is 503 while the canister pays nothing.
    pub fn health(&self) -> HttpResponse<'static> {
        let mode = match self.mode {
            Mode::Normal => "normal",
            Mode::Limited { .. } => "limited",
            Mode::Emergency { .. } => "emergency",
        };
        let (status, pays) = match self.log {
            LogCondition::Broken => ("log broken", false),
            LogCondition::Failing => ("log cannot be appended to", false),
            LogCondition::Full => ("log full", false),
            LogCondition::Sound if self.mode.is_emergency() => ("emergency", false),
            LogCondition::Sound if !self.keys_ready => ("waiting for keys", false),
            LogCondition::Sound if self.mode == Mode::Normal => ("ok", true),
            LogCondition::Sound => ("limited", true),
        };
        let body = json!({ "status": status, "mode": mode, "version": VERSION, "log_length": self.tip.0.next().get() });
        let body = self.with_recovery(body);
        if pays { found(&body) } else { unavailable(&body) }
    }

    /// Returns the page about the end of the log.
    pub fn audit_head(&self) -> HttpResponse<'static> {
        let (index, hash) = self.tip;
        found(&self.with_recovery(json!({ "index": index.get(), "hash": hash.to_string() })))
    }

    /// Adds the recovery that waits to a page, if there is one: whoever reads any page can have it cancelled by an admin.
    fn with_recovery(&self, mut body: serde_json::Value) -> serde_json::Value {
        if let Some((proposal, ready_at)) = self.recovery {
            body["recovery"] = json!({ "proposal_id": proposal.get(), "ready_at": ready_at.map(Timestamp::nanos) });
        }
        body
    }
}

impl Page {
    /// Every page.
    pub const ALL: [Self; 3] = [Self::Health, Self::AuditHead, Self::NotFound];

    /// Returns the path; `None` for the page of all other paths.
    pub const fn path(self) -> Option<&'static str> {
        match self {
            Self::Health => Some("/health"),
            Self::AuditHead => Some("/audit/head"),
            Self::NotFound => None,
        }
    }

    /// Returns the response of every path without a page.
    pub fn not_found() -> HttpResponse<'static> {
        json_response(StatusCode::NOT_FOUND, &json!({ "error": "not found" }))
    }

    /// Returns the response of every page to other methods than `GET` and `HEAD`.
    pub fn refusal() -> HttpResponse<'static> {
        let mut response = json_response(StatusCode::METHOD_NOT_ALLOWED, &json!({ "error": "method not allowed" }));
        response.add_header(("allow".into(), "GET, HEAD".into()));
        response
    }
}

/// Returns the response of a page while nothing is paid. All of these have the same status and headers.
pub fn unavailable(body: &serde_json::Value) -> HttpResponse<'static> {
    json_response(StatusCode::SERVICE_UNAVAILABLE, body)
}

/// Returns the response of a page that exists; all of these have the same status and headers.
pub fn found(body: &serde_json::Value) -> HttpResponse<'static> {
    json_response(StatusCode::OK, body)
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> HttpResponse<'static> {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    HttpResponse::builder()
        .with_status_code(status)
        .with_headers(vec![
            header("content-type", "application/json"),
            header("cache-control", "no-store"),
            header("x-content-type-options", "nosniff"),
        ])
        .with_body(body.to_string().into_bytes())
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SNAPSHOT: Snapshot = Snapshot {
        mode: Mode::Normal,
        keys_ready: true,
        log: LogCondition::Sound,
        recovery: None,
        tip: (BlockIndex::new(41), Hash([0xab; 32])),
        digest: Hash([0xcd; 32]),
    };

    fn body(response: &HttpResponse) -> serde_json::Value {
        serde_json::from_slice(response.body()).expect("JSON")
    }

    #[test]
    fn health_shows_status_mode_version_and_length_and_nothing_else() {
        let expected = json!({ "status": "ok", "mode": "normal", "version": env!("CARGO_PKG_VERSION"), "log_length": 42 });
        assert_eq!(body(&SNAPSHOT.health()), expected);
    }

    #[test]
    fn every_page_announces_a_recovery() {
        let ready_at = Some(Timestamp::from_nanos(9));
        let waiting = Snapshot { recovery: Some((ProposalId::new(3), ready_at)), ..SNAPSHOT };
        for page in [waiting.health(), waiting.audit_head()] {
            assert_eq!(body(&page)["recovery"], json!({ "proposal_id": 3, "ready_at": 9 }));
        }
        let early = Snapshot { recovery: Some((ProposalId::new(3), None)), ..SNAPSHOT };
        assert_eq!(body(&early.health())["recovery"], json!({ "proposal_id": 3, "ready_at": null }));
        assert_eq!(body(&SNAPSHOT.audit_head()).get("recovery"), None);
    }

    #[test]
    fn health_tells_every_state_and_is_503_while_nothing_is_paid() {
        let since = Timestamp::from_nanos(1);
        let emergency = Snapshot { mode: Mode::Emergency { since }, ..SNAPSHOT };
        let cases = [
            (SNAPSHOT, 200, "ok", "normal"),
            (Snapshot { mode: Mode::Limited { since, percent: 10 }, ..SNAPSHOT }, 200, "limited", "limited"),
            (emergency, 503, "emergency", "emergency"),
            (Snapshot { keys_ready: false, ..SNAPSHOT }, 503, "waiting for keys", "normal"),
            (Snapshot { log: LogCondition::Full, ..SNAPSHOT }, 503, "log full", "normal"),
            (Snapshot { log: LogCondition::Failing, ..SNAPSHOT }, 503, "log cannot be appended to", "normal"),
            (Snapshot { log: LogCondition::Broken, ..emergency }, 503, "log broken", "emergency"),
        ];
        for (snapshot, code, status, mode) in cases {
            let response = snapshot.health();
            let shown = body(&response);
            assert_eq!((response.status_code().as_u16(), &shown["status"], &shown["mode"]), (code, &status.into(), &mode.into()));
        }
    }

    #[test]
    fn the_audit_head_is_the_last_blocks_index_and_hash() {
        assert_eq!(body(&SNAPSHOT.audit_head()), json!({ "index": 41, "hash": "ab".repeat(32) }));
    }

    #[test]
    fn statuses_say_what_happened() {
        let responses = [SNAPSHOT.health(), SNAPSHOT.audit_head(), Page::not_found(), Page::refusal()];
        assert_eq!(responses.each_ref().map(|response| response.status_code().as_u16()), [200, 200, 404, 405]);
        assert!(responses[3].headers().contains(&("allow".into(), "GET, HEAD".into())));
    }
}
