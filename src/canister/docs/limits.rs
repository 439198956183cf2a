//! Fixed bounds, for `docs/settings.md`.
//!
//! Where that is cheap, a bound is tried: the number itself is accepted and the next one is refused. A public bound that is neither here nor
//! among the settings fails a test.

use super::{Unit, path, shown, table};
use crate::endpoints::{approvals, consent, inspect, lockout, log, sessions};
use crate::fixture::{self, NOW, WALLET, agent, installed};
use crate::flows;
use crate::store::Store;
use candid::Principal;
use purser_core::access::Role;
use purser_core::access::{LabelledAgent, RoleChange};
use purser_core::base::{Amount, Asset, Chain, Destination, MINUTE_NS, Mint, SECOND_NS, Timestamp};
use purser_core::governance::retention;
use purser_core::governance::{self, Action, Group, Rate};
use purser_core::policy::{
    self, ActiveHours, AllowEntry, ApprovalRule, Counted, HoursWindow, LocalTime, RateWindow, Rule, TimeZone, Weekday,
};
use purser_core::state::{self, NewSession};
use purser_core::{access, chains, transfer, wallet};
use purser_types::convert::address;
use purser_types::fixture::{admin, kas, sol};
use purser_types::page;
use purser_types::{BatchArgs, Payment, SolanaTransferParams, TransferArgs, TransferParams};
use std::collections::BTreeSet;
use std::path::Path;

/// A bound, and how it is tried.
struct Limit {
    name: &'static str,
    what: &'static str,
    value: u64,
    unit: Unit,
    /// Before the number: nothing for a maximum.
    kind: &'static str,
    beyond: &'static str,
}

const INVALID: &str = "`VALIDATION_FAILED`";
const REACHED: &str = "`LIMIT_REACHED`";

/// A bound that a constant states; nanoseconds become seconds.
macro_rules! limit {
    ($($path:ident)::+, $unit:ident, $beyond:expr, $what:literal $(,)?) => {{
        let name = stringify!($($path)::+).rsplit("::").next().expect("a name").trim();
        let value = u64::try_from($($path)::+).expect("it fits");
        let value = if name.ends_with("_NS") { value / SECOND_NS } else { value };
        Limit { name, what: $what, value, unit: Unit::$unit, kind: "", beyond: $beyond }
    }};
}

/// A bound that is found by trying.
macro_rules! found {
    ($name:ident, $unit:ident, $beyond:expr, $what:literal, $accepts:expr) => {{
        let accepts = $accepts;
        let refused = (1..=100_000u64).find(|number| !accepts(*number)).expect("some number is refused");
        Limit { name: stringify!($name), what: $what, value: refused - 1, unit: Unit::$unit, kind: "", beyond: $beyond }
    }};
}

impl Limit {
    /// Tries a maximum.
    fn most(self, accepts: &dyn Fn(u64) -> bool) -> Self {
        assert!(accepts(self.value) && !accepts(self.value + 1), "{} is the most: {}", self.value, self.what);
        self
    }

    /// Tries a minimum.
    fn least(self, accepts: &dyn Fn(u64) -> bool) -> Self {
        assert!(accepts(self.value) && !accepts(self.value - 1), "{} is the least: {}", self.value, self.what);
        Self { kind: "at least ", ..self }
    }

    fn default(self) -> Self {
        Self { kind: "default ", ..self }
    }
}

fn text(bytes: u64) -> String {
    "x".repeat(usize::try_from(bytes).expect("it fits"))
}

fn mint(n: u64) -> Asset {
    let mut bytes = [1; 32];
    bytes[..8].copy_from_slice(&n.to_be_bytes());
    Asset::Spl { mint: Mint(bytes) }
}

fn entry(n: u64) -> AllowEntry {
    let mut payload = [1; 32];
    payload[..8].copy_from_slice(&n.to_be_bytes());
    let to = Destination::new(Chain::Solana, payload);
    AllowEntry { to, label: None, limits: Vec::new(), expires_at: None, usable_from: Timestamp::default() }
}

fn is_valid(rules: impl IntoIterator<Item = Rule>) -> bool {
    policy::validate(&rules.into_iter().collect::<Vec<_>>()).is_ok()
}

fn allowlist(entries: impl IntoIterator<Item = AllowEntry>, cool_down_ns: u64) -> [Rule; 1] {
    [Rule::Allowlist { chain: Chain::Solana, entries: entries.into_iter().collect(), cool_down_ns }]
}

fn approval(timeout_ns: u64, time_lock_ns: u64) -> [Rule; 1] {
    let (threshold, group) = (Amount::new(1), "people".into());
    [Rule::Approval(ApprovalRule {
        asset: Some(Asset::Sol),
        threshold,
        cumulative_24h: None,
        group,
        quorum: 1,
        timeout_ns,
        time_lock_ns,
    })]
}

fn hours(windows: u64) -> [Rule; 1] {
    let time = |text| LocalTime::parse(text).expect("a time");
    let window = |_| HoursWindow { days: [Weekday::Mon].into(), start: time("09:00"), end: time("17:00") };
    [Rule::ActiveHours(ActiveHours { zone: TimeZone::parse("UTC").expect("a zone"), windows: (0..windows).map(window).collect() })]
}

fn policies() -> Vec<Limit> {
    let rate = |max: u64| is_valid([Rule::RateLimit { counted: Counted::Attempts, window: RateWindow::Day, max: max as u32 }]);
    let rules = |count: u64| is_valid((0..count).map(|n| Rule::PerTransaction { asset: mint(n), max: Amount::new(1) }));
    let label = |bytes| is_valid(allowlist([AllowEntry { label: Some(text(bytes)), ..entry(1) }], 0));
    vec![
        limit!(policy::MAX_RULES, Plain, INVALID, "rules of a policy").most(&rules),
        limit!(policy::MAX_ALLOWLIST_ENTRIES, Plain, INVALID, "recipients on an allowlist or a denylist")
            .most(&|count| is_valid(allowlist((0..count).map(entry), 0))),
        limit!(policy::MAX_NAME_BYTES, Bytes, INVALID, "name of a policy or group, label of a recipient or session").most(&label),
        limit!(policy::MAX_RATE, Plain, INVALID, "`max` of a `RateLimit`; larger numbers would not be counted exactly").most(&rate),
        found!(MAX_WINDOWS, Plain, INVALID, "windows of `ActiveHours`", |count| is_valid(hours(count))),
        limit!(policy::DEFAULT_APPROVAL_TIMEOUT_NS, Seconds, "`ApprovalTimeout`", "time for an approval when the rule names none")
            .default(),
        limit!(policy::MIN_APPROVAL_TIMEOUT_NS, Seconds, INVALID, "time for an approval; a person has to see it")
            .least(&|seconds| is_valid(approval(seconds * SECOND_NS, 0))),
        limit!(policy::MAX_DELAY_NS, Seconds, INVALID, "cool-down, time lock of an approval, time for an approval").most(
            &|seconds| {
                let delay = seconds * SECOND_NS;
                let verdicts =
                    [is_valid(allowlist([entry(1)], delay)), is_valid(approval(delay, 0)), is_valid(approval(MINUTE_NS, delay))];
                assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]));
                verdicts[0]
            },
        ),
        limit!(state::MAX_BACKTEST_DAYS, Days, INVALID, "time that `backtest_policy` looks back")
            .most(&|days| installed().backtest(policy::Scope::Wallet(WALLET), &[], days as u32, NOW).is_ok()),
        limit!(state::MAX_BACKTEST_BLOCKS, Plain, "`truncated`", "entries that `backtest_policy` reads, newest first"),
    ]
}

/// Whether the fixture's agent may ask so. A request that is denied was read and decided.
fn is_decided(state: &Store, args: TransferArgs) -> bool {
    let request = args.into_request(state.config());
    request.is_ok_and(|request| state.decide_transfer(agent(), request, NOW).is_ok())
}

fn requests() -> Vec<Limit> {
    let state = installed();
    let asked = |change: &dyn Fn(&mut TransferArgs)| {
        let mut args = sol(5, "k");
        change(&mut args);
        is_decided(&state, args)
    };
    let made = |nanos: u64| asked(&|args| args.created_at = Some(nanos));
    let memo = |bytes| {
        let terms = SolanaTransferParams { memo: Some(text(bytes)), allow_off_curve: None };
        asked(&|args| args.params = Some(TransferParams::Solana(terms.clone())))
    };
    let batch = |count: u64| {
        let payment = Payment::new(kas(1, "k").to, 100_000_000);
        let payments = vec![payment; count as usize];
        let args = BatchArgs {
            wallet_id: WALLET.get(),
            asset: purser_types::Asset::Kas,
            payments,
            max_fee: None,
            idempotency_key: "k".into(),
            reason: None,
            session_id: None,
            created_at: None,
            params: None,
        };
        args.into_request(state.config()).is_ok()
    };
    vec![
        limit!(transfer::MAX_IDEMPOTENCY_KEY_BYTES, Bytes, INVALID, "idempotency key; not empty")
            .most(&|bytes| asked(&|args| args.idempotency_key = text(bytes))),
        limit!(transfer::MAX_REASON_BYTES, Bytes, INVALID, "reason, note")
            .most(&|bytes| asked(&|args| args.reason = Some(text(bytes)))),
        found!(MAX_MEMO_BYTES, Bytes, INVALID, "memo on Solana; not empty", memo),
        limit!(address::MAX_ADDRESS_BYTES, Bytes, INVALID, "address"),
        found!(MAX_REQUEST_AGE_NS, Seconds, INVALID, "age of a request with `created_at`", |seconds| made(
            NOW.nanos() - seconds * SECOND_NS
        )),
        found!(MAX_CLOCK_SKEW_NS, Seconds, INVALID, "time by which `created_at` may be ahead", |seconds| made(
            NOW.nanos() + seconds * SECOND_NS
        )),
        limit!(transfer::MAX_BATCH_ITEMS, Plain, INVALID, "payments of a batch").most(&batch),
        limit!(chains::kaspa::batch::MAX_OUTPUTS, Plain, "another transaction", "payments of one KAS transaction"),
        limit!(state::MAX_ACTIVE_TRANSFERS_PER_WALLET, Plain, REACHED, "transfers of a wallet under way"),
        limit!(flows::MAX_ATTEMPTS, Plain, "`Failed`", "attempts of a transfer; each is proven dead before the next"),
        limit!(
            flows::BUILD_WITHIN_SECONDS,
            Seconds,
            "`Failed`",
            "time in which a transfer without an attempt that could land is built"
        ),
        limit!(transfer::SIGNING_WINDOW_NS, Seconds, "`Failed`", "time in which the owner of a client-side wallet signs"),
        limit!(
            chains::kaspa::transfer::MAX_KASPA_INPUTS,
            Plain,
            INVALID,
            "coins that `consolidate_kaspa` takes; each needs a threshold signature"
        ),
        limit!(
            chains::kaspa::transfer::MAX_REPLACEMENTS,
            Plain,
            REACHED,
            "replacements of a KAS transfer; each needs a signature per coin"
        ),
    ]
}

fn change_is_decided(state: &Store, action: Action) -> bool {
    state.decide_change(admin(), action, NOW).is_ok()
}

fn person(n: u64) -> Principal {
    Principal::from_slice(&[&[77], &n.to_be_bytes()[..]].concat())
}

fn grant(n: u64, role: Role) -> Action {
    Action::GrantRole(RoleChange { principal: person(n), role })
}

fn rate(value: u64, per: u64, valid_ns: u64) -> Action {
    let expires_at = NOW.saturating_add(valid_ns);
    Action::SetRate(Rate { asset: Asset::Sol, value: Amount::new(value), per: Amount::new(per), expires_at })
}

/// How many times a change of one kind is accepted, one after the other.
fn repeated(action: impl Fn(u64) -> Action) -> u64 {
    let mut state = installed();
    fixture::change(&mut state, grant(1, Role::Approver));
    let refused = (1..=1_000).find(|n| {
        let decided = state.decide_change(admin(), action(*n), NOW);
        decided.map(|(decided, _)| state.commit(decided, NOW)).is_err()
    });
    refused.expect("some number is refused") - 1
}

fn powers() -> Vec<Limit> {
    let mut approvers = installed();
    (1..=100).for_each(|n| fixture::change(&mut approvers, grant(n, Role::Approver)));
    let group = |count: u64| {
        change_is_decided(&approvers, Action::SetGroup(Group { name: "people".into(), members: (1..=count).map(person).collect() }))
    };
    let state = installed();
    let (coin, second) = (1_000_000_000, SECOND_NS);
    let groups = repeated(|n| Action::SetGroup(Group { name: format!("group {n}"), members: [person(1)].into() }));
    assert_eq!(groups, governance::MAX_GROUPS);
    // The fixture's wallet has an agent already.
    let agents = 1 + repeated(|n| Action::AddAgent(LabelledAgent { wallet: WALLET, agent: person(n), label: None }));
    vec![
        limit!(governance::MAX_MEMBERS, Plain, REACHED, "principals with a role"),
        limit!(governance::MAX_GROUP_MEMBERS, Plain, INVALID, "members of a group").most(&group),
        limit!(governance::MAX_GROUPS, Plain, REACHED, "groups"),
        Limit {
            name: "MAX_AGENTS_PER_WALLET",
            what: "agents of a wallet",
            value: agents,
            unit: Unit::Plain,
            kind: "",
            beyond: REACHED,
        },
        limit!(access::MAX_AGENT_LABEL_BYTES, Bytes, INVALID, "label of an agent").most(&|bytes| {
            let agent = LabelledAgent { wallet: WALLET, agent: person(99), label: Some(text(bytes)) };
            change_is_decided(&state, Action::AddAgent(agent))
        }),
        limit!(governance::MAX_OPEN_PROPOSALS, Plain, REACHED, "open proposals"),
        limit!(governance::MAX_OPEN_PROPOSALS_PER_ADMIN, Plain, REACHED, "open proposals of one admin"),
        limit!(
            governance::MAX_RATE_AGE_NS,
            Seconds,
            INVALID,
            "time for which a rate is valid; an older one says little about a price"
        )
        .most(&|seconds| change_is_decided(&state, rate(1_000_000, coin, seconds * second))),
        limit!(
            governance::MAX_UNIT_VALUE,
            Plain,
            INVALID,
            "worth of 1 KAS, 1 SOL or one base unit of a token, in millionths of the unit of account"
        )
        .most(&|worth| change_is_decided(&state, rate(worth, coin, second))),
        limit!(governance::MAX_RATE_UNITS, Plain, INVALID, "`per` of a rate, in base units")
            .most(&|per| change_is_decided(&state, rate(per / 1_000, per, second))),
    ]
}

fn wallets_and_sessions() -> Vec<Limit> {
    let state = installed();
    let label = |bytes| state.decide_create_wallet(admin(), text(bytes).as_str().into(), NOW).is_ok();
    let session = |seconds: u64| {
        let ttl_ns = seconds.saturating_mul(SECOND_NS);
        let new = NewSession { wallet: WALLET, agent: agent(), ttl_ns, label: None, rules: Vec::new() };
        state.decide_open_session(agent(), new, NOW).is_ok()
    };
    vec![
        limit!(wallet::MAX_LABEL_BYTES, Bytes, INVALID, "label of a wallet").most(&label),
        limit!(state::MAX_ANCESTORS, Plain, INVALID, "wallets above a wallet"),
        limit!(
            state::MAX_RECHECKED_TRANSFERS,
            Plain,
            REACHED,
            "transfers under way in and below a wallet whose owner or parent changes"
        ),
        limit!(chains::solana::transfer::MAX_NONCES, Plain, INVALID, "nonce accounts of a wallet").most(&|size| {
            // Nothing else is wrong with the number that is accepted.
            let refusal = state.decide_nonce_pool(admin(), WALLET, size as u16, NOW).map(|_| ()).err();
            !refusal.is_some_and(|refusal| refusal.to_string().starts_with("size"))
        }),
        limit!(access::MAX_SESSION_NS, Seconds, INVALID, "duration of a session; at least 1 s").most(&session),
        limit!(access::MAX_OPEN_SESSIONS_PER_WALLET, Plain, REACHED, "open sessions of a wallet"),
        limit!(access::MAX_OPEN_SESSIONS_PER_AGENT, Plain, REACHED, "open sessions of one agent on a wallet"),
        limit!(access::MAX_SESSIONS_PER_HOUR, Plain, REACHED, "sessions opened for one agent within an hour"),
    ]
}

fn calls() -> Vec<Limit> {
    vec![
        limit!(page::DEFAULT_PAGE, Plain, "the next page", "entries on a page of a list, when the call names no `limit`").default(),
        limit!(page::MAX_PAGE, Plain, "the next page", "entries on a page of a list"),
        limit!(page::MAX_PAGE_BYTES, Bytes, "the next page", "entries on a page of a list together"),
        limit!(approvals::MAX_APPROVALS, Plain, "the next page", "entries on a page of `list_approvals`"),
        limit!(log::MAX_BLOCKS, Plain, "the next page", "blocks on a page of `find_blocks` or in an answer of `icrc3_get_blocks`"),
        limit!(lockout::MAX_FAILURES, Plain, "rejected: `LOCKED_OUT`", "answered calls of a stranger within 15 minutes"),
        limit!(inspect::MAX_NON_MEMBER_BYTES, Bytes, "rejected", "argument of a stranger's call"),
        limit!(consent::MAX_ARG_BYTES, Bytes, "`UnsupportedCanisterCall`", "argument of a call whose consent message is asked for"),
        limit!(sessions::MAX_CLIENTS_PER_HOUR, Plain, REACHED, "calls of `record_client` by one principal within an hour"),
        limit!(log::MAX_VERIFIED, Plain, "the next call", "entries that one call of `verify_integrity` checks"),
        limit!(retention::MAX_LOCATION_BYTES, Bytes, INVALID, "`location` of an archive; not empty"),
    ]
}

/// Public bounds that stand with the settings, as a default or as an end of a range, and those that nobody meets.
const ELSEWHERE: [&str; 23] = [
    "DEFAULT_RECOVERY_LOCK_NS",
    "MAX_BREAKER_THRESHOLD",
    "MAX_EMERGENCY_VETO_NS",
    "MAX_PENDING_PER_AGENT",
    "MAX_RECOVERED_ADMINS",
    "MAX_RECOVERY_LOCK_NS",
    "MAX_RECOVERY_MEMBERS",
    "MAX_WALLETS_PER_OWNER",
    "MIN_ADMINS_FOR_DEFAULT_QUORUM",
    "MIN_RECOVERY_LOCK_NS",
    "DEFAULT_KASPA_FEERATE",
    "DEFAULT_KASPA_MAX_FEE",
    "DEFAULT_SOLANA_MAX_FEE",
    "MAX_CAPACITY",
    "MAX_COOL_DOWN_NS",
    "MAX_INITIAL_PRINCIPALS",
    "MAX_RETENTION_DAYS",
    "MAX_TIME_LOCK_NS",
    "MIN_CAPACITY",
    "MIN_RETENTION_DAYS",
    // Said in the text.
    "MAX_APPEND_FAILURES",
    // Entries that are pruned in one message; the next message goes on.
    "MAX_PRUNED_BLOCKS",
    // Longer than every name of a time zone.
    "MAX_ZONE_BYTES",
];

fn topics() -> [(&'static str, Vec<Limit>); 5] {
    [
        ("policy_limits", policies()),
        ("request_limits", requests()),
        ("power_limits", powers()),
        ("wallet_limits", wallets_and_sessions()),
        ("call_limits", calls()),
    ]
}

/// The bounds by topic.
pub fn tables() -> impl Iterator<Item = (&'static str, String)> {
    topics().into_iter().map(|(topic, limits)| {
        let rows = limits.into_iter().map(|limit| {
            let bound = format!("{}{}", limit.kind, shown(limit.value, limit.unit));
            [limit.what.to_owned(), bound, limit.beyond.to_owned()]
        });
        (topic, table(["of what", "at most", "beyond it"], rows))
    })
}

/// The sources in a folder, but for those of the chains, whose constants are the networks', and for tests.
fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if entry.is_dir() && !["chains", "tests", "docs"].contains(&name) {
            sources(&entry, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(std::fs::read_to_string(&entry).expect("a source"));
        }
    }
}

#[test]
fn every_public_bound_is_documented() {
    let mut texts = Vec::new();
    sources(&path("src"), &mut texts);
    let names = texts.iter().flat_map(|text| text.lines()).filter_map(|line| {
        let name = line.trim_start().strip_prefix("pub const ")?.split(':').next()?;
        ["MAX_", "MIN_", "DEFAULT_"].iter().any(|start| name.starts_with(start)).then(|| name.to_owned())
    });
    let public: BTreeSet<String> = names.collect();
    let documented: BTreeSet<&str> = topics().iter().flat_map(|(_, limits)| limits).map(|limit| limit.name).collect();
    let unknown: Vec<&String> =
        public.iter().filter(|name| !documented.contains(name.as_str()) && !ELSEWHERE.contains(&name.as_str())).collect();
    assert!(public.len() > 50 && unknown.is_empty(), "describe these in the tables of docs/limits.rs: {unknown:?}");
    let gone: Vec<&&str> = ELSEWHERE.iter().filter(|name| !public.contains(**name)).collect();
    assert!(gone.is_empty(), "no bound is called so any more: {gone:?}");
}
