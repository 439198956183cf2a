//! The ticker: the timer that starts everything due while there is work.

use super::timers::start_once;
use super::{denials, keys, rollback_guard, runs};
use crate::{flows, store};
use candid::Principal;
use ic_cdk_timers::{TimerId, clear_timer, set_timer, set_timer_interval};
use purser_core::base::{SECOND_NS, Timestamp, TransferId, WalletId};
use purser_core::policy::Evaluation;
use std::cell::Cell;
use std::time::Duration;

/// The period of the ticker.
const TICK: Duration = Duration::from_secs(2);
/// The time in seconds without a tick after which the ticker has stopped.
const SILENCE_SECONDS: u64 = 60;

thread_local! {
    static TICKER: Cell<Option<TimerId>> = const { Cell::new(None) };
    static LAST_TICK: Cell<Timestamp> = const { Cell::new(Timestamp::from_nanos(0)) };
    /// The tick that does not wait for the ticker; it may be over.
    static NEXT_TICK: Cell<Option<TimerId>> = const { Cell::new(None) };
}

/// Drives a transfer as soon as this message is over, whatever the schedule knows of it.
pub fn wake(id: TransferId) {
    runs::wake(id);
    tick_soon();
}

/// Counts a denial that has no log entry of its own. It is logged with others within a minute.
pub fn count_denial(wallet: WalletId, agent: Principal, evaluation: &Evaluation) {
    denials::count(wallet, agent, evaluation);
    keep_ticking();
}

/// Ticks as soon as this message is over.
pub fn tick_soon() {
    keep_ticking();
    // A tick that is about to come is replaced. Clearing one that is over does nothing.
    if let Some(pending) = NEXT_TICK.replace(Some(set_timer(Duration::ZERO, async { tick() }))) {
        clear_timer(pending);
    }
}

fn keep_ticking() {
    // A ticker whose own callback trapped is gone without an error: its silence is the only sign.
    let silent = store::now().nanos_since(LAST_TICK.get()) > SILENCE_SECONDS * SECOND_NS;
    if silent && let Some(lost) = TICKER.take() {
        clear_timer(lost);
    }
    TICKER.with(|ticker| start_once(ticker, || set_timer_interval(TICK, || async { tick() })));
}

/// Starts everything due. The tick does not await: all that it notes is committed before a transfer is read.
fn tick() {
    let now = store::now();
    LAST_TICK.set(now);
    let active = store::read(|state| state.active_transfers());
    let under_way = active.iter().copied().collect();
    runs::retain(&under_way);
    flows::retain_reasons(&under_way);
    if !active.is_empty() {
        rollback_guard::ask_unless_known(tick_soon);
    }
    let keys_missing = keys::fetch_if_missing(now);
    for id in runs::pick(&active, now) {
        set_timer(Duration::ZERO, async move { runs::start(id, tick_soon) });
    }
    denials::log_due(now);
    let is_idle = active.is_empty() && !keys_missing && denials::is_empty();
    if let Some(ticker) = TICKER.get().filter(|_| is_idle) {
        TICKER.set(None);
        clear_timer(ticker);
    }
}
