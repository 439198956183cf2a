//! Newtypes shared by every room of the domain.

mod amount;
mod asset;
mod bytes;
mod ids;
mod time;

pub use amount::Amount;
pub use asset::{Asset, Chain, Destination, Mint, WRAPPED_SOL};
pub use bytes::{Bytes, Hash};
pub use ids::{BlockIndex, ProposalId, SessionId, TransferId, WalletId};
pub use time::{DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Timestamp};
