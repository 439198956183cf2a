//! `docs/settings.md`: every setting, with default, range, who may change it, and the reason.
//!
//! Defaults, ranges and powers are found by asking the code that fills in, validates and decides. Only the reasons are written here; a
//! field without one does not compile.

use super::{Unit, bounds, fill, limits, range, shown, table};
use crate::store::Store;
use candid::Principal;
use ic_stable_structures::DefaultMemoryImpl;
use purser_core::base::{Chain, DAY_NS, ProposalId, Timestamp};
use purser_core::chains::config::ChainConfig;
use purser_core::chains::providers::MAX_PROVIDERS;
use purser_core::governance::config::{Config, PRODUCTION_KEY_NAMES, TEST_KEY_NAMES};
use purser_core::governance::settings as domain;
use purser_core::governance::{Action, MAX_RECOVERY_MEMBERS};
use purser_core::state::{ChangeOutcome, Refusal};
use purser_types::fixture::init_args;
use purser_types::{
    Asset, AuditSettings, Execution, InitArgs, KaspaInit, KaspaNetwork, LifetimeChoice, MinBalance, RecoveryInit, Settings,
    SettingsInit, SolanaInit, SolanaNetwork, SolanaSettings,
};

const GATE_OPEN: purser_core::chains::config::Execution = purser_core::chains::config::Execution::Live;
const NOW: Timestamp = Timestamp::from_nanos(1_000 * DAY_NS);
const SOLANA: [SolanaNetwork; 4] = [SolanaNetwork::Mainnet, SolanaNetwork::Testnet, SolanaNetwork::Devnet, SolanaNetwork::Local];
const KASPA: [KaspaNetwork; 4] = [KaspaNetwork::Mainnet, KaspaNetwork::Testnet10, KaspaNetwork::Devnet, KaspaNetwork::Simnet];
/// How many admins the installations here have.
const ADMINS: u8 = 3;

fn admin(n: u8) -> Principal {
    Principal::from_slice(&[1, n])
}

fn endpoints(chain: &str, count: u64) -> Vec<String> {
    (1..=count).map(|n| format!("https://{chain}-{n}.example")).collect()
}

/// The arguments of an installation without optional fields, with the largest number of providers.
fn installation(solana: SolanaNetwork, kaspa: KaspaNetwork) -> InitArgs {
    let (local, providers) = (init_args(), |chain| endpoints(chain, MAX_PROVIDERS as u64));
    InitArgs {
        admins: (1..=ADMINS).map(admin).collect(),
        guardians: Vec::new(),
        recovery: None,
        key_name: PRODUCTION_KEY_NAMES[0].into(),
        solana: SolanaInit { network: solana, providers: providers("solana"), ..local.solana },
        kaspa: KaspaInit { network: kaspa, providers: providers("kaspa"), ..local.kaspa },
        settings: None,
    }
}

/// One setting of an installation.
enum Setting {
    Number {
        unit: Unit,
        /// False when the number does not fit the field.
        set: fn(&mut InitArgs, u64) -> bool,
        get: fn(&Config) -> Option<u64>,
        why: &'static str,
    },
    /// A number that is at most as large as another one, which is given with its name.
    Share {
        of: (u64, &'static str),
        set: fn(&mut InitArgs, u64) -> bool,
        get: fn(&Config) -> Option<u64>,
        why: &'static str,
    },
    Words {
        default: fn(&Config) -> String,
        range: String,
        change: fn(&mut InitArgs),
        why: &'static str,
    },
}

/// The settings of a struct of the installation argument. A field that is not described does not compile.
macro_rules! described {
    ($type:ident $prefix:literal { $($field:ident: $setting:expr),* $(,)? }) => {{
        let _complete = |$type { $($field: _),* }: $type| ();
        vec![$((concat!($prefix, stringify!($field)), $setting)),*]
    }};
}

/// Sets an optional number.
macro_rules! optional {
    ($($field:ident).+) => {
        |args, number| number.try_into().map(|number| args.$($field).+ = Some(number)).is_ok()
    };
}

fn none(_: &Config) -> String {
    "none, required".into()
}

fn general() -> Vec<(&'static str, Setting)> {
    described!(InitArgs "" {
        admins: Setting::Number {
            unit: Unit::Plain,
            set: |args, count| count <= 1_000 && { args.admins = (0..count).map(|n| Principal::from_slice(&n.to_be_bytes())).collect(); true },
            get: |_| None,
            why: "Number of principals that administer the canister from the start. Without one, nobody could set a policy.",
        },
        guardians: Setting::Number {
            unit: Unit::Plain,
            set: |args, count| count <= 1_000 && { args.guardians = (0..count).map(|n| Principal::from_slice(&n.to_be_bytes())).collect(); true },
            get: |_| Some(0),
            why: "Number of principals that may start an emergency and cancel transfers and proposals from the start.",
        },
        recovery: Setting::Words {
            default: |_| "none".into(),
            range: format!("1 to {MAX_RECOVERY_MEMBERS} principals who are no admins, their quorum, a time lock of a day to 90 days (default 14 days)"),
            change: |args| args.recovery = Some(RecoveryInit { members: vec![Principal::from_slice(&[7, 7])], quorum: None, time_lock_seconds: None }),
            why: "Principals that can name new admins after the time lock, and nothing else. Without it, one lost key of too few admins stops every wider change.",
        },
        key_name: Setting::Words {
            default: none,
            range: {
                let names = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                format!("{}; where no mainnet is paid from also {}", names(&PRODUCTION_KEY_NAMES), names(&TEST_KEY_NAMES))
            },
            change: |args| args.key_name = TEST_KEY_NAMES[0].into(),
            why: "Name of the threshold keys that sign. Test keys have no promise of availability, so a mainnet refuses them.",
        },
        solana: Setting::Words {
            default: none,
            range: "a record, below".into(),
            change: |args| args.solana.providers.truncate(4),
            why: "How Solana is reached.",
        },
        kaspa: Setting::Words {
            default: none,
            range: "a record, below".into(),
            change: |args| args.kaspa.providers.truncate(4),
            why: "How Kaspa is reached.",
        },
        settings: Setting::Words {
            default: |_| "the defaults of the settings below".into(),
            range: "a record, below".into(),
            change: |_| (),
            why: "Settings of the canister. Installation only; an upgrade that names them is refused.",
        },
    })
}

fn solana() -> Vec<(&'static str, Setting)> {
    described!(SolanaInit "solana." {
        network: Setting::Words {
            default: none,
            range: "`Mainnet`, `Testnet`, `Devnet`, `Local`".into(),
            change: |args| args.solana.network = if args.solana.network == SolanaNetwork::Devnet { SolanaNetwork::Testnet } else { SolanaNetwork::Devnet },
            why: "Cluster; part of every derivation path.",
        },
        providers: Setting::Number {
            unit: Unit::Plain,
            set: |args, count| count <= 1_000 && { args.solana.providers = endpoints("solana", count); true },
            get: |_| None,
            why: "Number of JSON-RPC endpoints, in order of preference. A wrong answer of one is noticed when others are asked too.",
        },
        max_fee: Setting::Number {
            unit: Unit::Lamports,
            set: optional!(solana.max_fee),
            get: |config| Some(config.chains.solana.max_fee.get()),
            why: "Fee cap of a transfer, and default of a request without `max_fee`. A signature costs 5,000 lamports.",
        },
        execution: Setting::Words {
            default: |config| format!("`{:?}`", Execution::from(config.execution(Chain::Solana))),
            range: "`Simulate`, `Live`".into(),
            change: |args| {
                let is_live = args.clone().into_config(None).execution(Chain::Solana) == GATE_OPEN;
                args.solana.execution = Some(if is_live { Execution::Simulate } else { Execution::Live });
            },
            why: "`Simulate` ends every transfer before the signature, and limits of money do not count it. Real money moves only after an explicit choice.",
        },
        quorum: Setting::Share {
            of: (MAX_PROVIDERS as u64, "the number of endpoints"),
            set: optional!(solana.quorum),
            get: |config| Some(config.chains.solana.quorum() as u64),
            why: "Number of endpoints that must give the same answer where money depends on it; all of them, when there are fewer than the default. One alone could lie.",
        },
        max_unit_price: Setting::Number {
            unit: Unit::Plain,
            set: optional!(solana.max_unit_price),
            get: |config| Some(config.chains.solana.max_unit_price()),
            why: "Highest price per compute unit, in millionths of a lamport; 0 offers nothing. Bounds the fee while the cluster is congested.",
        },
        max_rent: Setting::Number {
            unit: Unit::Lamports,
            set: optional!(solana.max_rent),
            get: |config| Some(config.chains.solana.max_rent().get()),
            why: "Highest rent for the creation of a recipient's token account.",
        },
        genesis: Setting::Words {
            default: |_| "that of the first provider that answers".into(),
            range: "32 bytes in base58; on `Local` only".into(),
            change: |args| {
                let genesis = "4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZAMdL4VZHirAn";
                args.solana.genesis = Some(genesis.into());
            },
            why: "Genesis hash of a local cluster. Providers are pinned to it; those of the public clusters are known.",
        },
    })
}

fn kaspa() -> Vec<(&'static str, Setting)> {
    described!(KaspaInit "kaspa." {
        network: Setting::Words {
            default: none,
            range: "`Mainnet`, `Testnet10`, `Devnet`, `Simnet`".into(),
            change: |args| args.kaspa.network = if args.kaspa.network == KaspaNetwork::Devnet { KaspaNetwork::Testnet10 } else { KaspaNetwork::Devnet },
            why: "Network; part of every derivation path and address.",
        },
        providers: Setting::Number {
            unit: Unit::Plain,
            set: |args, count| count <= 1_000 && { args.kaspa.providers = endpoints("kaspa", count); true },
            get: |_| None,
            why: "Number of REST endpoints, in order of preference.",
        },
        max_fee: Setting::Number {
            unit: Unit::Sompi,
            set: optional!(kaspa.max_fee),
            get: |config| Some(config.chains.kaspa.max_fee.get()),
            why: "Fee cap of a transfer, and default of a request without `max_fee`. An input costs 111,800 sompi at 100 sompi per gram, so the default pays for 40 coins.",
        },
        quorum: Setting::Share {
            of: (MAX_PROVIDERS as u64, "the number of endpoints"),
            set: optional!(kaspa.quorum),
            get: |config| Some(config.chains.kaspa.quorum() as u64),
            why: "Number of endpoints that must give the same answer about coins, scores and acceptance; all of them, when there are fewer than the default.",
        },
        execution: Setting::Words {
            default: |config| format!("`{:?}`", Execution::from(config.execution(Chain::Kaspa))),
            range: "`Simulate`, `Live`".into(),
            change: |args| {
                let is_live = args.clone().into_config(None).execution(Chain::Kaspa) == GATE_OPEN;
                args.kaspa.execution = Some(if is_live { Execution::Simulate } else { Execution::Live });
            },
            why: "`Simulate` ends every transfer before the signature, and limits of money do not count it. Real money moves only after an explicit choice.",
        },
        feerate: Setting::Number {
            unit: Unit::Plain,
            set: optional!(kaspa.feerate),
            get: |config| Some(config.chains.kaspa.feerate),
            why: "Lowest fee rate, in sompi per gram of mass, whatever providers suggest. Nodes relay nothing below 100.",
        },
        confirmations: Setting::Number {
            unit: Unit::Plain,
            set: optional!(kaspa.confirmations),
            get: |config| Some(config.chains.kaspa.confirmations),
            why: "Depth in blue score under the tip at which a transfer is final. Public networks need more, because anybody mines there.",
        },
        max_feerate: Setting::Number {
            unit: Unit::Plain,
            set: optional!(kaspa.max_feerate),
            get: |config| Some(config.chains.kaspa.max_feerate()),
            why: "Highest fee rate, in sompi per gram of mass, whatever providers suggest; not below `feerate`.",
        },
        consolidate_above: Setting::Number {
            unit: Unit::Plain,
            set: optional!(kaspa.consolidate_above),
            get: |config| Some(config.chains.kaspa.consolidate_above.unwrap_or_default().into()),
            why: "Number of coins of a key above which the canister consolidates them while the network is quiet; 0 for never.",
        },
    })
}

/// A text that may differ between the networks of a setting's chain.
fn by_network(name: &str, say: &dyn Fn(InitArgs) -> String) -> String {
    let said: Vec<(String, String)> = if name.starts_with("solana") {
        SOLANA.iter().map(|network| (format!("`{network:?}`"), say(installation(*network, KaspaNetwork::Simnet)))).collect()
    } else {
        KASPA.iter().map(|network| (format!("`{network:?}`"), say(installation(SolanaNetwork::Local, *network)))).collect()
    };
    let first = &said[0].1;
    let (special, other): (Vec<_>, Vec<_>) = said.iter().partition(|(_, text)| text == first);
    let Some((_, elsewhere)) = other.first() else { return first.clone() };
    assert!(other.iter().all(|(_, text)| text == elsewhere), "{name} differs between more than two kinds of networks: {said:?}");
    let networks: Vec<&str> = special.iter().map(|(network, _)| network.as_str()).collect();
    format!("{first} on {}, {elsewhere} elsewhere", networks.join(" and "))
}

/// The power to change a setting: the decision about an upgrade with another value.
fn upgraded(change: &dyn Fn(&mut InitArgs)) -> String {
    let before = installation(SolanaNetwork::Local, KaspaNetwork::Simnet);
    let state = initialised(&before);
    let mut after = before.clone();
    change(&mut after);
    if after == before {
        return "admins, by `set_settings`".into();
    }
    let config = after.into_config(Some(state.config()));
    match state.decide_upgrade(admin(1), "2".into(), Some(config)).map(|_| ()) {
        Ok(()) => "a controller, by an upgrade".into(),
        Err(Refusal::InvalidArgument { problem, .. }) => format!("nobody: {problem}"),
        Err(other) => panic!("{other}"),
    }
}

fn initialised(args: &InitArgs) -> Store {
    let mut state = Store::new(DefaultMemoryImpl::default());
    let config = args.clone().into_config(None);
    let settings = args.settings.clone().unwrap_or_default().over(domain::Settings::new(&config));
    let decided = state.decide_init(admin(1), config, settings).expect("an installation that is accepted");
    state.commit(decided, NOW);
    state
}

fn row(name: &str, setting: &Setting) -> [String; 5] {
    let (default, range, changed, why) = match setting {
        Setting::Words { default, range, change, why } => {
            let default = by_network(name, &|args| default(&args.into_config(None)));
            (default, range.clone(), upgraded(change), *why)
        }
        Setting::Number { unit, set, get, why } => {
            let (default, bounds, changed) = number(name, *unit, *set, *get, None);
            (default, bounds, changed, *why)
        }
        Setting::Share { of, set, get, why } => {
            let (default, bounds, changed) = number(name, Unit::Plain, *set, *get, Some(*of));
            (default, bounds, changed, *why)
        }
    };
    [format!("`{name}`"), default, range, changed, why.to_owned()]
}

fn number(
    name: &str,
    unit: Unit,
    set: fn(&mut InitArgs, u64) -> bool,
    get: fn(&Config) -> Option<u64>,
    of: Option<(u64, &str)>,
) -> (String, String, String) {
    let default = by_network(name, &|args| {
        let config = args.into_config(None);
        get(&config).map_or_else(|| none(&config), |number| shown(number, unit))
    });
    let accepted = |args: &InitArgs, number: u64| {
        let mut args = args.clone();
        if !set(&mut args, number) {
            return false;
        }
        let verdict = args.into_config(None).validate();
        let field = name.rsplit('.').next().expect("a name");
        assert!(verdict.is_ok() || verdict.as_ref().is_err_and(|error| error.field.ends_with(field)), "{name}: {verdict:?}");
        verdict.is_ok()
    };
    // Any number that is accepted will do to search from; the default is one, and where there is none, as many as are named.
    let start = |args: &InitArgs| get(&args.clone().into_config(None)).unwrap_or(u64::from(ADMINS));
    let range = by_network(name, &|args| {
        let found = bounds(start(&args), &|number| accepted(&args, number));
        match of {
            None => range(found, unit),
            Some((most, what)) => {
                assert_eq!(found.1, most, "{name} is at most {what}");
                format!("{} to {what}", shown(found.0, unit))
            }
        }
    });
    let args = installation(SolanaNetwork::Local, KaspaNetwork::Simnet);
    let (from, near) = (start(&args), |number: u64| [number + 1, number.saturating_sub(1)]);
    let other = near(from).into_iter().find(|number| accepted(&args, *number)).expect("a neighbour that is accepted");
    let changed = upgraded(&|args| assert!(set(args, other)));
    (default, range, changed)
}

/// One of the settings that admins tune.
struct Tunable {
    name: &'static str,
    unit: Unit,
    set: fn(u64) -> Option<SettingsInit>,
    get: fn(&Settings) -> u64,
    why: &'static str,
}

macro_rules! tunable {
    ($($field:ident $unit:ident $why:literal),* ; $list:ident) => {{
        let _complete = |SettingsInit { $($field: _,)* $list: _ }: SettingsInit| ();
        let _complete = |Settings { $($field: _,)* $list: _ }: Settings| ();
        vec![$(Tunable {
            name: stringify!($field),
            unit: Unit::$unit,
            set: |number| number.try_into().ok().map(|number| SettingsInit { $field: Some(number), ..SettingsInit::default() }),
            get: |settings| settings.$field.into(),
            why: $why,
        }),*]
    }};
}

fn tunables() -> Vec<Tunable> {
    let mut tunables = tunable![
        quorum Plain "Admins that must agree to a change that widens power. With a quorum of one, a stolen key is enough.",
        time_lock_seconds Seconds "Wait of such a change after its quorum, so that a guardian can stop it. The bound keeps a typing error from locking all admins out.",
        proposal_ttl_seconds Seconds "Life of a proposal without its quorum.",
        breaker_threshold Plain "Denials in a row of one agent on one wallet that open its circuit breaker. Stops a faulty agent.",
        breaker_cool_down_seconds Seconds "Time for which the agent's breaker stays open.",
        chain_breaker_threshold Plain "Failures in a row of a chain's providers that open the chain's breaker. Nothing is started that could not be followed.",
        chain_breaker_cool_down_seconds Seconds "Time for which the chain's breaker stays open.",
        max_wallets_per_owner Plain "Active wallets of one owner.",
        max_pending_per_agent Plain "Transfers of one agent that may await approval in one wallet at a time. Bounds the work of the approvers.",
        attempts_per_minute Plain "Requests of one agent to one wallet within a minute, whatever the decision. Bounds the growth of the log.",
        attempts_per_hour Plain "Requests of one agent to one wallet within an hour.",
        resume_percent Percent "Share of every limit of money after an emergency, until an admin ends that stage."
        ; min_balances
    ];
    tunables.push(Tunable {
        name: "min_balances (SOL)",
        unit: Unit::Lamports,
        set: |number| Some(keeping(Asset::Sol, number)),
        get: |settings| kept(settings, Asset::Sol),
        why: "SOL that every wallet keeps, for fees and the rent exemption.",
    });
    tunables.push(Tunable {
        name: "min_balances (KAS)",
        unit: Unit::Sompi,
        set: |number| Some(keeping(Asset::Kas, number)),
        get: |settings| kept(settings, Asset::Kas),
        why: "KAS that every wallet keeps.",
    });
    tunables
}

fn keeping(asset: Asset, min: u64) -> SettingsInit {
    SettingsInit { min_balances: Some(vec![MinBalance { asset, min }]), ..SettingsInit::default() }
}

fn kept(settings: &Settings, asset: Asset) -> u64 {
    settings.min_balances.iter().find(|kept| kept.asset == asset).map_or(0, |kept| kept.min)
}

/// The settings of a new canister: on test networks, on a mainnet with one admin, on one with several.
fn default_settings() -> [Settings; 3] {
    let local = installation(SolanaNetwork::Local, KaspaNetwork::Simnet);
    let several = installation(SolanaNetwork::Mainnet, KaspaNetwork::Mainnet);
    let one = InitArgs { admins: vec![admin(1)], ..several.clone() };
    [local, one, several].map(|args| domain::Settings::new(&args.into_config(None)).into())
}

impl Tunable {
    fn default(&self) -> String {
        let [local, one, several] = default_settings().each_ref().map(|settings| (self.get)(settings));
        let mut text = shown(local, self.unit);
        if one != local {
            text += &format!("; {} on a mainnet", shown(one, self.unit));
        }
        if several != one {
            text += &format!("; {} on a mainnet with two admins or more", shown(several, self.unit));
        }
        text
    }

    fn range(&self) -> String {
        let args = installation(SolanaNetwork::Local, KaspaNetwork::Simnet);
        let config = args.into_config(None);
        let state = Store::new(DefaultMemoryImpl::default());
        let accepted = |number: u64| {
            let Some(init) = (self.set)(number) else { return false };
            let verdict = state.decide_init(admin(1), config.clone(), init.over(domain::Settings::new(&config))).map(|_| ());
            let named =
                |refusal: &Refusal| matches!(refusal, Refusal::InvalidArgument { field, .. } if self.name.starts_with(*field));
            assert!(verdict.as_ref().err().is_none_or(named), "{}: {verdict:?}", self.name);
            verdict.is_ok()
        };
        let found = bounds((self.get)(&default_settings()[0]), &accepted);
        if self.name == "quorum" {
            assert_eq!(found, (1, u64::from(ADMINS)));
            return "1 to the number of admins".into();
        }
        range(found, self.unit)
    }

    /// The powers that it takes to raise the setting by one, and to lower it.
    fn needs(&self) -> [String; 2] {
        let middle = SettingsInit {
            quorum: Some(2),
            time_lock_seconds: Some(3_600),
            breaker_cool_down_seconds: Some(600),
            ..keeping(Asset::Kas, 1_000)
        };
        let args = InitArgs { settings: Some(middle), ..installation(SolanaNetwork::Local, KaspaNetwork::Simnet) };
        let current = (self.get)(&initialised(&args).settings().into());
        [current + 1, current - 1].map(|number| {
            let state = initialised(&args);
            let settings = (self.set)(number).expect("it fits").over(state.settings());
            need(state, Action::ChangeSettings(Box::new(settings)))
        })
    }
}

/// The powers that a change takes, on an installation with a quorum of two and a time lock.
fn need(mut state: Store, action: Action) -> String {
    let (decided, change) = state.decide_change(admin(1), action, NOW).expect("decided");
    state.commit(decided, NOW);
    let ChangeOutcome::Proposed(id) = change else { return "at once".into() };
    let decided = state.decide_approve_proposal(admin(2), id, NOW).expect("approved");
    state.commit(decided, NOW);
    let waits = |id: ProposalId| state.proposal(id).is_some_and(|proposal| proposal.closed.is_none());
    if waits(id) { "quorum and time lock".into() } else { "quorum".into() }
}

/// The settings of the log, with the powers that it takes to raise and to lower them.
fn audit() -> Vec<[String; 6]> {
    type Set = fn(u64) -> Option<AuditSettings>;
    let default: AuditSettings = purser_core::governance::retention::AuditSettings::default().into();
    let AuditSettings { retention_days: _, capacity: _ } = default;
    let described: [(&str, Unit, Set, u64, &str); 2] = [
        (
            "retention_days",
            Unit::Days,
            |days| {
                Some(AuditSettings {
                    retention_days: days.try_into().ok()?,
                    ..purser_core::governance::retention::AuditSettings::default().into()
                })
            },
            default.retention_days.into(),
            "Shortest time for which an entry is kept before pruning. Auditors need time to read it.",
        ),
        (
            "capacity",
            Unit::Bytes,
            |capacity| Some(AuditSettings { capacity, ..purser_core::governance::retention::AuditSettings::default().into() }),
            default.capacity,
            "Size of the kept entries. When it is reached, nothing more is spent; cancelling, rejecting and stopping are still logged.",
        ),
    ];
    let governed = SettingsInit { quorum: Some(2), time_lock_seconds: Some(3_600), ..SettingsInit::default() };
    let args = InitArgs { settings: Some(governed), ..installation(SolanaNetwork::Local, KaspaNetwork::Simnet) };
    let state = || initialised(&args);
    let action = |settings: AuditSettings| Action::ConfigureAudit(settings.into());
    described
        .map(|(name, unit, set, default, why)| {
            let one = state();
            let accepted = |number: u64| {
                let verdict = set(number).map(|settings| one.decide_change(admin(1), action(settings), NOW).map(|_| ()));
                // The default is in force already, and was accepted then.
                matches!(verdict, Some(Ok(()) | Err(Refusal::AlreadySo { .. })))
            };
            let found = range(bounds(default, &accepted), unit);
            let [raised, lowered] = [default + 1, default - 1].map(|number| need(state(), action(set(number).expect("it fits"))));
            [format!("`{name}`"), shown(default, unit), found, raised, lowered, why.to_owned()]
        })
        .to_vec()
}

fn installed(settings: Vec<(&str, Setting)>) -> String {
    let rows = settings.iter().map(|(name, setting)| row(name, setting));
    table(["setting", "default", "range", "changed by", "why"], rows)
}

#[test]
fn settings_md_is_what_the_code_says() {
    let SolanaSettings { lifetime: _ } = SolanaSettings { lifetime: LifetimeChoice::Auto };
    let tuned = tunables().into_iter().map(|tunable| {
        let [raised, lowered] = tunable.needs();
        [format!("`{}`", tunable.name), tunable.default(), tunable.range(), raised, lowered, tunable.why.to_owned()]
    });
    let head = ["setting", "default", "range", "to raise it", "to lower it", "why"];
    let parts = [
        ("general", installed(general())),
        ("solana", installed(solana())),
        ("kaspa", installed(kaspa())),
        ("settings", table(head, tuned)),
        ("audit", table(head, audit())),
    ];
    fill("docs/settings.md", &parts.into_iter().chain(limits::tables()).collect::<Vec<_>>());
}
