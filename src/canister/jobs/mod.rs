//! Jobs: the timers that drive every transfer to its end, and those that keep the canister in order.
//!
//! One interval timer ticks while there is work, and only then. A tick picks the transfers that are due and reads no record. Each is read
//! with a timer of its own, and then driven with another, so that a read or a run that traps takes no other with it. An earlier message has
//! noted that it began. So later ticks find out, begin again from the durable state, and in the end put the transfer into quarantine.
//!
//! Timers do not survive an upgrade: `post_upgrade` calls [`arm`].
//!
//! | file | subject |
//! |---|---|
//! | `ticker` | the timer that starts everything due |
//! | `runs` | one run of one transfer |
//! | `schedule` | the time of the next run of every transfer |
//! | `locks` | locks across awaits |
//! | `breaker` | consecutive failures of a chain's providers |
//! | `keys` | the fetch of the root keys |
//! | `queries` | balances and other reads on request, and `ttl_cache`, their answers |
//! | `denials` | denials that are logged together |
//! | `audit` | the checks of the log |
//! | `rollback_guard` | whether an older snapshot was loaded |
//! | `proposals`, `sessions` | the ends that come with time |
//! | `timers` | timers that run at most once at a time |

pub mod audit;
mod breaker;
mod denials;
mod keys;
mod locks;
mod proposals;
mod queries;
mod rollback_guard;
mod runs;
mod schedule;
pub mod sessions;
mod ticker;
mod timers;
mod ttl_cache;

pub use denials::log_of as log_denials_of;
pub use queries::{RefreshError, last_balances, read_alone, read_cached, refresh_balances};
pub use runs::note_of;
pub use ticker::{count_denial, wake};
pub use ttl_cache::TtlCache;

/// Starts the timers unless they run, and looks at once whether there is work.
///
/// Called at the end of `init` and `post_upgrade`, and after every change that admins make: an emergency may have ended, or a proposal may
/// wait.
pub fn arm() {
    proposals::arm(arm);
    rollback_guard::ask_unless_known(ticker::tick_soon);
    ticker::tick_soon();
    audit::arm(ticker::tick_soon);
    sessions::arm();
}
