//! Newtypes, encodings, texts of amounts and counters that every room of the domain shares.

mod amount;
mod amount_text;
mod asset;
mod bytes;
pub mod codec;
mod coin;
mod ids;
pub mod metrics;
pub mod text;
mod time;

pub use amount::Amount;
pub use amount_text::{amount_text, decimal_text, grouped, short_amount_text, value_text};
pub use asset::{Asset, Chain, Destination, Mint};
pub use bytes::{Bytes, Hash};
pub use coin::{Coin, Units};
pub use ids::{BlockIndex, ProposalId, SessionId, TransferId, WalletId};
pub use time::{DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Timestamp};
