//! The flow of a transfer on Kaspa, from the reservation to its end.
//!
//! Up to the broadcast there are one signature per input and four outcalls: the network's score, its fee rate, the wallet's outputs, the
//! broadcast. All but the last are put to a quorum of servers.
//!
//! A Kaspa transaction never expires. The same bytes are offered until they are accepted, or until an operator has them replaced by bytes
//! that spend the same inputs, of which only one can land. A transaction that no block can contain ends. One that a node keeps refusing
//! for another reason goes into quarantine.
//!
//! | file | subject |
//! |---|---|
//! | `quorum` | the questions to several servers, and their answers put together |
//! | `payment` | the key, the outputs and the limits that follow from wallet and request |
//! | `record` | recorded transactions, compared with the request |
//! | `build` | the reads, the selection of coins, the transaction to sign |
//! | `sign` | one signature per input, several at a time, none twice |
//! | `follow` | broadcast, confirmation, replacement |
//! | `outcome` | the meaning of a node's answer to a broadcast |
//! | `dead` | the end of transactions that no block can contain |
//! | `refused_coins` | coins that nodes refused together, and the choice of others |
//! | `quote` | the cost of a transfer, from the chain or from the last read |

mod build;
mod dead;
mod follow;
mod outcome;
mod payment;
mod quorum;
mod quote;
mod record;
mod refused_coins;
mod sign;

pub(super) use build::build;
pub(super) use follow::{follow, submit};
pub use quote::{Quote, QuoteBasis, QuoteError, coins_seen, quote, quote_from_cache};
pub(super) use sign::sign;

use super::error::FlowError;
use purser_core::chains::kaspa::rest::Failure;

impl From<Failure> for FlowError {
    fn from(failure: Failure) -> Self {
        Self::UnusableAnswer(failure)
    }
}
