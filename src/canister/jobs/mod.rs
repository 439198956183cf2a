//! The timers that drive every transfer to its end and fetch the root keys.
//!
//! One interval timer ticks while there is work, and only then. A tick picks what is due and reads no record: each transfer is looked up
//! with a timer of its own, and then driven with another. A look-up or a run that traps takes no other with it, and because an earlier
//! message has noted that it was begun, later ticks find out, begin again from the durable state, and in the end leave the transfer to
//! people. Timers do not survive an upgrade: `post_upgrade` calls [`arm`].

pub mod audit;
mod denials;
mod health;
mod locks;
mod proposals;
mod rollback_guard;
mod schedule;
pub mod sessions;
mod ttl_cache;

use crate::flows::kaspa::{Quote, QuoteError};
use crate::flows::{self, Balances, Progress, ProviderError, TokenHolding};
use crate::metrics;
use crate::ports::ic::Ic;
use crate::ports::{Clock, Signer};
use crate::store;
use candid::Principal;
use denials::DenialAggregator;
use health::Health;
use ic_cdk_timers::{TimerId, clear_timer, set_timer, set_timer_interval};
use locks::Lock;
use purser_core::base::{Chain, SECOND_NS, Timestamp, TransferId, WalletId};
use purser_core::event::DenialsAggregated;
use purser_core::policy::Evaluation;
use purser_core::transfer::{Status, Transfer, TransferRequest};
use purser_core::wallet::Wallet;
use schedule::{Dispatch, Schedule, TransferStep, backoff, later};
use std::cell::{Cell, RefCell};
use std::thread::LocalKey;
use std::time::Duration;
use ttl_cache::{Lookup, TtlCache};

const TICK: Duration = Duration::from_secs(2);
/// How many transfers are driven at a time; the others wait for a later tick.
const MAX_RUNS: usize = 50;
/// After this long without a report, fetching the root keys has trapped.
const KEYS_LEASE_SECONDS: u64 = 30;
/// A ticker that has not been heard of for this long does not tick any more.
const SILENCE_SECONDS: u64 = 60;
/// For how long balances are not asked for again.
const BALANCES_SECONDS: u64 = 10;
/// The same for lists of tokens, whose answers are longer and cost more.
const TOKENS_SECONDS: u64 = 60;

thread_local! {
    static TICKER: Cell<Option<TimerId>> = const { Cell::new(None) };
    static LAST_TICK: Cell<Timestamp> = const { Cell::new(Timestamp::from_nanos(0)) };
    /// Whether the last tick drove nothing, because the canister may not be where it was.
    static NOTHING_DRIVEN: Cell<bool> = const { Cell::new(false) };
    /// The tick that does not wait for the ticker; it may be over.
    static NEXT_TICK: Cell<Option<TimerId>> = const { Cell::new(None) };
    static BALANCES: RefCell<TtlCache<Balances>> = const { RefCell::new(TtlCache::new()) };
    static TOKENS: RefCell<TtlCache<Vec<TokenHolding>>> = const { RefCell::new(TtlCache::new()) };
    static SCHEDULE: RefCell<Schedule> = RefCell::default();
    static DENIALS: RefCell<DenialAggregator> = RefCell::default();
    static HEALTH: RefCell<Health> = RefCell::default();
    static KEYS: Cell<KeyFetch> = const { Cell::new(KeyFetch { due: Timestamp::from_nanos(0), failures: 0 }) };
}

/// When the root keys are asked for next.
#[derive(Clone, Copy)]
struct KeyFetch {
    due: Timestamp,
    failures: u32,
}

/// Starts the timers unless they run, and looks at once whether there is work; to be called at the end of `init` and `post_upgrade`, and
/// after every change that admins make: an emergency may have ended, a proposal may wait.
pub fn arm() {
    proposals::arm();
    rollback_guard::ask_unless_known();
    tick_soon();
    audit::arm();
    sessions::arm();
}

/// Drives a transfer as soon as this message is over, wherever it was thought to stand.
pub fn wake(id: TransferId) {
    SCHEDULE.with_borrow_mut(|schedule| schedule.wake(id, store::now()));
    tick_soon();
}

/// Counts a denial that has no entry of its own; it is logged with others within a minute.
pub fn count_denial(wallet: WalletId, agent: Principal, evaluation: &Evaluation) {
    let early = DENIALS.with_borrow_mut(|denials| denials.count(wallet, agent, evaluation, store::now()));
    early.into_iter().for_each(log_denials);
    keep_ticking();
}

/// Logs what an agent was denied without an entry, so that it stands before the agent's next one.
pub fn log_denials_of(wallet: WalletId, agent: Principal) {
    let denials = DENIALS.with_borrow_mut(|denials| denials.take(wallet, agent));
    denials.into_iter().for_each(log_denials);
}

fn log_denials(denials: DenialsAggregated) {
    match store::read(|state| state.decide_denials_aggregated(denials)) {
        Ok(decided) => {
            store::commit(decided);
        }
        Err(refusal) => ic_cdk::println!("denials: {refusal}"),
    }
}

/// Why there are no fresh balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshError {
    /// Somebody is asking for the same wallet's already, or did lately and got no answer.
    Busy,
    /// No provider of a chain gave a usable answer.
    Provider(ProviderError),
}

/// What the chains say a wallet's addresses hold. It costs up to three outcalls per provider, so an answer is given again for a while,
/// and only one question per wallet is under way; the caller decides who may ask.
///
/// # Errors
/// When somebody is asking already, or no provider of a chain gave a usable answer.
pub async fn refresh_balances(wallet: &Wallet) -> Result<Balances, RefreshError> {
    cached(&BALANCES, wallet, BALANCES_SECONDS, flows::refresh(&Ic, wallet)).await
}

/// The tokens that a wallet holds, as [`refresh_balances`] asks for what it has. The caller decides who may ask.
///
/// # Errors
/// As [`refresh_balances`].
pub async fn token_balances(wallet: &Wallet) -> Result<Vec<TokenHolding>, RefreshError> {
    cached(&TOKENS, wallet, TOKENS_SECONDS, flows::token_balances(&Ic, wallet)).await
}

/// What was answered lately, or else what `ask` answers now.
async fn cached<T: Clone>(
    cache: &'static LocalKey<RefCell<TtlCache<T>>>,
    wallet: &Wallet,
    seconds: u64,
    ask: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, RefreshError> {
    let _guard = match cache.with_borrow_mut(|cache| cache.lookup(wallet.id, seconds, store::now())) {
        Lookup::Hit(answer) => return Ok(answer),
        Lookup::NegativeHit => return Err(RefreshError::Busy),
        Lookup::Miss => Lock::Balances(wallet.id).acquire().ok_or(RefreshError::Busy)?,
    };
    cache.with_borrow_mut(|cache| cache.mark_requested(wallet.id, store::now()));
    let answer = ask.await.map_err(RefreshError::Provider)?;
    cache.with_borrow_mut(|cache| cache.insert(wallet.id, answer.clone(), store::now()));
    Ok(answer)
}

/// What a KAS transfer would cost now. `None` while somebody is asking about the same wallet already; the caller decides who may ask.
pub async fn quote_kaspa(wallet: &Wallet, request: &TransferRequest) -> Option<Result<Quote, QuoteError>> {
    let _guard = Lock::Balances(wallet.id).acquire()?;
    Some(flows::kaspa::quote(&Ic, wallet, request).await)
}

fn tick_soon() {
    keep_ticking();
    // A tick that is about to come is replaced. One that is over is no longer known, and clearing it does nothing.
    if let Some(pending) = NEXT_TICK.replace(Some(set_timer(Duration::ZERO, async { tick() }))) {
        clear_timer(pending);
    }
}

fn keep_ticking() {
    // A ticker whose own callback trapped is gone without a word: no code of ours can tell, but for the silence.
    let silent = store::now().nanos_since(LAST_TICK.get()) > SILENCE_SECONDS * SECOND_NS;
    if silent && let Some(lost) = TICKER.take() {
        clear_timer(lost);
    }
    TICKER.with(|ticker| start_once(ticker, || set_timer_interval(TICK, || async { tick() })));
}

fn start_once(timer: &Cell<Option<TimerId>>, start: impl FnOnce() -> TimerId) {
    if timer.get().is_none() {
        timer.set(Some(start()));
    }
}

/// Starts whatever is due. Does not await: everything it notes is committed before a look-up begins.
fn tick() {
    let now = store::now();
    LAST_TICK.set(now);
    let active = store::read(|state| state.active_transfers());
    let keys_missing = store::read(|state| state.keys().is_none() || !state.has_client_key());
    let under_way = active.iter().copied().collect();
    SCHEDULE.with_borrow_mut(|schedule| schedule.retain(&under_way));
    flows::retain_reasons(&under_way);
    if !active.is_empty() {
        rollback_guard::ask_unless_known();
    }
    if keys_missing && now >= KEYS.get().due {
        KEYS.set(KeyFetch { due: later(now, KEYS_LEASE_SECONDS), ..KEYS.get() });
        set_timer(Duration::ZERO, fetch_keys());
    }
    let free = MAX_RUNS.saturating_sub(locks::transfers_held());
    let emergency = store::read(|state| state.mode().is_emergency());
    let pick = || SCHEDULE.with_borrow_mut(|schedule| schedule.pick(&active, now, free, emergency, Lock::is_held));
    NOTHING_DRIVEN.set(!rollback_guard::is_known(now));
    let picked = if NOTHING_DRIVEN.get() { Vec::new() } else { pick() };
    for id in picked {
        set_timer(Duration::ZERO, async move { start(id) });
    }
    DENIALS.with_borrow_mut(|denials| denials.take_due(now)).into_iter().for_each(log_denials);
    let is_idle = active.is_empty() && !keys_missing && DENIALS.with_borrow(DenialAggregator::is_empty);
    if let Some(ticker) = TICKER.get().filter(|_| is_idle) {
        TICKER.set(None);
        clear_timer(ticker);
    }
}

/// Looks a transfer up and sends it on its way, in a message of its own: a record that cannot be read, or an end that cannot be
/// recorded, stops no other transfer.
fn start(id: TransferId) {
    let Some(transfer) = store::read(|state| state.transfer(id)) else {
        return;
    };
    let (step, now) = (step_of(&transfer), store::now());
    let is_stopped = step.stands_still() && store::read(|state| state.mode().is_emergency());
    let gives_way = || SCHEDULE.with_borrow(|schedule| schedule.gives_way(id, step, now));
    if is_stopped || (step.needs_wallet() && (step.spending.is_held() || gives_way())) {
        return SCHEDULE.with_borrow_mut(|schedule| schedule.postpone(id, step, now));
    }
    match SCHEDULE.with_borrow_mut(|schedule| schedule.send(id, step, now)) {
        Dispatch::Drive { provider_offset } => {
            set_timer(Duration::ZERO, run(id, provider_offset));
        }
        Dispatch::Quarantine => {
            let note = format!("driving it from {:?} trapped again and again", step.status);
            match store::read(|state| state.decide_quarantined(id, Some(note))) {
                Ok(decided) => {
                    store::commit(decided);
                }
                Err(refusal) => ic_cdk::println!("transfer {id}: {refusal}"),
            }
        }
    }
}

fn step_of(transfer: &Transfer) -> TransferStep {
    store::read(|state| step_in(state, transfer))
}

fn step_in(state: &store::Store, transfer: &Transfer) -> TransferStep {
    let in_emergency = transfer.is_revocation() || state.revocation_of(transfer).is_some();
    TransferStep::of(transfer, state.build_slot(transfer), in_emergency)
}

/// Why a transfer waits, or why it ended as it did, when there is something to say.
pub fn note_of(state: &store::Store, transfer: &Transfer) -> Option<String> {
    let Some(reason) = flows::why_waiting(transfer) else { return transfer.note.clone() };
    let stands_still = || step_in(state, transfer).stands_still();
    Some(match transfer.status {
        Status::Quarantined | Status::AwaitingApproval => reason,
        _ if NOTHING_DRIVEN.get() => "the canister first makes sure that no older snapshot of it was loaded".to_owned(),
        _ if state.mode().is_emergency() && stands_still() => flows::EMERGENCY.to_owned(),
        _ => reason,
    })
}

/// Drives one transfer as far as it gets, under its locks.
async fn run(id: TransferId, provider_offset: usize) {
    let Some(_guard) = Lock::Transfer(id).acquire() else {
        return;
    };
    let Some(transfer) = store::read(|state| state.transfer(id)) else {
        return;
    };
    let step = step_of(&transfer);
    let Some(spending) = (if step.needs_wallet() { step.spending.acquire().map(Some) } else { Some(None) }) else {
        return SCHEDULE.with_borrow_mut(|schedule| schedule.give_back(id, step, store::now()));
    };
    let progress = drive(id, provider_offset, spending).await;
    if let Progress::Transient(problem) | Progress::RateLimited(problem) | Progress::Deferred(problem) = &progress {
        ic_cdk::println!("transfer {id}: {problem}");
    }
    let transfer = store::read(|state| state.transfer(id)).unwrap_or(transfer);
    if progress == Progress::Ended {
        metrics::ended(&transfer);
        auto_consolidate(&transfer);
    }
    // A chain on which nothing is carried out has no breaker to open.
    if !store::read(|state| state.is_simulated(&transfer)) {
        update_chain_breaker(transfer.request.asset.chain(), &progress, transfer.status);
    }
    let age_seconds = Ic.now().nanos_since(transfer.updated_at) / SECOND_NS;
    SCHEDULE.with_borrow_mut(|schedule| schedule.report(id, &progress, step_of(&transfer), age_seconds, Ic.now()));
    if progress == Progress::Again {
        tick_soon();
    }
}

/// Drives a transfer that has its wallet for itself, if it needs it. On Solana only building does: while one transaction is signed the
/// next is built.
async fn drive(id: TransferId, provider_offset: usize, guard: Option<locks::Guard>) -> Progress {
    if guard.as_ref().is_some_and(locks::Guard::is_for_building) {
        let built = flows::build(&Ic, id, provider_offset).await;
        if built != Progress::Again {
            return built;
        }
        drop(guard);
        tick_soon();
    }
    flows::drive(&Ic, id, provider_offset).await
}

/// Has many coins made few where the operator wants that, once a payment from their key is over.
fn auto_consolidate(ended: &Transfer) {
    let (wallet, source) = (ended.request.wallet, ended.request.source);
    let coins = flows::kaspa::coins_seen(wallet, source).filter(|_| ended.status == Status::Confirmed);
    let Some(coins) = coins else { return };
    if let Some((decided, id)) = store::read(|state| state.decide_auto_consolidation(wallet, source, coins, store::now())) {
        store::commit(decided);
        wake(id);
    }
}

/// Opens a chain's breaker when its providers have failed too often in a row. What is under way goes on.
fn update_chain_breaker(chain: Chain, progress: &Progress, after: Status) {
    let failures = HEALTH.with_borrow_mut(|health| health.note(chain, progress, after));
    let Progress::Transient(problem) = progress else { return };
    if failures < store::read(|state| state.settings()).chain_breaker_threshold {
        return;
    }
    if let Ok(decided) = store::read(|state| state.decide_chain_breaker(chain, problem, store::now())) {
        store::commit(decided);
        HEALTH.with_borrow_mut(|health| health.forget(chain));
    }
}

/// Fetches what of the keys is missing.
async fn fetch_keys() {
    if let Err(problem) = fetch_missing_keys().await {
        ic_cdk::println!("keys: {problem}");
        let failures = KEYS.get().failures;
        KEYS.set(KeyFetch { due: later(Ic.now(), backoff(2, failures)), failures: failures.saturating_add(1) });
    }
}

/// The root public keys, from which every wallet is derived, and the key that clients' metadata is hashed with.
async fn fetch_missing_keys() -> Result<(), String> {
    if store::read(|state| state.keys().is_none()) {
        let key_name = store::read(|state| state.config().key_name.clone());
        let keys = Ic.root_keys(&key_name).await.map_err(|error| error.to_string())?;
        store::commit(store::read(|state| state.decide_register_keys(keys)).map_err(|error| error.to_string())?);
    }
    if !store::read(|state| state.has_client_key()) {
        store::keep_client_key(Ic.random().await.map_err(|error| error.to_string())?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_that_runs_is_not_started_again() {
        let (timer, starts) = (Cell::new(None), Cell::new(0));
        let start = || {
            starts.set(starts.get() + 1);
            TimerId::default()
        };
        start_once(&timer, start);
        start_once(&timer, start);
        assert_eq!((timer.get().is_some(), starts.get()), (true, 1));
        timer.set(None);
        start_once(&timer, start);
        assert_eq!(starts.get(), 2, "one that was stopped is");
    }
}
