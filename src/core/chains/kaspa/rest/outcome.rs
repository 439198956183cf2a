//! Outcomes of a broadcast, and the reasons of refusals.

use crate::chains::kaspa::tx::TxId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The outcome of a broadcast, as one server's answer tells it.
///
/// No outcome proves that the transaction never lands, because another node may have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitOutcome {
    /// A transaction that the node took, or has in its mempool or among the recently accepted.
    ///
    /// The transaction is not confirmed by it.
    Accepted,
    /// An input that another transaction in the node's mempool spends.
    Conflict {
        /// The id of the other transaction.
        with: TxId,
    },
    /// An input that the node does not know, or no longer.
    ///
    /// It never existed, a conflicting transaction was accepted, or this one was, longer ago than the node remembers. Only the
    /// acceptance of the transaction tells which.
    Orphan,
    /// A refusal of the node, for a reason it named.
    Rejected {
        /// The reason.
        reason: Rejection,
        /// The node's message, shortened, for people; no decision may depend on it.
        diagnostic: String,
    },
    /// A limit on the rate of requests, because of which the server did not process this one.
    RateLimited,
    /// An answer that does not tell whether the transaction was taken.
    Unknown {
        /// The answer, shortened, for the operator; no decision may depend on it.
        diagnostic: String,
    },
}

/// The reason why a node refuses a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// A fee under the relay floor.
    Fee,
    /// A mass over the limit of a block, or one that cannot be computed.
    ///
    /// For storage mass, because outputs are too small for the coins spent.
    Mass,
    /// A mass over the node's own limit, but not over that of a block.
    RelayMass,
    /// A script, its version or its signature operations that are not standard.
    NonStandard,
    /// An input that is a mining reward and not yet mature.
    Immature,
    /// A lock time of the transaction or an input that is not reached.
    NotFinal,
    /// A signature that does not verify.
    Signature,
    /// Inputs that hold less than the outputs pay; a provider reported wrong amounts.
    Overspent,
    /// An input that names an output its transaction never had.
    ImpossibleInput,
    /// Inputs whose sum exceeds all money.
    InputAmounts,
    /// An output of zero, or outputs above all money.
    OutputAmounts,
    /// A transaction of another form than consensus prescribes.
    Form,
    /// A broken rule of covenants.
    Covenant,
    /// A full mempool, which has no room at this fee.
    MempoolFull,
    /// A replacement whose fee rate is not above that of the replaced transaction.
    ReplacementFee,
    /// A replacement for which the mempool has no transaction to replace.
    NothingToReplace,
    /// A replacement that would replace more than one transaction.
    ReplacesSeveral,
    /// A refusal in words that this version does not know.
    Unrecognised,
}

impl Rejection {
    /// Tells whether the same node may take the same bytes later.
    pub const fn may_pass_later(self) -> bool {
        matches!(
            self,
            Self::Immature
                | Self::NotFinal
                | Self::MempoolFull
                | Self::ReplacementFee
                | Self::NothingToReplace
                | Self::ReplacesSeveral
        )
    }

    /// Tells whether no block may contain the transaction, now or later, if the node tells the truth.
    ///
    /// The rules of consensus depend on the bytes and on the outputs they spend, and neither ever changes: an output's amount,
    /// script and covenant are fixed by the transaction that made it. A transaction that a node refuses by rules of its own (a fee
    /// floor, a standard form, a lower limit on mass) may still be put into a block by another miner.
    pub const fn is_permanent(self) -> bool {
        matches!(
            self,
            Self::Mass
                | Self::Signature
                | Self::Overspent
                | Self::ImpossibleInput
                | Self::InputAmounts
                | Self::OutputAmounts
                | Self::Form
                | Self::Covenant
        )
    }

    /// Tells whether the same payment from other coins may be taken, because the inputs cause the refusal.
    pub const fn is_caused_by_inputs(self) -> bool {
        self.is_permanent() && !matches!(self, Self::OutputAmounts | Self::Form)
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fee => "the fee is under the relay floor",
            Self::Mass => "a mass is over the limit of a block",
            Self::RelayMass => "a mass is over the node's own limit",
            Self::NonStandard => "a script is not of a standard form",
            Self::Immature => "an input is an immature mining reward",
            Self::NotFinal => "a lock is not over",
            Self::Signature => "a signature is wrong",
            Self::Overspent => "the inputs hold less than is paid",
            Self::ImpossibleInput => "an input can never have existed",
            Self::InputAmounts => "the inputs hold more than there is",
            Self::OutputAmounts => "an output holds nothing or more than there is",
            Self::Form => "the transaction is not of the prescribed form",
            Self::Covenant => "a covenant's rule is broken",
            Self::MempoolFull => "the node's mempool is full",
            Self::ReplacementFee => "it pays no higher rate than what it is to replace",
            Self::NothingToReplace => "the node has nothing that it could replace",
            Self::ReplacesSeveral => "it would replace more than one transaction",
            Self::Unrecognised => "the node refuses it for a reason that is not known here",
        })
    }
}
