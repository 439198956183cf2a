//! An agent that was told to drain the wallet, against a model that counts by itself.
//!
//! The agent and an accomplice ask in every way they can: amounts cut to the last unit that a simulation says would pass, replayed and
//! forged keys, keys that the canister's own operations might have, other people's sessions, sessions that are over when people agree,
//! old and future dates, what was cancelled once more, calls that are not theirs. Around them the chains answer as they like, people
//! agree and object, groups change, admins tighten, loosen and ask for approvals, rates are right, absurd or over, wallets change their
//! owners and parents and are deactivated, emergencies begin and end by stages, clocks jump and step back over the turn of a month
//! somewhere, and the canister is restarted. Whatever is let through and built, the model must find within every limit of every scope;
//! whatever a simulation said, the request must have met; and what is promised beside that is said in [`promises`], each by itself.

mod admins;
mod asking;
mod batches;
mod chain;
mod judging;
mod model;
mod promises;
mod scopes;
mod zones;

use super::fixture::*;
use crate::access::LabelledAgent;
use crate::access::{Role, Session};
use crate::base::{Amount, Asset, BlockIndex, Chain, DAY_NS, Hash, MINUTE_NS, SessionId, Timestamp, TransferId, WalletId};
use crate::chains::kaspa::MINIMUM_TRANSFER_FEE;
use crate::event::{Event, SessionOpened, WalletChanged};
use crate::governance::{Action, Group};
use crate::policy::Scope;
use crate::state::{BatchRequest, ChangeOutcome, Decided, Refusal, State};
use crate::transfer::TransferRequest;
use crate::wallet::{KeyKind, NewKeys, NewWallet, ParentChange, WalletChange};
use asking::Asked;
use candid::Principal;
use chain::Chains;
use ic_stable_structures::VectorMemory;
use model::Model;
use promises::{Broken, Found, Promise};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Commands of each run of the ordinary suite.
const COMMANDS: usize = 10_000;
const PARENT: WalletId = WalletId::new(2);
const OTHER: WalletId = WalletId::new(3);
/// Recipients: without conditions, with limits of its own, listed and on the denylist, listed for three days, usable after two.
const OPEN: u8 = 5;
const SMALL: u8 = 7;
const DENIED: u8 = 8;
const EXPIRING: u8 = 9;
const COLD: u8 = 10;
/// The first of January 2026, the earliest day on which a run begins.
const NEW_YEAR: u64 = 20_454 * DAY_NS;
/// What the canister's own operations are called by, before their number.
const OPERATION: &str = "nonce operation ";
const MEMBERS: [Principal; 4] = [
    Principal::from_slice(&[3, 1]),
    Principal::from_slice(&[21, 1]),
    Principal::from_slice(&[22, 1]),
    Principal::from_slice(&[23, 1]),
];

/// Reproducible and good enough: the generator of SplitMix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize].clone()
    }
}

/// How often what happened: a run in which the adversary is never allowed, or never denied, shows nothing.
#[derive(Debug, Default)]
struct Coverage {
    accepted: u64,
    pending: u64,
    denied: u64,
    suppressed: u64,
    duplicates: u64,
    refused: u64,
    approved: u64,
    confirmed: u64,
    /// Batches: let through at all, with a part denied, in several transactions, held for people, and asked for again.
    batches: u64,
    partly: u64,
    several: u64,
    held: u64,
    repeated: u64,
    /// Transfers that waited while a scope came to stand above them, while their wallet was deactivated, while who is asked changed, while
    /// a policy came that asks, and while only a share of money was let out.
    adopted: u64,
    deactivated: u64,
    regrouped: u64,
    asking: u64,
    limited: u64,
    /// Rates that no price has, transfers with the bytes of one that was cancelled, operations of the canister itself, and agreements that
    /// came when a session was over.
    absurd: u64,
    twins: u64,
    operations: u64,
    late: u64,
}

struct Game {
    memory: VectorMemory,
    state: TestState,
    model: Model,
    chains: Chains,
    dice: Dice,
    /// How long the run is, and which command of it is under way.
    commands: usize,
    command: usize,
    /// When the run began, and what the machine's clock says, in nanoseconds; it may step back.
    epoch: u64,
    clock: u64,
    /// Transfers that have not ended, the last requests, those with an operation's key, and those that were cancelled.
    open: Vec<TransferId>,
    asked: Vec<Asked>,
    named: Vec<Asked>,
    cancelled: Vec<(Principal, TransferRequest)>,
    asked_for_many: Vec<(Principal, BatchRequest, Vec<TransferId>)>,
    seen: Coverage,
    found: Found,
    /// Something that happened could not be recorded: the state is of no use any more.
    is_over: bool,
}

fn accomplice() -> Principal {
    principal(4)
}

fn other_owner() -> Principal {
    principal(6)
}

impl Game {
    fn new(seed: u64, commands: usize) -> Self {
        let memory = VectorMemory::default();
        let mut dice = Dice(seed);
        let epoch = NEW_YEAR + dice.below(300) * DAY_NS + dice.below(DAY_NS);
        let mut game = Self {
            state: installed_on(memory.clone()),
            memory,
            model: Model::new(epoch),
            chains: Chains::default(),
            dice,
            commands,
            command: 0,
            epoch,
            clock: epoch,
            open: Vec::new(),
            asked: Vec::new(),
            named: Vec::new(),
            cancelled: Vec::new(),
            asked_for_many: Vec::new(),
            seen: Coverage::default(),
            found: Found::default(),
            is_over: false,
        };
        let first = game.state.wallet(WALLET).unwrap();
        game.model.happened(&Event::WalletCreated(first));
        for (id, owner) in [(PARENT, admin()), (OTHER, other_owner())] {
            let new = NewWallet { label: "parent".into(), owner: Some(owner), parent: None, keys: NewKeys::Threshold };
            let (decided, wallet) = game.state.decide_create_wallet(admin(), new, game.time()).unwrap();
            assert_eq!(wallet.id, id);
            game.commit(decided);
        }
        let change = WalletChange::Parent(ParentChange { parent: Some(PARENT) });
        game.put(vec![Event::WalletChanged(WalletChanged::new(WALLET, change))]);
        for (wallet, agent) in [(WALLET, accomplice()), (WALLET, admin()), (PARENT, agent())] {
            game.put(vec![Event::AgentAdded(LabelledAgent { wallet, agent, label: None })]);
        }
        game.model.agents.insert((WALLET, agent()));
        for member in MEMBERS {
            game.grant(member, true);
        }
        game.put(vec![Event::GroupSet(Group { name: "ops".into(), members: MEMBERS.into() })]);
        for (id, wallet, agent, days) in [(1, WALLET, agent(), 90), (2, WALLET, accomplice(), 90), (3, WALLET, agent(), 1)] {
            game.open_session(SessionId::new(id), wallet, agent, epoch + days * DAY_NS);
        }
        assert!(game.rate(Asset::Sol, 2_000, 1_000, 7 * DAY_NS) && game.rate(Asset::Kas, 500, 1_000, 7 * DAY_NS));
        for (scope, limits) in scopes::limits() {
            game.enforce(scope, limits);
        }
        game
    }

    fn open_session(&mut self, id: SessionId, wallet: WalletId, agent: Principal, expires_at: u64) {
        let (opened_at, expiry) = (self.time(), Timestamp::from_nanos(expires_at));
        let session = Session { id, wallet, agent, opened_by: agent, opened_at, expires_at: expiry, label: None, ended: None };
        self.put(vec![Event::SessionOpened(SessionOpened { session, rules: Vec::new() })]);
    }

    fn time(&self) -> Timestamp {
        Timestamp::from_nanos(self.clock)
    }

    /// Rates that no price has come last, so that what they break hides nothing else.
    fn is_late_in_the_run(&self) -> bool {
        self.command > self.commands * 3 / 4
    }

    /// What an admin changes, if it can be: with one admin and no time lock everything happens at once.
    fn change(&self, action: Action) -> Option<Decided> {
        let (decided, change) = self.state.decide_change(admin(), action, self.time()).ok()?;
        assert_eq!(change, ChangeOutcome::Applied);
        Some(decided)
    }

    /// Something that others than agents do, whoever decides it.
    fn put(&mut self, events: Vec<Event>) {
        self.commit(Decided { actor: Some(admin()), events });
    }

    /// Keeps what was broken by what was let through.
    fn report(&mut self, broken: Vec<Broken>, by: &str) {
        for (promise, how) in broken {
            self.found.put(self.command, (promise, format!("let through against {how}: {by}")));
        }
    }

    /// What time it is for the state: that of the log, which no clock that steps back turns back.
    fn tick(&mut self) {
        self.model.now = self.state.last_at().nanos().max(self.clock);
    }

    /// Keeps what the model found.
    fn tell(&mut self) {
        for broken in std::mem::take(&mut self.model.broken) {
            self.found.put(self.command, broken);
        }
    }

    /// Commits, and tells the model.
    fn commit(&mut self, decided: Decided) {
        self.tick();
        for event in &decided.events {
            self.on_the_chain(event);
            self.model.happened(event);
            match event {
                Event::TransferApproved(_) => self.seen.approved += 1,
                Event::TransferConfirmed(confirmed) => {
                    self.seen.confirmed += 1;
                    self.open.retain(|id| *id != confirmed.id);
                }
                Event::TransferFailed(failed) => self.open.retain(|id| *id != failed.id),
                Event::TransferCancelled(step) => self.open.retain(|id| *id != step.id),
                Event::TransferRejected(rejected) => self.open.retain(|id| *id != rejected.id),
                _ => {}
            }
        }
        self.tell();
        let settles = |event: &Event| matches!(event, Event::TransferConfirmed(_) | Event::TransferFailed(_));
        if !decided.events.iter().any(settles) {
            self.state.commit(decided, self.time());
            return;
        }
        let (what, now) = (format!("{:?}", decided.events), self.time());
        if catch_unwind(AssertUnwindSafe(|| self.state.commit(decided, now))).is_err() {
            self.found.put(self.command, (Promise::Recorded, format!("to record it panics: {what}")));
            self.is_over = true;
        }
    }

    fn attempt(&mut self, decided: Result<Decided, Refusal>) {
        if let Ok(decided) = decided {
            self.commit(decided);
        }
    }

    fn play_round(&mut self) {
        self.pass_time();
        match self.dice.below(100) {
            0..33 => self.ask(),
            33..44 => self.ask_for_many(),
            44..47 => self.overstep(),
            47..51 => self.call_off(),
            51..61 => (0..4).for_each(|_| self.people()),
            61..90 => self.chain(),
            90..96 => self.admins(),
            96..99 => self.sessions(),
            _ => {
                self.state = State::open(self.memory.clone()).unwrap();
            }
        }
    }

    /// Whether the run was one that shows something.
    fn shows_enough(&self) -> Result<(), String> {
        let seen = &self.seen;
        let Coverage { accepted, pending, denied, suppressed, duplicates, refused, approved, confirmed, .. } = *seen;
        let Coverage { batches, partly, several, held, repeated, .. } = *seen;
        let Coverage { adopted, deactivated, regrouped, asking, limited, absurd, twins, operations, late, .. } = *seen;
        let often = [accepted, pending, denied, suppressed, duplicates, refused, confirmed, batches, partly, repeated];
        let some = [several, held, approved, adopted, deactivated, regrouped, asking, limited, twins, operations];
        let once = [absurd, late];
        if often.iter().any(|count| *count < 20) || some.iter().any(|count| *count < 3) || once.contains(&0) {
            return Err(format!("shows too little: {seen:?}"));
        }
        if self.model.fullest < 98 {
            return Err(format!("filled its limits to {}% only", self.model.fullest));
        }
        Ok(())
    }

    fn check_replay(&self) {
        let blocks: Vec<Vec<u8>> =
            (0..self.state.log_len()).map(|index| self.state.block_bytes(BlockIndex::new(index)).unwrap()).collect();
        let replayed = State::replay(VectorMemory::default(), &blocks, self.state.tip().unwrap().1).unwrap();
        assert_eq!(replayed.digest(), self.state.digest(), "the log says everything");
    }
}

/// Plays one run to its end; answers what was broken.
fn run(seed: u64, commands: usize) -> Game {
    let mut game = Game::new(seed, commands);
    while game.command < commands && !game.is_over {
        game.command += 1;
        game.play_round();
        game.tell();
    }
    game
}

fn play(seed: u64) {
    let game = run(seed, COMMANDS);
    assert!(game.found.is_empty(), "seed {seed}:{}", game.found);
    game.shows_enough().unwrap_or_else(|problem| panic!("seed {seed} {problem}"));
    game.check_replay();
}

#[test]
fn an_agent_cannot_drain_the_wallet_1() {
    // Seed 1 agrees to nothing after a session's end.
    play(7);
}

#[test]
fn an_agent_cannot_drain_the_wallet_2() {
    play(2);
}

#[test]
fn an_agent_cannot_drain_the_wallet_3() {
    // Seed 3 keeps every promise too, but nobody agrees late in it.
    play(6);
}

#[test]
fn an_agent_cannot_drain_the_wallet_4() {
    play(4);
}

#[test]
fn an_agent_cannot_drain_the_wallet_5() {
    play(5);
}

/// As many seeds and as many commands of each as the environment says: `ADVERSARY_SEEDS` runs of `ADVERSARY_COMMANDS`, from
/// `ADVERSARY_FIRST` on. All are played, whatever is found, and then everything that was found is told.
#[test]
#[ignore = "as long as one likes; set ADVERSARY_SEEDS and ADVERSARY_COMMANDS"]
fn long_run() {
    let number = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().expect(name));
    let (first, seeds) = (number("ADVERSARY_FIRST", 1), number("ADVERSARY_SEEDS", 50));
    let commands = number("ADVERSARY_COMMANDS", 2_000);
    let (mut found, mut shown) = (String::new(), 0);
    for seed in first..first + seeds {
        let game = run(seed, commands as usize);
        if !game.found.is_empty() {
            found += &format!("\nseed {seed}:{}", game.found);
        } else if !game.is_over {
            game.check_replay();
        }
        shown += u64::from(game.shows_enough().is_ok());
    }
    assert!(found.is_empty(), "{seeds} runs of {commands} commands:{found}");
    assert!(commands < COMMANDS as u64 || 2 * shown >= seeds, "only {shown} of {seeds} runs show enough");
}
