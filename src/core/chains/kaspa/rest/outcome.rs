//! What is known of a transaction after its broadcast.

use crate::chains::kaspa::tx::TxId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is known after a broadcast. None of these says that the transaction will never land: another node may have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubmitOutcome {
    /// The node took the transaction, or has it already in its mempool or among those lately accepted. That is no confirmation.
    Accepted,
    /// An input is being spent by another transaction in the node's mempool.
    Conflict {
        /// The other transaction.
        with: TxId,
    },
    /// An input does not exist, or no longer: it was never there, a conflicting transaction was accepted, or this one was, longer
    /// ago than the node remembers. Ask for the acceptance.
    Orphan,
    /// The node refuses the transaction for a reason it named.
    Rejected {
        /// The reason.
        reason: Rejection,
        /// What the node said, without ids that stand twice, for people. Never decide on it.
        diagnostic: String,
    },
    /// The server limits the rate of requests and did not look at this one.
    RateLimited,
    /// It may or may not have been taken.
    Unknown {
        /// What came back, cut short, for the operator. Never decide on it.
        diagnostic: String,
    },
}

/// Why a node refuses a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The fee is under the relay floor.
    Fee,
    /// A mass is over what a block may hold, or cannot be computed: outputs that are too small for the coins spent.
    Mass,
    /// A mass is over a limit that the node has set itself, under that of a block.
    RelayMass,
    /// A script or its signature operations are of no standard form.
    NonStandard,
    /// An input is a mining reward that is not yet mature.
    Immature,
    /// A lock on the transaction or on an input is not over.
    NotFinal,
    /// A signature is wrong.
    Signature,
    /// The inputs hold less than the outputs pay: somebody lied about their amounts.
    Overspent,
    /// An input is no output that its transaction ever had.
    ImpossibleInput,
    /// The inputs together are more than all the money there is.
    InputAmounts,
    /// An output holds nothing, or more than there is.
    OutputAmounts,
    /// The transaction is not of the form that consensus prescribes.
    Form,
    /// A rule of covenants is broken.
    Covenant,
    /// The node has no room for it at this fee.
    MempoolFull,
    /// It pays no higher rate than what it is to replace.
    ReplacementFee,
    /// There is nothing in the mempool that it could replace.
    NothingToReplace,
    /// It would replace more than one transaction.
    ReplacesSeveral,
    /// The node refuses it in words that this version does not know.
    Unrecognised,
}

impl Rejection {
    /// Whether the same bytes may be taken later by the same node.
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

    /// Whether the node, if it tells the truth, has found what no block may contain, now or later.
    ///
    /// What consensus forbids is a function of the bytes and of the outputs they spend, and neither ever changes: an output's amount,
    /// script and covenant are fixed by the transaction that made it. What a node keeps from its mempool for reasons of its own (a fee
    /// floor, a standard form, a lower limit on mass) another miner may put into a block all the same.
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

    /// Whether the same payment out of other coins may be taken: the fault lies with what is spent.
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
